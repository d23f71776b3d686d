//! A batch as it runs: submissions and looks side by side, within their bounds.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ci_model::JobId;
use futures_core::Stream;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Duration, Instant};

use super::earlier::Earlier;
use super::following::{Followed, Following};
use super::journal::Step;
use super::submit::{Submitter, Task, digest};
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
    Settled(
        Followed,
        Box<Task>,
        Result<Result<Option<JobId>, BatchFault>, JournalError>,
    ),
    Looked(Vec<(JobId, Look)>),
}

/// The next thing to happen.
enum Event {
    Done(Result<Done, JoinError>),
    Item(Option<Box<BatchItem>>),
    /// A slot comes free, or a look is due.
    Time,
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
        let items = Ready(items.into_iter());
        self.batch_from(items, journal, options, on_end).await
    }

    /// As [`Client::batch`], with items that come one by one, such as the lines of a pipe: those that are there are
    /// submitted and followed while the next one is waited for.
    ///
    /// # Errors
    /// As [`Client::batch`].
    pub async fn batch_from(
        &self,
        items: impl Stream<Item = BatchItem>,
        journal: &Journal,
        options: BatchOptions,
        on_end: impl FnMut(BatchEnd),
    ) -> Result<BatchSummary, JournalError> {
        let run = Run {
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
            again: VecDeque::new(),
            settling: 0,
            submitting: 0,
            looking: 0,
            slot: Instant::now(),
            exhausted: false,
            summary: BatchSummary::default(),
        };
        run.go(std::pin::pin!(items)).await
    }
}

/// Items that are there.
struct Ready<I>(I);

impl<I> Unpin for Ready<I> {}

impl<I: Iterator> Stream for Ready<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

struct Run<'a, F> {
    journal: &'a Journal,
    options: BatchOptions,
    on_end: F,
    submitter: Submitter,
    following: Following,
    tasks: JoinSet<Done>,
    /// What an earlier run may have sent, and had not: to be sent before anything new.
    again: VecDeque<(Followed, Box<Task>)>,
    /// Lookups of what an earlier run may have sent. They wait for long, so they take no place of a submission.
    settling: usize,
    submitting: usize,
    looking: usize,
    /// When the rate allows the next submission.
    slot: Instant,
    exhausted: bool,
    summary: BatchSummary,
}

impl<F: FnMut(BatchEnd)> Run<'_, F> {
    async fn go<S: Stream<Item = BatchItem>>(
        mut self,
        mut items: Pin<&mut S>,
    ) -> Result<BatchSummary, JournalError> {
        loop {
            self.submit_again();
            self.begin_looks();
            if self.exhausted && self.unfinished() == 0 {
                self.submitter.writer.flush().await?;
                return Ok(self.summary);
            }
            match self.next(items.as_mut()).await {
                Event::Time => {}
                Event::Item(None) => self.exhausted = true,
                Event::Item(Some(item)) => self.begin(*item)?,
                Event::Done(Err(error)) => return Err(JournalError::Broken(error.to_string())),
                Event::Done(Ok(Done::Submitted(followed, created))) => {
                    self.submitting -= 1;
                    self.submitted(followed, created?)?;
                }
                Event::Done(Ok(Done::Settled(followed, task, found))) => {
                    self.settling -= 1;
                    match found?.transpose() {
                        None => self.again.push_back((followed, task)),
                        Some(found) => self.submitted(followed, found)?,
                    }
                }
                Event::Done(Ok(Done::Looked(looks))) => {
                    self.looking -= 1;
                    self.looked(looks)?;
                }
            }
        }
    }

    async fn next<S: Stream<Item = BatchItem>>(&mut self, mut items: Pin<&mut S>) -> Event {
        let free = self.submitting < self.options.concurrency.max(1);
        let room = free && self.unfinished() < self.options.unfinished.max(1);
        let wants_item = !self.exhausted && room;
        let now = Instant::now();
        let slot = (self.slot > now && (wants_item || (free && !self.again.is_empty())))
            .then_some(self.slot);
        let wants_item = wants_item && slot.is_none();
        let look = self.following.next().filter(|_| self.looking < LOOKS);
        let wake = slot.into_iter().chain(look).min();
        let mut wake = wake.map(|wake| Box::pin(tokio::time::sleep_until(wake)));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(Some(done)) = self.tasks.poll_join_next(cx) {
                return Poll::Ready(Event::Done(done));
            }
            if wants_item && let Poll::Ready(item) = items.as_mut().poll_next(cx) {
                return Poll::Ready(Event::Item(item.map(Box::new)));
            }
            match &mut wake {
                Some(wake) => wake.as_mut().poll(cx).map(|()| Event::Time),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Jobs that were begun and have not ended.
    fn unfinished(&self) -> usize {
        self.submitting + self.settling + self.again.len() + self.following.len()
    }

    /// Takes up an item, where an earlier run left it.
    fn begin(&mut self, item: BatchItem) -> Result<(), JournalError> {
        let digest = digest(&item.request);
        let step = self.journal.step(item.line);
        if step.is_some_and(|step| step.digest() != digest) {
            return Err(JournalError::Changed { line: item.line });
        }
        let input = item.request.input.object.clone().unwrap_or_default();
        let followed = Followed::new(item.line, digest, input);
        match step {
            Some(Step::Ended { .. }) => self.summary.ended_before += 1,
            Some(Step::Created { job, .. }) => self.following.add(job.clone(), followed),
            Some(Step::Sending { mark, at, .. }) => {
                let (mark, at) = (mark.clone(), *at);
                let task = Box::new(Task { item, digest, mark });
                let submitter = self.submitter.clone();
                self.settling += 1;
                self.tasks.spawn(async move {
                    let found = submitter.settle(&task, at).await;
                    Done::Settled(followed, task, found)
                });
            }
            None => self.submit(followed, Box::new(Task::new(item, digest))),
        }
        Ok(())
    }

    /// Submits what was looked for in vain, as far as there is room.
    fn submit_again(&mut self) {
        while self.submitting < self.options.concurrency.max(1)
            && Instant::now() >= self.slot
            && let Some((followed, task)) = self.again.pop_front()
        {
            self.submit(followed, task);
        }
    }

    fn submit(&mut self, followed: Followed, task: Box<Task>) {
        if let Some(rate) = self.options.rate.filter(|rate| *rate > 0.0) {
            let earliest = Instant::now() - Duration::from_secs(1);
            let apart = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX);
            self.slot = after(self.slot.max(earliest), apart);
        }
        let submitter = self.submitter.clone();
        self.submitting += 1;
        self.tasks.spawn(async move {
            let created = submitter.submit(&task).await;
            Done::Submitted(followed, created)
        });
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
