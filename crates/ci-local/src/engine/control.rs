//! The engine in the hands of a test: time, profile, faults, state and reset, as a library.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Engine;
use crate::config::JobProfile;
use crate::error::{EngineError, StoreError};
use crate::faults::Fault;
use crate::store::jobs::Cancelled;
use crate::store::queues;

impl Engine {
    /// Stops the engine's clock, at a time or where it stands.
    ///
    /// Signatures, jobs and records see this time; deadlines and pauses run on real time. A time before 1970 counts as
    /// 1970, one past the year 9999 (+0800) as its last millisecond.
    pub fn freeze_clock(&self, at: Option<SystemTime>) {
        let at = at.map(|at| {
            let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
        self.shared.clock.freeze(at);
    }

    /// Moves the engine's clock forward, to the end of the year 9999 (+0800) at most; a frozen one stays frozen.
    pub fn advance_clock(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shared.clock.advance(millis);
    }

    /// Lets a frozen clock run on from where it stands.
    pub fn thaw_clock(&self) {
        self.shared.clock.thaw();
    }

    /// Back to the system's time.
    pub fn reset_clock(&self) {
        self.shared.clock.reset();
    }

    /// Sets how jobs' states follow each other from now on.
    pub fn set_profile(&self, profile: JobProfile) {
        self.shared.set_profile(profile);
    }

    /// Adds a rule for what goes wrong; returns its id. The first rule that hits a call decides.
    ///
    /// # Errors
    /// [`EngineError::Config`] for a rule that makes no sense, such as a probability of 2.
    pub fn add_fault(&self, fault: Fault) -> Result<u64, EngineError> {
        match fault.problem() {
            Some(why) => Err(EngineError::Config { why }),
            None => Ok(self.shared.faults.add(fault)),
        }
    }

    /// Removes one rule; whether it was there.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.shared.faults.remove(id)
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Cancels a job, even one that runs, which the API itself does not. Whether it had not ended.
    ///
    /// # Errors
    /// [`EngineError::NoSuchJob`] for an unknown id.
    pub async fn stop_job(&self, job: &str) -> Result<bool, EngineError> {
        let cancelled = self.shared.stop_job(job).await;
        match cancelled.map_err(|source| self.store_error(source))? {
            Cancelled::Done => Ok(true),
            Cancelled::TooLate(_) => Ok(false),
            Cancelled::Absent => Err(EngineError::NoSuchJob { id: job.to_owned() }),
        }
    }

    /// Empties the engine: jobs, templates, queues, buckets, objects, callbacks, faults, records;
    /// the clock shows the system's time again.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the data cannot be deleted.
    pub async fn reset(&self) -> Result<(), EngineError> {
        self.shared
            .reset()
            .await
            .map_err(|source| self.store_error(source))
    }

    /// The engine at a glance, as the JSON of `GET /_engine/state`.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the database cannot be read.
    pub async fn state(&self) -> Result<String, EngineError> {
        let state = self.shared.state().await;
        Ok(state
            .map_err(|source| self.store_error(source))?
            .to_string())
    }

    /// The latest requests with the verdict on their signatures, newest first, as a JSON array.
    #[must_use]
    pub fn requests(&self, most: usize) -> String {
        serde_json::to_string(&self.shared.record.latest(most)).unwrap_or_default()
    }

    /// The latest jobs of all buckets, newest first, with their covers and callbacks, as a JSON array.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the database cannot be read.
    pub async fn jobs(&self, most: usize) -> Result<String, EngineError> {
        self.list(self.shared.jobs(None, most).await)
    }

    /// The latest callbacks with their attempts, newest first, of one job or of all, as a JSON array.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the database cannot be read.
    pub async fn callbacks(&self, job: Option<&str>, most: usize) -> Result<String, EngineError> {
        self.list(self.shared.callbacks(job.map(str::to_owned), most).await)
    }

    /// Sends a callback again, whatever became of it; whether there is one of this id.
    ///
    /// # Errors
    /// [`EngineError::Store`] when that cannot be written down.
    pub async fn redeliver(&self, callback: i64) -> Result<bool, EngineError> {
        let found = self.shared.redeliver(callback).await;
        found.map_err(|source| self.store_error(source))
    }

    /// The oldest messages of a local queue, such as `tdmq/sh/covers` or `kafka/ap-x/i1/t1`, as a JSON array.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the database cannot be read.
    pub async fn messages(&self, queue: &str, most: usize) -> Result<String, EngineError> {
        self.list(self.shared.messages(queue.to_owned(), most).await)
    }

    /// Takes a message from a local queue, as a consumer does once it is done; whether it was there.
    ///
    /// # Errors
    /// [`EngineError::Store`] when that cannot be written down.
    pub async fn acknowledge(&self, queue: &str, message: i64) -> Result<bool, EngineError> {
        let taken = self.shared.acknowledge(queue.to_owned(), message).await;
        taken.map_err(|source| self.store_error(source))
    }

    /// Gives a bucket a further queue, which runs at most `most` jobs at once; returns its id.
    ///
    /// # Errors
    /// [`EngineError::Store`] when that cannot be written down.
    pub async fn add_queue(
        &self,
        bucket: &str,
        name: &str,
        most: NonZeroU32,
    ) -> Result<String, EngineError> {
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        let category = queues::TRANSCODING.to_owned();
        let added = self.shared.add_queue(bucket, name, category, most.get());
        added.await.map_err(|source| self.store_error(source))
    }

    fn list(&self, rows: Result<Vec<Value>, StoreError>) -> Result<String, EngineError> {
        let rows = rows.map_err(|source| self.store_error(source))?;
        Ok(Value::Array(rows).to_string())
    }
}
