//! Batches that die at any point and begin again: each input has exactly one job.

mod goes_on;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ci_client::batch::{
    BatchEnd, BatchFault, BatchItem, BatchOptions, BatchSummary, Journal, JournalError,
};
use ci_client::model::{CreateJobRequest, JobOutput, OperationRequest, SmartCover};
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, Credentials, WaitError, WaitOptions};

/// A service in memory: accepts jobs, loses some answers, and ends a job at its second look.
#[derive(Clone, Default)]
struct Service {
    state: Arc<Mutex<State>>,
    /// Every so many submissions, the answer is lost although the job exists.
    loses: u32,
    /// No submission is answered; every other one is accepted.
    silent: bool,
    /// No job ever ends.
    endless: bool,
}

#[derive(Default)]
struct State {
    jobs: Vec<CreateJobRequest>,
    looks: HashMap<String, u32>,
    posts: u32,
    describes: u32,
    lists: u32,
}

impl Service {
    fn client(&self) -> Client {
        let builder = Client::builder("media-1250000000", "ap-chongqing")
            .credentials(Credentials::new("I", "K"));
        builder.transport(self.clone()).build().unwrap()
    }

    fn per_input(&self) -> HashMap<String, u32> {
        let mut counts = HashMap::new();
        for job in &self.state.lock().unwrap().jobs {
            *counts.entry(job.input.object.clone().unwrap()).or_default() += 1;
        }
        counts
    }
}

fn detail(number: usize, job: &CreateJobRequest, state: &str) -> String {
    let (input, data) = (
        job.input.object.as_ref().unwrap(),
        job.operation[0].user_data.as_ref().unwrap(),
    );
    format!(
        "<JobsDetail><JobId>j{number}</JobId><State>{state}</State><Input><Object>{input}</Object></Input>\
         <Operation><UserData>{data}</UserData></Operation></JobsDetail>"
    )
}

impl Service {
    /// The answer; nothing when there never will be one.
    fn answer(&self, request: &http::Request<Bytes>) -> Result<Option<String>, TransportError> {
        let mut state = self.state.lock().unwrap();
        let path = request.uri().path();
        if request.method() == http::Method::POST {
            let job = ci_client::model::from_xml(request.body()).unwrap();
            state.posts += 1;
            if self.silent {
                if state.posts.is_multiple_of(2) {
                    state.jobs.push(job);
                }
                return Ok(None);
            }
            state.jobs.push(job);
            if self.loses > 0 && state.posts.is_multiple_of(self.loses) {
                return Err(TransportError::maybe_sent("lost"));
            }
            let number = state.jobs.len() - 1;
            return Ok(Some(detail(number, &state.jobs[number], "Submitted")));
        }
        if let Some(ids) = path.strip_prefix("/jobs/") {
            state.describes += 1;
            let mut all = String::new();
            for id in ids.split(',') {
                let number: usize = id[1..].parse().unwrap();
                let looks = state.looks.entry(id.to_owned()).or_default();
                *looks += 1;
                let ends = *looks > 1 && !self.endless;
                let word = if ends { "Success" } else { "Running" };
                all += &detail(number, &state.jobs[number], word);
            }
            return Ok(Some(all));
        }
        state.lists += 1;
        let query = request.uri().query().unwrap();
        let wanted = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("inputObject="))
            .map(|key| key.replace("%2F", "/"));
        let all = state.jobs.iter().enumerate();
        let all = all.filter(|(_, job)| wanted.is_none() || job.input.object == wanted);
        Ok(Some(
            all.map(|(number, job)| detail(number, job, "Submitted"))
                .collect(),
        ))
    }
}

impl Transport for Service {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        // A place to be killed at, before and after.
        tokio::task::yield_now().await;
        let Some(answer) = self.answer(&request)? else {
            return std::future::pending().await;
        };
        tokio::task::yield_now().await;
        Ok(http::Response::new(Bytes::from(format!(
            "<Response>{answer}</Response>"
        ))))
    }
}

fn items(count: u64) -> impl Iterator<Item = BatchItem> {
    (0..count).map(|line| {
        let output = JobOutput::new(
            "ap-chongqing",
            "media-1250000000",
            format!("c/{line}-${{number}}.jpg"),
        );
        let operation = OperationRequest::inline(SmartCover::new(), output);
        BatchItem::new(
            line,
            CreateJobRequest::smart_cover(format!("in/{line}.mp4"), operation),
        )
    })
}

fn options() -> BatchOptions {
    let mut options = BatchOptions::default();
    options.absent = Duration::ZERO;
    options.wait = WaitOptions::default().longest(Duration::from_millis(1));
    options.unfinished = 100;
    options
}

