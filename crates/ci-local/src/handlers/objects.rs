//! GET, HEAD, DELETE and list of objects, and the two calls on a bucket itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue,
    LAST_MODIFIED,
};
use http::{Method, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::buckets;
use super::call::Call;
use super::file_body;
use super::put::media_type;
use super::range::{Part, part};
use crate::objects::{Found, Key, ListQuery, Listing, ObjectError};
use crate::reply::{Refusal, element, empty, xml};
use crate::store::objects::{self as table, ObjectRow};

/// Parameters of a GET that replace a header of its answer.
const OVERRIDES: [(&str, HeaderName); 6] = [
    ("response-cache-control", CACHE_CONTROL),
    ("response-content-disposition", CONTENT_DISPOSITION),
    ("response-content-encoding", CONTENT_ENCODING),
    ("response-content-language", CONTENT_LANGUAGE),
    ("response-content-type", CONTENT_TYPE),
    ("response-expires", EXPIRES),
];

pub(super) async fn get(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let key = Key::parse(&call.address.path)?;
    let (found, row) = find(call, bucket, key.clone()).await?;
    let modified = time(found.modified);
    let etag = match &row {
        Some(row) => format!("\"{}\"", row.md5),
        // Of a file that was dropped into the folder nobody has read all bytes yet.
        None => format!("\"{:x}-{:x}\"", found.modified, found.size),
    };
    let part = part(&call.head.headers, &etag, modified, found.size)?;
    let (status, start, length) = match part {
        Part::Whole => (StatusCode::OK, 0, found.size),
        Part::Bytes(from, to) => (StatusCode::PARTIAL_CONTENT, from, to - from + 1),
        Part::NotModified => (StatusCode::NOT_MODIFIED, 0, 0),
    };
    let mut response = empty(status);
    if part != Part::NotModified {
        if call.head.method == Method::GET {
            *response.body_mut() = file_body::of(&found.path, start, length).await?;
        }
        set(response.headers_mut(), CONTENT_LENGTH, &length.to_string());
    }
    let headers = response.headers_mut();
    set(headers, ETAG, &etag);
    set(headers, LAST_MODIFIED, &httpdate::fmt_http_date(modified));
    set(headers, ACCEPT_RANGES, "bytes");
    set(headers, CONTENT_TYPE, media_type(key.as_str()));
    if let Some(row) = row {
        set(
            headers,
            HeaderName::from_static("x-cos-hash-crc64ecma"),
            &row.crc64,
        );
        for (name, value) in &row.headers {
            if let Ok(name) = HeaderName::try_from(name) {
                set(headers, name, value);
            }
        }
    }
    if let Part::Bytes(from, to) = part {
        set(
            headers,
            CONTENT_RANGE,
            &format!("bytes {from}-{to}/{}", found.size),
        );
    }
    for (param, name) in OVERRIDES {
        if let Some(value) = call.param(param) {
            set(headers, name, value);
        }
    }
    Ok(response)
}

/// The file, and what is recorded of it if that still fits.
async fn find(
    call: &Call<'_>,
    bucket: String,
    key: Key,
) -> Result<(Found, Option<ObjectRow>), Refusal> {
    let shared = call.shared.clone();
    let looked = call.shared.store.read(move |c| {
        let found = match shared.objects.find(&bucket, &key) {
            Ok(found) => found,
            Err(error) => {
                let absent = !shared.objects.bucket_exists(&bucket);
                return Ok(Err((error, absent)));
            }
        };
        let row = table::find(c, &bucket, key.as_str())?;
        let row = row.filter(|row| row.size == found.size && row.modified == found.modified);
        Ok(Ok((found, row)))
    });
    looked.await?.map_err(|(error, no_bucket)| match error {
        ObjectError::Absent if no_bucket => no_such_bucket(),
        error => error.into(),
    })
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let key = Key::parse(&call.address.path)?;
    let shared = call.shared.clone();
    call.shared
        .store
        .write(move |c| {
            shared.objects.remove(&bucket, &key)?;
            table::remove(c, &bucket, key.as_str())?;
            crate::store::lent::remove(c, &bucket, key.as_str())?;
            Ok::<_, Refusal>(())
        })
        .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let most = call.number("max-keys", 1000, 0..=usize::MAX)?.min(1000);
    let text = |name: &str| call.param(name).unwrap_or("").to_owned();
    let query = ListQuery {
        prefix: text("prefix"),
        delimiter: text("delimiter"),
        marker: text("marker"),
        most,
    };
    let encode = call.param("encoding-type") == Some("url");
    let (shared, name, asked) = (call.shared.clone(), bucket.clone(), query.clone());
    let listing = tokio::task::spawn_blocking(move || {
        if !shared.objects.bucket_exists(&name) {
            return Err(no_such_bucket());
        }
        shared.objects.list(&name, &asked).map_err(Refusal::from)
    })
    .await
    .map_err(|error| Refusal::from(std::io::Error::other(error)))??;
    Ok(xml(render(&bucket, &query, &listing, encode)))
}

fn render(bucket: &str, query: &ListQuery, listing: &Listing, encode: bool) -> String {
    /// What `encoding-type=url` leaves as it is.
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b'/');
    let coded = |text: &str| match encode {
        true => utf8_percent_encode(text, KEPT).to_string(),
        false => text.to_owned(),
    };
    let mut out = String::from("<?xml version='1.0' encoding='utf-8' ?>\n<ListBucketResult>");
    element(&mut out, "Name", bucket);
    if encode {
        element(&mut out, "EncodingType", "url");
    }
    element(&mut out, "Prefix", &coded(&query.prefix));
    element(&mut out, "Marker", &coded(&query.marker));
    if !query.delimiter.is_empty() {
        element(&mut out, "Delimiter", &coded(&query.delimiter));
    }
    element(&mut out, "MaxKeys", &query.most.to_string());
    element(
        &mut out,
        "IsTruncated",
        if listing.next.is_some() {
            "true"
        } else {
            "false"
        },
    );
    if let Some(next) = &listing.next {
        element(&mut out, "NextMarker", &coded(next));
    }
    for prefix in &listing.prefixes {
        out.push_str("<CommonPrefixes>");
        element(&mut out, "Prefix", &coded(prefix));
        out.push_str("</CommonPrefixes>");
    }
    for entry in &listing.entries {
        out.push_str("<Contents>");
        element(&mut out, "Key", &coded(&entry.key));
        element(&mut out, "LastModified", &iso(entry.modified));
        element(
            &mut out,
            "ETag",
            &format!("\"{:x}-{:x}\"", entry.modified, entry.size),
        );
        element(&mut out, "Size", &entry.size.to_string());
        out.push_str("<Owner><ID>local</ID><DisplayName>local</DisplayName></Owner>");
        element(&mut out, "StorageClass", "STANDARD");
        out.push_str("</Contents>");
    }
    out.push_str("</ListBucketResult>\n");
    out
}

