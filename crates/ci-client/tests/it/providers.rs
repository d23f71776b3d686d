//! Providers over real sockets as a client uses them: renewed before their end, once for all, and given up in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ci_client::credentials::{
    CredentialsChain, CredentialsError, CvmCredentials, ProvideCredentials,
};
use ci_client::{Client, Clock};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::credentials::pod;
use crate::peer::{Conn, Peer, Seen};
use crate::service::builder;

const NOON: u64 = 1_700_000_000;

#[derive(Debug, Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Clock for Time {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOON + self.0.load(Ordering::SeqCst))
    }
}

/// A metadata service that gives out numbered tokens, an hour long each by that clock.
async fn metadata(time: &Time, given: &Arc<AtomicUsize>) -> Peer {
    let (time, given) = (time.clone(), Arc::clone(given));
    Peer::start(move |_, mut conn| {
        let (time, given) = (time.clone(), Arc::clone(&given));
        async move {
            while let Some(seen) = conn.request().await {
                if seen.line.contains("/security-credentials/ ") {
                    conn.reply(200, "", "my-role").await;
                    continue;
                }
                let number = given.fetch_add(1, Ordering::SeqCst);
                let ends = NOON + time.0.load(Ordering::SeqCst) + 3600;
                let body = format!(
                    r#"{{"TmpSecretId":"id","TmpSecretKey":"key","ExpiredTime":{ends},"Token":"t{number}"}}"#
                );
                conn.reply(200, "", &body).await;
            }
        }
    })
    .await
}

fn token(seen: &Seen) -> String {
    seen.header("x-cos-security-token")
        .unwrap_or_default()
        .to_owned()
}

/// A service that answers with the token it was given.
async fn echo() -> Peer {
    Peer::start(|_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            conn.reply(200, "", &token(&seen)).await;
        }
    })
    .await
}

async fn used(client: &Client) -> String {
    let got = client.get_object("a").await.unwrap().output.bytes;
    String::from_utf8(got.to_vec()).unwrap()
}

#[tokio::test]
async fn the_role_of_a_cvm_is_renewed_before_its_token_ends_and_once_for_a_hundred_callers() {
    let (time, given) = (Time::default(), Arc::default());
    let (metadata, service) = (metadata(&time, &given).await, echo().await);
    let client = builder(&service)
        .credentials(CvmCredentials::at(metadata.url()))
        .clock(time.clone())
        .build()
        .unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        callers.spawn(async move { used(&client).await });
    }
    assert!(callers.join_all().await.iter().all(|token| token == "t0"));
    assert_eq!(given.load(Ordering::SeqCst), 1);
    // Ten minutes before the end at the earliest, and five at the latest.
    for (seconds, wanted) in [(3600 - 601, "t0"), (3600 - 299, "t1"), (3600, "t1")] {
        time.0.store(seconds, Ordering::SeqCst);
        assert_eq!(used(&client).await, wanted, "after {seconds} s");
    }
    // The service of the machine goes away: the key is good until its end, and not after it.
    drop(metadata);
    let end = 3600 - 299 + 3600;
    time.0.store(end - 1, Ordering::SeqCst);
    assert_eq!(used(&client).await, "t1");
    time.0.store(end, Ordering::SeqCst);
    let error = client.get_object("a").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), ("credentials", 0));
    assert!(error.to_string().contains("CVM role"), "{error}");
}

#[tokio::test]
async fn a_token_refused_in_the_middle_of_a_wait_is_replaced_from_the_metadata_service() {
    let (time, given) = (Time::default(), Arc::default());
    let metadata = metadata(&time, &given).await;
    let service = Peer::start(|_, mut conn| async move {
        let mut looks = 0;
        while let Some(seen) = conn.request().await {
            looks += 1;
            let token = seen.header("x-ci-security-token").unwrap_or_default();
            if looks > 2 && token == "t0" {
                let body = "<Error><Code>ExpiredToken</Code><Message>over</Message></Error>";
                conn.reply(403, "", body).await;
                continue;
            }
            let state = if looks > 4 { "Success" } else { "Running" };
            let job = format!(
                "<Response><JobsDetail><JobId>j1</JobId><State>{state}</State></JobsDetail></Response>"
            );
            conn.reply(200, "", &job).await;
        }
    })
    .await;
    let client = builder(&service)
        .credentials(CvmCredentials::at(metadata.url()))
        .clock(time)
        .build()
        .unwrap();
    let options = ci_client::WaitOptions::default().longest(Duration::from_millis(5));
    let job = "j1".parse().unwrap();
    client.wait_with(&job, options, |_| {}).await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 2);
}

/// Answers the first request of each connection with this, and falls silent.
async fn once(status: u16, body: &'static str) -> Peer {
    Peer::start(move |number, mut conn: Conn| async move {
        conn.request().await;
        if number == 0 {
            conn.reply(status, "", body).await;
        }
        conn.silence().await;
    })
    .await
}

// Nothing else happens on these runtimes, so time jumps to the limit: the bound is exact, however slow the machine is.

#[tokio::test]
async fn a_metadata_service_that_falls_silent_half_way_is_given_up_in_time() {
    let peer = once(200, "my-role").await;
    let provider = CvmCredentials::at(peer.url());
    let asking = provider.provide();
    let began = std::time::Instant::now();
    let error = asking.await.unwrap_err();
    assert!(matches!(&error, CredentialsError::Failed { .. }), "{error}");
    // Both requests share the two seconds.
    assert!(error.to_string().contains("within"), "{error}");
    assert!(began.elapsed() >= Duration::from_millis(1900));
}

