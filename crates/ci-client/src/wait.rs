//! Waiting for jobs to end: one poll for many, at growing intervals, and no longer than there is hope.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use ci_core::DescribeJobs;
use ci_model::{JobId, JobState, JobsDetail, Outcome};
use thiserror::Error;
use tokio::time::Instant;

use crate::client::Client;
use crate::clock::{after, rounded};
use crate::error::{CallError, with_causes};
use crate::retry::dice;

/// How patiently to wait.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct WaitOptions {
    /// The first pause between two looks: 1 s by default. Each is half as long again as the one before, up to `longest`,
    /// and up to a fifth shorter by chance.
    pub interval: Duration,
    /// The longest pause: 10 s by default.
    pub longest: Duration,
    /// The longest to wait for each job; without end by default.
    pub limit: Option<Duration>,
    /// Most jobs that one look asks about: 50 by default. The service's limit is not documented.
    pub together: usize,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            longest: Duration::from_secs(10),
            limit: None,
            together: 50,
        }
    }
}

impl WaitOptions {
    /// Sets the first pause.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self.longest = self.longest.max(interval);
        self
    }

    /// Sets the longest pause.
    #[must_use]
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self.interval = self.interval.min(longest);
        self
    }

    /// Sets the longest wait.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets how many jobs one look asks about.
    #[must_use]
    pub fn together(mut self, together: usize) -> Self {
        self.together = together;
        self
    }

    pub(crate) fn pause(&self, look: u32, dice: f64) -> Duration {
        let growth = 1.5f64.powi(i32::try_from(look.min(64)).unwrap_or(64));
        let grown = self.interval.as_secs_f64() * growth;
        let pause = grown.min(self.longest.as_secs_f64()) * (1.0 - dice / 5.0);
        // What is longer than can be written is as long as was wished.
        Duration::try_from_secs_f64(pause).unwrap_or(self.longest)
    }
}

/// What a look has shown.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The job.
    pub job: &'a JobsDetail,
    /// How long it has been waited for.
    pub waited: Duration,
}

/// How a job stands.
#[derive(Debug)]
pub(crate) enum Look {
    /// There is nothing more to wait for.
    Ended(Result<Box<JobsDetail>, WaitError>),
    /// It may still succeed.
    Pending(Box<JobsDetail>),
}

/// Why waiting ended without success.
///
/// `{:?}` is one line with the causes, as for [`CallError`]; `{:#?}` has the whole job.
#[derive(Clone, Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The job failed.
    #[error("the job {} failed: {}", id(.0), reason(.0))]
    Failed(Box<JobsDetail>),
    /// The job was cancelled.
    #[error("the job {} was cancelled", id(.0))]
    Cancelled(Box<JobsDetail>),
    /// There is no job of this id.
    #[error("there is no job {0}")]
    NotFound(JobId),
    /// The limit was reached first.
    #[error("the job {job} had not ended after {:?}{}", rounded(*waited), last.as_ref().map(|last| format!(", it was {}", state(last))).unwrap_or_default())]
    TimedOut {
        /// The job.
        job: JobId,
        /// How long it was waited for.
        waited: Duration,
        /// As it was seen last.
        last: Option<Box<JobsDetail>>,
    },
    /// A look failed, after its retries.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl fmt::Debug for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return with_causes(self, f);
        }
        match self {
            Self::Failed(job) => f.debug_tuple("Failed").field(job).finish(),
            Self::Cancelled(job) => f.debug_tuple("Cancelled").field(job).finish(),
            Self::NotFound(id) => f.debug_tuple("NotFound").field(id).finish(),
            Self::TimedOut { job, waited, last } => f
                .debug_struct("TimedOut")
                .field("job", job)
                .field("waited", waited)
                .field("last", last)
                .finish(),
            Self::Call(error) => f.debug_tuple("Call").field(error).finish(),
        }
    }
}

impl WaitError {
    /// The job as it was seen last, if it was.
    #[must_use]
    pub fn job(&self) -> Option<&JobsDetail> {
        match self {
            Self::Failed(job) | Self::Cancelled(job) => Some(job),
            Self::TimedOut { last, .. } => last.as_deref(),
            Self::NotFound(_) | Self::Call(_) => None,
        }
    }
}

fn id(job: &JobsDetail) -> &str {
    job.job_id.as_ref().map_or("without an id", JobId::as_str)
}

fn state(job: &JobsDetail) -> &str {
    job.state.as_ref().map_or("in no state", JobState::as_str)
}

