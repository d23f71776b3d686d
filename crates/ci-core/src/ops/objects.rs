//! Just enough of the object API to bring a video in and the covers out. Source: 436/7749, 436/7753.

use bytes::Bytes;
use cos_sign::encode_path;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use http::{Method, Request, response};

use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

/// The path of an object. `/a` and `a` are the same key, as answers of the service write both.
pub(crate) fn object_path(key: &str) -> Result<String, RequestError> {
    let bare = key.strip_prefix('/').unwrap_or(key);
    let problem = if bare.is_empty() {
        "it is empty"
    } else if bare.len() > 850 {
        "it is longer than 850 bytes"
    } else if bare.split('/').any(|part| part == "." || part == "..") {
        // Proxies and libraries tidy such paths, and would then reach another object.
        "a part of it is `.` or `..`"
    } else {
        return Ok(format!("/{}", encode_path(bare)));
    };
    Err(RequestError::Key {
        key: key.to_owned(),
        problem,
    })
}

/// What is known about an object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ObjectHead {
    /// Bytes of this reply: of the whole object, or of the range that was asked for.
    pub content_length: Option<u64>,
    /// Media type.
    pub content_type: Option<String>,
    /// Which part of the object this is, such as `bytes 0-9/100`.
    pub content_range: Option<String>,
    /// Identifies the content; with its quotes.
    pub etag: Option<String>,
    /// When it was last written, as an HTTP date.
    pub last_modified: Option<String>,
    /// Whether ranges can be asked for.
    pub ranges: bool,
}

impl ObjectHead {
    /// Reads the headers of a reply.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::to_owned);
        Self {
            content_length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            content_type: text(CONTENT_TYPE),
            content_range: text(CONTENT_RANGE),
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
            ranges: text(ACCEPT_RANGES).is_some_and(|value| value == "bytes"),
        }
    }
}

/// An object with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// What the headers say.
    pub head: ObjectHead,
    /// The bytes, or those of the range.
    pub bytes: Bytes,
}

/// Writes an object, replacing one of the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutObject {
    /// Key, without leading slash.
    pub key: String,
    /// The bytes.
    pub body: Bytes,
    /// Media type; the service guesses from the key when absent.
    pub content_type: Option<String>,
}

impl PutObject {
    /// Writes `body` under `key`.
    pub fn new(key: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            key: key.into(),
            body: body.into(),
            content_type: None,
        }
    }

    /// Sets the media type.
    #[must_use]
    pub fn content_type(mut self, kind: impl Into<String>) -> Self {
        self.content_type = Some(kind.into());
        self
    }
}

impl Operation for PutObject {
    const NAME: &'static str = "PutObject";
    const REPEAT: Repeat = Repeat::Safe;
    /// What the headers of the answer say, above all the new ETag.
    type Output = ObjectHead;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let path = object_path(&self.key)?;
        let mut request =
            to.request(Service::Objects, Method::PUT, &path, "", self.body.clone())?;
        request
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        if let Some(kind) = &self.content_type {
            let kind = HeaderValue::from_str(kind).map_err(http::Error::from)?;
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        Ok(request)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ObjectHead, ReplyError> {
        reply::nothing(head, body)?;
        Ok(ObjectHead::of(&head.headers))
    }
}

/// Reads an object, or a range of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetObject {
    /// Key, without leading slash.
    pub key: String,
    /// First byte, and last byte unless the range goes to the end.
    pub range: Option<(u64, Option<u64>)>,
    /// Refuses with 304 when the object still has this ETag.
    pub if_none_match: Option<String>,
}

impl GetObject {
    /// The whole object.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            range: None,
            if_none_match: None,
        }
    }

    /// Only these bytes; both ends included, to the end of the object without a last one.
    #[must_use]
    pub fn range(mut self, first: u64, last: Option<u64>) -> Self {
        self.range = Some((first, last));
        self
    }

    /// Only if the ETag is another one.
    #[must_use]
    pub fn if_none_match(mut self, etag: impl Into<String>) -> Self {
        self.if_none_match = Some(etag.into());
        self
    }
}

/// The whole object of a key.
impl<K: Into<String>> From<K> for GetObject {
    fn from(key: K) -> Self {
        Self::new(key)
    }
}

