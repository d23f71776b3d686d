//! The jobs that are followed, and when each is looked at next.
//!
//! Every job has pauses of its own, which grow; what is due at about the same time shares a look. So a batch asks little
//! about jobs that take long, and soon about those that have just begun.

use std::collections::{BTreeSet, HashMap};

use ci_model::{JobId, JobsDetail};
use tokio::time::Instant;

use crate::clock::after;
use crate::retry::dice;
use crate::wait::{Look, WaitError, WaitOptions};

/// A job that exists and has not ended.
pub(super) struct Followed {
    pub(super) line: u64,
    pub(super) digest: u64,
    pub(super) input: String,
    began: Instant,
    looks: u32,
}

impl Followed {
    pub(super) fn new(line: u64, digest: u64, input: String) -> Self {
        Self {
            line,
            digest,
            input,
            began: Instant::now(),
            looks: 0,
        }
    }
}

pub(super) struct Following {
    jobs: HashMap<JobId, Followed>,
    /// Jobs that are being looked at are not due.
    due: BTreeSet<(Instant, JobId)>,
    options: WaitOptions,
}

impl Following {
    pub(super) fn new(options: WaitOptions) -> Self {
        Self {
            jobs: HashMap::new(),
            due: BTreeSet::new(),
            options,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn add(&mut self, job: JobId, mut followed: Followed) {
        if followed.looks == 0 {
            followed.began = Instant::now();
        }
        self.due.insert((self.next_look(&followed), job.clone()));
        self.jobs.insert(job, followed);
    }

    /// When the next look is due; nothing while all are being looked at.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Jobs for one look, if one is due. Those that would be due soon come along.
    pub(super) fn take(&mut self) -> Vec<JobId> {
        let now = Instant::now();
        if self.next().is_none_or(|next| next > now) {
            return Vec::new();
        }
        let soon = after(now, self.options.interval / 2);
        let mut jobs = Vec::new();
        while jobs.len() < self.options.together.max(1)
            && self.next().is_some_and(|next| next <= soon)
        {
            jobs.extend(self.due.pop_first().map(|(_, job)| job));
        }
        jobs
    }

    /// Takes in what a look has shown. A job that has ended is followed no longer.
    pub(super) fn seen(
        &mut self,
        job: JobId,
        look: Look,
    ) -> Option<(JobId, Followed, Result<JobsDetail, WaitError>)> {
        let mut followed = self.jobs.remove(&job)?;
        let pending = match look {
            Look::Ended(result) => return Some((job, followed, result.map(|job| *job))),
            Look::Pending(pending) => pending,
        };
        let waited = followed.began.elapsed();
        if self.options.limit.is_some_and(|limit| waited >= limit) {
            let late = WaitError::TimedOut {
                job: job.clone(),
                waited,
                last: Some(pending),
            };
            return Some((job, followed, Err(late)));
        }
        followed.looks += 1;
        self.add(job, followed);
        None
    }

    fn next_look(&self, followed: &Followed) -> Instant {
        let next = after(Instant::now(), self.options.pause(followed.looks, dice()));
        let last = self
            .options
            .limit
            .and_then(|limit| followed.began.checked_add(limit));
        last.map_or(next, |last| last.min(next))
    }
}
