//! Answers that a fault breaks: lost, cut, or slow.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body_util::BodyExt as _;
use http_body_util::channel::Channel;

use crate::faults::Effect;

/// An answer whose body fails at once: the server ends the connection before anything is sent.
pub(super) fn reset() -> Response<Body> {
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    sender.abort(io::ErrorKind::ConnectionReset.into());
    Response::new(Body::new(body))
}

/// Does to a finished answer what the fault says.
pub(super) async fn after(effect: Option<Effect>, response: Response<Body>) -> Response<Body> {
    match effect {
        Some(Effect::LoseAnswer) => reset(),
        Some(Effect::Truncate { bytes }) => sent(response, Some(bytes), usize::MAX, 0).await,
        Some(Effect::SlowDrip { bytes, ms }) => sent(response, None, bytes, ms).await,
        _ => response,
    }
}

/// The same answer in pieces with pauses, up to a cut if there is one. The length stays as promised.
async fn sent(
    response: Response<Body>,
    cut: Option<usize>,
    piece: usize,
    ms: u64,
) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let Ok(whole) = body.collect().await else {
        return reset();
    };
    let whole = whole.to_bytes();
    if let Ok(length) = HeaderValue::from_str(&whole.len().to_string()) {
        head.headers.insert(CONTENT_LENGTH, length);
    }
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    tokio::spawn(async move {
        let end = cut.unwrap_or(usize::MAX).min(whole.len());
        let mut at = 0;
        while at < end {
            let next = at.saturating_add(piece.max(1)).min(end);
            if sender.send_data(whole.slice(at..next)).await.is_err() {
                return;
            }
            at = next;
            if ms > 0 {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        }
        if cut.is_some() {
            sender.abort(io::ErrorKind::ConnectionReset.into());
        }
    });
    Response::from_parts(head, Body::new(body))
}
