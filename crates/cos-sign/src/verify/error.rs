//! Which rule a request failed.

use std::fmt;

use thiserror::Error;

use crate::{Authorization, AuthorizationError, Validity};

/// Why the signature of a request was not accepted: one variant per rule.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no signature: no `Authorization` header, no `q-…` parameters, no `sign`.
    #[error("the request carries no signature")]
    Missing,
    /// There is more than one `Authorization` header, or it is not UTF-8.
    #[error("the request does not carry one readable Authorization header")]
    UnreadableHeader,
    /// The signature cannot be read, or its algorithm is not `sha1`.
    #[error("the signature cannot be read")]
    Malformed(#[from] AuthorizationError),
    /// The window is over.
    #[error("the signature holds for {validity} and it is {now}: it has expired")]
    Expired {
        /// The signed window.
        validity: Validity,
        /// The time of the check, in Unix seconds.
        now: u64,
    },
    /// The window has not begun.
    #[error("the signature holds for {validity} and it is {now}: it is not yet valid")]
    NotYetValid {
        /// The signed window.
        validity: Validity,
        /// The time of the check, in Unix seconds.
        now: u64,
    },
    /// Nobody knows the secret id.
    #[error("the secret id `{0}` is not known")]
    UnknownKey(String),
    /// A header that the signature lists did not arrive.
    #[error("the signature lists the header `{0}`, which the request lacks")]
    HeaderMissing(String),
    /// A parameter that the signature lists did not arrive.
    #[error("the signature lists the parameter `{0}`, which the request lacks")]
    ParamMissing(String),
    /// The signature belongs to another request or another key.
    #[error("the signature does not match the request")]
    Mismatch(Box<Mismatch>),
}

impl VerifyError {
    /// Whether the algorithm is the reason.
    #[must_use]
    pub fn is_algorithm(&self) -> bool {
        matches!(self, Self::Malformed(AuthorizationError::Algorithm(_)))
    }
}

/// What this side made of a request whose signature does not match.
///
/// The service answers with both strings, as `FormatString` and `StringToSign`. They hold values of signed headers,
/// the session token among them; so `Debug` leaves them out. The signature that would have matched is not here.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// `HttpString` of the request as received; `FormatString` in the service's error document.
    pub http_string: String,
    /// `StringToSign` of the request as received.
    pub string_to_sign: String,
    /// The signature that was sent.
    pub authorization: Authorization,
}

impl Mismatch {
    /// The first line in which a signer's `HttpString` differs from this side's.
    #[must_use]
    pub fn first_difference(&self, http_string: &str) -> Option<crate::Difference> {
        crate::Difference::between(http_string, &self.http_string)
    }
}

impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch")
            .field("authorization", &self.authorization)
            .finish_non_exhaustive()
    }
}
