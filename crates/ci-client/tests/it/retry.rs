//! Pauses between attempts, with time that stands still until somebody sleeps.

use std::time::Duration;

use bytes::Bytes;
use ci_client::testing::Canned;
use ci_client::transport::TransportError;
use ci_client::{Client, ClientBuilder, Credentials};
use http::Response;
use tokio::time::Instant;

fn builder(canned: &Canned) -> ClientBuilder {
    let builder =
        Client::builder("media-1250000000", "ap-chongqing").credentials(Credentials::new("I", "K"));
    builder.transport(canned.clone())
}

fn busy(retry_after: &str) -> Result<Response<Bytes>, TransportError> {
    let response = Response::builder()
        .status(503)
        .header("retry-after", retry_after);
    Ok(response
        .body(Bytes::from_static(b"<Error><Code>SlowDown</Code></Error>"))
        .unwrap())
}

#[tokio::test(start_paused = true)]
async fn what_the_service_asks_for_is_waited_for() {
    let canned = Canned::new().result(busy("7")).answer(200, "");
    let began = Instant::now();
    let reply = builder(&canned)
        .build()
        .unwrap()
        .delete_object("a")
        .await
        .unwrap();
    assert_eq!(reply.attempts, 2);
    assert!(
        (7..=8).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_call_would_not_outlive_is_not_begun() {
    let canned = Canned::new().result(busy("3600")).answer(200, "");
    let began = Instant::now();
    let error = builder(&canned)
        .build()
        .unwrap()
        .delete_object("a")
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), ("throttled", 1));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_and_all_of_them_stand_in_the_error() {
    let mut canned = Canned::new();
    for status in [500, 502, 504, 500, 500] {
        canned = canned.answer(status, "");
    }
    let error = builder(&canned)
        .retries(3)
        .build()
        .unwrap()
        .delete_object("a")
        .await
        .unwrap_err();
    let statuses: Vec<_> = error
        .attempt_list()
        .iter()
        .map(|attempt| attempt.status.unwrap())
        .collect();
    assert_eq!(statuses, [500, 502, 504, 500]);
    assert_eq!(
        error.to_string(),
        "DeleteObject: 500 Internal Server Error (request id canned) (after 4 attempts)"
    );
}

#[tokio::test(start_paused = true)]
async fn when_everything_fails_the_shared_budget_ends_the_repeating() {
    let mut canned = Canned::new();
    for _ in 0..1000 {
        canned = canned.answer(500, "");
    }
    let client = builder(&canned).retries(3).build().unwrap();
    for _ in 0..100 {
        client.clone().delete_object("a").await.unwrap_err();
    }
    // A hundred calls, and a hundred repetitions that the budget of 500 at 5 each allows, instead of 300.
    assert_eq!(canned.captured().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_signed_afresh() {
    let canned = Canned::new().answer(500, "").answer(200, "");
    builder(&canned)
        .build()
        .unwrap()
        .delete_object("a")
        .await
        .unwrap();
    assert!(canned.captured().iter().all(|asked| asked.signed));
}

/// Never answers.
struct Silent;

impl ci_client::transport::Transport for Silent {
    async fn send(&self, _: http::Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_never_answers_ends_with_the_call() {
    for (seconds, attempts) in [(90, 3), (20, 1)] {
        let builder = Client::builder("media-1250000000", "ap-chongqing")
            .credentials(Credentials::new("I", "K"));
        let client = builder
            .transport(Silent)
            .timeout(Duration::from_secs(seconds))
            .build()
            .unwrap();
        let began = Instant::now();
        let error = client.delete_object("a").await.unwrap_err();
        assert_eq!(error.kind(), "timed_out");
        assert!(
            error.attempts() >= attempts && began.elapsed() <= Duration::from_secs(seconds),
            "{error}"
        );
    }
}
