//! Checks signatures with `cos-sign` and says no in the service's words.

use std::borrow::Cow;
use std::collections::HashMap;

use cos_sign::{Plus, SecretKey, VerifyError, verify_with, without_port};
use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::{StatusCode, Uri};

use crate::address::Address;
use crate::config::AuthMode;
use crate::reply::Refusal;
use crate::shared::Shared;

/// What became of a request's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// For the request log: `valid`, `not checked`, or why it would have been refused.
    pub(crate) text: String,
    /// How a `+` in the query is meant.
    pub(crate) plus: Plus,
}

/// The pairs that may sign.
#[derive(Debug)]
pub(crate) struct Keys(HashMap<String, SecretKey>);

impl Keys {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, SecretKey)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Checks a request as the engine's mode wants it.
    pub(crate) fn check(
        &self,
        shared: &Shared,
        head: &Parts,
        address: &Address,
        region: &str,
    ) -> Result<Verdict, Refusal> {
        let mode = shared.config.auth;
        let unsaid = |text: String| Verdict {
            text,
            plus: Plus::Space,
        };
        if mode == AuthMode::Off {
            return Ok(unsaid("not checked".to_owned()));
        }
        let now = u64::try_from(shared.clock.seconds()).unwrap_or(0);
        // The fixed pair is public: beyond this machine it opens nothing.
        let is_public = shared.config.keys.is_empty() && shared.is_exposed();
        let lookup = |id: &str| self.0.get(id).filter(|_| !is_public).cloned();
        match verify(lookup, head, address, region, now) {
            Ok(plus) => Ok(Verdict {
                text: "valid".to_owned(),
                plus,
            }),
            Err(error) if mode == AuthMode::Warn => {
                tracing::warn!(reason = %error, path = head.uri.path(), "served although its signature is refused");
                Ok(unsaid(format!("would be refused: {error}")))
            }
            Err(error) => Err(refusal(error)),
        }
    }
}

fn verify(
    lookup: impl Fn(&str) -> Option<SecretKey>,
    head: &Parts,
    address: &Address,
    region: &str,
    now: u64,
) -> Result<Plus, VerifyError> {
    let head = of_proxy(head);
    let sent = head
        .headers
        .get(HOST)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    // The Python SDK signs the host without its port. The Node SDK, given an address, signs
    // the name that the bucket would have at the service.
    let mut hosts = vec![without_port(sent).to_owned()];
    if let Some(bucket) = &address.bucket {
        for service in ["cos", "ci"] {
            hosts.push(format!("{bucket}.{service}.{region}.myqcloud.com"));
        }
    }
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let first = verify_with(&head, &lookup, now, &hosts);
    match first {
        // A client that adds the bucket to the path of a base URL may have signed without it.
        Err(VerifyError::Mismatch(_)) if address.prefixed => match without_bucket(&head) {
            Some(inner) => verify_with(&inner, &lookup, now, &hosts).or(first),
            None => first,
        },
        first => first,
    }
    .map(|verified| verified.plus)
}

/// A request to a proxy carries its real host in the request line, which wins over the header.
fn of_proxy(head: &Parts) -> Cow<'_, Parts> {
    let Some(authority) = head.uri.authority() else {
        return Cow::Borrowed(head);
    };
    let name = without_port(authority.as_str()).as_bytes();
    // Clients leave a default port out of the header that they sign.
    let agrees = head
        .headers
        .get(HOST)
        .is_some_and(|sent| name.eq_ignore_ascii_case(sent.as_bytes()));
    match HeaderValue::from_str(authority.as_str()) {
        Ok(host) if !agrees => {
            let mut head = head.clone();
            head.headers.insert(HOST, host);
            Cow::Owned(head)
        }
        _ => Cow::Borrowed(head),
    }
}

fn without_bucket(head: &Parts) -> Option<Parts> {
    let target = head.uri.path_and_query()?.as_str();
    let rest = target.strip_prefix('/')?;
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let rest = rest.get(at..)?;
    let inner = if rest.starts_with('/') {
        rest.to_owned()
    } else {
        format!("/{rest}")
    };
    let mut head = head.clone();
    head.uri = inner.parse::<Uri>().ok()?;
    Some(head)
}

/// The service's answer to a signature that does not hold.
fn refusal(error: VerifyError) -> Refusal {
    let forbidden = |code, message: String| Refusal::new(StatusCode::FORBIDDEN, code, message);
    match error {
        VerifyError::Missing => forbidden("AccessDenied", "Access Denied.".to_owned()),
        VerifyError::Expired { now, .. } => {
            forbidden("AccessDenied", "Request has expired".to_owned())
                .with("ServerTime", now.to_string())
        }
        VerifyError::NotYetValid { now, .. } => forbidden(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.".to_owned(),
        )
        .with("ServerTime", now.to_string()),
        VerifyError::UnknownKey(_) => forbidden(
            "InvalidAccessKeyId",
            "The Access Key Id you provided does not exist in our records.".to_owned(),
        ),
        VerifyError::Mismatch(mismatch) => forbidden(
            "SignatureDoesNotMatch",
            "The Signature you specified is invalid.".to_owned(),
        )
        .with("StringToSign", mismatch.string_to_sign.clone())
        .with("FormatString", mismatch.http_string.clone()),
        VerifyError::HeaderMissing(_) | VerifyError::ParamMissing(_) => {
            forbidden("SignatureDoesNotMatch", format!("{error}."))
        }
        other => forbidden("AccessDenied", format!("{other}.")),
    }
}
