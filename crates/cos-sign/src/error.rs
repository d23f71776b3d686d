//! Why a request was not signed.

use http::header::InvalidHeaderValue;
use thiserror::Error;

use crate::Validity;

/// Why a request was not signed. Nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The request names no host, in a header or in its URI, and the host is to be signed.
    #[error("the request names no host: set the Host header or use an absolute URI")]
    NoHost,
    /// Two header lines of one name; how they are signed is not documented, and signers differ.
    #[error("the header `{0}` stands in the request twice: join its values into one line")]
    RepeatedHeader(String),
    /// A query parameter stands twice, or two names differ only in case; signers differ on it.
    #[error("the parameter `{0}` stands in the query twice (names are compared without case)")]
    RepeatedParam(String),
    /// A header that was asked to be signed is not in the request.
    #[error("the header `{0}` is to be signed and is not in the request")]
    HeaderMissing(String),
    /// A parameter that was asked to be signed is not in the request.
    #[error("the parameter `{0}` is to be signed and is not in the query")]
    ParamMissing(String),
    /// The decoded path is not UTF-8, which the signature is defined over.
    #[error("the path `{0}` is not UTF-8 when decoded")]
    PathNotUtf8(String),
    /// The secret id has a character that would break the `Authorization` header.
    #[error("the secret id is empty or has a character other than visible ASCII without `&`")]
    SecretId,
    /// The token has a character that a header cannot carry.
    #[error("the token cannot stand in a header")]
    Token(#[source] InvalidHeaderValue),
    /// The window lasts longer than the credentials.
    #[error(
        "the window {validity} is longer than the credentials hold (until {expires_at}): ask for less, or refresh them"
    )]
    OutlivesCredentials {
        /// What was asked for.
        validity: Validity,
        /// When the credentials end, in Unix seconds.
        expires_at: u64,
    },
    /// The URL to presign carries a field of a signature already.
    #[error("the URL has the parameter `{0}` already: presign the URL without it")]
    AlreadySigned(String),
    /// The URL became longer than a URI can be, or cannot be one.
    #[error("the presigned URL is not a URI")]
    Uri(#[source] http::Error),
    /// A described request cannot be one.
    #[error("{what} `{value}` {problem}")]
    Case {
        /// Which part of the description.
        what: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// `q-key-time` differs from `q-sign-time`; signers and servers disagree on what that means.
    #[error("the key window {key} differs from the sign window {sign}: use one window for both")]
    WindowsDiffer {
        /// The window asked for as `q-sign-time`.
        sign: Validity,
        /// The window asked for as `q-key-time`.
        key: Validity,
    },
}
