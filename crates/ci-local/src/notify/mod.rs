//! Callbacks: put into the outbox with the end of a job, delivered until the receiver says yes.

mod channel;
mod deliver;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ci_model::{Callback, to_json, to_xml};
use http::StatusCode;
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::clock::{self, Millis};
use crate::documents;
use crate::error::StoreError;
use crate::faults::{self, Effect};
use crate::shared::Shared;
use crate::store::callbacks::{self, Attempt, CallbackRow};
use crate::store::jobs::JobRow;
use crate::store::{messages, queues};
use channel::{Channel, channel};

/// Callbacks under way at the same time.
const AT_ONCE: usize = 32;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Writes what a job's end is to tell, in the transaction that ends the job.
pub(crate) fn post(connection: &Connection, job: &JobRow, now: Millis) -> Result<(), StoreError> {
    let queue = queues::find(connection, &job.queue)?;
    let Some((channel, json)) = channel(&job.spec.notify, queue.as_ref().map(|q| &q.notify)) else {
        return Ok(());
    };
    let callback = Callback::task_finish(vec![documents::job(job)]);
    let (media, body) = match json {
        true => ("application/json", to_json(&callback)),
        false => ("application/xml", to_xml(&callback)),
    };
    match channel {
        // Due by the system's clock: a test that freezes the engine's still gets its callbacks.
        Channel::Url(url) => callbacks::insert(
            connection,
            &job.id,
            &url,
            media,
            body.as_bytes(),
            now,
            clock::system(),
        ),
        Channel::Queue(name) => {
            messages::insert(connection, &name, &job.id, media, body.as_bytes(), now)
        }
    }
}

/// Delivers what is due until the engine stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let mut under_way = JoinSet::new();
    let mut busy: Vec<i64> = Vec::new();
    while !shared.is_stopping() {
        let free = AT_ONCE.saturating_sub(busy.len());
        let skip = busy.clone();
        let looked = shared.store.read(move |c| {
            let due = match free {
                0 => Vec::new(),
                free => callbacks::due(c, clock::system(), &skip, free)?,
            };
            let next = callbacks::next_due(c, &skip)?;
            Ok((due, next))
        });
        let (due, next) = looked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the outbox cannot be read");
            (Vec::new(), Some(clock::system() + 1000))
        });
        let started = !due.is_empty();
        for callback in due {
            busy.push(callback.id);
            let shared = Arc::clone(&shared);
            under_way.spawn(async move {
                attempt(&shared, &callback).await;
                callback.id
            });
        }
        if started {
            // There may be more, and what comes next is not yet known.
            continue;
        }
        let pause = match next.filter(|_| free > 0) {
            Some(next) => Duration::from_millis(u64::try_from(next - clock::system()).unwrap_or(0)),
            None => LONGEST_PAUSE,
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = shared.outbox.notified() => {}
            Some(done) = under_way.join_next() => {
                if let Ok(id) = done {
                    busy.retain(|other| *other != id);
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
    // An attempt that is cut here is not recorded, so it is made again after the next start.
    under_way.shutdown().await;
}

async fn attempt(shared: &Shared, callback: &CallbackRow) {
    let began = std::time::Instant::now();
    let at = shared.clock.now();
    let outcome = match shared.faults.hit(faults::CALLBACK, None) {
        Some(Effect::DropCallback) => Ok(StatusCode::OK),
        Some(Effect::DoubleCallback) => {
            let _ = deliver::deliver(&shared.config, callback).await;
            deliver::deliver(&shared.config, callback).await
        }
        Some(Effect::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            deliver::deliver(&shared.config, callback).await
        }
        _ => deliver::deliver(&shared.config, callback).await,
    };
    let millis = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let mut attempts = callback.attempts.clone();
    let (status, error, hopeless) = match outcome {
        Ok(status) if status.is_success() => (Some(status), None, false),
        Ok(status) => (
            Some(status),
            Some(format!("the receiver answered {status}")),
            false,
        ),
        Err(error) => (None, Some(error.to_string()), error.is_final()),
    };
    let delivered = error.is_none();
    if delivered {
        shared.metrics.callbacks_delivered.add(1);
        tracing::info!(job = callback.job, millis, "a callback was delivered");
    } else {
        shared.metrics.callbacks_failed.add(1);
        tracing::warn!(job = callback.job, error, "a callback was not delivered");
    }
    attempts.push(Attempt {
        at,
        millis,
        status: status.map(|status| status.as_u16()),
        error,
    });
    let tries = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
    let state = match delivered {
        true => "Delivered",
        false if hopeless || tries >= shared.config.callback_tries => "GivenUp",
        false => "Waiting",
    };
    let due = clock::system() + pause_after(shared.config.callback_backoff, tries);
    let id = callback.id;
    let recorded = shared
        .store
        .write(move |c| callbacks::record(c, id, &attempts, state, due))
        .await;
    if let Err(error) = recorded {
        tracing::error!(%error, "a callback's attempt was not recorded; it is made again");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    shared.announce(&callback.job);
}

/// The pause before the next attempt, in milliseconds: doubling from the first.
fn pause_after(first: Duration, tries: u32) -> Millis {
    let factor = 1_u32 << tries.saturating_sub(1).min(20);
    let pause = first.saturating_mul(factor).min(LONGEST_PAUSE);
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