impl Operation for GetObject {
    const NAME: &'static str = "GetObject";
    const REPEAT: Repeat = Repeat::Safe;
    const LARGEST_REPLY: usize = 64 << 20;
    type Output = Object;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let mut request = to.get(Service::Objects, &object_path(&self.key)?, &Query::new())?;
        if let Some((first, last)) = self.range {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            let value = HeaderValue::try_from(format!("bytes={first}-{last}"))
                .map_err(http::Error::from)?;
            request.headers_mut().insert(RANGE, value);
        }
        if let Some(etag) = &self.if_none_match {
            let value = HeaderValue::from_str(etag).map_err(http::Error::from)?;
            request.headers_mut().insert(IF_NONE_MATCH, value);
        }
        Ok(request)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<Object, ReplyError> {
        let bytes = reply::bytes(head, body)?;
        Ok(Object {
            head: ObjectHead::of(&head.headers),
            bytes,
        })
    }
}

/// Asks about an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadObject {
    /// Key, without leading slash.
    pub key: String,
}

impl HeadObject {
    /// About the object `key`.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into() }
    }
}

impl Operation for HeadObject {
    const NAME: &'static str = "HeadObject";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ObjectHead;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.request(
            Service::Objects,
            Method::HEAD,
            &object_path(&self.key)?,
            "",
            Bytes::new(),
        )
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ObjectHead, ReplyError> {
        reply::accept(head, body)?;
        Ok(ObjectHead::of(&head.headers))
    }
}

/// Deletes an object; one that does not exist counts as deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteObject {
    /// Key, without leading slash.
    pub key: String,
}

impl DeleteObject {
    /// The object `key`.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into() }
    }
}

impl Operation for DeleteObject {
    const NAME: &'static str = "DeleteObject";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ();

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.request(
            Service::Objects,
            Method::DELETE,
            &object_path(&self.key)?,
            "",
            Bytes::new(),
        )
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<(), ReplyError> {
        reply::nothing(head, body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cloud, head, line};
    use super::*;

    #[test]
    fn objects_live_on_the_object_host_under_their_encoded_key() {
        assert_eq!(
            line(&GetObject::new("/in/a b+演.mp4")).0,
            "GET b.cos/in/a%20b%2B%E6%BC%94.mp4"
        );
        assert_eq!(line(&HeadObject::new("a")).0, "HEAD b.cos/a");
        assert_eq!(line(&DeleteObject::new("a//b")).0, "DELETE b.cos/a//b");
        let put = PutObject::new("a.mp4", "xyz")
            .content_type("video/mp4")
            .request(&cloud())
            .unwrap();
        assert_eq!(put.headers()["content-length"], "3");
        assert_eq!(put.headers()["content-type"], "video/mp4");
    }

    #[test]
    fn a_key_that_would_reach_another_object_is_refused() {
        for key in ["", "/", "a/../b", "..", "./a", &"x".repeat(851)] {
            assert!(
                matches!(
                    GetObject::new(key).request(&cloud()),
                    Err(RequestError::Key { .. })
                ),
                "{key}"
            );
        }
        assert!(GetObject::new("a..b/...").request(&cloud()).is_ok());
    }

    #[test]
    fn a_range_has_both_ends_or_goes_to_the_end() {
        let range = |call: GetObject| {
            call.request(&cloud()).unwrap().headers()["range"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(range(GetObject::new("a").range(0, Some(9))), "bytes=0-9");
        assert_eq!(range(GetObject::new("a").range(10, None)), "bytes=10-");
    }

    #[test]
    fn an_object_is_taken_as_it_is_even_if_it_looks_like_an_error() {
        let body = Bytes::from_static(b"<Error><Code>x</Code></Error>");
        let reply = head(
            206,
            &[
                ("etag", "\"e\""),
                ("content-range", "bytes 0-9/100"),
                ("content-length", "10"),
            ],
        );
        let object = GetObject::response(&reply, &body).unwrap();
        assert_eq!(object.bytes, body);
        assert_eq!(object.head.etag.as_deref(), Some("\"e\""));
        assert_eq!(object.head.content_length, Some(10));
        assert!(GetObject::response(&head(404, &[]), &body).is_err());
    }
}
