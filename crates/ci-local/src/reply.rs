//! Answers and refusals as HTTP, in the service's form: always a document, a resource, a request id.

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use crate::error::StoreError;
use crate::objects::{KeyError, ObjectError};

/// What the caller did wrong, or the engine cannot do, as the service says it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Further elements of the document, such as `StringToSign`.
    pub(crate) more: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            message: message.into(),
            more: Vec::new(),
        }
    }

    /// 400 `InvalidArgument`: the common refusal of the media API.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message)
    }

    pub(crate) fn with(mut self, element: &'static str, text: impl Into<String>) -> Self {
        self.more.push((element, text.into()));
        self
    }

    /// The document; `resource` is never empty, the Python SDK reads no error without one.
    pub(crate) fn into_response(self, resource: &str, request_id: &str) -> Response<Body> {
        let mut text = String::from("<?xml version='1.0' encoding='utf-8' ?>\n<Error>");
        element(&mut text, "Code", &self.code);
        element(&mut text, "Message", &self.message);
        for (name, value) in &self.more {
            element(&mut text, name, value);
        }
        element(&mut text, "Resource", resource);
        element(&mut text, "RequestId", request_id);
        element(&mut text, "TraceId", request_id);
        text.push_str("</Error>\n");
        respond(self.status, "application/xml", text)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed a request");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            format!("nothing was stored: {error}"),
        )
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        let code = match error {
            KeyError::TooLong | KeyError::SegmentTooLong => "KeyTooLong",
            _ => "InvalidObjectName",
        };
        Self::new(StatusCode::BAD_REQUEST, code, error.to_string())
    }
}

impl From<ObjectError> for Refusal {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Absent => Self::new(
                StatusCode::NOT_FOUND,
                "NoSuchKey",
                "The specified key does not exist.",
            ),
            ObjectError::Conflict => {
                Self::new(StatusCode::CONFLICT, "PathConflict", error.to_string())
            }
            ObjectError::Io(source) => {
                tracing::error!(%source, "a file failed a request");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "ServiceUnavailable",
                    format!("the data folder cannot be used: {source}"),
                )
            }
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        ObjectError::Io(error).into()
    }
}

/// A whole document as answer.
pub(crate) fn respond(
    status: StatusCode,
    media: &'static str,
    text: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// 200 with an XML document.
pub(crate) fn xml(text: impl Into<Body>) -> Response<Body> {
    respond(StatusCode::OK, "application/xml", text)
}

/// 200 with a JSON document.
pub(crate) fn json(value: &serde_json::Value) -> Response<Body> {
    respond(StatusCode::OK, "application/json", value.to_string())
}

/// A status without a document.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Appends `<name>text</name>`; characters that no XML document can hold become U+FFFD.
pub(crate) fn element(out: &mut String, name: &str, text: &str) {
    let _ = write!(out, "<{name}>");
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    let _ = write!(out, "</{name}>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut out = String::new();
        element(&mut out, "Message", "<a b=\"1\">&\0\r\n");
        assert_eq!(
            out,
            "<Message>&lt;a b=&quot;1&quot;&gt;&amp;\u{fffd}&#13;\n</Message>"
        );
    }
}
