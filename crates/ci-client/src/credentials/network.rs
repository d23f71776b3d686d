//! Credentials that another service gives out: the metadata of a CVM, and STS for a web identity in TKE.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cos_sign::Credentials;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::chain::NETWORK;
use super::{CredentialsError, ProvideCredentials, Providing};
use crate::clock::{Clock, SystemClock, unix};
use crate::transport::{HyperTransport, Proxy, SendLimits, Transport};

/// Most bytes of an answer.
const LARGEST: usize = 1 << 20;

/// Sends one request on a connection of its own; says in words what went wrong.
async fn fetch(
    proxy: Option<Proxy>,
    request: http::request::Builder,
    body: String,
    connect: Duration,
    total: Duration,
) -> Result<(StatusCode, Bytes), String> {
    let mut builder = HyperTransport::builder();
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy);
    }
    let transport = builder.build().map_err(|error| error.to_string())?;
    let mut request = request
        .body(Bytes::from(body))
        .map_err(|error| error.to_string())?;
    let until = Instant::now() + total;
    let limits = SendLimits {
        connect,
        idle: total,
        until: Some(until),
        answer: total,
        reply: LARGEST,
        once: false,
    };
    request.extensions_mut().insert(limits);
    let sent = tokio::time::timeout_at(until, Transport::send(&transport, request)).await;
    let reply = sent.map_err(|_| format!("no answer within {total:?}"))?;
    let (head, body) = reply.map_err(|error| chain_of(&error))?.into_parts();
    Ok((head.status, body))
}

fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// The parts of temporary credentials, wherever they stand. The content of a bad answer may be secret, so it is never
/// shown.
fn temporary(from: &Value, expires: Option<&Value>) -> Option<Credentials> {
    let text = |name: &str| from.get(name)?.as_str().filter(|text| !text.is_empty());
    let found =
        Credentials::new(text("TmpSecretId")?, text("TmpSecretKey")?).with_token(text("Token")?);
    let expires = expires?
        .as_u64()
        .or_else(|| expires?.as_str()?.parse().ok())?;
    Some(found.with_expiry(expires))
}

const CVM: &str = "CVM role";

/// The role of the CVM that this runs on, from its metadata service.
///
/// Connecting may take 1 s and all 2 s, so that a program elsewhere does not hang; that there is none is remembered for a
/// minute. A proxy is never used: the address is local to the machine.
#[derive(Debug)]
pub struct CvmCredentials {
    base: String,
    switched_off: bool,
    /// When looking for it failed last, and how.
    missing: Mutex<Option<(Instant, String)>>,
}

impl Default for CvmCredentials {
    fn default() -> Self {
        Self::at("http://metadata.tencentyun.com")
    }
}

impl CvmCredentials {
    const CONNECT: Duration = Duration::from_secs(1);
    const TOTAL: Duration = Duration::from_secs(2);
    const MISSING: Duration = Duration::from_secs(60);

    /// A metadata service at this address.
    pub fn at(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            switched_off: false,
            missing: Mutex::new(None),
        }
    }

    /// The usual address, unless `COS_DISABLE_METADATA` switches it off.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let off = var("COS_DISABLE_METADATA")
            .is_some_and(|value| !matches!(value.trim(), "" | "0" | "false"));
        Self {
            switched_off: off,
            ..Self::default()
        }
    }

    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        if self.switched_off {
            return Err(CredentialsError::absent(
                CVM,
                "switched off by COS_DISABLE_METADATA",
            ));
        }
        let missing = self
            .missing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, why)) = missing.filter(|(at, _)| at.elapsed() < Self::MISSING) {
            let ago = at.elapsed().as_secs();
            return Err(CredentialsError::absent(
                CVM,
                format!("{why} ({ago} s ago)"),
            ));
        }
        let until = Instant::now() + Self::TOTAL;
        let root = format!("{}/latest/meta-data/cam/security-credentials/", self.base);
        let (status, body) = self.get(&root, until).await.map_err(|why| {
            *self.missing.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now(), why.clone()));
            CredentialsError::absent(CVM, why)
        })?;
        let listed = String::from_utf8_lossy(&body);
        let role = listed.lines().next().unwrap_or_default().trim();
        let is_name =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+' | '=');
        if status == StatusCode::NOT_FOUND || (status.is_success() && role.is_empty()) {
            return Err(CredentialsError::absent(CVM, "this CVM has no role"));
        }
        if !status.is_success() || !role.chars().all(is_name) {
            let status = status.as_u16();
            return Err(CredentialsError::failed(
                CVM,
                format!("the metadata service named no role (status {status})"),
            ));
        }
        let (status, body) = self
            .get(&format!("{root}{role}"), until)
            .await
            .map_err(|why| CredentialsError::failed(CVM, why))?;
        let read: Value = serde_json::from_slice(&body).unwrap_or_default();
        let found = temporary(&read, read.get("ExpiredTime")).filter(|_| status.is_success());
        found.ok_or_else(|| {
            let status = status.as_u16();
            CredentialsError::failed(
                CVM,
                format!("no credentials in the answer for role {role} (status {status})"),
            )
        })
    }

    async fn get(&self, url: &str, until: Instant) -> Result<(StatusCode, Bytes), String> {
        let left = until.saturating_duration_since(Instant::now());
        fetch(
            Some(Proxy::none()),
            Request::get(url),
            String::new(),
            Self::CONNECT,
            left,
        )
        .await
    }
}

