//! Listing a bucket. Source: 436/7734.

use bytes::Bytes;
use ci_model::{Kind, ReadError};
use http::{Request, response};
use serde_json::Value;

use super::setters;
use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

/// Lists objects by key, a page at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListObjects {
    /// Keys that begin so.
    pub prefix: Option<String>,
    /// Keys with this text after the prefix are summed up as one [`common prefix`](ObjectPage::common_prefixes).
    pub delimiter: Option<String>,
    /// Keys after this one.
    pub marker: Option<String>,
    /// Objects on a page, 1000 by default and at most.
    pub max_keys: Option<u32>,
}

impl ListObjects {
    /// All objects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets what keys begin with.
        prefix: String,
        /// Sets what separates folders.
        delimiter: String,
        /// Continues after this key.
        marker: String,
        /// Sets how many objects stand on a page.
        max_keys: u32,
    }
}

/// One page of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectPage {
    /// The objects, by key.
    pub objects: Vec<ObjectSummary>,
    /// What was summed up by the delimiter.
    pub common_prefixes: Vec<String>,
    /// Asks for the next page; absent at the end.
    pub next_marker: Option<String>,
}

/// One object of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectSummary {
    /// Key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Identifies the content; with its quotes.
    pub etag: Option<String>,
    /// When it was last written, as the service writes it: `2019-05-24T10:56:40.000Z`.
    pub last_modified: Option<String>,
}

impl Operation for ListObjects {
    const NAME: &'static str = "ListObjects";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ObjectPage;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let query = Query::new()
            .opt("prefix", self.prefix.as_ref())
            .opt("delimiter", self.delimiter.as_ref())
            .opt("marker", self.marker.as_ref())
            .num("max-keys", self.max_keys)
            // XML cannot carry every key.
            .opt("encoding-type", Some("url"));
        to.get(Service::Objects, "/", &query)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ObjectPage, ReplyError> {
        reply::accept(head, body)?;
        let read =
            ci_model::inspect(body).map_err(|source| reply::unreadable(head, body, source))?;
        match read.kind {
            Kind::Error => Err(reply::document::<ci_model::CreateJobResponse>(head, body)
                .map_or_else(
                    |error| error,
                    |_| reply::unreadable(head, body, ReadError::Empty),
                )),
            Kind::Unknown
                if read.document.get("Name").is_some()
                    || read.document.get("IsTruncated").is_some() =>
            {
                Ok(page(&read.document))
            }
            kind => {
                let source = ReadError::WrongRoot {
                    expected: "ListBucketResult",
                    found: kind.to_string(),
                };
                Err(reply::unreadable(head, body, source))
            }
        }
    }
}

fn page(document: &Value) -> ObjectPage {
    let encoded = document.get("EncodingType").and_then(Value::as_str) == Some("url");
    let key = |text: &str| {
        if encoded {
            decode(text)
        } else {
            text.to_owned()
        }
    };
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut page = ObjectPage::default();
    for one in each(document.get("Contents")) {
        let Some(name) = text(one, "Key") else {
            continue;
        };
        page.objects.push(ObjectSummary {
            key: key(&name),
            size: text(one, "Size")
                .and_then(|size| size.parse().ok())
                .unwrap_or(0),
            etag: text(one, "ETag"),
            last_modified: text(one, "LastModified"),
        });
    }
    page.common_prefixes = each(document.get("CommonPrefixes"))
        .filter_map(|one| text(one, "Prefix"))
        .map(|p| key(&p))
        .collect();
    if text(document, "IsTruncated").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        // Without a delimiter some servers leave out the marker, and the last key is it.
        let marker = text(document, "NextMarker").map(|marker| key(&marker));
        page.next_marker = marker.or_else(|| page.objects.last().map(|object| object.key.clone()));
    }
    page
}

/// One element or several: without a schema, one looks like no list.
fn each(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (list, single) = match value {
        Some(Value::Array(list)) => (list.as_slice(), None),
        other => (&[][..], other),
    };
    list.iter().chain(single)
}

/// Percent-decoding; what is no escape stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{line, read};
    use super::*;

    #[test]
    fn a_bucket_is_listed_with_encoded_keys() {
        let call = ListObjects::new()
            .prefix("in/")
            .delimiter("/")
            .marker("in/a b")
            .max_keys(5);
        let expected =
            "GET b.cos/?prefix=in%2F&delimiter=%2F&marker=in%2Fa%20b&max-keys=5&encoding-type=url";
        assert_eq!(line(&call).0, expected);
    }

    #[test]
    fn pages_of_none_one_and_two_objects_read_alike() {
        let entry = |key: &str| {
            format!("<Contents><Key>{key}</Key><Size>12</Size><ETag>\"e\"</ETag></Contents>")
        };
        for (count, entries) in [
            (0, String::new()),
            (1, entry("a")),
            (2, entry("a") + &entry("b")),
        ] {
            let body = format!(
                "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
            );
            let page = read::<ListObjects>(&body).unwrap();
            assert_eq!(page.objects.len(), count);
            assert_eq!(page.next_marker, None);
            assert!(page.objects.iter().all(|object| object.size == 12));
        }
    }

    #[test]
    fn encoded_keys_are_decoded_and_the_next_page_is_known() {
        let body = "<ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
            <Contents><Key>a%20%E6%BC%94%2Fb+c</Key><Size>1</Size></Contents>\
            <CommonPrefixes><Prefix>in%2F</Prefix></CommonPrefixes></ListBucketResult>";
        let page = read::<ListObjects>(body).unwrap();
        assert_eq!(page.objects[0].key, "a 演/b+c");
        assert_eq!(page.common_prefixes, ["in/"]);
        assert_eq!(page.next_marker.as_deref(), Some("a 演/b+c"));
    }

    #[test]
    fn an_error_and_a_foreign_document_are_told_apart() {
        let refused = read::<ListObjects>("<Error><Code>SlowDown</Code></Error>").unwrap_err();
        assert!(matches!(refused, ReplyError::Refused(_)), "{refused:?}");
        let foreign = read::<ListObjects>("<Response><JobsDetail/></Response>").unwrap_err();
        assert!(matches!(foreign, ReplyError::Unreadable(_)), "{foreign:?}");
    }
}
