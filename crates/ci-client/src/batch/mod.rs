//! Many jobs: submitted a few at a time, followed with few looks, and never twice, however often the program dies.
//!
//! Before a job is sent, its mark is on disk. A batch that begins again looks for the jobs it may have sent, and sends
//! only what the service does not list.

mod journal;

use std::collections::HashMap;
use std::time::Duration;

use ci_core::{CreateJob, Operation};
use ci_model::{CreateJobRequest, CreateJobResponse, JobId, JobsDetail};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use journal::{Journal, JournalError};

use crate::client::{Client, Lost, mark};
use crate::clock::{Clock, SystemClock, unix};
use crate::error::CallError;
use crate::wait::{WaitError, WaitOptions};
use journal::{Step, Writer};

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
    /// How often to look.
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

/// What became of a submission.
type Submitted = (
    u64,
    u64,
    String,
    Result<Result<JobId, BatchFault>, JournalError>,
);

struct Followed {
    line: u64,
    digest: u64,
    input: String,
}

impl Client {
    /// Submits and follows many jobs. `on_end` hears of each as it ends; a job that ended in an earlier run is not
    /// reported again.
    ///
    /// # Errors
    /// [`JournalError`]: then nothing more is submitted. What a single job ended with is told to `on_end`.
    pub async fn batch(
        &self,
        items: impl IntoIterator<Item = BatchItem>,
        journal: &Journal,
        options: BatchOptions,
        mut on_end: impl FnMut(BatchEnd),
    ) -> Result<BatchSummary, JournalError> {
        let writer = journal.writer();
        let mut items = items.into_iter();
        let mut exhausted = false;
        let mut summary = BatchSummary::default();
        let mut submitting: JoinSet<Submitted> = JoinSet::new();
        let mut followed: HashMap<JobId, Followed> = HashMap::new();
        let mut slot = Instant::now();
        let mut pause = options.wait.interval;
        let mut look_at = Instant::now() + pause;
        loop {
            let room = |submitting: usize, followed: usize| {
                submitting < options.concurrency.max(1)
                    && submitting + followed < options.unfinished.max(1)
            };
            while !exhausted && Instant::now() >= slot && room(submitting.len(), followed.len()) {
                let Some(item) = items.next() else {
                    exhausted = true;
                    break;
                };
                let digest = digest(&item.request);
                let step = journal.step(item.line).cloned();
                if step.as_ref().is_some_and(|step| step.digest() != digest) {
                    return Err(JournalError::Changed { line: item.line });
                }
                let input = item.request.input.object.clone().unwrap_or_default();
                match step {
                    Some(Step::Ended { .. }) => summary.ended_before += 1,
                    Some(Step::Created { job, .. }) => {
                        followed.insert(
                            job,
                            Followed {
                                line: item.line,
                                digest,
                                input,
                            },
                        );
                    }
                    other => {
                        if let Some(rate) = options.rate.filter(|rate| *rate > 0.0) {
                            slot = slot.max(Instant::now() - Duration::from_secs(1))
                                + Duration::from_secs_f64(1.0 / rate);
                        }
                        let (client, writer) = (self.clone(), writer.clone());
                        submitting.spawn(async move {
                            let created = client
                                .submit_once(&item, digest, other, &writer, options.absent)
                                .await;
                            (item.line, digest, input, created)
                        });
                    }
                }
            }
            if exhausted && submitting.is_empty() && followed.is_empty() {
                return Ok(summary);
            }
            // The next thing to happen: a submission ends, a slot comes free, or it is time to look.
            let waits_for_slot = !exhausted && room(submitting.len(), followed.len());
            let wake = if waits_for_slot {
                look_at.min(slot)
            } else {
                look_at
            };
            let joined = if submitting.is_empty() {
                tokio::time::sleep_until(wake).await;
                None
            } else {
                tokio::time::timeout_at(wake, submitting.join_next())
                    .await
                    .ok()
                    .flatten()
            };
            if let Some(joined) = joined {
                let (line, digest, input, created) =
                    joined.map_err(|error| JournalError::Broken(error.to_string()))?;
                match created? {
                    Ok(job) => {
                        followed.insert(
                            job,
                            Followed {
                                line,
                                digest,
                                input,
                            },
                        );
                    }
                    Err(fault) => {
                        summary.failed += 1;
                        let certain =
                            matches!(&fault, BatchFault::Submit(error) if is_final(error));
                        on_end(BatchEnd {
                            line,
                            input,
                            job_id: None,
                            result: Err(fault),
                        });
                        if certain {
                            writer.commit(line, &Step::Ended { digest }).await?;
                        }
                    }
                }
            }
            if Instant::now() >= look_at {
                let ended = self.look_once(&followed, options.wait).await;
                pause = if ended.is_empty() {
                    pause.mul_f64(1.5).min(options.wait.longest)
                } else {
                    options.wait.interval
                };
                for (job, result) in ended {
                    let Some(Followed {
                        line,
                        digest,
                        input,
                    }) = followed.remove(&job)
                    else {
                        continue;
                    };
                    if result.is_ok() {
                        summary.succeeded += 1;
                    } else {
                        summary.failed += 1;
                    }
                    // A job that could not be asked about has not ended: the next run follows it again.
                    let certain = !matches!(result, Err(WaitError::Call(_)));
                    on_end(BatchEnd {
                        line,
                        input,
                        job_id: Some(job),
                        result: result.map_err(BatchFault::Wait),
                    });
                    if certain {
                        writer.commit(line, &Step::Ended { digest }).await?;
                    }
                }
                look_at = Instant::now() + pause;
            }
        }
    }

