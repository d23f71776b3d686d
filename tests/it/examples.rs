//! The programs of `tests/examples`, run against the engine and checked by what they do.

use std::fs;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ci_client::Client;
use ci_local::{LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use ci_tests::data;
use ci_tests::local::{InProcess, client, engine};
use ci_tests::picture::Picture;

#[path = "../examples/batch_of_a_prefix.rs"]
#[expect(dead_code, reason = "its `main` reads the settings of a person")]
mod batch_of_a_prefix;
#[path = "../examples/engine_in_a_test.rs"]
mod engine_in_a_test;
#[path = "../examples/own_credentials.rs"]
#[expect(dead_code, reason = "its `main` reads the settings of a person")]
mod own_credentials;
#[path = "../examples/own_transport.rs"]
#[expect(dead_code, reason = "its `main` reads the settings of a person")]
mod own_transport;
#[path = "../examples/parse_callback.rs"]
#[expect(dead_code, reason = "its `main` reads stdin")]
mod parse_callback;
#[path = "../../crates/ci-client/examples/submit_and_wait.rs"]
#[expect(dead_code, reason = "its `main` reads the settings of a person")]
mod submit_and_wait;

/// The engine on a port, and its address.
async fn served() -> (Arc<ci_local::Engine>, String) {
    let engine = Arc::new(engine().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let served = Arc::clone(&engine);
    tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    (engine, url)
}

async fn in_process() -> (ci_local::Engine, Client) {
    let engine = engine().await;
    let client = client().transport(InProcess(engine.router()));
    (engine, client.build().expect("a client"))
}

#[tokio::test]
async fn submit_and_wait_gives_three_pictures() {
    let (engine, client) = in_process().await;
    let video = fs::read(data("bikes.mp4")).expect("the clip");
    let covers = submit_and_wait::covers(&client, video)
        .await
        .expect("covers");
    assert_eq!(covers.len(), 3);
    for (key, bytes) in covers {
        assert!(key.starts_with("covers/example-"), "{key}");
        assert!(Picture::decode(&bytes).mean() > 20.0, "{key} is dark");
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn a_batch_of_a_prefix_gives_links_that_open_without_a_key() {
    let (engine, url) = served().await;
    let client = client().endpoint(&url).build().expect("a client");
    for name in ["in/a.mp4", "in/b.mp4", "other/c.mp4"] {
        client.put_file(name, data("bikes.mp4")).await.expect("put");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let mut links = batch_of_a_prefix::links(&client, "in/", &journal)
        .await
        .expect("links");
    links.sort_by_key(|link| link.uri.path().to_owned());
    assert_eq!(links.len(), 4, "{links:?}");
    assert_eq!(links[0].uri.path(), "/covers/in/a.mp4-0.jpg");

    let link = links.swap_remove(0);
    let opened = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut get = agent.get(link.uri);
        for (name, value) in &link.headers {
            get = get.header(name, value);
        }
        get.call()?.body_mut().read_to_vec()
    });
    let picture = opened.await.expect("no panic").expect("an answer");
    assert!(Picture::decode(&picture).width > 100);

    // A second run has nothing left to do, and makes no second job.
    let again = batch_of_a_prefix::links(&client, "in/", &journal)
        .await
        .expect("links");
    assert!(again.is_empty(), "{again:?}");
    engine.shutdown().await;
}

#[test]
fn a_callback_is_read_in_either_format_whatever_the_header_says() {
    use parse_callback::{News, news};
    let folder = ci_tests::pages::root().join("crates/ci-model/tests/fixtures/1045-49522");
    let read = |name: &str| fs::read(folder.join(name)).expect("a fixture");
    for (name, header) in [
        ("callback.task-finish.json", Some("text/plain")),
        ("callback.task-finish.xml", None),
    ] {
        let found = news(header, &read(name)).expect("news");
        let [News::Covers { job, keys }] = &found[..] else {
            panic!("{name}: {found:?}");
        };
        assert!(job.starts_with('j') && !keys.is_empty(), "{found:?}");
    }
    let workflow = news(None, &read("callback.workflow-finish.xml")).expect("news");
    assert_eq!(workflow, [News::Other]);
    let failed = br#"{"EventName":"TaskFinish","JobsDetail":[{"JobId":"j1","State":"Failed","Message":"no video"}]}"#;
    let failed = news(Some("application/json"), failed).expect("news");
    assert!(matches!(&failed[..], [News::Failed { why, .. }] if why == "no video"));
    assert!(news(None, b"<html></html>").is_err());
}

#[tokio::test]
async fn own_credentials_are_read_from_the_file_and_a_broken_file_is_named() {
    let engine = engine().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.txt");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("now")
        .as_secs();
    let text = format!("{LOCAL_SECRET_ID}\n{LOCAL_SECRET_KEY}\n{}\n", now + 3600);
    fs::write(&file, text).expect("written");
    let with = |file: &std::path::Path| {
        client()
            .credentials(own_credentials::FromFile(file.to_owned()))
            .transport(InProcess(engine.router()))
            .build()
            .expect("a client")
    };
    let client = with(&file);
    client.put_object("a.txt", "a").await.expect("put");
    assert_eq!(
        own_credentials::keys(&client).await.expect("keys"),
        ["a.txt"]
    );

    fs::write(&file, "AKIDonly\n").expect("written");
    let error = own_credentials::keys(&with(&file))
        .await
        .expect_err("no pair");
    let text = format!(
        "{error}: {}",
        error.source().map(ToString::to_string).unwrap_or_default()
    );
    assert!(text.contains("fewer than three lines"), "{text}");
    engine.shutdown().await;
}

#[tokio::test]
async fn own_transport_sees_what_goes_by_and_a_lost_port_is_told() {
    let (engine, url) = served().await;
    let log = own_transport::Log::default();
    let over = |url: &str| {
        let watched = own_transport::Watched::new(Arc::clone(&log)).expect("a transport");
        client()
            .transport(watched)
            .endpoint(url)
            .retries(0)
            .build()
            .expect("a client")
    };
    over(&url).put_object("a.txt", "a").await.expect("put");
    assert_eq!(log.lock().expect("the log")[..], ["PUT /a.txt 200"]);
    engine.shutdown().await;

    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let error = over(&nobody)
        .put_object("a.txt", "a")
        .await
        .expect_err("nobody listens");
    assert_eq!(error.kind(), "network");
}

#[test]
fn the_engine_in_a_test_runs_as_it_stands() {
    engine_in_a_test::main().expect("it runs");
}
