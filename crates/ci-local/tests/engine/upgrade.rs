//! A folder that the version before left behind, opened by this one: everything goes on.

use ci_local::{Config, Engine, JobProfile, Media};
use serde_json::Value;

use super::control::ask;
use super::harness::*;

const OLD: &str = "http://media-1250000000.ci.ap-chongqing.myqcloud.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_the_version_before_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(include_str!("../data/schema-1.sql"))
        .unwrap();
    let version = || -> i64 {
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    };
    assert_eq!(version(), 1);
    drop(database);
    let bucket = folder.path().join("buckets/media-1250000000/in");
    std::fs::create_dir_all(&bucket).unwrap();
    std::fs::write(bucket.join("clip.mp4"), "not looked at").unwrap();

    let config = || {
        Config::at(folder.path())
            .media(Media::Synthetic)
            .profile(JobProfile::Instant)
            .control(true)
    };
    let engine = Engine::start(config()).await.unwrap();
    assert_eq!(version(), 2);
    let listed = async |query: &str| {
        let url = format!("{OLD}/jobs?tag=SmartCover&{query}");
        let reply = ok(call(&engine, "GET", &url, "").await);
        reply
            .elements("JobId")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(listed("size=100").await.len(), 7);
    let (done, cancelled) = (
        listed("states=Success").await,
        listed("states=Cancel").await,
    );
    assert_eq!((done.len(), cancelled.len()), (4, 1));
    assert_eq!(listed("states=Failed").await, [""; 0]);
    let old = call(&engine, "GET", &format!("{OLD}/jobs/{}", done[2]), "").await;
    assert_eq!(old.element("TemplateName"), "two");
    assert_eq!(engine.covers_of(&done[2]).await.unwrap().len(), 2);
    // The one that waited and the one that was cut off: both wait in the paused queue.
    let waiting = listed("states=Pause").await;
    assert_eq!(waiting.len(), 2);

    let (_, outbox) = ask(&engine, "GET", "callbacks", Value::Null).await;
    let states = outbox["callbacks"].as_array().unwrap();
    let waits = states
        .iter()
        .filter(|callback| callback["state"] == "Waiting")
        .count();
    assert_eq!((states.len(), waits), (3, 1), "{outbox}");
    let (_, queue) = ask(&engine, "GET", "messages/tdmq/sh/covers", Value::Null).await;
    assert_eq!(queue["messages"].as_array().unwrap().len(), 1);
    let templates = ok(call(
        &engine,
        "GET",
        &format!("{OLD}/template?tag=SmartCover"),
        "",
    )
    .await);
    assert_eq!(templates.element("Name"), "two");

    let queues = ok(call(&engine, "GET", &format!("{OLD}/queue"), "").await);
    assert_eq!(queues.element("Event"), "TaskFinish");
    let id = queues.element("QueueId");
    let resume = format!(
        "<Request><Name>queue-1</Name><QueueID>{id}</QueueID><State>Active</State>\
         <NotifyConfig><State>Off</State></NotifyConfig></Request>"
    );
    ok(call(&engine, "PUT", &format!("{OLD}/queue/{id}"), resume).await);
    for id in &waiting {
        let done = ok(call(&engine, "GET", &format!("{OLD}/jobs/{id}"), "").await);
        assert_eq!(done.element("State"), "Success", "{}", done.text());
    }
    engine.shutdown().await;
    drop(engine);
    let engine = Engine::start(config()).await.unwrap();
    assert_eq!(
        (
            version(),
            engine.covers_of(&waiting[0]).await.unwrap().len()
        ),
        (2, 2)
    );
    engine.shutdown().await;
}
