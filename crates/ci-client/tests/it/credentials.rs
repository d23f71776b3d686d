//! Providers against small servers that speak their protocols, well and badly.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ci_client::credentials::{
    CredentialsChain, CredentialsError, CvmCredentials, ProvideCredentials, Providing,
    WebIdentityCredentials,
};
use ci_client::{Client, Credentials};

use crate::peer::Peer;

const ROLE: &str = "/latest/meta-data/cam/security-credentials/";

async fn metadata(role: &'static str, answer: &'static str) -> Peer {
    Peer::start(move |_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            let path = seen.line.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.strip_prefix(ROLE) {
                Some("") if !role.is_empty() => (200, role),
                Some(asked) if asked == role && !role.is_empty() => (200, answer),
                _ => (404, ""),
            };
            conn.reply(status, "", body).await;
        }
    })
    .await
}

const GOOD: &str = r#"{"TmpSecretId":"id","TmpSecretKey":"key","ExpiredTime":1700000000,"Token":"token","Code":"Success"}"#;

#[tokio::test]
async fn the_role_of_a_cvm_gives_temporary_credentials() {
    let peer = metadata("my-role", GOOD).await;
    let found = CvmCredentials::at(peer.url()).provide().await.unwrap();
    assert_eq!(
        (found.secret_id(), found.token(), found.expires_at()),
        ("id", Some("token"), Some(1_700_000_000))
    );
}

#[tokio::test]
async fn a_cvm_without_a_role_has_none_and_garbage_is_a_failure_that_shows_nothing() {
    let error = CvmCredentials::at(metadata("", "").await.url())
        .provide()
        .await
        .unwrap_err();
    assert!(matches!(&error, CredentialsError::Absent { .. }), "{error}");
    for garbage in [
        r#"{"TmpSecretKey":"CANARY"}"#,
        "CANARY",
        "",
        r#"{"TmpSecretId":"i","TmpSecretKey":"CANARY","Token":"t"}"#,
    ] {
        let error = CvmCredentials::at(metadata("my-role", garbage).await.url())
            .provide()
            .await
            .unwrap_err();
        assert!(matches!(&error, CredentialsError::Failed { .. }), "{error}");
        assert!(!format!("{error}{error:?}").contains("CANARY"), "{error}");
    }
    let error = CvmCredentials::at(metadata("<html> or/..", "").await.url())
        .provide()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("named no role"), "{error}");
}

#[tokio::test]
async fn no_metadata_service_is_noticed_and_remembered() {
    let peer = Peer::start(|_, mut conn| async move { conn.silence().await }).await;
    let provider = CvmCredentials::at(peer.url());
    for _ in 0..3 {
        let error = provider.provide().await.unwrap_err();
        assert!(matches!(&error, CredentialsError::Absent { .. }), "{error}");
    }
    assert_eq!(peer.connections(), 1, "asked once a minute at most");
}

/// A pod's identity in the file, changed at an STS of this address.
pub(crate) fn pod(file: &std::path::Path, url: String) -> WebIdentityCredentials {
    let file = file.display().to_string();
    let vars = move |name: &str| match name {
        "TKE_REGION" => Some("ap-chongqing".to_owned()),
        "TKE_PROVIDER_ID" => Some("cls-1".to_owned()),
        "TKE_ROLE_ARN" => Some("qcs::cam::uin/1:roleName/r".to_owned()),
        "TKE_WEB_IDENTITY_TOKEN_FILE" => Some(file.clone()),
        _ => None,
    };
    WebIdentityCredentials::from_vars(vars).endpoint(url)
}

