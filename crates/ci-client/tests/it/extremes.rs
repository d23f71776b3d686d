//! Values at the ends of their ranges, from the caller and from the service: none of them ends the program.

use std::time::Duration;

use bytes::Bytes;
use ci_client::batch::{BatchItem, BatchOptions, Journal};
use ci_client::model::{CreateJobRequest, JobOutput, OperationRequest, SmartCover};
use ci_client::testing::Canned;
use ci_client::{Client, Credentials, RetryPolicy, WaitOptions};
use http::Response;

use crate::peer::Peer;
use crate::service::builder;

const RUNNING: &str =
    "<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>";
const DONE: &str =
    "<Response><JobsDetail><JobId>j1</JobId><State>Success</State></JobsDetail></Response>";

fn client(canned: &Canned) -> Client {
    let builder =
        Client::builder("media-1250000000", "ap-chongqing").credentials(Credentials::new("I", "K"));
    builder.transport(canned.clone()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_an_eternity_is_not_waited_for() {
    for asked in [u64::MAX, u64::MAX / 2, 1 << 40] {
        let busy = Response::builder()
            .status(503)
            .header("retry-after", asked.to_string())
            .body(Bytes::from_static(b"<Error><Code>SlowDown</Code></Error>"));
        let canned = Canned::new().result(Ok(busy.unwrap())).answer(200, "");
        let error = client(&canned).delete_object("a").await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), ("throttled", 1));
    }
}

#[tokio::test]
async fn limits_that_mean_never_are_taken_at_their_word() {
    let peer = Peer::start(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.reply(200, "", "hello").await;
        }
    })
    .await;
    let never = Duration::MAX;
    let client = builder(&peer)
        .timeout(never)
        .attempt_timeout(never)
        .connect_timeout(never)
        .idle_timeout(never)
        .pool_idle(never)
        .build()
        .unwrap();
    for _ in 0..2 {
        let got = client.get_object("a").await.unwrap();
        assert_eq!(got.output.bytes, "hello");
        let got = client.get_object_stream("a").await;
        let (_, body) = got.unwrap().output;
        assert_eq!(body.collect(10).await.unwrap(), "hello");
        client.put_object("a", "hello").await.unwrap();
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_that_mean_never_are_taken_at_their_word() {
    let mut policy = RetryPolicy::default();
    (policy.base, policy.longest) = (Duration::MAX, Duration::MAX);
    let canned = Canned::new().answer(500, "").answer(200, "");
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(Credentials::new("I", "K"))
        .transport(canned)
        .retry(policy)
        .timeout(Duration::MAX)
        .build();
    let client = client.unwrap();
    let called = tokio::time::timeout(Duration::from_secs(3600), client.delete_object("a"));
    // A pause is random below its limit: longer than the call, which then ends, or longer than this test.
    if let Ok(ended) = called.await {
        assert_eq!(ended.unwrap_err().attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_between_looks_for_ever_ends_at_its_limit() {
    let canned = Canned::new().answer(200, RUNNING).answer(200, DONE);
    let options = WaitOptions::default()
        .interval(Duration::MAX)
        .limit(Duration::from_secs(60));
    let job = "j1".parse().unwrap();
    let done = client(&canned).wait_with(&job, options, |_| {}).await;
    assert!(done.is_ok(), "the last look is at the limit");
    let canned = Canned::new().answer(200, RUNNING);
    let options = WaitOptions::default()
        .interval(Duration::MAX)
        .limit(Duration::MAX);
    let client = client(&canned);
    let waiting = client.wait_with(&job, options, |_| {});
    let waiting = tokio::time::timeout(Duration::from_secs(3600), waiting);
    assert!(waiting.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_batch_at_no_rate_at_all_submits_one_job_and_waits() {
    let items = (0..3).map(|line| {
        let output = JobOutput::new("ap-chongqing", "media-1250000000", "c/${number}.jpg");
        let operation = OperationRequest::inline(SmartCover::new(), output);
        BatchItem::new(line, CreateJobRequest::smart_cover("in/a.mp4", operation))
    });
    let canned = Canned::new().answer(200, RUNNING).answer(200, DONE);
    let mut options = BatchOptions::default();
    (options.rate, options.absent) = (Some(f64::MIN_POSITIVE), Duration::MAX);
    let (journal, mut ended) = (Journal::none(), 0);
    let client = client(&canned);
    let running = client.batch(items, &journal, options, |_| ended += 1);
    let running = tokio::time::timeout(Duration::from_secs(3600), running);
    assert!(running.await.is_err());
    assert_eq!(ended, 1);
}
