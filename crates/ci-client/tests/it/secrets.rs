//! A known secret runs through a whole job, and must not show anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ci_client::credentials::{CredentialsChain, EnvCredentials, ProvideCredentials};
use ci_client::model::SmartCover;
use ci_client::{Client, Credentials};

use crate::service::{List, Post, Service};

const KEY: &str = "CANARYKEY0123456789";
const TOKEN: &str = "CANARYTOKEN0123456789";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn clean(what: &str, text: &str) {
    for secret in [KEY, TOKEN, "CANARY", "q-signature", "Q0FOQVJZ"] {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[tokio::test]
async fn no_secret_and_no_signature_shows_in_any_trace_error_or_debug_text() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alone, a span that a test on another thread enters first is switched off for all threads.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());

    let posts = [
        Post::Status(503, "SlowDown"),
        Post::AcceptedAndLost,
        Post::CloseAfter,
        Post::Status(403, "SignatureDoesNotMatch"),
    ];
    let service = Service::start(posts, List::Good).await;
    let credentials = Credentials::new("AKIDEXAMPLE", KEY).with_token(TOKEN);
    let builder = service
        .builder()
        .credentials(credentials.clone())
        .timeout(Duration::from_secs(2));
    clean("the builder", &format!("{builder:?}{builder:#?}"));
    let client = builder.build().unwrap();
    clean("the client", &format!("{client:?}{client:#?}"));

    let submit = async |client: &Client| {
        client
            .create_job(SmartCover::new(), "in/a.mp4", "c/${number}.jpg")
            .await
    };
    let job = submit(&client).await.unwrap();
    clean("a created job", &format!("{job:?}"));
    for _ in 0..2 {
        let error = submit(&client).await.unwrap_err();
        let chain: String =
            std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source())
                .map(ToString::to_string)
                .collect();
        clean("an error", &format!("{error:?}{error:#?}{chain}"));
    }
    client.head_object("a").await.unwrap_err();
    let url = client
        .presign_get("a", Duration::from_secs(60))
        .await
        .unwrap();
    clean("a presigned URL", &format!("{url:?}{url:#?}"));
    client.wait(&job.job_id).await.unwrap_err();

    let seen = service.state.lock().unwrap().seen.clone();
    assert!(seen.iter().all(|seen| {
        seen.header("x-ci-security-token")
            .or(seen.header("x-cos-security-token"))
            == Some(TOKEN)
    }));

    let vars = |name: &str| match name {
        "TENCENTCLOUD_SECRET_ID" => Some("AKIDEXAMPLE".to_owned()),
        "TENCENTCLOUD_SECRET_KEY" => Some(KEY.to_owned()),
        "TENCENTCLOUD_TOKEN" => Some(TOKEN.to_owned()),
        _ => None,
    };
    let (env, chain) = (
        EnvCredentials::from_vars(vars),
        CredentialsChain::from_vars(vars, None),
    );
    clean(
        "providers",
        &format!(
            "{env:?}{chain:?}{:?}{:?}",
            env.provide().await,
            chain.provide().await
        ),
    );

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    clean("the trace", &log);
    for part in [
        "ci_call",
        "ci_attempt",
        "ci_settle",
        "CreateJob",
        "request_id",
        "attempts",
    ] {
        assert!(log.contains(part), "the trace lacks {part}: {log}");
    }
}
