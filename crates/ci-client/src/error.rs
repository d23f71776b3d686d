//! What a call ends with when it ends badly: how far it got, every attempt, and the id to give to support.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ci_core::{Refusal, RequestError, Unreadable};
use cos_sign::Diagnosis;
use thiserror::Error as ThisError;

use crate::credentials::CredentialsError;
use crate::retry::Failure;
use crate::transport::{TransportError, TransportFault};

/// A call that brought no output.
///
/// Cheap to clone. [`CallError::cause`] is for `match`; the predicates and accessors are for everything else.
#[derive(Clone)]
pub struct CallError(Arc<Inner>);

struct Inner {
    operation: &'static str,
    cause: Cause,
    attempts: Vec<Attempt>,
}

/// Why a call brought no output.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Cause {
    /// The request was not built or not signed: nothing was sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No credentials to sign with: nothing was sent.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// No reply, after as many attempts as were allowed.
    #[error(transparent)]
    Transport(TransportError),
    /// The service said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// A reply that cannot be understood.
    #[error(transparent)]
    Unreadable(Box<Unreadable>),
    /// The request may have been carried out, and looking for its effect did not settle it. It was not sent again.
    #[error("nobody knows whether it was carried out: {lookup}{}", marked(.mark))]
    UnknownOutcome {
        /// What the effect can be found by: the `UserData` of the job. Nothing for operations that cannot be marked.
        mark: Option<String>,
        /// What came of looking for it.
        lookup: String,
        /// What the attempt that was lost ended with.
        source: Box<Cause>,
    },
}

fn marked(mark: &Option<String>) -> String {
    mark.as_ref()
        .map(|mark| format!("; look for UserData {mark} before sending it again"))
        .unwrap_or_default()
}

impl From<Failure> for Cause {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transport(error) => Self::Transport(error),
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unreadable(unreadable) => Self::Unreadable(unreadable),
        }
    }
}

/// One attempt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// When it began, counted from the beginning of the call.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// HTTP status, if there was a reply.
    pub status: Option<u16>,
    /// Id of the request, if there was a reply with one.
    pub request_id: Option<String>,
    /// How it ended, in words; nothing for success.
    pub failure: Option<String>,
    /// Why the signature was refused, if it was and the service said what it has signed: which header or parameter arrived
    /// changed, or that the secret key is another one. Shows no secret.
    pub diagnosis: Option<Diagnosis>,
}

impl CallError {
    pub(crate) fn new(
        operation: &'static str,
        cause: impl Into<Cause>,
        attempts: Vec<Attempt>,
    ) -> Self {
        Self(Arc::new(Inner {
            operation,
            cause: cause.into(),
            attempts,
        }))
    }

    /// The operation, as the API page spells it.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Every attempt, in order. Empty when nothing was sent.
    #[must_use]
    pub fn attempt_list(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// How many attempts there were.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.0.attempts.len()).unwrap_or(u32::MAX)
    }