impl ProvideCredentials for CvmCredentials {
    fn name(&self) -> &'static str {
        CVM
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(self.ask())
    }
}

const TKE: &str = "TKE web identity";

/// The identity of a pod in TKE, changed into temporary credentials by STS.
#[derive(Debug, Clone)]
pub struct WebIdentityCredentials {
    settings: Result<Settings, CredentialsError>,
    endpoint: String,
}

#[derive(Debug, Clone)]
struct Settings {
    region: String,
    provider: String,
    role: String,
    token_file: PathBuf,
}

impl WebIdentityCredentials {
    /// `TKE_REGION`, `TKE_PROVIDER_ID`, `TKE_ROLE_ARN` and `TKE_WEB_IDENTITY_TOKEN_FILE`, which TKE sets in pods.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let need = |name: &str| {
            let value = var(name).filter(|value| !value.trim().is_empty());
            value.ok_or_else(|| CredentialsError::absent(TKE, format!("{name} is not set")))
        };
        let read = || {
            Ok(Settings {
                region: need("TKE_REGION")?,
                provider: need("TKE_PROVIDER_ID")?,
                role: need("TKE_ROLE_ARN")?,
                token_file: need("TKE_WEB_IDENTITY_TOKEN_FILE")?.into(),
            })
        };
        Self {
            settings: read(),
            endpoint: "https://sts.tencentcloudapi.com".to_owned(),
        }
    }

    /// Asks STS at another address.
    #[must_use]
    pub fn endpoint(mut self, base: impl Into<String>) -> Self {
        self.endpoint = base.into();
        self
    }

    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        let failed = |why: String| CredentialsError::failed(TKE, why);
        let settings = self.settings.as_ref().map_err(Clone::clone)?;
        let file = settings.token_file.display();
        // Read every time: the file is replaced before its token ends.
        let token = tokio::fs::read_to_string(&settings.token_file)
            .await
            .map_err(|error| failed(format!("{file}: {error}")))?;
        let now = unix(SystemClock.now());
        let body = json!({
            "ProviderId": settings.provider,
            "RoleArn": settings.role,
            "WebIdentityToken": token.trim(),
            "RoleSessionName": format!("ci-client-{now}"),
            "DurationSeconds": 7200,
        });
        let header = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| failed("TKE_REGION cannot stand in a header".into()))
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/", self.endpoint))
            // The web identity is the proof; STS wants this word in place of a signature.
            .header(AUTHORIZATION, "SKIP")
            .header(CONTENT_TYPE, "application/json")
            .header("x-tc-action", "AssumeRoleWithWebIdentity")
            .header("x-tc-version", "2018-08-13")
            .header("x-tc-region", header(&settings.region)?)
            .header("x-tc-timestamp", now);
        let (status, body) = fetch(
            None,
            request,
            body.to_string(),
            Duration::from_secs(5),
            NETWORK,
        )
        .await
        .map_err(failed)?;
        let read: Value = serde_json::from_slice(&body).unwrap_or_default();
        let response = read.get("Response").unwrap_or(&Value::Null);
        if let Some(error) = response.get("Error") {
            let part = |name: &str| {
                error
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or("?")
                    .chars()
                    .take(200)
                    .collect::<String>()
            };
            return Err(failed(format!(
                "STS refused: {}: {}",
                part("Code"),
                part("Message")
            )));
        }
        let found = response
            .get("Credentials")
            .and_then(|from| temporary(from, response.get("ExpiredTime")));
        found.ok_or_else(|| {
            failed(format!(
                "no credentials in the answer of STS (status {})",
                status.as_u16()
            ))
        })
    }
}

impl ProvideCredentials for WebIdentityCredentials {
    fn name(&self) -> &'static str {
        TKE
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(self.ask())
    }
}
