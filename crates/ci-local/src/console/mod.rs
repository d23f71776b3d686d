//! The page at `/_console/`, its data and its event stream.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Response, StatusCode};

use crate::reply::{Refusal, respond};
use crate::shared::Shared;

pub(crate) async fn answer(
    _shared: &Arc<Shared>,
    _path: &str,
    _head: &Parts,
    _body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    Ok(respond(
        StatusCode::OK,
        "text/html; charset=utf-8",
        "console",
    ))
}
