//! PUT of an object: streamed to a file beside the buckets, synced, checked, renamed into place.

use std::path::Path;

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue,
};
use http::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::body;
use super::call::Call;
use crate::ids;
use crate::objects::{Digests, Key, Summer};
use crate::reply::{Refusal, empty};
use crate::store::objects as table;

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
        return Err(too_large(call));
    }
    let scratch = shared.objects.scratch();
    let received = receive(call, body, &scratch).await;
    let placed = match received {
        Ok(digests) => {
            let (shared, path) = (shared.clone(), scratch.clone());
            let (bucket, key) = (bucket.clone(), key.clone());
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
    let (etag, crc64) = (
        format!("\"{}\"", digests.md5_hex()),
        digests.crc64.to_string(),
    );
    let row = table::ObjectRow {
        size: found.size,
        modified: found.modified,
        md5: digests.md5_hex(),
        crc64: crc64.clone(),
        headers: kept(call),
    };
    shared
        .store
        .write(move |c| table::put(c, &bucket, key.as_str(), &row).map_err(Refusal::from))
        .await?;
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

async fn receive(call: &Call<'_>, body: &mut Body, to: &Path) -> Result<Digests, Refusal> {
    let config = &call.shared.config;
    let mut file = File::create(to).await?;
    let mut summer = Summer::default();
    let mut size = 0_u64;
    while let Some(piece) = body::next(body, config.idle_timeout).await? {
        size += piece.len() as u64;
        if size > config.max_object_bytes {
            return Err(too_large(call));
        }
        summer.add(&piece);
        file.write_all(&piece).await?;
    }
    file.flush().await?;
    file.sync_all().await?;
    let digests = summer.finish();
    if let Some(sent) = call.header("content-md5")
        && sent.trim() != ids::base64(&digests.md5)
    {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "BadDigest",
            "The Content-MD5 you specified did not match what was received.",
        ));
    }
    Ok(digests)
}

fn too_large(call: &Call<'_>) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "EntityTooLarge",
        format!(
            "An object has at most {} bytes here.",
            call.shared.config.max_object_bytes
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
pub(super) fn media_type(key: &str) -> &'static str {
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
