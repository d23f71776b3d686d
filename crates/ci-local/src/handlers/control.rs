//! `/_engine/…`: state, reset, faults, clock, profile, records, as JSON.
//!
//! Off unless the engine was told otherwise; nothing here is signed, so on an address that others
//! can reach it needs a key, and a web page of another origin is never answered.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{body, guard};
use crate::address;
use crate::config::JobProfile;
use crate::control::moment;
use crate::faults::Fault;
use crate::reply::{Refusal, json};
use crate::shared::Shared;
use crate::store::jobs::Cancelled;
use crate::store::{messages, queues};

/// Carries out what stands after `/_engine/`.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    path: &str,
    head: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    if !shared.config.control {
        return Err(absent());
    }
    guard::program(shared, head)?;
    let bytes = body::document(body, &head.headers, shared.config.idle_timeout).await?;
    let sent: Value = match bytes.is_empty() {
        true => Value::Null,
        false => {
            serde_json::from_slice(&bytes).map_err(|error| bad(format!("no JSON: {error}")))?
        }
    };
    let query = address::query(head.uri.query().unwrap_or(""));
    let param = |name: &str| {
        query
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    let most = param("limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let parts: Vec<&str> = path.split('/').collect();
    let done = || Ok(json(&json!({"done": true})));
    match (&head.method, parts.as_slice()) {
        (&Method::GET, ["state"]) => Ok(json(&shared.state().await?)),
        (&Method::POST, ["reset"]) => {
            shared.reset().await?;
            done()
        }
        (&Method::GET, ["requests"]) => Ok(json(&json!({"requests": shared.record.latest(most)}))),
        (&Method::GET, ["jobs"]) => Ok(json(&json!({"jobs": shared.jobs(None, most).await?}))),
        (&Method::GET, ["jobs", id]) => {
            let found = shared.jobs(Some((*id).to_owned()), 1).await?;
            found.first().map(json).ok_or_else(absent)
        }
        (&Method::POST, ["jobs", id, "stop"]) => match shared.stop_job(id).await? {
            Cancelled::Done => done(),
            Cancelled::TooLate(state) => Err(bad(format!("the job is {state}"))),
            Cancelled::Absent => Err(absent()),
        },
        (&Method::GET, ["callbacks"]) => Ok(json(
            &json!({"callbacks": shared.callbacks(param("job"), most).await?}),
        )),
        (&Method::POST, ["callbacks", id, "redeliver"]) => {
            match shared.redeliver(id.parse().map_err(|_| absent())?).await? {
                true => done(),
                false => Err(absent()),
            }
        }
        (&Method::GET, ["messages"]) => {
            let rows = shared.store.read(messages::queues).await?;
            let rows = rows
                .into_iter()
                .map(|(queue, count)| json!({"queue": queue, "count": count}));
            Ok(json(&json!({"queues": rows.collect::<Vec<_>>()})))
        }
        (&Method::GET, ["messages", queue @ ..]) => Ok(json(
            &json!({"messages": shared.messages(queue.join("/"), most).await?}),
        )),
        (&Method::DELETE, ["messages", queue @ .., id]) => {
            let id = id.parse().map_err(|_| absent())?;
            match shared.acknowledge(queue.join("/"), id).await? {
                true => done(),
                false => Err(absent()),
            }
        }
        (&Method::GET, ["clock"]) => Ok(json(&shared.clock_state())),
        (&Method::POST, ["clock"]) => clock(shared, &sent),
        (&Method::GET, ["profile"]) => Ok(json(&json!({"profile": shared.profile().to_string()}))),
        (&Method::POST, ["profile"]) => {
            let word = sent
                .get("profile")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let profile: JobProfile = word
                .parse()
                .map_err(|error: crate::EngineError| bad(error.to_string()))?;
            shared.set_profile(profile);
            done()
        }
        (&Method::GET, ["faults"]) => Ok(json(&json!({"faults": shared.faults.list()}))),
        (&Method::POST, ["faults"]) => {
            let fault: Fault =
                serde_json::from_value(sent).map_err(|error| bad(error.to_string()))?;
            if let Some(problem) = fault.problem() {
                return Err(bad(problem));
            }
            Ok(json(&json!({"id": shared.faults.add(fault)})))
        }
        (&Method::DELETE, ["faults"]) => {
            shared.faults.clear();
            done()
        }
        (&Method::DELETE, ["faults", id]) => {
            match id.parse().is_ok_and(|id| shared.faults.remove(id)) {
                true => done(),
                false => Err(absent()),
            }
        }
        (&Method::POST, ["queues"]) => add_queue(shared, &sent).await,
        _ => Err(absent()),
    }
}

/// `{"freeze": true | time}`, `{"advance": seconds}`, `{"thaw": true}`, `{"reset": true}`.
fn clock(shared: &Shared, sent: &Value) -> Result<Response<Body>, Refusal> {
    let clock = &shared.clock;
    let Some(wishes) = sent.as_object() else {
        return Err(bad("send an object with freeze, advance, thaw or reset"));
    };
    for (wish, value) in wishes {
        match (wish.as_str(), value) {
            ("freeze", Value::Bool(true)) => clock.freeze(None),
            ("freeze", at) => {
                let at = moment(at).ok_or_else(|| bad(format!("freeze {at}: no time")))?;
                clock.freeze(Some(at));
            }
            ("advance", by) => {
                let by = by
                    .as_f64()
                    .ok_or_else(|| bad(format!("advance {by}: no seconds")))?;
                clock.advance((by * 1000.0) as i64);
            }
            ("thaw", _) => clock.thaw(),
            ("reset", _) => clock.reset(),
            (other, _) => return Err(bad(format!("{other}: use freeze, advance, thaw or reset"))),
        }
    }
    Ok(json(&shared.clock_state()))
}

async fn add_queue(shared: &Shared, sent: &Value) -> Result<Response<Body>, Refusal> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(bucket), Some(name)) = (text("bucket"), text("name")) else {
        return Err(bad("bucket and name are needed"));
    };
    if !address::is_bucket(&bucket) {
        return Err(bad(format!("{bucket:?} is no bucket")));
    }
    let category = text("category").unwrap_or_else(|| queues::TRANSCODING.to_owned());
    let limit = sent
        .get("max_concurrent")
        .and_then(Value::as_u64)
        .unwrap_or(10);
    let limit = u32::try_from(limit).ok().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| bad("max_concurrent must be at least 1"))?;
    let id = shared.add_queue(bucket, name, category, limit).await?;
    Ok(json(&json!({"id": id})))
}

fn bad(why: impl Into<String>) -> Refusal {
    Refusal::argument(why)
}

fn absent() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "NotFound",
        "There is nothing at this path.",
    )
}
