//! The page at `/_console/`, its data, its event stream and the few things it can do.
//!
//! Nothing here is signed, so it answers a browser on this machine only, or one that knows the
//! control key as the password of HTTP's basic scheme.

mod events;
mod submit;

use std::sync::Arc;

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::handlers::guard;
use crate::reply::{Refusal, empty, json as reply_json, respond};
use crate::shared::Shared;
use crate::store::jobs::Cancelled;
use crate::store::{queues, templates};
use crate::{address, handlers};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Jobs on the page.
const MOST_JOBS: usize = 50;

/// Carries out what stands after `/_console/`.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    path: &str,
    head: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    if path == "redirect" {
        let mut response = empty(StatusCode::FOUND);
        response
            .headers_mut()
            .insert(LOCATION, HeaderValue::from_static("/_console/"));
        return Ok(response);
    }
    if let Some(challenge) = guard::browser(shared, head)? {
        return Ok(challenge);
    }
    let query = address::query(head.uri.query().unwrap_or(""));
    let param = |name: &str| {
        query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    let parts: Vec<&str> = path.split('/').collect();
    let mut response = match (&head.method, parts.as_slice()) {
        (&Method::GET, [""]) => page(shared),
        (&Method::GET, ["data"]) => reply_json(&data(shared).await?),
        (&Method::GET, ["events"]) => events::stream(shared),
        (&Method::GET, ["object"]) => {
            let (bucket, key) = (param("bucket").unwrap_or(""), param("key").unwrap_or(""));
            submit::picture(shared, bucket, key).await?
        }
        (&Method::POST, ["jobs"]) => submit::job(shared, head, body).await?,
        (&Method::PUT, ["object"]) => {
            let (bucket, key) = (param("bucket").unwrap_or(""), param("key").unwrap_or(""));
            submit::upload(shared, bucket, key, body).await?
        }
        (&Method::POST, ["jobs", id, "cancel"]) => match shared.stop_job(id).await? {
            Cancelled::Done => done(),
            _ => return Err(Refusal::argument("The job has ended already.")),
        },
        (&Method::POST, ["callbacks", id, "redeliver"]) => {
            shared.redeliver(id.parse().unwrap_or(0)).await?;
            done()
        }
        (&Method::POST, ["queues", id, state @ ("Active" | "Paused")]) => {
            set_queue(shared, (*id).to_owned(), (*state).to_owned()).await?;
            done()
        }
        _ => {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "NotFound",
                "There is nothing at this path.",
            ));
        }
    };
    harden(&mut response);
    Ok(response)
}

fn done() -> Response<Body> {
    reply_json(&json!({"done": true}))
}

/// The page with its style and script inside; a fresh word lets exactly these two run.
fn page(shared: &Shared) -> Response<Body> {
    let nonce = format!("{:016x}{:016x}", shared.ids.random(), shared.ids.random());
    let text = PAGE
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        .replace("{{nonce}}", &nonce);
    let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", text);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn harden(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

async fn data(shared: &Shared) -> Result<Value, Refusal> {
    let mut all = shared.state().await?;
    let all_templates = shared.store.read(templates::all).await?;
    let more = json!({
        "latest": shared.jobs(None, MOST_JOBS).await?,
        "outbox": shared.callbacks(None, MOST_JOBS).await?,
        "requests": shared.record.latest(100),
        "templates": all_templates.iter().map(|t| json!({
            "id": t.id, "bucket": t.bucket, "name": t.name, "cover": t.cover,
        })).collect::<Vec<_>>(),
        "folders": shared.objects.bucket_names()?,
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    Ok(all)
}

async fn set_queue(shared: &Shared, id: String, state: String) -> Result<(), Refusal> {
    let now = shared.clock.now();
    shared
        .store
        .write(move |c| {
            let Some(row) = queues::find(c, &id)? else {
                return Err(Refusal::argument("There is no such queue."));
            };
            queues::update(
                c,
                &queues::QueueRow {
                    state,
                    updated: now,
                    ..row
                },
            )?;
            Ok(())
        })
        .await?;
    shared.work.notify_one();
    shared.announce("");
    Ok(())
}

/// The media type of an object's answer, if it is a picture that a browser may show.
fn is_picture(key: &str) -> Option<&'static str> {
    let media = handlers::media_type(key);
    ["image/jpeg", "image/png", "image/webp"]
        .contains(&media)
        .then_some(media)
}
