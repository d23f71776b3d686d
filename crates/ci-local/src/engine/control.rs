//! The engine in the hands of a test: time, profile, faults, state and reset, as a library.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Engine;
use crate::config::JobProfile;
use crate::error::EngineError;
use crate::faults::Fault;
use crate::store::jobs::Cancelled;

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
}