    /// Creates one job, or finds the one that an earlier run created. The error outside is the journal's.
    async fn submit_once(
        &self,
        item: &BatchItem,
        digest: u64,
        before: Option<Step>,
        writer: &Writer,
        absent: Duration,
    ) -> Result<Result<JobId, BatchFault>, JournalError> {
        let mut call = CreateJob::new(item.request.clone());
        let resumed = match before {
            Some(Step::Sending { mark, at, .. }) => Some((mark, at)),
            _ => None,
        };
        let own = resumed.as_ref().map_or_else(mark, |(mark, _)| mark.clone());
        call.stamp(&own);
        let mut job = None;
        if let Some((mark, at)) = resumed {
            match self.find(&call, at, absent).await {
                Ok(found) => job = first(found),
                Err(Lost::Missing) => {}
                Err(Lost::Unclear(why)) => return Ok(Err(BatchFault::Unknown { mark, why })),
            }
        }
        if job.is_none() {
            let at = unix(SystemClock.now());
            writer
                .commit(
                    item.line,
                    &Step::Sending {
                        mark: own,
                        digest,
                        at,
                    },
                )
                .await?;
            match self.send(call).await {
                Ok(reply) => job = first(reply.output),
                Err(error) => return Ok(Err(BatchFault::Submit(error))),
            }
        }
        let Some(job) = job else {
            let why = "the answer names no job".to_owned();
            return Ok(Err(BatchFault::Unknown {
                mark: String::new(),
                why,
            }));
        };
        writer
            .commit(
                item.line,
                &Step::Created {
                    job: job.clone(),
                    digest,
                },
            )
            .await?;
        Ok(Ok(job))
    }

    /// Looks at all jobs once and returns those that have ended.
    async fn look_once(
        &self,
        followed: &HashMap<JobId, Followed>,
        options: WaitOptions,
    ) -> Vec<(JobId, Result<JobsDetail, WaitError>)> {
        let ids: Vec<_> = followed.keys().cloned().collect();
        let mut ended = Vec::new();
        for some in ids.chunks(options.together.max(1)) {
            ended.extend(self.ends_of(some).await);
        }
        ended
    }
}

fn first(response: CreateJobResponse) -> Option<JobId> {
    response.jobs_detail.into_iter().next()?.job_id
}

/// Whether the same request would be refused again. What was not reached, throttled or lost is worth another run.
fn is_final(error: &CallError) -> bool {
    matches!(error.kind(), "invalid_request" | "refused" | "not_found")
}

/// FNV-1a of the document: stable between versions of this program and of Rust, unlike the standard hasher.
fn digest(request: &CreateJobRequest) -> u64 {
    let text = ci_model::to_xml(request);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
