//! Receiving callbacks: read them, see through repetitions, and ask the service before believing them.
//!
//! Anybody who knows the address can post to it, and nothing in a callback proves its sender. So put a text into the
//! address that cannot be guessed, and [`confirm`](crate::Client::confirm) what matters.

#[cfg(feature = "callback-handler")]
mod handler;

use std::collections::{HashSet, VecDeque};

use ci_model::{Callback, JobId, JobState, JobsDetail, ReadError};

#[cfg(feature = "callback-handler")]
pub use handler::{Handler, LARGEST, Verdict};

use crate::client::Client;
use crate::error::CallError;

/// Reads a callback, in XML or JSON.
///
/// # Errors
/// When the bytes are none.
pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Callback, ReadError> {
    ci_model::callback::parse(content_type, body)
}

/// Remembers which ends of jobs were seen: callbacks come at least once, so some come twice.
///
/// Keeps the last so many and forgets older ones; what has to be certain belongs into a database of yours, under the same
/// key.
#[derive(Debug)]
pub struct Duplicates {
    most: usize,
    seen: HashSet<(JobId, JobState)>,
    order: VecDeque<(JobId, JobState)>,
}

impl Duplicates {
    /// Remembers the last `most` ends.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            seen: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether this end of a job is new. A job without id or state is always new.
    pub fn is_new(&mut self, job: &JobsDetail) -> bool {
        let (Some(id), Some(state)) = (&job.job_id, &job.state) else {
            return true;
        };
        let key = (id.clone(), state.clone());
        if !self.seen.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }

    /// Takes back that this end was seen: what could not be dealt with comes again, and has to be new then.
    pub fn forget(&mut self, job: &JobsDetail) {
        let (Some(id), Some(state)) = (&job.job_id, &job.state) else {
            return;
        };
        let key = (id.clone(), state.clone());
        if self.seen.remove(&key) {
            self.order.retain(|other| *other != key);
        }
    }
}

impl Default for Duplicates {
    /// Remembers 100,000.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl Client {
    /// Asks the service about the jobs of a callback, and returns what it says of them. Only this can be believed.
    ///
    /// Jobs that the service does not know are left out, and so are those beyond the first 50: a callback of the service
    /// tells of a few, and a forged one shall not cost more than one call.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn confirm(&self, callback: &Callback) -> Result<Vec<JobsDetail>, CallError> {
        const MOST: usize = 50;
        let mut ids: Vec<JobId> = Vec::new();
        for id in callback
            .jobs_detail
            .iter()
            .filter_map(|job| job.job_id.as_ref())
        {
            if ids.len() < MOST && !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut jobs = self.describe_jobs(ids.clone()).await?.output.jobs_detail;
        jobs.retain(|job| job.job_id.as_ref().is_some_and(|id| ids.contains(id)));
        Ok(jobs)
    }
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
#[must_use]
pub fn same_secret(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let different = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str, state: &str) -> JobsDetail {
        let body = format!(
            r#"{{"EventName":"TaskFinish","JobsDetail":{{"JobId":"{id}","State":"{state}"}}}}"#
        );
        parse(Some("application/json"), body.as_bytes())
            .unwrap()
            .jobs_detail
            .remove(0)
    }

    #[test]
    fn an_end_counts_once_and_another_end_of_the_same_job_counts_again() {
        let mut seen = Duplicates::new(2);
        assert!(seen.is_new(&job("j1", "Failed")));
        assert!(!seen.is_new(&job("j1", "Failed")));
        assert!(seen.is_new(&job("j1", "Success")));
        assert!(seen.is_new(&job("j2", "Success")));
        assert!(seen.is_new(&job("j1", "Failed")), "forgotten by now");
        assert_eq!(seen.seen.len(), 2);
    }

    #[test]
    fn an_end_that_was_forgotten_is_new_again_and_takes_no_room() {
        let mut seen = Duplicates::new(2);
        assert!(seen.is_new(&job("j1", "Failed")));
        seen.forget(&job("j1", "Failed"));
        seen.forget(&job("j9", "Failed"));
        assert!(seen.is_new(&job("j1", "Failed")));
        assert_eq!((seen.seen.len(), seen.order.len()), (1, 1));
    }

    #[test]
    fn secrets_are_compared_as_a_whole() {
        assert!(
            same_secret("abc", "abc")
                && !same_secret("abc", "abd")
                && !same_secret("abc", "ab")
                && !same_secret("", "a")
        );
    }
}
