//! From status, headers and body to a document, or to an error that lost nothing.

use bytes::Bytes;
use ci_model::{Document, ErrorDocument, ReadError};
use http::HeaderMap;
use http::header::{HeaderName, LOCATION};
use http::response::Parts;

use crate::{Refusal, ReplyError, Unreadable};

const CI_REQUEST_ID: HeaderName = HeaderName::from_static("x-ci-request-id");
const COS_REQUEST_ID: HeaderName = HeaderName::from_static("x-cos-request-id");

/// The id of the request, as either service names it.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    [CI_REQUEST_ID, COS_REQUEST_ID]
        .iter()
        .find_map(|name| text(headers, name))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| !text.is_empty())
}

/// Passes a reply with a status of success, and reads any other as the service's refusal.
///
/// # Errors
/// [`ReplyError::Refused`].
pub fn accept(head: &Parts, body: &[u8]) -> Result<(), ReplyError> {
    if head.status.is_success() {
        return Ok(());
    }
    // A HEAD request, a proxy or a gateway gives no error document; what it did give is kept.
    let (document, excerpt) = match ci_model::from_bytes::<ErrorDocument>(body) {
        Ok(document) => (document, None),
        Err(_) => (
            ErrorDocument::default(),
            Some(excerpt(body)).filter(|text| !text.is_empty()),
        ),
    };
    Err(refused(head, document, excerpt))
}

/// Reads the document that a good reply holds.
///
/// # Errors
/// [`ReplyError::Refused`] for a status that is no success and for an `<Error>` under any status;
/// [`ReplyError::Unreadable`] for an empty, cut off, foreign or malformed body.
pub fn document<T: Document>(head: &Parts, body: &[u8]) -> Result<T, ReplyError> {
    accept(head, body)?;
    match ci_model::from_bytes(body) {
        Ok(document) => Ok(document),
        Err(ReadError::Refused(document)) => Err(refused(head, *document, None)),
        Err(source) => Err(unreadable(head, body, source)),
    }
}

/// An empty body, or an `<Error>` under a status of success. Anything else is not ours to judge.
pub(crate) fn nothing(head: &Parts, body: &[u8]) -> Result<(), ReplyError> {
    accept(head, body)?;
    match ci_model::from_bytes::<ErrorDocument>(body) {
        Ok(document) => Err(refused(head, document, None)),
        Err(_) => Ok(()),
    }
}

fn refused(head: &Parts, document: ErrorDocument, excerpt: Option<String>) -> ReplyError {
    let request_id = request_id(&head.headers)
        .map(str::to_owned)
        .or_else(|| document.request_id.clone());
    let location = text(&head.headers, &LOCATION)
        .filter(|_| head.status.is_redirection())
        .map(str::to_owned);
    ReplyError::Refused(Box::new(Refusal {
        status: head.status,
        document,
        request_id,
        excerpt,
        location,
    }))
}

pub(crate) fn unreadable(head: &Parts, body: &[u8], source: ReadError) -> ReplyError {
    let request_id = request_id(&head.headers).map(str::to_owned);
    ReplyError::Unreadable(Box::new(Unreadable {
        status: head.status,
        request_id,
        excerpt: excerpt(body),
        source,
    }))
}

/// The first bytes as text, without control characters.
fn excerpt(body: &[u8]) -> String {
    const LENGTH: usize = 160;
    let start = String::from_utf8_lossy(body.get(..LENGTH).unwrap_or(body));
    start
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// A reply whose body is taken as it is.
pub(crate) fn bytes(head: &Parts, body: &Bytes) -> Result<Bytes, ReplyError> {
    accept(head, body)?;
    Ok(body.clone())
}

#[cfg(test)]
mod tests {
    use ci_model::DescribeJobsResponse;

    use super::*;

    fn reply(status: u16, body: &str) -> Result<DescribeJobsResponse, ReplyError> {
        let response = http::Response::builder()
            .status(status)
            .header("x-ci-request-id", "ID")
            .body(())
            .unwrap();
        document(&response.into_parts().0, body.as_bytes())
    }

    #[test]
    fn an_error_document_is_a_refusal_under_any_status() {
        for status in [200, 400, 403, 500] {
            let error = reply(
                status,
                "<Error><Code>SlowDown</Code><Message>later</Message></Error>",
            )
            .unwrap_err();
            let ReplyError::Refused(refusal) = error else {
                panic!("{error:?}")
            };
            assert_eq!(
                (refusal.status.as_u16(), refusal.code()),
                (status, Some("SlowDown"))
            );
            assert_eq!(
                refusal.to_string(),
                format!("{status} SlowDown: later (request id ID)")
            );
        }
    }

    #[test]
    fn a_page_of_a_gateway_keeps_its_status_and_first_words() {
        let ReplyError::Refused(refusal) = reply(502, "<html><h1>Bad\nGateway</h1>").unwrap_err()
        else {
            panic!()
        };
        let expected = "502, and the body is no error document: \"<html><h1>Bad Gateway</h1>\" (request id ID)";
        assert_eq!(refusal.to_string(), expected);
        let ReplyError::Refused(refusal) = reply(404, "").unwrap_err() else {
            panic!()
        };
        assert_eq!(refusal.to_string(), "404 Not Found (request id ID)");
        assert!(refusal.is_not_found());
    }

    #[test]
    fn a_good_status_with_nothing_usable_is_unreadable_and_says_why() {
        for (body, why) in [
            ("", "empty"),
            ("<html></html>", "HTML"),
            ("hello", "hello"),
            ("<Response><JobsDetail>", "cut off"),
            ("<Other/>", "Other"),
        ] {
            let error = reply(200, body).unwrap_err();
            let ReplyError::Unreadable(unreadable) = error else {
                panic!("{body}: {error:?}")
            };
            assert!(
                unreadable.source.to_string().contains(why),
                "{body}: {}",
                unreadable.source
            );
            assert_eq!(unreadable.request_id.as_deref(), Some("ID"));
        }
    }

    #[test]
    fn refusals_know_their_kind() {
        let refusal = |status: u16, code: &str, message: &str| {
            let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
            match reply(status, &body).unwrap_err() {
                ReplyError::Refused(refusal) => *refusal,
                other => panic!("{other:?}"),
            }
        };
        assert!(refusal(400, "ResourceNotFound", "").is_not_found());
        assert!(refusal(403, "SignatureDoesNotMatch", "").is_auth());
        assert!(
            refusal(429, "Any", "").is_throttled() && refusal(503, "SlowDown", "").is_throttled()
        );
        assert!(!refusal(503, "ServiceUnavailable", "").is_throttled());
        assert!(
            !refusal(500, "SlowDown", "").is_throttled(),
            "only 503 is documented to mean that nothing was done"
        );
        assert!(refusal(403, "AccessDenied", "Request has expired").is_clock_skew());
        assert!(!refusal(403, "AccessDenied", "no").is_clock_skew());
        assert!(
            refusal(503, "X", "").is_server_fault() && !refusal(501, "X", "").is_server_fault()
        );
    }
}
