//! Describing, listing and cancelling jobs.

use std::time::Duration;

use axum::body::Body;
use ci_model::{CiTime, DescribeJobsResponse, ListJobsResponse, to_xml};
use http::{Response, StatusCode};

use super::call::Call;
use crate::clock::Millis;
use crate::config::JobProfile;
use crate::documents;
use crate::reply::{Refusal, empty, xml};
use crate::store::jobs::{self, Cancelled, Filter, JobRow};

/// Ids of one call; not documented, chosen to bound the work.
const MOST_IDS: usize = 200;
/// How long a description waits for a job's end, in the profiles that wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// States that a list can be asked for.
const STATES: [&str; 6] = [
    "Submitted",
    "Running",
    "Success",
    "Failed",
    "Pause",
    "Cancel",
];

pub(super) async fn describe(call: &Call<'_>, ids: &str) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let mut wanted: Vec<String> = Vec::new();
    for id in ids.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        if !wanted.iter().any(|known| known == id) {
            wanted.push(id.to_owned());
        }
    }
    if wanted.is_empty() || wanted.len() > MOST_IDS {
        return Err(Refusal::argument(format!(
            "{} job ids are asked for, it must be 1 to {MOST_IDS}.",
            wanted.len()
        )));
    }
    let asked = wanted.clone();
    let mut found = call
        .shared
        .store
        .read(move |c| {
            asked
                .iter()
                .map(|id| jobs::find(c, Some(&bucket), id))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    for job in found.iter_mut().flatten() {
        as_profiled(call, job).await?;
    }
    let missing = std::iter::zip(&wanted, &found)
        .filter(|(_, job)| job.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    let details = found.iter().flatten().map(documents::job).collect();
    Ok(xml(to_xml(&DescribeJobsResponse::new(details, missing))))
}

/// Shows a job as the profile wants: waits for its end, or holds the end back.
async fn as_profiled(call: &Call<'_>, job: &mut JobRow) -> Result<(), Refusal> {
    let shared = call.shared;
    let held_back = match shared.profile() {
        JobProfile::Real => return Ok(()),
        JobProfile::Instant => 0,
        JobProfile::Polls(polls) => polls,
    };
    if held_back > 0 {
        let seq = job.seq;
        let polls = shared
            .store
            .write(move |c| jobs::poll(c, seq).map_err(Refusal::from))
            .await?;
        if polls <= held_back {
            let first = polls == 1;
            (if first { "Submitted" } else { "Running" }).clone_into(&mut job.state);
            job.started = if first {
                None
            } else {
                job.started.or(Some(job.created))
            };
            job.ended = None;
            job.covers.clear();
            "Success".clone_into(&mut job.code);
            job.message.clear();
            return Ok(());
        }
    }
    let mut news = shared.news.subscribe();
    let id = job.id.clone();
    let ended = tokio::time::timeout(LONGEST_WAIT, async {
        loop {
            let wanted = id.clone();
            let now = shared
                .store
                .read(move |c| jobs::find(c, None, &wanted))
                .await?;
            match now {
                Some(now) if now.is_over() => return Ok(Some(now)),
                None => return Ok(None),
                // A paused queue ends nothing: its jobs are shown as they are.
                Some(now) if now.state == "Pause" => return Ok(Some(now)),
                Some(_) => {}
            }
            // News that were missed are news: look again.
            let _ = news.recv().await;
        }
    });
    if let Ok(ended) = ended.await
        && let Some(now) = ended.map_err(|error: crate::StoreError| Refusal::from(error))?
    {
        *job = now;
    }
    Ok(())
}

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let filter = filter(call)?;
    // No workflows or batches here: nothing belongs to one.
    let none = call.param("workflowId").is_some() || call.param("inventoryTriggerJobId").is_some();
    let (rows, next) = match none {
        true => (Vec::new(), None),
        false => {
            call.shared
                .store
                .read(move |c| jobs::list(c, &filter))
                .await?
        }
    };
    let details = rows.iter().map(documents::job).collect();
    let token = next.map(|seq| seq.to_string());
    Ok(xml(to_xml(&ListJobsResponse::new(details, token))))
}

fn filter(call: &Call<'_>) -> Result<Filter, Refusal> {
    let text = |name: &str| call.param(name).map(str::to_owned);
    let tag = text("tag").ok_or_else(|| Refusal::argument("The parameter tag is missing."))?;
    let ascending = match call.param("orderByTime") {
        None | Some("Desc") => false,
        Some("Asc") => true,
        Some(other) => {
            return Err(Refusal::argument(format!(
                "orderByTime is {other:?}, it must be Desc or Asc."
            )));
        }
    };
    let mut states = call.words("states");
    if let Some(odd) = states
        .iter()
        .find(|s| *s != "All" && !STATES.contains(&s.as_str()))
    {
        return Err(Refusal::argument(format!(
            "states has {odd:?}, it must be All or of {}.",
            STATES.join(", ")
        )));
    }
    if states.iter().any(|state| state == "All") {
        states.clear();
    }
    let after = match call.param("nextToken") {
        None => None,
        Some(token) => Some(
            token
                .parse()
                .map_err(|_| Refusal::argument("nextToken is not one this engine gave out."))?,
        ),
    };
    let queue = text("queueId");
    Ok(Filter {
        bucket: call.bucket()?.to_owned(),
        tag: Some(tag),
        queue_category: text("queueType").filter(|_| queue.is_none()),
        queue,
        states,
        since: moment(call, "startCreationTime")?,
        // Stored to the millisecond, shown to the second: the whole second counts.
        until: moment(call, "endCreationTime")?.map(|at| at + 1000),
        input: text("inputObject").map(|key| key.strip_prefix('/').unwrap_or(&key).to_owned()),
        ascending,
        after,
        most: call.number("size", 10, 1..=100)?,
    })
}

fn moment(call: &Call<'_>, name: &str) -> Result<Option<Millis>, Refusal> {
    let Some(text) = call.param(name) else {
        return Ok(None);
    };
    // An unencoded + arrives as a blank.
    let time = CiTime::new(&text.replace(' ', "+"));
    match time.unix_seconds() {
        Some(seconds) => Ok(Some(seconds.saturating_mul(1000))),
        None => Err(Refusal::argument(format!(
            "{name} is {text:?}, it must be a time such as 2022-06-27T15:23:10+0800."
        ))),
    }
}

pub(super) async fn cancel(call: &Call<'_>, id: String) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let now = call.shared.clock.now();
    let wanted = id.clone();
    let cancelled = call
        .shared
        .store
        .write(move |c| jobs::cancel(c, Some(&bucket), &wanted, false, now).map_err(Refusal::from))
        .await?;
    match cancelled {
        Cancelled::Done => {
            call.shared.metrics.cancelled.add(1);
            call.shared.announce(&id);
            Ok(empty(StatusCode::OK))
        }
        Cancelled::TooLate(state) => Err(Refusal::argument(format!(
            "The job provided can not be modified: it is {state}."
        ))),
        Cancelled::Absent => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "NoSuchJob",
            format!("The job {id} does not exist."),
        )),
    }
}
