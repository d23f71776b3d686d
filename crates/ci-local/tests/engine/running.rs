//! What a test can do to what runs: messages, redelivery, stopping, deadlines, health.

use std::time::Duration;

use axum::body::Body;
use ci_local::{Config, Engine, JobProfile, Media};
use serde_json::{Value, json};

use super::control::{ask, start};
use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

#[tokio::test(flavor = "multi_thread")]
async fn message_queues_can_be_read_and_acknowledged() {
    let engine = start().await;
    let more = "<CallBackType>TDMQ</CallBackType><CallBackFormat>JSON</CallBackFormat><CallBackMqConfig>\
        <MqRegion>sh</MqRegion><MqMode>Topic</MqMode><MqName>covers</MqName></CallBackMqConfig>";
    let kafka = "<CallBackType>Kafka</CallBackType><CallBackKafkaConfig><Region>ap-x</Region>\
        <InstanceId>i1</InstanceId><Topic>t1</Topic></CallBackKafkaConfig>";
    let id = submit(&engine, body("in/clip.mp4", "", more)).await;
    describe(&engine, &id).await;
    let other = submit(&engine, body("in/clip.mp4", "", kafka)).await;
    describe(&engine, &other).await;
    let (_, queues) = ask(&engine, "GET", "messages", Value::Null).await;
    assert_eq!(
        queues["queues"][0],
        json!({"queue": "kafka/ap-x/i1/t1", "count": 1})
    );
    let (_, got) = ask(&engine, "GET", "messages/tdmq/sh/covers", Value::Null).await;
    let message = &got["messages"][0];
    assert_eq!(
        (&message["job"], &message["media_type"]),
        (&json!(id), &json!("application/json"))
    );
    assert!(message["body"].as_str().unwrap().contains("TaskFinish"));
    let path = format!("messages/tdmq/sh/covers/{}", message["id"]);
    assert_eq!(ask(&engine, "DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(ask(&engine, "DELETE", &path, Value::Null).await.0, 404);
    let (_, rest) = ask(&engine, "GET", "messages/tdmq/sh/covers", Value::Null).await;
    assert_eq!(rest["messages"], json!([]));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_up_callback_can_be_sent_again() {
    let engine = with_clip(
        Config::ephemeral()
            .media(Media::Synthetic)
            .control(true)
            .callback_tries(1),
    )
    .await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let mut news = engine.news();
    submit(
        &engine,
        body("in/clip.mp4", "", &format!("<CallBack>{url}</CallBack>")),
    )
    .await;
    let callback = loop {
        let (_, list) = ask(&engine, "GET", "callbacks", Value::Null).await;
        if list["callbacks"][0]["state"] == "GivenUp" {
            break list["callbacks"][0].clone();
        }
        news.recv().await.unwrap();
    };
    assert!(
        callback["attempts"][0]["error"]
            .as_str()
            .unwrap()
            .contains("cannot connect")
    );
    let (receiver_url, mut got) = super::callbacks::receiver(&["HTTP/1.1 204 ok\r\n\r\n"]).await;
    let database = rusqlite::Connection::open(engine.folder().join("engine.db")).unwrap();
    database
        .execute("UPDATE callbacks SET url = ?1", [&receiver_url])
        .unwrap();
    let path = format!("callbacks/{}/redeliver", callback["id"]);
    assert_eq!(ask(&engine, "POST", &path, Value::Null).await.0, 200);
    assert!(got.recv().await.unwrap().contains("TaskFinish"));
    assert_eq!(
        ask(&engine, "POST", "callbacks/999/redeliver", Value::Null)
            .await
            .0,
        404
    );
    engine.shutdown().await;
}

/// An ffprobe that hangs for as long as the file `stuck` lies beside it.
pub(crate) fn stuck_probe(folder: &std::path::Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let (probe, flag) = (folder.join("ffprobe"), folder.join("stuck"));
    std::fs::write(&flag, "").unwrap();
    let script = format!(
        "#!/bin/sh\n[ -e '{}' ] && exec sleep 600\nexec ffprobe \"$@\"\n",
        flag.display()
    );
    std::fs::write(&probe, script).unwrap();
    std::fs::set_permissions(&probe, std::fs::Permissions::from_mode(0o755)).unwrap();
    probe
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_can_be_stopped_and_a_queue_can_be_added() {
    let tools = tempfile::tempdir().unwrap();
    let probe = stuck_probe(tools.path());
    let engine = with_clip(
        Config::ephemeral()
            .control(true)
            .workers(1)
            .ffmpeg("/usr/bin/ffmpeg", probe),
    )
    .await;
    let (_, queue) = ask(
        &engine,
        "POST",
        "queues",
        json!({"bucket": BUCKET, "name": "second", "max_concurrent": 1}),
    )
    .await;
    let more = format!("<QueueId>{}</QueueId>", queue["id"].as_str().unwrap());
    engine.set_profile(JobProfile::Real);
    let mut news = engine.news();
    let id = submit(&engine, body("in/clip.mp4", "", &more)).await;
    loop {
        let state = describe(&engine, &id).await;
        if state.element("State") != "Submitted" {
            break;
        }
        news.recv().await.unwrap();
    }
    let refused = call(&engine, "PUT", &format!("{CI}/jobs/{id}?cancel"), "").await;
    assert_eq!(refused.refusal(), (400, "InvalidArgument"));
    assert!(engine.stop_job(&id).await.unwrap());
    assert!(!engine.stop_job(&id).await.unwrap());
    assert!(engine.stop_job("jnone").await.is_err());
    let state = describe(&engine, &id).await;
    assert_eq!(state.element("State"), "Cancel");
    std::fs::remove_file(tools.path().join("stuck")).unwrap();
    // The worker is free again, and the cancelled job stays cancelled.
    engine.set_profile(JobProfile::Instant);
    let next = submit(&engine, body("in/clip.mp4", "", "")).await;
    assert_eq!(describe(&engine, &next).await.element("State"), "Success");
    assert_eq!(describe(&engine, &id).await.element("State"), "Cancel");
    assert!(engine.covers_of(&id).await.unwrap().is_empty());
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_beyond_its_deadline_fails_with_the_reason() {
    let engine = with_clip(Config::ephemeral().job_deadline(Duration::from_millis(1))).await;
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    let done = describe(&engine, &id).await;
    assert_eq!(
        (done.element("State"), done.element("Code")),
        ("Failed", "JobTimeout"),
        "{}",
        done.text()
    );
    engine.shutdown().await;
}

#[tokio::test]
async fn health_and_metrics_answer_without_a_signature() {
    let engine = Engine::start(Config::ephemeral()).await.unwrap();
    let get = async |path: &str| {
        send(
            &engine,
            request(
                "GET",
                &format!("http://127.0.0.1:7717{path}"),
                &[],
                Body::empty(),
            ),
        )
        .await
    };
    assert_eq!(get("/livez").await.text(), "ok\n");
    assert_eq!(get("/readyz").await.text(), "ok\n");
    assert!(
        get("/metrics")
            .await
            .text()
            .contains("ci_local_jobs{state=\"Submitted\"} 0")
    );
    engine.shutdown().await;
    assert_eq!(get("/readyz").await.status.as_u16(), 503);
    assert_eq!(get("/livez").await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_jobs_run_than_there_are_workers_or_places_in_their_queue() {
    let tools = tempfile::tempdir().unwrap();
    let probe = stuck_probe(tools.path());
    let config = Config::ephemeral()
        .control(true)
        .workers(3)
        .grace(Duration::from_millis(10));
    let engine = with_clip(config.ffmpeg("/usr/bin/ffmpeg", probe)).await;
    engine.set_profile(JobProfile::Real);
    let narrow = json!({"bucket": BUCKET, "name": "narrow", "max_concurrent": 1});
    let (_, queue) = ask(&engine, "POST", "queues", narrow).await;
    let of_it = format!("<QueueId>{}</QueueId>", queue["id"].as_str().unwrap());
    let mut news = engine.news();
    for more in [&of_it, &of_it, "", "", "", &of_it] {
        submit(&engine, body("in/clip.mp4", "", more)).await;
    }
    let queues_of = async |state: &str| {
        let url = format!("{CI}/jobs?tag=SmartCover&size=100&states={state}");
        let reply = ok(call(&engine, "GET", &url, "").await);
        let ids = reply.elements("QueueId").into_iter().map(str::to_owned);
        ids.collect::<Vec<_>>()
    };
    // Three run as soon as there are three workers' worth of them; more would be seen at once.
    while queues_of("Running").await.len() < 3 {
        news.recv().await.unwrap();
    }
    let running = queues_of("Running").await;
    let narrow = running.iter().filter(|id| queue["id"] == id.as_str());
    assert_eq!((running.len(), narrow.count()), (3, 1), "{running:?}");
    assert_eq!(queues_of("Submitted").await.len(), 3);
    std::fs::remove_file(tools.path().join("stuck")).unwrap();
    engine.shutdown().await;
}
