//! A known secret runs through a whole job, and must not show anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ci_client::credentials::{CredentialsChain, EnvCredentials, ProvideCredentials};
use ci_client::model::SmartCover;
use ci_client::testing::{Canned, Recorder, Replay};
use ci_client::transport::{HyperTransport, Proxy};
use ci_client::{Client, Credentials};

use crate::peer::Peer;
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

/// The log of everything, from now on and on this thread.
fn logged() -> (Log, impl Drop) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
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
    let (log, _guard) = logged();
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

    let log = log.text();
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

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(|error| format!("{error} | "))
        .collect()
}

#[tokio::test]
async fn a_server_that_quotes_what_it_was_sent_does_not_bring_it_into_errors_and_logs() {
    let (log, _guard) = logged();
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let peer = Peer::start(|_, mut conn| async move {
        let mut answers = [403, 403, 200].into_iter().zip(0..);
        while let Some(seen) = conn.request().await {
            let (status, number) = answers.next().unwrap();
            let all: String = seen
                .headers
                .iter()
                .map(|(n, v)| format!("{n}={v}\n"))
                .collect();
            // A service shows what it signed, a gateway shows the request, and something else answers 200 with it.
            let body = match number {
                0 => format!(
                    "<Error><Code>SignatureDoesNotMatch</Code><Message>{all}</Message>\
                     <StringToSign>sha1</StringToSign><FormatString>{all}</FormatString></Error>"
                )
                .replace('&', "&amp;"),
                _ => {
                    seen.header("authorization").unwrap_or_default().to_owned()
                        + seen.header("x-ci-security-token").unwrap_or_default()
                }
            };
            conn.reply(status, "", &body).await;
        }
    })
    .await;
    let client = crate::service::builder(&peer)
        .credentials(Credentials::new("AKIDEXAMPLE", KEY).with_token(TOKEN))
        .retries(0)
        .build()
        .unwrap();
    for _ in 0..3 {
        let list = ci_client::core::ListJobs::new(ci_client::model::Tag::SmartCover);
        let error = client.list_jobs(list).await.unwrap_err();
        clean("an error", &format!("{error:?}{error:#?}{}", chain(&error)));
        let echo = error
            .refusal()
            .and_then(|refusal| refusal.document.format_string.clone());
        clean("an echo", &format!("{echo:?}"));
    }
    let log = log.text();
    clean("the trace", &log);
    assert!(log.contains("SignatureDoesNotMatch"), "{log}");
}

#[tokio::test]
async fn every_public_type_that_can_hold_a_secret_hides_it() {
    let credentials = || Credentials::new("AKIDEXAMPLE", KEY).with_token(TOKEN);
    clean(
        "credentials",
        &format!("{:?}{:#?}", credentials(), credentials().secret_key()),
    );
    let url = format!("http://user:{KEY}@127.0.0.1:1");
    let proxy = Proxy::url(&url).unwrap();
    let builder = HyperTransport::builder().proxy(proxy.clone());
    clean(
        "a transport",
        &format!("{builder:#?}{:#?}", builder.clone().build().unwrap()),
    );
    clean("a proxy", &format!("{proxy:?}"));
    let odd = Proxy::url(&url.replace("http", "ftp")).unwrap_err();
    clean("no proxy", &format!("{odd} {odd:?}"));
    let through = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(credentials())
        .proxy(proxy)
        .retries(0)
        .timeout(Duration::from_secs(5));
    clean("a builder", &format!("{through:#?}"));
    let error = through.build().unwrap().head_object("a").await.unwrap_err();
    clean("a dead proxy", &format!("{error:?}{}", chain(&error)));

    let recorder = Recorder::new(Canned::new().answer(200, "x").answer(200, "y"));
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(credentials())
        .transport(recorder.clone())
        .build()
        .unwrap();
    client.get_object("a").await.unwrap();
    let replay = Replay::new(&recorder.recording()).unwrap();
    clean(
        "a recording",
        &format!("{}{recorder:?}{replay:?}", recorder.recording()),
    );
    let canned = Canned::new().answer(200, "x");
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(credentials())
        .transport(canned.clone())
        .build()
        .unwrap();
    client.get_object("a").await.unwrap();
    clean(
        "what was captured",
        &format!("{canned:?}{:#?}", canned.captured()),
    );
    let kept = client.credentials().await.unwrap();
    clean("a client that keeps them", &format!("{kept:?}{client:#?}"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("work.credential");
    std::fs::write(
        &file,
        format!(r#"{{"secretId":"AKIDEXAMPLE","secretKey":"{KEY}"}}"#),
    )
    .unwrap();
    let profile = ci_client::credentials::ProfileCredentials::new(folder.path(), "work");
    clean(
        "a profile",
        &format!("{profile:?}{:?}", profile.provide().await.unwrap()),
    );
    let batch = ci_client::batch::Journal::open(folder.path().join("journal")).unwrap();
    clean("a journal", &format!("{batch:?}"));
}
