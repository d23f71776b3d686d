//! Never submit twice, with the engine's own faults: after each, exactly one job exists or the caller is told.

use std::time::Duration;

use ci_client::{CallError, Client, CreatedJob};
use ci_core::ListJobs;
use ci_local::{Config, Effect, Engine, Fault, Media};
use ci_model::{SmartCover, Tag};
use ci_tests::local::client;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const INPUT: &str = "in/a.mp4";

/// An engine on a socket; its jobs need no media.
struct Service {
    engine: std::sync::Arc<Engine>,
    url: String,
    serving: JoinHandle<()>,
}

impl Service {
    async fn start() -> Self {
        let config = Config::ephemeral().media(Media::Synthetic);
        let engine = std::sync::Arc::new(Engine::start(config).await.expect("the engine starts"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let served = std::sync::Arc::clone(&engine);
        let serving =
            tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
        let service = Self {
            engine,
            url,
            serving,
        };
        let put = service.client().put_object(INPUT, "not looked at").await;
        put.expect("put");
        service
    }

    fn client(&self) -> Client {
        client()
            .endpoint(&self.url)
            .proxy(ci_client::transport::Proxy::none())
            .attempt_timeout(Duration::from_millis(800))
            .timeout(Duration::from_secs(4))
            .build()
            .expect("a client")
    }

    /// The jobs that exist, once no fault is in the way.
    async fn jobs(&self) -> usize {
        self.engine.clear_faults();
        let list = ListJobs::new(Tag::SmartCover).size(100);
        let page = self.client().list_jobs(list).await.expect("a list");
        page.output.jobs_detail.len()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn submit(client: &Client) -> Result<CreatedJob, CallError> {
    let output = "covers/${jobid}-${number}.jpg";
    client.create_job(SmartCover::new(), INPUT, output).await
}

fn on_create(effect: Effect) -> Fault {
    Fault::new(effect).operation("CreateJob")
}

fn refuse(status: u16, code: &str) -> Effect {
    Effect::Refuse {
        status,
        code: code.into(),
        message: "as told".into(),
    }
}

/// What the caller was told, and the jobs that exist.
async fn under(faults: Vec<Fault>) -> (Result<CreatedJob, CallError>, usize) {
    let service = Service::start().await;
    for fault in faults {
        service.engine.add_fault(fault).expect("a fault");
    }
    let told = submit(&service.client()).await;
    let jobs = service.jobs().await;
    (told, jobs)
}

#[tokio::test]
async fn a_submission_the_engine_throttled_is_sent_again_and_makes_one_job() {
    for (status, code) in [(429, "RequestLimitExceeded"), (503, "SlowDown")] {
        let (told, jobs) = under(vec![on_create(refuse(status, code)).times(2)]).await;
        let told = told.unwrap_or_else(|error| panic!("{status}: {error}"));
        assert_eq!((jobs, told.attempts), (1, 3), "{status} {code}");
    }
}

#[tokio::test]
async fn a_submission_the_engine_took_and_did_not_answer_for_is_found() {
    let drip = Effect::SlowDrip { bytes: 1, ms: 100 };
    for effect in [Effect::LoseAnswer, Effect::Truncate { bytes: 40 }, drip] {
        let (told, jobs) = under(vec![on_create(effect.clone()).times(1)]).await;
        let told = told.unwrap_or_else(|error| panic!("{effect:?}: {error}"));
        assert_eq!((jobs, told.attempts), (1, 1), "{effect:?}");
        assert!(told.mark.is_some_and(|mark| mark.starts_with("ci-")));
    }
}

#[tokio::test]
async fn a_submission_the_engine_did_not_take_and_gave_no_reason_for_is_told_with_its_mark() {
    let late = Effect::Delay { ms: 60_000 };
    for effect in [
        Effect::Reset,
        refuse(500, "InternalError"),
        refuse(502, "BadGateway"),
        refuse(503, "ServiceUnavailable"),
        late,
    ] {
        let (told, jobs) = under(vec![on_create(effect.clone()).times(1)]).await;
        let error = told.expect_err("unknown");
        assert_eq!(
            (jobs, error.kind(), error.attempts()),
            (0, "unknown_outcome", 1),
            "{effect:?}: {error}"
        );
        assert!(error.mark().is_some_and(|mark| mark.starts_with("ci-")));
    }
}

#[tokio::test]
async fn a_list_that_fails_at_first_still_settles_it_and_one_that_does_not_open_is_told() {
    let lost = || on_create(Effect::LoseAnswer).times(1);
    let on_list = |effect| Fault::new(effect).operation("ListJobs");
    for effect in [
        refuse(500, "InternalError"),
        refuse(503, "SlowDown"),
        Effect::Truncate { bytes: 30 },
        Effect::Reset,
    ] {
        let (told, jobs) = under(vec![lost(), on_list(effect.clone()).times(1)]).await;
        let told = told.unwrap_or_else(|error| panic!("{effect:?}: {error}"));
        assert_eq!((jobs, told.attempts), (1, 1), "{effect:?}");
    }
    for effect in [refuse(403, "AccessDenied"), Effect::Delay { ms: 60_000 }] {
        let (told, jobs) = under(vec![lost(), on_list(effect.clone())]).await;
        let error = told.expect_err("unknown");
        assert_eq!((jobs, error.kind()), (1, "unknown_outcome"), "{effect:?}");
    }
}

#[tokio::test]
async fn a_job_is_found_among_many_on_the_same_input() {
    let service = Service::start().await;
    let client = service.client();
    submit_many(&client, 130).await;
    service
        .engine
        .add_fault(on_create(Effect::LoseAnswer).times(1))
        .expect("a fault");
    let found = submit(&client).await.expect("found");
    let described = client.describe_job(&found.job_id).await.expect("described");
    let data = described.and_then(|job| job.operation.user_data);
    assert_eq!(
        data.map(|data| data.as_str().to_owned()),
        found.mark,
        "it is the one that was submitted"
    );
}

async fn submit_many(client: &Client, count: usize) {
    for _ in 0..count {
        submit(client).await.expect("created");
    }
}

#[tokio::test]
async fn half_of_all_answers_lost_and_every_caller_has_one_job() {
    const CALLS: usize = 60;
    let service = Service::start().await;
    let half = on_create(Effect::LoseAnswer).probability(0.5).seed(7);
    service.engine.add_fault(half).expect("a fault");
    let client = service.client();
    let mut ids = std::collections::HashSet::new();
    for _ in 0..CALLS {
        let job = submit(&client).await.expect("answered or found");
        assert!(ids.insert(job.job_id.clone()), "each its own");
    }
    assert_eq!(service.jobs().await, CALLS);
}
