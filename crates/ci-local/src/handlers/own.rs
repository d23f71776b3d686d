//! The engine's own pages on a bare address: health, metrics, control, console.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::control;
use crate::console;
use crate::metrics::Standing;
use crate::reply::{Refusal, respond};
use crate::shared::Shared;
use crate::store::{callbacks, jobs};

/// One of the engine's own pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    Live,
    Ready,
    Metrics,
    /// What stands after `/_engine/`.
    Control(String),
    /// What stands after `/_console/`.
    Console(String),
}

impl Page {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Live => "livez",
            Self::Ready => "readyz",
            Self::Metrics => "metrics",
            Self::Control(_) => "control",
            Self::Console(_) => "console",
        }
    }
}

/// Names the page, if the path is one.
pub(super) fn page(method: &Method, path: &str) -> Option<Page> {
    if let Some(rest) = path.strip_prefix("/_engine/") {
        return Some(Page::Control(rest.to_owned()));
    }
    if let Some(rest) = path.strip_prefix("/_console") {
        return Some(Page::Console(rest.trim_start_matches('/').to_owned()));
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    match path {
        "/livez" => Some(Page::Live),
        "/readyz" => Some(Page::Ready),
        "/metrics" => Some(Page::Metrics),
        "/" => Some(Page::Console("redirect".to_owned())),
        _ => None,
    }
}

pub(super) async fn answer(
    shared: &Arc<Shared>,
    page: Page,
    head: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    match page {
        Page::Live => Ok(respond(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")),
        Page::Ready => Ok(ready(shared).await),
        Page::Metrics => {
            let standing = shared.store.read(standing).await?;
            Ok(respond(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                shared.metrics.render(standing),
            ))
        }
        Page::Control(path) => control::answer(shared, &path, head, body).await,
        Page::Console(path) => console::answer(shared, &path, head, body).await,
    }
}

/// Ready is an engine that takes jobs: it is not stopping and its database can be written.
async fn ready(shared: &Shared) -> Response<Body> {
    let text = "text/plain; charset=utf-8";
    if shared.is_stopping() {
        return respond(StatusCode::SERVICE_UNAVAILABLE, text, "stopping\n");
    }
    let written = shared.store.write(|c| {
        // An update that changes nothing still needs the write lock.
        c.execute("UPDATE buckets SET open = open WHERE name = ''", [])?;
        Ok::<_, crate::StoreError>(())
    });
    match written.await {
        Ok(()) => respond(StatusCode::OK, text, "ok\n"),
        Err(error) => respond(
            StatusCode::SERVICE_UNAVAILABLE,
            text,
            format!("the database cannot be written: {error}\n"),
        ),
    }
}

fn standing(c: &rusqlite::Connection) -> Result<Standing, crate::StoreError> {
    let (waiting, running) = jobs::counts(c)?;
    Ok(Standing {
        waiting,
        running,
        callbacks: callbacks::waiting(c)?,
    })
}
