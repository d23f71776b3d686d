//! PUT of an object: streamed to a file beside the buckets, synced, checked, renamed into place.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue,
};
use http::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::call::Call;
use super::{body, buckets};
use crate::config::Config;
use crate::ids;
use crate::objects::{Digests, Key, Summer};
use crate::reply::{Refusal, empty};
use crate::shared::Shared;
use crate::store::{lent, objects as table};

/// Headers that are kept and given back, besides `x-cos-meta-…`.
const KEPT: [HeaderName; 6] = [
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    EXPIRES,
];

pub(super) async fn put(call: &Call<'_>, body: &mut Body) -> Result<Response<Body>, Refusal> {
    let shared = call.shared;
    let bucket = call.bucket()?.to_owned();
    let key = Key::parse(&call.address.path)?;
    if call.header("x-cos-copy-source").is_some() {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "The local engine does not copy objects; put the bytes.",
        ));
    }
    let declared = call
        .header(CONTENT_LENGTH)
        .and_then(|text| text.parse::<u64>().ok());
    if declared.is_some_and(|length| length > shared.config.max_object_bytes) {
        return Err(too_large(&shared.config));
    }
    let md5 = call.header("content-md5").map(str::trim);
    let is_new = !shared.objects.bucket_exists(&bucket);
    let digests = store(shared, &bucket, &key, body, md5, kept(call)).await?;
    if is_new {
        // The host of this call is the one that says where the bucket is.
        buckets::ensure(call, &bucket).await?;
    }
    let etag = format!("\"{}\"", digests.md5_hex());
    let crc64 = digests.crc64.to_string();
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in [
        (ETAG, etag),
        (HeaderName::from_static("x-cos-hash-crc64ecma"), crc64),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// Takes a body into a bucket, with its checksums and headers on record.
pub(crate) async fn store(
    shared: &Arc<Shared>,
    bucket: &str,
    key: &Key,
    body: &mut Body,
    md5: Option<&str>,
    headers: Vec<(String, String)>,
) -> Result<Digests, Refusal> {
    let scratch = shared.objects.scratch();
    let placed = match receive(&shared.config, body, md5, &scratch).await {
        Ok(digests) => {
            let (shared, path) = (Arc::clone(shared), scratch.clone());
            let (bucket, key) = (bucket.to_owned(), key.clone());
            tokio::task::spawn_blocking(move || shared.objects.place(&path, &bucket, &key))
                .await
                .map_err(|error| Refusal::from(std::io::Error::other(error)))?
                .map_err(Refusal::from)
                .map(|found| (digests, found))
        }
        Err(refusal) => Err(refusal),
    };
    let (digests, found) = match placed {
        Ok(placed) => placed,
        Err(refusal) => {
            // Nothing half-written stays, here or in the bucket.
            let _ = tokio::fs::remove_file(&scratch).await;
            return Err(refusal);
        }
    };
    let row = table::ObjectRow {
        size: found.size,
        modified: found.modified,
        md5: digests.md5_hex(),
        crc64: digests.crc64.to_string(),
        headers,
    };
    let (bucket, key) = (bucket.to_owned(), key.clone());
    shared
        .store
        .write(move |c| {
            table::put(c, &bucket, key.as_str(), &row)?;
            // A lent file of this key is replaced by what was put.
            lent::remove(c, &bucket, key.as_str())?;
            Ok::<_, Refusal>(())
        })
        .await?;
    Ok(digests)
}

async fn receive(
    config: &Config,
    body: &mut Body,
    md5: Option<&str>,
    to: &Path,
) -> Result<Digests, Refusal> {
    let mut file = File::create(to).await?;
    let mut summer = Summer::default();
    let mut size = 0_u64;
    let mut pace = body::Pace::new(config.idle_timeout);
    while let Some(piece) = pace.next(body).await? {
        size += piece.len() as u64;
        if size > config.max_object_bytes {
            return Err(too_large(config));
        }
        summer.add(&piece);
        file.write_all(&piece).await?;
    }
    file.flush().await?;
    file.sync_all().await?;
    let digests = summer.finish();
    if md5.is_some_and(|sent| sent != ids::base64(&digests.md5)) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "BadDigest",
            "The Content-MD5 you specified did not match what was received.",
        ));
    }
    Ok(digests)
}

fn too_large(config: &Config) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "EntityTooLarge",
        format!(
            "An object has at most {} bytes here.",
            config.max_object_bytes
        ),
    )
}

fn kept(call: &Call<'_>) -> Vec<(String, String)> {
    let headers = &call.head.headers;
    headers
        .iter()
        .filter(|(name, _)| KEPT.contains(name) || name.as_str().starts_with("x-cos-meta-"))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        // The Node SDK sends an empty Cache-Control.
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// The type of a file that came without one, by the end of its name.
pub(crate) fn media_type(key: &str) -> &'static str {
    let end = key
        .rsplit_once('.')
        .map_or("", |(_, end)| end)
        .to_ascii_lowercase();
    match end.as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "txt" => "text/plain",
        "html" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}
