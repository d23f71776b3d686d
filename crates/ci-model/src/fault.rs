//! The document with which the service refuses a request.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The `Error` document. Source: 1045/43611, 436/7730.
///
/// Read from XML, and from the JSON some endpoints answer (`code`, `message`, `request_id`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ErrorDocument {
    /// Machine-readable; the thing to branch on.
    pub code: Option<String>,
    /// In words.
    pub message: Option<String>,
    /// What was asked for; on COS pages only, but needed by the Python SDK.
    pub resource: Option<String>,
    /// Id of the refused request, the same as in the header `x-ci-request-id`.
    pub request_id: Option<String>,
    /// A further id, on errors only.
    pub trace_id: Option<String>,
    /// Time of the server, beside `RequestTimeTooSkewed`.
    pub server_time: Option<String>,
    /// What the server signed, beside `SignatureDoesNotMatch`.
    pub string_to_sign: Option<String>,
    /// The request as the server understood it, beside `SignatureDoesNotMatch`.
    pub format_string: Option<String>,
}

impl crate::Document for ErrorDocument {
    const ROOT: &'static str = "Error";
}

impl ErrorDocument {
    /// An error with its two essential parts.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Sets the resource.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Sets the id of the request.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Sets the trace id.
    #[must_use]
    pub fn trace_id(mut self, id: impl Into<String>) -> Self {
        self.trace_id = Some(id.into());
        self
    }
}

/// `code: message (request id …)`, with what is there.
impl fmt::Display for ErrorDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or("without code"))?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}