    /// One word for scripts: `invalid_request`, `credentials`, `network`, `timed_out`, `not_found`, `auth`, `throttled`,
    /// `server_error`, `refused`, `unreadable_reply` or `unknown_outcome`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0.cause {
            Cause::Request(_) => "invalid_request",
            Cause::Credentials(_) => "credentials",
            Cause::Transport(error) => match error.fault() {
                TransportFault::Timeout { .. } | TransportFault::Idle { .. } => "timed_out",
                TransportFault::TooLarge { .. } => "unreadable_reply",
                _ => "network",
            },
            Cause::Refused(refusal) if refusal.is_throttled() => "throttled",
            Cause::Refused(refusal) if refusal.is_not_found() => "not_found",
            Cause::Refused(refusal) if refusal.is_auth() => "auth",
            Cause::Refused(refusal) if refusal.status.is_server_error() => "server_error",
            Cause::Refused(_) => "refused",
            Cause::Unreadable(_) => "unreadable_reply",
            Cause::UnknownOutcome { .. } => "unknown_outcome",
        }
    }

    /// What the service refused with, if it did; of a lost attempt too.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.last() {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// HTTP status of the last reply, if it is what the error is about.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        match self.last() {
            Cause::Refused(refusal) => Some(refusal.status.as_u16()),
            Cause::Unreadable(unreadable) => Some(unreadable.status.as_u16()),
            _ => None,
        }
    }

    /// The service's code, if it refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refusal()?.code()
    }

    /// The id to give to support: of the reply the error is about, or of the last one there was.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let own = match self.last() {
            Cause::Refused(refusal) => refusal.request_id.as_deref(),
            Cause::Unreadable(unreadable) => unreadable.request_id.as_deref(),
            _ => None,
        };
        own.or_else(|| {
            self.0
                .attempts
                .iter()
                .rev()
                .find_map(|attempt| attempt.request_id.as_deref())
        })
    }

    /// Why the signature was refused, as [`Attempt::diagnosis`] of the last attempt.
    #[must_use]
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        self.0.attempts.last()?.diagnosis.as_ref()
    }

    /// What to look for, when nobody knows whether the request was carried out.
    #[must_use]
    pub fn mark(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::UnknownOutcome { mark, .. } => mark.as_deref(),
            _ => None,
        }
    }

    /// Nobody knows whether the request was carried out.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        matches!(self.0.cause, Cause::UnknownOutcome { .. })
    }

    /// What was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == "not_found"
    }

    /// The cause, or what an unknown outcome began with.
    fn last(&self) -> &Cause {
        match &self.0.cause {
            Cause::UnknownOutcome { source, .. } => source,
            cause => cause,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.cause)?;
        if let Some(diagnosis) = self.diagnosis() {
            write!(f, "; {diagnosis}")?;
        }
        if self.0.attempts.len() > 1 {
            write!(f, " (after {} attempts)", self.0.attempts.len())
        } else {
            Ok(())
        }
    }
}

/// One line with the causes, since a `main` that returns an error shows it like this; all fields with `{:#?}`.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return with_causes(self, f);
        }
        f.debug_struct("CallError")
            .field("operation", &self.0.operation)
            .field("cause", &self.0.cause)
            .field("attempts", &self.0.attempts)
            .finish()
    }
}

impl Error for CallError {
    /// The text of the cause stands in this error's own, so the chain goes on behind it.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.source()
    }
}

/// An error, and what it came from.
pub(crate) fn with_causes(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(failure: &str) -> Attempt {
        let took = Duration::from_millis(3);
        Attempt {
            began: took,
            took,
            status: None,
            request_id: Some("ID".into()),
            failure: Some(failure.into()),
            diagnosis: None,
        }
    }

    #[test]
    fn an_unknown_outcome_names_the_mark_and_keeps_its_beginning() {
        let cause = Cause::UnknownOutcome {
            mark: Some("m1".into()),
            lookup: "no job carries the mark so far".into(),
            source: Box::new(Cause::Transport(TransportError::maybe_sent("reset"))),
        };
        let error = CallError::new("CreateJob", cause, vec![attempt("x")]);
        let expected = "CreateJob: nobody knows whether it was carried out: no job carries the mark so far; \
            look for UserData m1 before sending it again";
        assert_eq!(error.to_string(), expected);
        assert_eq!(
            (error.kind(), error.mark(), error.attempts()),
            ("unknown_outcome", Some("m1"), 1)
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "the transport failed (perhaps carried out)"
        );
        assert_eq!(error.request_id(), Some("ID"));
    }

    #[test]
    fn the_chain_of_causes_repeats_nothing() {
        let cause = Cause::Transport(TransportError::not_sent("connection refused"));
        let error = CallError::new("DescribeJobs", cause, vec![attempt("a"), attempt("b")]);
        assert_eq!(
            error.to_string(),
            "DescribeJobs: the transport failed (not sent) (after 2 attempts)"
        );
        assert_eq!(error.source().unwrap().to_string(), "connection refused");
        assert_eq!(error.kind(), "network");
        // What `main` prints of an error that it returns.
        let line =
            "DescribeJobs: the transport failed (not sent) (after 2 attempts): connection refused";
        assert_eq!(format!("{error:?}"), line);
        assert!(format!("{error:#?}").contains("attempts: ["));
    }
}
