//! Server-sent events: one line for each change, so that the page shows jobs as they run.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::channel::Channel;
use tokio::sync::broadcast::error::RecvError;

use crate::reply::respond;
use crate::shared::Shared;

/// A comment now and then keeps proxies from closing the stream, and finds pages that are gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Changes within this time are one event.
const GATHER: Duration = Duration::from_millis(50);

/// The stream; it ends with the engine or the page.
pub(super) fn stream(shared: &Arc<Shared>) -> Response<Body> {
    let mut news = shared.news.subscribe();
    let mut closing = shared.closing.subscribe();
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(4);
    tokio::spawn(async move {
        let mut line = Bytes::from_static(b"retry: 1000\n\ndata: start\n\n");
        while sender.send_data(line).await.is_ok() {
            line = tokio::select! {
                changed = news.recv() => match changed {
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        tokio::time::sleep(GATHER).await;
                        news = news.resubscribe();
                        Bytes::from_static(b"data: change\n\n")
                    }
                    Err(RecvError::Closed) => return,
                },
                () = async { drop(closing.wait_for(|closing| *closing).await) } => return,
                () = tokio::time::sleep(KEEP_ALIVE) => Bytes::from_static(b": still here\n\n"),
            };
        }
    });
    respond(StatusCode::OK, "text/event-stream", Body::new(body))
}