#[tokio::test]
async fn a_pod_changes_its_web_identity_into_temporary_credentials() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "jwt\n").unwrap();
    let peer = Peer::start(|number, mut conn| async move {
        let seen = conn.request().await.unwrap();
        let body = String::from_utf8(seen.body.clone()).unwrap();
        let right = seen.header("x-tc-action") == Some("AssumeRoleWithWebIdentity")
            && seen.header("authorization") == Some("SKIP")
            && body.contains(r#""WebIdentityToken":"jwt""#)
            && body.contains(r#""ProviderId":"cls-1""#);
        let answer = match number {
            0 if right => {
                r#"{"Response":{"Credentials":{"TmpSecretId":"id","TmpSecretKey":"key","Token":"token"},"ExpiredTime":1700000000}}"#
            }
            1 => r#"{"Response":{"Error":{"Code":"AuthFailure","Message":"no such role"}}}"#,
            _ => "<html>",
        };
        conn.reply(200, "", answer).await;
    })
    .await;
    let provider = pod(file.path(), peer.url());
    let found = provider.provide().await.unwrap();
    assert_eq!(
        (found.secret_id(), found.token(), found.expires_at()),
        ("id", Some("token"), Some(1_700_000_000))
    );
    let error = provider.provide().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "TKE web identity: STS refused: AuthFailure: no such role"
    );
    assert!(provider.provide().await.is_err());
    let nowhere = pod(std::path::Path::new("/nonexistent/token"), peer.url())
        .provide()
        .await
        .unwrap_err();
    assert!(
        nowhere.to_string().contains("/nonexistent/token"),
        "{nowhere}"
    );
}

/// Hands out numbered tokens that never end, as far as anybody knows.
#[derive(Debug, Clone, Default)]
struct Numbered(Arc<AtomicUsize>);

impl ProvideCredentials for Numbered {
    fn name(&self) -> &'static str {
        "numbered"
    }
    fn provide(&self) -> Providing<'_> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(
            Credentials::new("id", "key").with_token(format!("t{number}"))
        )))
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_wait_is_replaced_once() {
    let looks = Arc::new(Mutex::new(Vec::new()));
    let seen_looks = Arc::clone(&looks);
    let peer = Peer::start(move |_, mut conn| {
        let looks = Arc::clone(&seen_looks);
        async move {
            while let Some(seen) = conn.request().await {
                let token = seen.header("x-ci-security-token").unwrap_or_default().to_owned();
                let count = {
                    let mut looks = looks.lock().unwrap();
                    looks.push(token.clone());
                    looks.len()
                };
                if count >= 2 && token == "t0" {
                    conn.reply(403, "", "<Error><Code>ExpiredToken</Code><Message>over</Message></Error>").await;
                } else {
                    let state = if count >= 4 { "Success" } else { "Running" };
                    let job = format!("<Response><JobsDetail><JobId>j1</JobId><State>{state}</State></JobsDetail></Response>");
                    conn.reply(200, "", &job).await;
                }
            }
        }
    })
    .await;
    let provider = Numbered::default();
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(peer.url())
        .proxy(ci_client::transport::Proxy::none())
        .credentials(provider.clone())
        .build()
        .unwrap();
    let options = ci_client::WaitOptions::default().longest(Duration::from_millis(5));
    client
        .wait_with(&"j1".parse().unwrap(), options, |_| {})
        .await
        .unwrap();
    assert_eq!(*looks.lock().unwrap(), ["t0", "t0", "t1", "t1"]);
    assert_eq!(provider.0.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_without_credentials_names_every_provider_and_sends_nothing() {
    let peer = Peer::start(|_, _| async {}).await;
    let chain = CredentialsChain::from_vars(
        |name| (name == "COS_DISABLE_METADATA").then(|| "1".to_owned()),
        None,
    );
    let client = crate::service::builder(&peer)
        .credentials(chain)
        .build()
        .unwrap();
    let error = client.head_object("a").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), peer.connections()),
        ("credentials", 0, 0)
    );
    for provider in [
        "environment",
        "tccli profile",
        "TKE web identity",
        "CVM role",
    ] {
        assert!(error.to_string().contains(provider), "{error}");
    }
}
