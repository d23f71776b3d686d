//! Many jobs: submitted a few at a time, followed with few looks, and never twice, however often the program dies.
//!
//! Before a job is sent, its mark is on disk. A batch that begins again looks for the jobs it may have sent, and sends
//! only what the service does not list. Looking takes a while, and keeps nothing else waiting.
//!
//! Steps of many jobs share one sync of the disk, jobs share a look, and all that an earlier run left open shares one
//! reading of the list: ten thousand jobs cost little more than their submissions.

mod earlier;
mod following;
mod journal;
mod run;
mod submit;

use std::time::Duration;

use ci_model::{CreateJobRequest, JobId, JobsDetail};
use thiserror::Error;

pub use journal::{Journal, JournalError};

use crate::error::CallError;
use crate::wait::{WaitError, WaitOptions};

/// One job of a batch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchItem {
    /// Its place in the list, which is its name in the journal.
    pub line: u64,
    /// What to ask for; one operation.
    pub request: CreateJobRequest,
}

impl BatchItem {
    /// The job of a line.
    #[must_use]
    pub fn new(line: u64, request: CreateJobRequest) -> Self {
        Self { line, request }
    }
}

/// How a batch goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BatchOptions {
    /// Submissions under way at once: 16 by default.
    pub concurrency: usize,
    /// Most submissions a second; as many as go by default.
    pub rate: Option<f64>,
    /// Most jobs that have not ended: 2,000 by default. This bounds the memory.
    pub unfinished: usize,
    /// How long a job that may have been sent before has to be absent from the list before it is sent again: 10 s by
    /// default. Lists can lag; nobody says by how much.
    pub absent: Duration,
    /// How often to look at each job, and for how long.
    pub wait: WaitOptions,
}

impl Default for BatchOptions {
    fn default() -> Self {
        let (absent, wait) = (Duration::from_secs(10), WaitOptions::default());
        Self {
            concurrency: 16,
            rate: None,
            unfinished: 2000,
            absent,
            wait,
        }
    }
}

impl BatchOptions {
    /// Sets how many submissions are under way at once.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets how many submissions a second there are at most.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets how many jobs may be unfinished.
    #[must_use]
    pub fn unfinished(mut self, unfinished: usize) -> Self {
        self.unfinished = unfinished;
        self
    }

    /// Sets how long a job has to be absent from the list before it is sent again.
    #[must_use]
    pub fn absent(mut self, absent: Duration) -> Self {
        self.absent = absent;
        self
    }

    /// Sets how often to look at each job, and for how long.
    #[must_use]
    pub fn wait(mut self, wait: WaitOptions) -> Self {
        self.wait = wait;
        self
    }
}

/// How one job of a batch ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchEnd {
    /// Its place in the list.
    pub line: u64,
    /// Key of its input.
    pub input: String,
    /// Its id, if it was created.
    pub job_id: Option<JobId>,
    /// The finished job, or why there is none.
    pub result: Result<JobsDetail, BatchFault>,
}

/// Why a job of a batch did not succeed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchFault {
    /// It was not created.
    #[error(transparent)]
    Submit(CallError),
    /// It may have been sent by an earlier run, and whether it was could not be told. It was not sent again.
    #[error("nobody knows whether an earlier run created it: {why}; look for UserData {mark}")]
    Unknown {
        /// What to look for.
        mark: String,
        /// Why it could not be told.
        why: String,
    },
    /// It was created, and did not succeed or could not be followed.
    #[error(transparent)]
    Wait(WaitError),
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchSummary {
    /// Jobs that succeeded in this run.
    pub succeeded: u64,
    /// Jobs that did not.
    pub failed: u64,
    /// Jobs that had ended in an earlier run.
    pub ended_before: u64,
}
