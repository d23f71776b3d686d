//! What can go wrong when a document is read, and when a value is made.

use crate::ErrorDocument;

/// Why bytes could not be read as a document.
///
/// Every kind of unusable answer has its own variant, so that a caller can tell a gateway's page from a refusal of the
/// service and from a change of its format.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing but white space.
    #[error("the document is empty")]
    Empty,
    /// The bytes are not UTF-8, the only encoding the service uses.
    #[error("the document is not UTF-8: byte {at} cannot be decoded")]
    NotUtf8 {
        /// Position of the first byte that cannot be decoded.
        at: usize,
    },
    /// A web page, as gateways and proxies answer.
    #[error("expected a document of the service, found an HTML page that starts with {start:?}")]
    Html {
        /// The first characters.
        start: String,
    },
    /// Neither XML nor JSON.
    #[error("expected a document of the service, found text that starts with {start:?}")]
    NotADocument {
        /// The first characters.
        start: String,
    },
    /// The text ends before the document does.
    #[error("the document is cut off after {length} bytes, inside {inside}")]
    CutOff {
        /// Bytes that were there.
        length: usize,
        /// What was still open.
        inside: String,
    },
    /// Not well formed.
    #[error("the document is not well formed at byte {at}: {message}")]
    Malformed {
        /// Position of the fault.
        at: usize,
        /// What is wrong there.
        message: String,
    },
    /// A document type or an entity other than the five predefined ones and character references.
    #[error(
        "the document uses {what}, which is refused: only the predefined entities are accepted"
    )]
    Entity {
        /// The declaration or reference.
        what: String,
    },
    /// Elements are nested deeper than [`Limits::depth`](crate::Limits::depth).
    #[error("the document is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// The document is larger than its [`Limits`](crate::Limits) allow.
    #[error("the document has more than {limit} {unit}")]
    TooLarge {
        /// The limit that was passed.
        limit: usize,
        /// What was counted: `bytes` or `elements`.
        unit: &'static str,
    },
    /// Another document than the one asked for.
    #[error("expected a <{expected}> document, found <{found}>")]
    WrongRoot {
        /// The root element of the document asked for.
        expected: &'static str,
        /// The root element that was there.
        found: String,
    },
    /// The service's refusal, under whatever HTTP status it came.
    #[error("the service answered an error: {0}")]
    Refused(Box<ErrorDocument>),
    /// A part of the document does not hold what belongs there.
    #[error("cannot read <{root}> at {path}: {message}")]
    At {
        /// The root element of the document asked for.
        root: &'static str,
        /// Where, such as `JobsDetail[3].Operation.SmartCover.Count`; list positions start at 0.
        path: String,
        /// What was found and what was expected.
        message: String,
    },
}

/// A value that the service would refuse; says the value and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is refused: {rule}")]
#[non_exhaustive]
pub struct InvalidValue {
    /// What the value was meant to be, such as `Count`.
    pub what: &'static str,
    /// The refused value, shortened when very long.
    pub value: String,
    /// What is allowed.
    pub rule: &'static str,
}

impl InvalidValue {
    pub(crate) fn new(what: &'static str, value: &str, rule: &'static str) -> Self {
        InvalidValue {
            what,
            value: excerpt(value),
            rule,
        }
    }
}

/// The first characters of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 64;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