pub(super) fn head_bucket(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    if call.shared.objects.bucket_exists(call.bucket()?) {
        Ok(empty(StatusCode::OK))
    } else {
        Err(no_such_bucket())
    }
}

pub(super) async fn put_bucket(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?;
    call.shared.objects.create_bucket(bucket)?;
    buckets::ensure(call, bucket).await?;
    Ok(empty(StatusCode::OK))
}

pub(super) fn no_such_bucket() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "NoSuchBucket",
        "The specified bucket does not exist.",
    )
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn time(nanos: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// `2020-12-10T03:37:30.000Z`, as COS lists write times.
fn iso(nanos: i64) -> String {
    let millis = nanos.div_euclid(1_000_000);
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Days to a date after Howard Hinnant's `civil_from_days`.
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (seconds, fraction) = (rest / 1000, rest % 1000);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_times_are_utc_with_milliseconds() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(1_607_571_450_123_000_000), "2020-12-10T03:37:30.123Z");
        assert_eq!(iso(951_782_400_000_000_000), "2000-02-29T00:00:00.000Z");
    }

    #[test]
    fn a_list_escapes_keys_or_encodes_them_as_asked() {
        let listing = Listing {
            entries: vec![crate::objects::Entry {
                key: "a&b 中".to_owned(),
                size: 1,
                modified: 0,
            }],
            prefixes: vec!["<p>/".to_owned()],
            next: None,
        };
        let plain = render("b-1", &ListQuery::default(), &listing, false);
        assert!(
            plain.contains("<Key>a&amp;b 中</Key>")
                && plain.contains("<Prefix>&lt;p&gt;/</Prefix>")
        );
        let coded = render("b-1", &ListQuery::default(), &listing, true);
        assert!(coded.contains("<Key>a%26b%20%E4%B8%AD</Key>"), "{coded}");
    }
}