#[tokio::test]
async fn an_address_where_nothing_lives_costs_no_more_than_two_and_a_half_seconds() {
    let hole = crate::hole::BlackHole::fill().await;
    let chain =
        CredentialsChain::empty().then(CvmCredentials::at(format!("http://{}", hole.addr())));
    tokio::time::pause();
    let began = Instant::now();
    let error = chain.provide().await.unwrap_err();
    let took = began.elapsed();
    assert!(took <= Duration::from_millis(2500), "{took:?}: {error}");
    assert!(error.to_string().contains("within 1s"), "{error}");
    // It is remembered, and said when it was.
    let began = Instant::now();
    assert!(
        chain
            .provide()
            .await
            .unwrap_err()
            .to_string()
            .contains("ago")
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn an_sts_that_is_dead_slow_or_strange_ends_in_an_error_that_shows_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "CANARYJWT").unwrap();
    let long: &'static str = Box::leak(format!("CANARY{}", "x".repeat(2 << 20)).into_boxed_str());
    for (status, body, part) in [
        (500, "<html>CANARY</html>", "status 500"),
        (302, "", "status 302"),
        (200, "", "status 200"),
        (
            200,
            r#"{"Response":{"Credentials":{"TmpSecretKey":"CANARY"}}}"#,
            "status 200",
        ),
        (
            200,
            r#"{"Response":{"Credentials":{"TmpSecretId":"i","TmpSecretKey":"CANARY","Token":"CANARY"},"ExpiredTime":"soon"}}"#,
            "status 200",
        ),
        (
            200,
            r#"{"Response":{"Error":{"Code":"AuthFailure.InvalidToken","Message":"no"}}}"#,
            "AuthFailure.InvalidToken: no",
        ),
        (200, long, "larger than"),
    ] {
        let peer = once(status, body).await;
        let error = pod(file.path(), peer.url()).provide().await.unwrap_err();
        assert!(matches!(&error, CredentialsError::Failed { .. }), "{error}");
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("TKE web identity") && text.contains(part),
            "{text}"
        );
        assert!(!text.contains("CANARY"), "{text}");
    }
    let dead = Peer::start(|_, _| async {}).await.url();
    let error = pod(file.path(), dead).provide().await.unwrap_err();
    assert!(error.to_string().contains("connect"), "{error}");
}

#[tokio::test]
async fn an_sts_that_never_answers_is_given_up_after_ten_seconds() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "jwt").unwrap();
    let hole = crate::hole::BlackHole::fill().await;
    let provider = pod(file.path(), format!("http://{}", hole.addr()));
    // The file is read by another thread, for which time must not jump.
    let ready = tokio::fs::read(file.path()).await;
    assert!(ready.is_ok());
    let began = Instant::now();
    tokio::time::pause();
    let error = provider.provide().await.unwrap_err();
    assert!(began.elapsed() <= Duration::from_secs(10), "{error}");
    assert!(error.to_string().contains("within 5s"), "{error}");
}

#[tokio::test]
async fn a_chain_ends_at_a_provider_that_is_set_up_and_fails_and_names_those_before_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "jwt").unwrap();
    let (sts, metadata) = (
        once(500, "").await,
        metadata(&Time::default(), &Arc::default()).await,
    );
    let vars = |_: &str| None;
    let chain = CredentialsChain::empty()
        .then(ci_client::credentials::EnvCredentials::from_vars(vars))
        .then(ci_client::credentials::ProfileCredentials::new(
            "/nonexistent",
            "work",
        ))
        .then(pod(file.path(), sts.url()))
        .then(CvmCredentials::at(metadata.url()));
    let text = chain.provide().await.unwrap_err().to_string();
    for part in [
        "environment: neither",
        "tccli profile: there is no /nonexistent/work.credential",
        "TKE web identity: no credentials",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("CVM"),
        "somebody else's credentials are not looked for: {text}"
    );
    assert_eq!(metadata.connections(), 0);
}

/// Never answers.
#[derive(Debug)]
struct Silent;

impl ProvideCredentials for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }
    fn provide(&self) -> ci_client::credentials::Providing<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_holds_nothing_longer_than_a_call() {
    let client = Client::builder("media-1250000000", "ap-chongqing").credentials(Silent);
    let client = client.build().unwrap();
    let began = Instant::now();
    let error = client.head_object("a").await.unwrap_err();
    assert_eq!(error.kind(), "timed_out", "{error}");
    let error = client.presign_get("a", Duration::from_secs(60)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), "credentials", "{error}");
    assert!(
        error.to_string().contains("silent: no answer within 90s"),
        "{error}"
    );
    assert!(client.credentials().await.is_err());
    assert!(began.elapsed() <= Duration::from_secs(271));
}

#[tokio::test]
async fn the_token_goes_under_the_name_of_its_host_or_under_the_one_that_is_chosen() {
    use ci_client::TokenName;
    let peer = Peer::start(|_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.clone()).collect();
            names.retain(|name| name.ends_with("security-token"));
            conn.reply(
                400,
                "",
                &format!("<Error><Code>{}</Code></Error>", names.join(" ")),
            )
            .await;
        }
    })
    .await;
    let (ci, cos) = ("x-ci-security-token", "x-cos-security-token");
    for (name, of_jobs, of_objects) in [
        (TokenName::ByHost, ci, cos),
        (TokenName::Ci, ci, ci),
        (TokenName::Cos, cos, cos),
    ] {
        let client = builder(&peer)
            .credentials(ci_client::Credentials::new("id", "key").with_token("token"))
            .token_header(name)
            .build()
            .unwrap();
        let refused = client
            .describe_jobs(["j1".parse().unwrap()])
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some(of_jobs));
        let refused = client.get_object("a").await.unwrap_err();
        assert_eq!(refused.code(), Some(of_objects));
    }
}
