//! The calls on queues: list, and update with pause, resume and callback settings.

use axum::body::Body;
use ci_model::{ListQueuesResponse, UpdateQueueRequest, UpdateQueueResponse, to_xml};
use http::{Response, StatusCode};

use super::body;
use super::buckets::ensure;
use super::call::Call;
use super::document::read;
use super::page::Paging;
use crate::documents;
use crate::reply::{Refusal, xml};
use crate::store::queues::{self as table, QueueRow, TRANSCODING};

/// Ids in one call. Source: 1045/72939.
const MOST_IDS: usize = 10;

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let paging = Paging::of(call, 100)?;
    let ids = call.words("queueIds");
    if ids.len() > MOST_IDS {
        return Err(Refusal::argument(format!(
            "queueIds has more than {MOST_IDS} ids."
        )));
    }
    let state = call
        .param("state")
        .filter(|state| *state != "All")
        .map(str::to_owned);
    if let Some(odd) = state
        .as_deref()
        .filter(|s| !matches!(*s, "Active" | "Paused"))
    {
        return Err(Refusal::argument(format!(
            "state is {odd:?}, it must be Active or Paused."
        )));
    }
    let category = call.param("category").unwrap_or(TRANSCODING).to_owned();
    ensure(call, &bucket).await?;
    let rows = call
        .shared
        .store
        .read(move |c| table::list(c, Some(&bucket)))
        .await?;
    let missing = ids
        .iter()
        .filter(|id| !rows.iter().any(|row| row.id == **id))
        .cloned()
        .collect();
    let rows: Vec<QueueRow> = rows
        .into_iter()
        .filter(|row| ids.is_empty() || ids.contains(&row.id))
        .filter(|row| state.as_ref().is_none_or(|state| *state == row.state))
        // An id names its queue, of whatever category.
        .filter(|row| !ids.is_empty() || category == "CateAll" || category == row.category)
        .collect();
    let mut response = ListQueuesResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.total_count = u32::try_from(rows.len()).ok();
    response.page_number = Some(paging.number);
    response.page_size = Some(paging.size);
    response.queue_list = paging.cut(&rows).iter().map(documents::queue).collect();
    response.non_exist_pids = missing;
    Ok(xml(to_xml(&response)))
}

pub(super) async fn update(
    call: &Call<'_>,
    id: String,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    let idle = call.shared.config.idle_timeout;
    let bytes = body::document(body, &call.head.headers, idle).await?;
    let request: UpdateQueueRequest = read(&bytes)?;
    if let Some(violation) = request.violations().first() {
        return Err(Refusal::argument(format!("{violation}.")));
    }
    let now = call.shared.clock.now();
    ensure(call, &bucket).await?;
    let row = call
        .shared
        .store
        .write(move |c| {
            let Some(old) = table::find(c, &id)?.filter(|row| row.bucket == bucket) else {
                return Err(Refusal::new(
                    StatusCode::NOT_FOUND,
                    "NoSuchQueue",
                    format!("The queue {id} does not exist."),
                ));
            };
            let row = QueueRow {
                name: request.name.unwrap_or(old.name),
                state: request.state.map_or(old.state, |state| state.to_string()),
                notify: request
                    .notify_config
                    .as_ref()
                    .map(documents::notify_spec)
                    .unwrap_or_default(),
                updated: now,
                ..old
            };
            table::update(c, &row)?;
            Ok(row)
        })
        .await?;
    // A resumed queue may have work.
    call.shared.work.notify_one();
    call.shared.announce("");
    let mut response = UpdateQueueResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.queue = documents::queue(&row);
    Ok(xml(to_xml(&response)))
}