fn reason(job: &JobsDetail) -> String {
    let (code, message) = match job.outcome() {
        Outcome::Failed { code, message } => (code, message),
        _ => ("", ""),
    };
    match (code, message) {
        ("", "") => "the service gave no reason".to_owned(),
        (code, "") => code.to_owned(),
        ("", message) => message.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}

impl Client {
    /// Waits until a job has succeeded.
    ///
    /// # Errors
    /// [`WaitError`], as soon as the job cannot succeed any more.
    pub async fn wait(&self, job: &JobId) -> Result<JobsDetail, WaitError> {
        self.wait_with(job, WaitOptions::default(), |_| {}).await
    }

    /// Waits until a job has succeeded, and tells about every look.
    ///
    /// # Errors
    /// [`WaitError`], as soon as the job cannot succeed any more.
    pub async fn wait_with(
        &self,
        job: &JobId,
        options: WaitOptions,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Result<JobsDetail, WaitError> {
        let mut results = self
            .wait_many(std::slice::from_ref(job), options, &mut progress)
            .await;
        results
            .pop()
            .unwrap_or_else(|| Err(WaitError::NotFound(job.clone())))
    }

    /// Waits for many jobs with few looks. The results are in the order of the ids; one that fails does not end the wait
    /// for the others.
    pub async fn wait_many(
        &self,
        jobs: &[JobId],
        options: WaitOptions,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Vec<Result<JobsDetail, WaitError>> {
        let began = Instant::now();
        let deadline = options.limit.and_then(|limit| began.checked_add(limit));
        let mut ended: HashMap<JobId, Result<Box<JobsDetail>, WaitError>> = HashMap::new();
        // Jobs that exist; as they were seen last only if that can be asked for, since it is most of what a wait weighs.
        let mut last: HashMap<JobId, Option<Box<JobsDetail>>> = HashMap::new();
        let mut pending: Vec<JobId> = jobs.to_vec();
        pending.sort_unstable();
        pending.dedup();
        let (mut look, mut is_last) = (0, false);
        while !pending.is_empty() {
            for some in pending.chunks(options.together.max(1)) {
                // On the heap only while it runs, so that a wait at rest is small.
                match Box::pin(self.look_at(some, deadline)).await {
                    None => {}
                    Some(Err(error)) => {
                        let end = || Err(WaitError::Call(error.clone()));
                        ended.extend(some.iter().map(|id| (id.clone(), end())));
                    }
                    Some(Ok(found)) => {
                        for job in found {
                            let Some(id) = job.job_id.clone().filter(|id| some.contains(id)) else {
                                continue;
                            };
                            progress(Progress {
                                job: &job,
                                waited: began.elapsed(),
                            });
                            match end_of(&job) {
                                Some(end) => {
                                    ended.insert(id, end.map(Box::new));
                                }
                                None => {
                                    last.insert(id, deadline.map(|_| Box::new(job)));
                                }
                            }
                        }
                        for id in some {
                            if !ended.contains_key(id) && !last.contains_key(id) {
                                ended.insert(id.clone(), Err(WaitError::NotFound(id.clone())));
                            }
                        }
                    }
                }
            }
            pending.retain(|id| !ended.contains_key(id));
            if pending.is_empty() || is_last {
                break;
            }
            let wake = after(Instant::now(), options.pause(look, dice()));
            // The last look is at the limit itself, not before it.
            is_last = deadline.is_some_and(|deadline| deadline <= wake);
            tokio::time::sleep_until(deadline.map_or(wake, |deadline| deadline.min(wake))).await;
            look += 1;
        }
        let waited = began.elapsed();
        let result = |job: &JobId| match ended.get(job) {
            Some(end) => end.clone().map(|job| *job),
            None => Err(WaitError::TimedOut {
                job: job.clone(),
                waited,
                last: last.get(job).cloned().flatten(),
            }),
        };
        jobs.iter().map(result).collect()
    }

    /// Looks at some jobs once and says how each stands; all have ended when they could not be asked about.
    pub(crate) async fn looks_at(&self, jobs: Vec<JobId>) -> Vec<(JobId, Look)> {
        let found = match self.send(DescribeJobs::many(jobs.iter().cloned())).await {
            Ok(reply) => reply.output.jobs_detail,
            Err(error) => {
                let failed = |id| (id, Look::Ended(Err(WaitError::Call(error.clone()))));
                return jobs.into_iter().map(failed).collect();
            }
        };
        let mut found: HashMap<_, _> = found
            .into_iter()
            .filter_map(|job| Some((job.job_id.clone()?, job)))
            .collect();
        jobs.into_iter()
            .map(|id| {
                let look = match found.remove(&id) {
                    None => Look::Ended(Err(WaitError::NotFound(id.clone()))),
                    Some(job) => match end_of(&job) {
                        Some(end) => Look::Ended(end.map(Box::new)),
                        None => Look::Pending(Box::new(job)),
                    },
                };
                (id, look)
            })
            .collect()
    }

    /// Describes some jobs; nothing when the wait is over first. Even the last look gets a second.
    async fn look_at(
        &self,
        jobs: &[JobId],
        deadline: Option<Instant>,
    ) -> Option<Result<Vec<JobsDetail>, CallError>> {
        let describing = self.send(DescribeJobs::many(jobs.iter().cloned()));
        let described = match deadline {
            None => describing.await,
            Some(deadline) => {
                let until = deadline.max(Instant::now() + Duration::from_secs(1));
                tokio::time::timeout_at(until, describing).await.ok()?
            }
        };
        Some(described.map(|reply| reply.output.jobs_detail))
    }
}

/// The end of a job that has one. A state this version does not know, or none, is no end.
fn end_of(job: &JobsDetail) -> Option<Result<JobsDetail, WaitError>> {
    match job.state {
        Some(JobState::Success) => Some(Ok(job.clone())),
        Some(JobState::Failed) => Some(Err(WaitError::Failed(Box::new(job.clone())))),
        Some(JobState::Cancel) => Some(Err(WaitError::Cancelled(Box::new(job.clone())))),
        _ => None,
    }
}
