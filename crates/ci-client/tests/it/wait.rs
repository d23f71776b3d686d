//! Waiting, with time that stands still until somebody sleeps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ci_client::model::JobId;
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, Credentials, WaitError, WaitOptions, WatchEvent};
use tokio::time::Instant;

/// An id, and the states to come.
type Job = (String, VecDeque<&'static str>);

/// Answers with the next state of each job, the last one for ever.
#[derive(Clone, Default)]
struct States {
    of: Arc<Mutex<Vec<Job>>>,
    looks: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl States {
    fn new(jobs: &[(&str, &[&'static str])]) -> Self {
        let of = jobs
            .iter()
            .map(|(id, states)| ((*id).to_owned(), states.iter().copied().collect()))
            .collect();
        Self {
            of: Arc::new(Mutex::new(of)),
            looks: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        let builder = Client::builder("media-1250000000", "ap-chongqing")
            .credentials(Credentials::new("I", "K"));
        builder.transport(self.clone()).build().unwrap()
    }
}

impl Transport for States {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let asked = request.uri().path().trim_start_matches("/jobs/").to_owned();
        let mut body = String::from("<Response>");
        for id in asked.split(',') {
            let mut jobs = self.of.lock().unwrap();
            let Some((_, states)) = jobs.iter_mut().find(|(job, _)| job == id) else {
                body += &format!("<NonExistJobIds>{id}</NonExistJobIds>");
                continue;
            };
            let state = if states.len() > 1 {
                states.pop_front().unwrap()
            } else {
                states[0]
            };
            body += &format!(
                "<JobsDetail><JobId>{id}</JobId><State>{state}</State><Code>NoVideo</Code><Message>it has none</Message></JobsDetail>"
            );
        }
        self.looks.lock().unwrap().push((Instant::now(), asked));
        Ok(http::Response::new(Bytes::from(body + "</Response>")))
    }
}

fn id(text: &str) -> JobId {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn looks_come_at_growing_intervals_up_to_ten_seconds() {
    let mut states = vec!["Submitted"; 20];
    states.push("Success");
    let service = States::new(&[("j1", &states)]);
    let mut seen = Vec::new();
    let note = |progress: ci_client::Progress<'_>| {
        seen.push(progress.job.state.clone().unwrap().to_string());
    };
    let done = service
        .client()
        .wait_with(&id("j1"), WaitOptions::default(), note)
        .await;
    assert_eq!(done.unwrap().job_id, Some(id("j1")));
    assert_eq!((seen.len(), seen.last().unwrap().as_str()), (21, "Success"));
    let looks = service.looks.lock().unwrap();
    let pauses: Vec<_> = looks
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0).as_millis())
        .collect();
    assert!((800..=1001).contains(&pauses[0]), "{pauses:?}");
    assert!(
        pauses
            .iter()
            .skip(8)
            .all(|pause| (8_000..=10_001).contains(pause)),
        "{pauses:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_succeed_any_more_ends_the_wait_with_the_job_inside() {
    let service = States::new(&[("j1", &["Running", "Failed"]), ("j2", &["Cancel"])]);
    let error = service.client().wait(&id("j1")).await.unwrap_err();
    assert_eq!(error.to_string(), "the job j1 failed: NoVideo: it has none");
    assert_eq!(error.job().unwrap().job_id, Some(id("j1")));
    let error = service.client().wait(&id("j2")).await.unwrap_err();
    assert!(matches!(error, WaitError::Cancelled(_)), "{error}");
    let error = service.client().wait(&id("j3")).await.unwrap_err();
    assert!(matches!(error, WaitError::NotFound(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_may_still_succeed() {
    let service = States::new(&[("j1", &["Pause", "NewWord", "Running", "Success"])]);
    assert!(service.client().wait(&id("j1")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_limit_ends_the_wait_with_the_last_job_seen() {
    let service = States::new(&[("j1", &["Running"])]);
    let began = Instant::now();
    let options = WaitOptions::default().limit(Duration::from_secs(30));
    let error = service
        .client()
        .wait_with(&id("j1"), options, |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(&error, WaitError::TimedOut { last: Some(_), .. }),
        "{error}"
    );
    assert!(error.to_string().ends_with("it was Running"), "{error}");
    assert!((29..=30).contains(&began.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn many_jobs_are_waited_for_with_few_looks() {
    let jobs: Vec<_> = (0..120).map(|n| format!("j{n}")).collect();
    let states: Vec<(&str, &[&'static str])> = jobs
        .iter()
        .map(|id| (id.as_str(), &["Running", "Success"][..]))
        .collect();
    let service = States::new(&states);
    let ids: Vec<_> = jobs
        .iter()
        .map(|text| id(text))
        .chain([id("j5"), id("nobody")])
        .collect();
    let results = service
        .client()
        .wait_many(&ids, WaitOptions::default(), |_| {})
        .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 121);
    assert_eq!(
        results[7].as_ref().unwrap().job_id,
        Some(id("j7")),
        "in the order of the ids"
    );
    assert!(matches!(&results[121], Err(WaitError::NotFound(job)) if job.as_str() == "nobody"));
    assert_eq!(
        service.looks.lock().unwrap().len(),
        6,
        "three for each of the two rounds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_waiting_future_is_small_enough_for_a_hundred_thousand_of_them() {
    let service = States::new(&[("j1", &["Success"])]);
    let (client, job) = (service.client(), id("j1"));
    let size = std::mem::size_of_val(&client.wait(&job));
    assert!(size <= 1024, "{size} bytes");
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_of_every_look_and_then_how_it_ended() {
    let service = States::new(&[("j1", &["Submitted", "Running", "Success"])]);
    let mut watch = service.client().watch(&id("j1"), WaitOptions::default());
    assert_eq!(service.looks.lock().unwrap().len(), 0, "nothing was asked");
    let mut seen = Vec::new();
    let end = loop {
        match watch.next().await.unwrap() {
            WatchEvent::Looked { job, waited } => {
                seen.push((job.state.unwrap().as_str().to_owned(), waited));
            }
            WatchEvent::Ended(end) => break end,
            other => panic!("{other:?}"),
        }
    };
    let states: Vec<_> = seen.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["Submitted", "Running", "Success"]);
    assert!(seen.is_sorted_by(|(_, a), (_, b)| a <= b) && seen[2].1 > Duration::from_secs(1));
    assert_eq!(end.unwrap().job_id, Some(id("j1")));
    assert!(watch.next().await.is_none(), "nothing comes after the end");
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_a_stream_and_asks_nothing_once_it_is_dropped() {
    let service = States::new(&[("j1", &["Running"])]);
    let mut watch = service.client().watch(&id("j1"), WaitOptions::default());
    let first = std::future::poll_fn(|cx| {
        futures_core::Stream::poll_next(std::pin::Pin::new(&mut watch), cx)
    });
    assert!(matches!(first.await, Some(WatchEvent::Looked { .. })));
    drop(watch);
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::task::yield_now().await;
    assert_eq!(service.looks.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_a_job_that_fails_ends_with_the_job_inside() {
    let service = States::new(&[("j1", &["Failed"])]);
    let mut watch = service.client().watch(&id("j1"), WaitOptions::default());
    let mut last = None;
    while let Some(event) = watch.next().await {
        last = Some(event);
    }
    let Some(WatchEvent::Ended(Err(WaitError::Failed(job)))) = last else {
        panic!("{last:?}");
    };
    assert_eq!(job.job_id, Some(id("j1")));
}