/// Opens a journal as soon as the writer of the run before has let go of it.
async fn open(path: &Path) -> Journal {
    loop {
        match Journal::open(path) {
            Ok(journal) => return journal,
            Err(JournalError::InUse(_)) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn every_input_gets_one_job_even_when_answers_are_lost() {
    let service = Service {
        loses: 7,
        ..Service::default()
    };
    let mut ends = Vec::new();
    let done = service
        .client()
        .batch(items(200), &Journal::none(), options(), |end: BatchEnd| {
            ends.push(end);
        })
        .await;
    let done = done.unwrap();
    assert_eq!((done.succeeded, done.failed, ends.len()), (200, 0, 200));
    assert!(
        service.per_input().values().all(|count| *count == 1) && service.per_input().len() == 200
    );
    let describes = service.state.lock().unwrap().describes;
    assert!(describes < 100, "many jobs share a look: {describes}");
}

#[tokio::test]
async fn killed_again_and_again_each_input_still_has_exactly_one_job() {
    let service = Service::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let ended = Arc::new(Mutex::new(HashMap::<u64, u32>::new()));
    let mut summary: Option<BatchSummary> = None;
    let mut kills = 0;
    while summary.is_none() {
        let journal = open(&path).await;
        let mut options = options();
        options.absent = Duration::from_millis(1);
        let (client, ended) = (service.client(), Arc::clone(&ended));
        let run = client.batch(items(300), &journal, options, |end| {
            assert!(end.result.is_ok());
            *ended.lock().unwrap().entry(end.line).or_default() += 1;
        });
        // Dropped in the middle, wherever it is: to the service and the disk that is a kill.
        let submitted = service.state.lock().unwrap().posts;
        let enough = async {
            while service.state.lock().unwrap().posts < submitted + 45 {
                tokio::task::yield_now().await;
            }
        };
        let (mut run, mut enough) = (std::pin::pin!(run), std::pin::pin!(enough));
        tokio::select! {
            done = &mut run => summary = Some(done.unwrap()),
            () = &mut enough => kills += 1,
        }
    }
    assert!(kills >= 5, "{kills}");
    let counts = service.per_input();
    assert_eq!(counts.len(), 300);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(ended.lock().unwrap().len(), 300, "each end was reported");
}

#[tokio::test]
async fn all_that_a_killed_run_left_open_is_settled_by_reading_the_list_twice() {
    let mut service = Service {
        silent: true,
        ..Service::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path).await;
    let mut wide = options();
    wide.concurrency = 400;
    wide.unfinished = 400;
    {
        let client = service.client();
        let run = client.batch(items(400), &journal, wide, |_| {
            panic!("nothing was answered")
        });
        let all_sent = async {
            while service.state.lock().unwrap().posts < 400 {
                tokio::task::yield_now().await;
            }
        };
        let (mut run, mut all_sent) = (std::pin::pin!(run), std::pin::pin!(all_sent));
        tokio::select! {
            _ = &mut run => panic!("nothing was answered"),
            () = &mut all_sent => {}
        }
    }
    drop(journal);
    service.silent = false;
    assert_eq!(service.per_input().len(), 200);

    let journal = open(&path).await;
    let mut options = options();
    options.absent = Duration::from_millis(100);
    let client = service.client();
    let done = client
        .batch(items(400), &journal, options, |_| {})
        .await
        .unwrap();
    assert_eq!((done.succeeded, done.failed), (400, 0));
    let counts = service.per_input();
    assert!(counts.len() == 400 && counts.values().all(|count| *count == 1));
    assert_eq!(service.state.lock().unwrap().lists, 2, "not one a job");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_long_is_asked_about_less_and_less_and_given_up_at_the_limit() {
    let service = Service {
        endless: true,
        ..Service::default()
    };
    let mut options = BatchOptions::default();
    options.wait = options.wait.limit(Duration::from_secs(600));
    let mut ends = Vec::new();
    let done = service
        .client()
        .batch(items(50), &Journal::none(), options, |end| ends.push(end))
        .await
        .unwrap();
    assert_eq!((done.succeeded, done.failed), (0, 50));
    for end in &ends {
        let Err(BatchFault::Wait(WaitError::TimedOut { last, .. })) = &end.result else {
            panic!("{end:?}");
        };
        assert!(last.is_some() && end.job_id.is_some());
    }
    let looks = service.state.lock().unwrap().looks["j0"];
    assert!(
        (60..=85).contains(&looks),
        "600 s at 10 s each, less a fifth: {looks}"
    );
}

#[tokio::test]
async fn a_finished_journal_submits_nothing_and_another_list_is_refused() {
    let service = Service::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).unwrap();
    service
        .client()
        .batch(items(10), &journal, options(), |_| {})
        .await
        .unwrap();
    drop(journal);
    let journal = open(&path).await;
    let again = service
        .client()
        .batch(items(10), &journal, options(), |_| {
            panic!("it ended before")
        })
        .await
        .unwrap();
    assert_eq!(
        (again.ended_before, service.state.lock().unwrap().posts),
        (10, 10)
    );
    let other = items(10).map(|item| BatchItem::new(9 - item.line, item.request));
    let error = service
        .client()
        .batch(other, &journal, options(), |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(error, JournalError::Changed { line: 9 }),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_spreads_the_submissions() {
    let service = Service::default();
    let mut options = options();
    options.rate = Some(2.0);
    let began = tokio::time::Instant::now();
    service
        .client()
        .batch(items(10), &Journal::none(), options, |_| {})
        .await
        .unwrap();
    assert!(
        began.elapsed() >= Duration::from_secs(3),
        "two a second, after the first two: {:?}",
        began.elapsed()
    );
}
