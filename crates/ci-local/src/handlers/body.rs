//! Reading what clients send, never more and never longer than allowed.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap};
use http_body_util::BodyExt as _;
use md5::{Digest, Md5};
use tokio::time::timeout;

use super::call::header;
use crate::ids;
use crate::reply::Refusal;

/// The largest document of the media API that is read; six operations fit many times.
const MOST_DOCUMENT_BYTES: usize = 512 * 1024;
/// What is read and thrown away after a refusal.
const MOST_DRAINED_BYTES: usize = 4 << 20;

/// The next piece of a body. `None` at its end.
pub(super) async fn next(body: &mut Body, idle: Duration) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = timeout(idle, body.frame()).await.map_err(|_| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "RequestTimeout",
                "The request body did not arrive in time.",
            )
        })?;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => {
                // Trailers carry nothing that is looked at.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "IncompleteBody",
                    format!("The request body ended early: {error}."),
                ));
            }
        }
    }
}

/// The whole document of a media call.
pub(crate) async fn document(
    body: &mut Body,
    headers: &HeaderMap,
    idle: Duration,
) -> Result<Bytes, Refusal> {
    let declared = header(headers, CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    let too_large = || {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "XMLSizeLimit",
            format!("The request body is larger than {MOST_DOCUMENT_BYTES} bytes."),
        )
    };
    if declared.is_some_and(|length| length > MOST_DOCUMENT_BYTES) {
        return Err(too_large());
    }
    // One time for the whole document: a sender of one byte a second gets no longer.
    let read = timeout(idle, async {
        let mut whole = BytesMut::new();
        while let Some(piece) = next(body, idle).await? {
            if whole.len() + piece.len() > MOST_DOCUMENT_BYTES {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    });
    let bytes = match read.await {
        Ok(read) => read?,
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "RequestTimeout",
                "The request body did not arrive in time.",
            ));
        }
    };
    if let Some(sent) = header(headers, "content-md5")
        && sent.trim() != ids::base64(&Md5::digest(&bytes))
    {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidContent",
            "The request body differs from its Content-MD5.",
        ));
    }
    Ok(bytes)
}

/// Reads a little more of a refused body, so that its sender can see the answer.
pub(super) async fn drain(body: &mut Body, idle: Duration) {
    let limit = idle.min(Duration::from_secs(2));
    let _ = timeout(limit, async {
        let mut left = MOST_DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(size) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    })
    .await;
}
