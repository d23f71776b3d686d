//! Why a request was not built, and why a reply holds no output.

use std::fmt;

use ci_model::{ErrorDocument, InvalidValue, ReadError, Violation};
use cos_sign::SignError;
use http::StatusCode;
use thiserror::Error;

/// Why there is no request: nothing was sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The bucket cannot be part of a host.
    #[error(
        "`{0}` is not the name of a bucket: lower-case letters, digits and hyphens, with the APPID, such as media-1250000000"
    )]
    Bucket(String),
    /// The region cannot be part of a host.
    #[error(
        "`{0}` is not the name of a region: lower-case letters, digits and hyphens, such as ap-chongqing"
    )]
    Region(String),
    /// The address to connect to is not one.
    #[error(
        "`{0}` is not an address to connect to: write http://host[:port] or https://host[:port]"
    )]
    Base(String),
    /// No object can have this key.
    #[error("`{key}` is not the key of an object: {problem}")]
    Key {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A list of ids without one would ask for something else.
    #[error("{0} needs at least one id")]
    NoIds(&'static str),
    /// The document breaks rules of the service; all of them are listed.
    #[error("the service would refuse the request: {}", listed(.0))]
    Invalid(Vec<Violation>),
    /// A value outside its documented range.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The parts do not make an HTTP request.
    #[error("the parts do not make an HTTP request")]
    Http(#[from] http::Error),
    /// The request cannot be signed.
    #[error("the request cannot be signed")]
    Sign(#[from] SignError),
}

fn listed(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Why a reply holds no output.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The service said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Nothing this version can read.
    #[error(transparent)]
    Unreadable(Box<Unreadable>),
}

/// The service's no: status, error document and ids.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status, which can be 200.
    pub status: StatusCode,
    /// What the body said; empty when there was none, or none that could be read.
    pub document: ErrorDocument,
    /// The id to give to support, from header or body.
    pub request_id: Option<String>,
    /// The first bytes of a body that is no error document, such as the page of a gateway.
    pub excerpt: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
}

impl Refusal {
    /// The machine-readable code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.document.code.as_deref()
    }

    /// The text of the service.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.document.message.as_deref()
    }

    /// What was asked for does not exist. CI says 400 `ResourceNotFound` of inputs.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let named = |code: &str| {
            code.starts_with("NoSuch") || code.ends_with("NotFound") || code.ends_with("NotExist")
        };
        self.status == StatusCode::NOT_FOUND
            || self
                .code()
                .is_some_and(|code| named(code) && code != "CIRoleNotExist")
    }

    /// Signature, credentials or permission.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        let auth = matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        );
        let codes = [
            "ExpiredToken",
            "InvalidToken",
            "CIRoleNotExist",
            "ResourceAccessDenied",
            "AccessDenied",
            "SignatureDoesNotMatch",
        ];
        auth || self.code().is_some_and(|code| codes.contains(&code))
    }

    /// The service had too much to do and did nothing: status 429, or the code `SlowDown`.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        let slow = matches!(
            self.code(),
            Some("SlowDown" | "TooManyRequests" | "RequestLimitExceeded")
        );
        let said = matches!(self.status.as_u16(), 200..=299 | 400 | 403 | 503);
        self.status == StatusCode::TOO_MANY_REQUESTS || (said && slow)
    }

    /// The fault is the service's, and trying again can help.
    #[must_use]
    pub fn is_server_fault(&self) -> bool {
        let status = self.status.is_server_error();
        let never = matches!(
            self.status,
            StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED
        );
        (status && !never)
            || (self.status.is_success()
                && matches!(self.code(), Some("InternalError" | "ServiceUnavailable")))
    }

    /// The clocks of the two sides disagree too much, or a signature came too late.
    #[must_use]
    pub fn is_clock_skew(&self) -> bool {
        let expired = self
            .message()
            .is_some_and(|message| message.contains("Request has expired"));
        match self.code() {
            Some("RequestTimeTooSkewed") => true,
            Some("AccessDenied") => expired,
            _ => false,
        }
    }

    /// Temporary credentials have ended.
    #[must_use]
    pub fn is_expired_token(&self) -> bool {
        matches!(
            self.code(),
            Some("ExpiredToken" | "InvalidToken" | "TokenExpired")
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        match (self.code(), self.message(), &self.excerpt) {
            (Some(code), Some(message), _) => write!(f, " {code}: {message}")?,
            (Some(code), None, _) => write!(f, " {code}")?,
            (None, Some(message), _) => write!(f, ": {message}")?,
            (None, None, Some(excerpt)) => {
                write!(f, ", and the body is no error document: {excerpt:?}")?;
            }
            (None, None, None) => write!(
                f,
                " {}",
                self.status.canonical_reason().unwrap_or("without a reason")
            )?,
        }
        if let Some(location) = &self.location {
            write!(f, " (redirects to {location}, which is not followed)")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// A reply that cannot be understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub struct Unreadable {
    /// The HTTP status.
    pub status: StatusCode,
    /// The id to give to support.
    pub request_id: Option<String>,
    /// The first bytes of the body.
    pub excerpt: String,
    /// Why it cannot be read.
    pub source: ReadError,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a reply with status {} that cannot be read",
            self.status.as_u16()
        )?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}
