//! What survives a stop, and what is refused before it can do harm.

use ci_local::{Config, Engine, EngineError, JobProfile, Media};

use super::harness::*;
use super::jobs::{body, describe, submit};

fn config(folder: &std::path::Path) -> Config {
    Config::at(folder)
        .media(Media::Synthetic)
        .profile(JobProfile::Instant)
}

pub(crate) async fn set_queue(engine: &Engine, state: &str, notify: &str) -> Reply {
    let queues = ok(call(engine, "GET", &format!("{CI}/queue"), "").await);
    let id = queues.element("QueueId").to_owned();
    let body = format!(
        "<Request><Name>queue-1</Name><QueueID>{id}</QueueID><State>{state}</State>\
         <NotifyConfig>{notify}</NotifyConfig></Request>"
    );
    call(engine, "PUT", &format!("{CI}/queue/{id}"), body).await
}

#[tokio::test]
async fn jobs_that_were_accepted_run_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(config(folder.path())).await.unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    ok(set_queue(&engine, "Paused", "<State>Off</State>").await);
    let id = submit_paused(&engine).await;
    engine.shutdown().await;
    drop(engine);

    let engine = Engine::start(config(folder.path())).await.unwrap();
    assert_eq!(describe(&engine, &id).await.element("State"), "Pause");
    ok(set_queue(&engine, "Active", "<State>Off</State>").await);
    let done = describe(&engine, &id).await;
    assert_eq!(done.element("State"), "Success");
    assert_eq!(engine.covers_of(&id).await.unwrap().len(), 3);
    engine.shutdown().await;
    drop(engine);

    let engine = Engine::start(config(folder.path())).await.unwrap();
    assert_eq!(engine.covers_of(&id).await.unwrap().len(), 3);
    engine.shutdown().await;
}

async fn submit_paused(engine: &Engine) -> String {
    let reply = ok(call(
        engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await);
    reply.element("JobId").to_owned()
}

#[tokio::test]
async fn a_job_that_was_running_when_the_engine_died_runs_again() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(config(folder.path())).await.unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    ok(set_queue(&engine, "Paused", "<State>Off</State>").await);
    let id = submit_paused(&engine).await;
    engine.shutdown().await;
    drop(engine);
    // What a kill in the middle of the job leaves behind.
    let database = rusqlite::Connection::open(folder.path().join("engine.db")).unwrap();
    database
        .execute(
            "UPDATE jobs SET state = 'Running', started = 1, runs = 1",
            [],
        )
        .unwrap();
    database
        .execute("UPDATE queues SET state = 'Active'", [])
        .unwrap();
    drop(database);
    std::fs::create_dir_all(folder.path().join("scratch/0")).unwrap();
    std::fs::write(folder.path().join("scratch/0/half.jpg"), "half").unwrap();

    let engine = Engine::start(config(folder.path())).await.unwrap();
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    assert!(!folder.path().join("scratch/0").exists());
    engine.shutdown().await;
}

#[tokio::test]
async fn a_lent_file_is_found_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    let engine = Engine::start(config(folder.path())).await.unwrap();
    engine
        .lend(BUCKET, "mine.mp4", outside.path())
        .await
        .unwrap();
    engine.shutdown().await;
    drop(engine);
    let engine = Engine::start(config(folder.path())).await.unwrap();
    let id = submit(&engine, body("mine.mp4", "", "")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_second_engine_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(config(folder.path())).await.unwrap();
    let second = Engine::start(config(folder.path())).await.unwrap_err();
    assert!(matches!(second, EngineError::Locked { .. }), "{second}");
    assert!(
        second
            .to_string()
            .contains("another engine already works in")
    );
    engine.shutdown().await;
    drop(engine);
    Engine::start(config(folder.path())).await.unwrap();
}

#[tokio::test]
async fn after_shutdown_nothing_is_accepted_and_the_reason_is_told() {
    let engine = Engine::start(Config::ephemeral().media(Media::Synthetic))
        .await
        .unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let router = engine.router();
    engine.shutdown().await;
    let late = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await;
    assert_eq!(late.refusal(), (503, "ServiceUnavailable"));
    drop(router);
}
