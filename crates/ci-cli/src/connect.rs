//! From flags and environment to a client, and from its errors to failures of the tool.

use ci_client::credentials::{CredentialsChain, EnvCredentials, ProfileCredentials};
use ci_client::{CallError, Client, Credentials, WaitError};

use crate::args::Connection;
use crate::failure::{Failure, Kind, Said};

/// A variable of the environment; an empty one counts as not set.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A client for the flags; `bucket` is one that the command itself names.
pub(crate) fn client(flags: &Connection, bucket: Option<&str>) -> Result<Client, Failure> {
    let given = |flag: &Option<String>| flag.clone().filter(|value| !value.is_empty());
    let missing = |what: &str, flag: &str, variable: &str| {
        Failure::usage(format!("no {what}: give --{flag} or set {variable}"))
    };
    let bucket = match bucket {
        Some(bucket) => bucket.to_owned(),
        None => given(&flags.bucket).ok_or_else(|| missing("bucket", "bucket", "COSCI_BUCKET"))?,
    };
    let named = given(&flags.profile);
    let profile = ProfileCredentials::from_vars(environment, named.as_deref());
    let region = given(&flags.region)
        .or_else(|| profile.region())
        .ok_or_else(|| missing("region", "region", "TENCENTCLOUD_REGION"))?;
    let endpoint = given(&flags.endpoint);
    let mut builder = Client::builder(bucket, region);
    if named.is_some() {
        // Who names a profile does not want another one, or the role of the machine, in its place.
        let environment = EnvCredentials::from_vars(environment);
        builder = builder.credentials(CredentialsChain::empty().then(environment).then(profile));
    } else if let Some(credentials) = credentials(endpoint.as_deref()) {
        builder = builder.credentials(credentials);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(timeout) = flags.timeout {
        builder = builder.timeout(timeout);
    }
    if let Some(retries) = flags.retries {
        builder = builder.retries(retries);
    }
    builder
        .build()
        .map_err(|error| Failure::chain(Kind::Usage, &error))
}

/// The local pair for an engine on this machine, when the environment has none: it is no secret.
///
/// `None` leaves the search to the client, which says where it looked.
pub(crate) fn credentials(endpoint: Option<&str>) -> Option<Credentials> {
    // Every name that the client reads: half a pair is a mistake that it reports.
    let names = [
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        "COS_SECRET_ID",
        "COS_SECRET_KEY",
    ];
    let in_environment = names.iter().any(|name| environment(name).is_some());
    let local = !in_environment && endpoint.is_some_and(is_loopback);
    local.then(|| Credentials::new(ci_local::LOCAL_SECRET_ID, ci_local::LOCAL_SECRET_KEY))
}

fn is_loopback(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let kind = match error.kind() {
            "invalid_request" => Kind::BadInput,
            "credentials" | "auth" => Kind::Auth,
            "network" => Kind::Network,
            "timed_out" => Kind::TimedOut,
            "throttled" => Kind::Throttled,
            "unknown_outcome" => Kind::UnknownOutcome,
            // A refusal with status 400 is bad input whatever its code says: an input that does not exist is one.
            "not_found" if error.http_status() == Some(400) => Kind::BadInput,
            "not_found" => Kind::NotFound,
            _ => error.http_status().map_or(Kind::Other, Kind::of_status),
        };
        Self::chain(kind, &error).said(Said {
            code: error.code().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            http_status: error.http_status(),
            attempts: error.attempts(),
            mark: error.mark().map(str::to_owned),
            details: echo(&error),
        })
    }
}

/// What the server says that it signed, for `-v` and for scripts.
fn echo(error: &CallError) -> Vec<String> {
    let Some(refusal) = error.refusal() else {
        return Vec::new();
    };
    let document = &refusal.document;
    let mut lines = Vec::new();
    for (name, text) in [
        ("FormatString", &document.format_string),
        ("StringToSign", &document.string_to_sign),
    ] {
        if let Some(text) = text {
            lines.push(format!("the server's {name}:"));
            lines.extend(text.lines().map(|line| format!("  {line}")));
        }
    }
    lines
}

impl From<WaitError> for Failure {
    fn from(error: WaitError) -> Self {
        let kind = match &error {
            WaitError::Failed(_) => Kind::JobFailed,
            WaitError::Cancelled(_) => Kind::JobCancelled,
            WaitError::NotFound(_) => Kind::NotFound,
            WaitError::TimedOut { .. } => Kind::TimedOut,
            _ => Kind::Other,
        };
        // While a job has not failed, its code says `Success`.
        let failed = matches!(error, WaitError::Failed(_));
        let code = error
            .job()
            .filter(|_| failed)
            .and_then(|job| job.code.clone());
        match error {
            WaitError::Call(error) => error.into(),
            error => Self::chain(kind, &error).said(Said {
                code,
                ..Said::default()
            }),
        }
    }
}
