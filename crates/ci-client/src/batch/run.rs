//! A batch as it runs: submissions and looks side by side, within their bounds.

use ci_model::JobId;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant};

use super::earlier::Earlier;
use super::following::{Followed, Following};
use super::journal::Step;
use super::submit::{Submitter, digest};
use super::{BatchEnd, BatchFault, BatchItem, BatchOptions, BatchSummary, Journal, JournalError};
use crate::client::Client;
use crate::clock::after;
use crate::error::CallError;
use crate::wait::{Look, WaitError};

/// Looks under way at once.
const LOOKS: usize = 4;

/// What a task of a batch brings back.
enum Done {
    Submitted(Followed, Result<Result<JobId, BatchFault>, JournalError>),
    Looked(Vec<(JobId, Look)>),
}

impl Client {
    /// Submits and follows many jobs. `on_end` hears of each as it ends; a job that ended in an earlier run is not
    /// reported again.
    ///
    /// Memory grows with [`BatchOptions::unfinished`], not with the number of items. Dropping the future is as good as a
    /// kill: the next run with the same journal goes on.
    ///
    /// # Errors
    /// [`JournalError`]: then nothing more is submitted. What a single job ended with is told to `on_end`.
    pub async fn batch(
        &self,
        items: impl IntoIterator<Item = BatchItem>,
        journal: &Journal,
        options: BatchOptions,
        on_end: impl FnMut(BatchEnd),
    ) -> Result<BatchSummary, JournalError> {
        let run = Run {
            items: items.into_iter(),
            journal,
            options,
            on_end,
            submitter: Submitter {
                client: self.clone(),
                writer: journal.writer(),
                earlier: Earlier::new(journal.sent(), options.absent),
            },
            following: Following::new(options.wait),
            tasks: JoinSet::new(),
            submitting: 0,
            looking: 0,
            slot: Instant::now(),
            exhausted: false,
            summary: BatchSummary::default(),
        };
        run.go().await
    }
}

struct Run<'a, I, F> {
    items: I,
    journal: &'a Journal,
    options: BatchOptions,
    on_end: F,
    submitter: Submitter,
    following: Following,
    tasks: JoinSet<Done>,
    submitting: usize,
    looking: usize,
    /// When the rate allows the next submission.
    slot: Instant,
    exhausted: bool,
    summary: BatchSummary,
}

impl<I: Iterator<Item = BatchItem>, F: FnMut(BatchEnd)> Run<'_, I, F> {
    async fn go(mut self) -> Result<BatchSummary, JournalError> {
        loop {
            self.begin_submissions()?;
            self.begin_looks();
            if self.exhausted && self.submitting == 0 && self.following.len() == 0 {
                self.submitter.writer.flush().await?;
                return Ok(self.summary);
            }
            // The next thing to happen: a task ends, a slot comes free, or it is time to look.
            let slot = (!self.exhausted && self.has_room()).then_some(self.slot);
            let look = self.following.next().filter(|_| self.looking < LOOKS);
            let wake = slot.into_iter().chain(look).min();
            let joined = match (wake, self.tasks.is_empty()) {
                (Some(wake), true) => {
                    tokio::time::sleep_until(wake).await;
                    None
                }
                (Some(wake), false) => tokio::time::timeout_at(wake, self.tasks.join_next())
                    .await
                    .ok()
                    .flatten(),
                (None, _) => self.tasks.join_next().await,
            };
            match joined.transpose() {
                Err(error) => return Err(JournalError::Broken(error.to_string())),
                Ok(None) => {}
                Ok(Some(Done::Submitted(followed, created))) => {
                    self.submitting -= 1;
                    self.submitted(followed, created?)?;
                }
                Ok(Some(Done::Looked(looks))) => {
                    self.looking -= 1;
                    self.looked(looks)?;
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.submitting < self.options.concurrency.max(1)
            && self.submitting + self.following.len() < self.options.unfinished.max(1)
    }

    fn begin_submissions(&mut self) -> Result<(), JournalError> {
        while !self.exhausted && self.has_room() && Instant::now() >= self.slot {
            let Some(item) = self.items.next() else {
                self.exhausted = true;
                break;
            };
            let digest = digest(&item.request);
            let step = self.journal.step(item.line).cloned();
            if step.as_ref().is_some_and(|step| step.digest() != digest) {
                return Err(JournalError::Changed { line: item.line });
            }
            let input = item.request.input.object.clone().unwrap_or_default();
            let followed = Followed::new(item.line, digest, input);
            match step {
                Some(Step::Ended { .. }) => self.summary.ended_before += 1,
                Some(Step::Created { job, .. }) => self.following.add(job, followed),
                other => {
                    if let Some(rate) = self.options.rate.filter(|rate| *rate > 0.0) {
                        let earliest = Instant::now() - Duration::from_secs(1);
                        let apart = Duration::try_from_secs_f64(1.0 / rate);
                        self.slot = after(self.slot.max(earliest), apart.unwrap_or(Duration::MAX));
                    }
                    let submitter = self.submitter.clone();
                    self.submitting += 1;
                    self.tasks.spawn(async move {
                        let created = submitter.submit(&item, digest, other).await;
                        Done::Submitted(followed, created)
                    });
                }
            }
        }
        Ok(())
    }

    fn begin_looks(&mut self) {
        while self.looking < LOOKS {
            let jobs = self.following.take();
            if jobs.is_empty() {
                break;
            }
            let client = self.submitter.client.clone();
            self.looking += 1;
            self.tasks
                .spawn(async move { Done::Looked(client.looks_at(jobs).await) });
        }
    }

    fn submitted(
        &mut self,
        followed: Followed,
        created: Result<JobId, BatchFault>,
    ) -> Result<(), JournalError> {
        let fault = match created {
            Ok(job) => {
                self.following.add(job, followed);
                return Ok(());
            }
            Err(fault) => fault,
        };
        let certain = matches!(&fault, BatchFault::Submit(error) if is_final(error));
        self.ended(followed, None, Err(fault), certain)
    }

    fn looked(&mut self, looks: Vec<(JobId, Look)>) -> Result<(), JournalError> {
        for (job, look) in looks {
            if let Some((job, followed, result)) = self.following.seen(job, look) {
                // A job that could not be asked about, or only took too long, has not ended: the next run follows it.
                let certain =
                    !matches!(result, Err(WaitError::Call(_) | WaitError::TimedOut { .. }));
                self.ended(
                    followed,
                    Some(job),
                    result.map_err(BatchFault::Wait),
                    certain,
                )?;
            }
        }
        Ok(())
    }

    /// Told first and noted afterwards, so that a kill in between repeats the news and loses none.
    fn ended(
        &mut self,
        followed: Followed,
        job_id: Option<JobId>,
        result: Result<ci_model::JobsDetail, BatchFault>,
        certain: bool,
    ) -> Result<(), JournalError> {
        let Followed {
            line,
            digest,
            input,
            ..
        } = followed;
        match &result {
            Ok(_) => self.summary.succeeded += 1,
            Err(_) => self.summary.failed += 1,
        }
        (self.on_end)(BatchEnd {
            line,
            input,
            job_id,
            result,
        });
        if certain {
            self.submitter.writer.note(line, &Step::Ended { digest })?;
        }
        Ok(())
    }
}

/// Whether the same request would be refused again. What was not reached, throttled or lost is worth another run.
fn is_final(error: &CallError) -> bool {
    matches!(error.kind(), "invalid_request" | "refused" | "not_found")
}
