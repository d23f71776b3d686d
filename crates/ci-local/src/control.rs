//! What a test may do to a running engine, whether as a library or over HTTP.

use serde_json::{Value, json};

use crate::clock::{self, Millis};
use crate::config::JobProfile;
use crate::error::StoreError;
use crate::shared::Shared;
use crate::spec::CoverRecord;
use crate::store::callbacks::{self, CallbackRow};
use crate::store::jobs::{self, Cancelled, JobRow};
use crate::store::{self, buckets, messages, queues};

/// Rows of one answer.
const MOST_ROWS: usize = 1000;

impl Shared {
    pub(crate) fn set_profile(&self, profile: JobProfile) {
        *self
            .profile
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = profile;
    }

    /// Back to an empty engine: no jobs, templates, queues, buckets, objects, faults; the system's time.
    pub(crate) async fn reset(&self) -> Result<(), StoreError> {
        self.store.write(store::clear).await?;
        for running in self.running().values() {
            running.cancel.cancel();
        }
        self.objects
            .clear()
            .map_err(|error| StoreError::Sqlite(format!("objects were not deleted: {error}")))?;
        self.faults.clear();
        self.record.clear();
        self.clock.reset();
        self.set_profile(self.config.profile);
        self.announce("");
        Ok(())
    }

    /// Cancels a job even while it runs.
    pub(crate) async fn stop_job(&self, id: &str) -> Result<Cancelled, StoreError> {
        let (wanted, now) = (id.to_owned(), self.clock.now());
        let cancelled = self
            .store
            .write(move |c| jobs::cancel(c, None, &wanted, true, now))
            .await?;
        if cancelled == Cancelled::Done {
            self.metrics.cancelled.add(1);
            if let Some(running) = self.running().get(id) {
                running.cancel.cancel();
            }
            self.announce(id);
        }
        Ok(cancelled)
    }

    /// Makes a callback due again.
    pub(crate) async fn redeliver(&self, id: i64) -> Result<bool, StoreError> {
        let found = self
            .store
            .write(move |c| callbacks::redeliver(c, id, clock::system()))
            .await?;
        self.outbox.notify_one();
        Ok(found)
    }

    /// The engine at a glance.
    pub(crate) async fn state(&self) -> Result<Value, StoreError> {
        let (jobs, callbacks, buckets, queues, messages) = self
            .store
            .read(|c| {
                Ok((
                    jobs::counts(c)?,
                    callbacks::waiting(c)?,
                    buckets::all(c)?,
                    queues::list(c, None)?,
                    messages::queues(c)?,
                ))
            })
            .await?;
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "data": self.folder.path(),
            "workers": self.config.workers,
            "profile": self.profile().to_string(),
            "clock": self.clock_state(),
            "jobs": {"waiting": jobs.0, "running": jobs.1},
            "callbacks": {"waiting": callbacks},
            "buckets": buckets.iter().map(|b| json!({
                "name": b.name, "region": b.region, "open": b.open,
            })).collect::<Vec<_>>(),
            "queues": queues.iter().map(|q| json!({
                "id": q.id, "bucket": q.bucket, "name": q.name, "category": q.category,
                "state": q.state, "max_concurrent": q.max_concurrent,
            })).collect::<Vec<_>>(),
            "messages": messages.into_iter().map(|(queue, count)| json!({
                "queue": queue, "count": count,
            })).collect::<Vec<_>>(),
            "faults": self.faults.list(),
        }))
    }

    pub(crate) fn clock_state(&self) -> Value {
        json!({"now_ms": self.clock.now(), "frozen": self.clock.is_frozen()})
    }

    /// The latest jobs of all buckets, newest first, or one.
    pub(crate) async fn jobs(
        &self,
        id: Option<String>,
        most: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let most = most.min(MOST_ROWS);
        self.store
            .read(move |c| {
                let rows = match id {
                    Some(id) => jobs::find(c, None, &id)?.into_iter().collect(),
                    None => jobs::latest(c, most)?,
                };
                rows.iter()
                    .map(|row| Ok(job(row, &callbacks::latest(c, Some(&row.id), 10)?)))
                    .collect()
            })
            .await
    }

    /// The latest callbacks, newest first.
    pub(crate) async fn callbacks(
        &self,
        job: Option<String>,
        most: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let most = most.min(MOST_ROWS);
        let rows = self
            .store
            .read(move |c| callbacks::latest(c, job.as_deref(), most))
            .await?;
        Ok(rows.iter().map(callback).collect())
    }

    /// Takes a message from a local queue; whether it was there.
    pub(crate) async fn acknowledge(&self, queue: String, id: i64) -> Result<bool, StoreError> {
        let taken = self
            .store
            .write(move |c| messages::acknowledge(c, &queue, id));
        taken.await
    }

    /// A further queue of a bucket; returns its id.
    pub(crate) async fn add_queue(
        &self,
        bucket: String,
        name: String,
        category: String,
        most: u32,
    ) -> Result<String, StoreError> {
        let now = self.clock.now();
        let added = self
            .store
            .write(move |c| queues::add(c, &bucket, &name, &category, most, now));
        added.await
    }

    /// The oldest messages of a local queue.
    pub(crate) async fn messages(
        &self,
        queue: String,
        most: usize,
    ) -> Result<Vec<Value>, StoreError> {
        let most = most.min(MOST_ROWS);
        let rows = self
            .store
            .read(move |c| messages::list(c, &queue, most))
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                json!({
                    "id": row.id, "job": row.job, "media_type": row.media,
                    "created_ms": row.created, "body": String::from_utf8_lossy(&row.body),
                })
            })
            .collect())
    }
}

fn job(row: &JobRow, callbacks: &[CallbackRow]) -> Value {
    json!({
        "id": row.id, "bucket": row.bucket, "region": row.region, "queue": row.queue,
        "tag": row.tag, "level": row.level, "state": row.state, "input": row.input,
        "output": row.spec.output, "user_data": row.spec.user_data,
        "created_ms": row.created, "started_ms": row.started, "ended_ms": row.ended,
        "runs": row.runs, "code": row.code, "message": row.message,
        "covers": covers(&row.covers),
        "callbacks": callbacks.iter().map(callback).collect::<Vec<_>>(),
    })
}

fn covers(covers: &[CoverRecord]) -> Value {
    serde_json::to_value(covers).unwrap_or_default()
}

fn callback(row: &CallbackRow) -> Value {
    json!({
        "id": row.id, "job": row.job, "url": row.url, "media_type": row.media,
        "state": row.state, "due_ms": row.due, "created_ms": row.created,
        "attempts": row.attempts, "body": String::from_utf8_lossy(&row.body),
    })
}

/// Milliseconds of a Unix time in seconds, or of a time as the service writes it.
pub(crate) fn moment(value: &Value) -> Option<Millis> {
    match value {
        Value::Number(seconds) => Some((seconds.as_f64()? * 1000.0) as Millis),
        Value::String(text) => Some(ci_model::CiTime::new(text).unix_seconds()? * 1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_seconds_or_times_of_the_service() {
        assert_eq!(moment(&json!(1.5)), Some(1500));
        assert_eq!(moment(&json!("1970-01-01T08:00:02+0800")), Some(2000));
        assert_eq!(moment(&json!("soon")), None);
        assert_eq!(moment(&json!(true)), None);
    }
}
