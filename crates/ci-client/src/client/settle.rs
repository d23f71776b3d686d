//! After a lost answer: looks whether the request was carried out, and never sends it again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ci_core::{ListJobs, Lookup, Operation, Picked};
use ci_model::{CiTime, JobId, JobsDetail, Tag};
use tokio::time::Instant;
use tracing::Instrument;

use super::attempts::Trouble;
use super::{Client, Reply};
use crate::clock::after;
use crate::error::{CallError, Cause};
use crate::retry::dice;

/// How far back the list goes beyond the first attempt: clocks disagree, and a mark of ours cannot be mistaken.
const SLACK: i64 = 24 * 3600;
/// How exactly the service's clock is known after an answer of its own.
const EXACT: i64 = 2;
/// Most pages of one look; a list that goes on longer than this is not read to its end.
const PAGES: u32 = 200;
/// Most jobs of one look: what is kept for comparing must not fill memory.
const JOBS: usize = 20_000;
/// Most pages when one reading has to settle a whole batch.
const MANY_PAGES: u32 = 10_000;

/// Why an effect was not found.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The lists were read to their end, the last time too, and it is in none.
    Missing,
    /// That could not be told.
    Unclear(String),
}

impl Lost {
    fn into_text(self) -> String {
        match self {
            Self::Missing => "no job like it is listed so far".into(),
            Self::Unclear(why) => why,
        }
    }
}

impl Client {
    /// Looks for the effect until it is found, cannot be told, or the time of the call is over.
    pub(super) async fn settle<O: Operation>(
        &self,
        operation: &O,
        trouble: Trouble,
        deadline: Instant,
    ) -> Result<Reply<O::Output>, CallError> {
        let span = tracing::debug_span!("ci_settle", operation = O::NAME);
        let Some(lookup) = operation.lookup() else {
            let reason = "this operation leaves no mark to look for".to_owned();
            return Err(unknown(O::NAME, None, reason, trouble));
        };
        match self
            .look_until(&lookup, trouble.began, deadline)
            .instrument(span)
            .await
        {
            Ok(output) => Ok(Reply {
                output,
                request_id: trouble
                    .attempts
                    .iter()
                    .rev()
                    .find_map(|attempt| attempt.request_id.clone()),
                attempts: u32::try_from(trouble.attempts.len()).unwrap_or(u32::MAX),
                mark: None,
            }),
            Err(lost) => Err(unknown(
                O::NAME,
                Some(lookup.mark),
                lost.into_text(),
                trouble,
            )),
        }
    }

    async fn look_until<T>(
        &self,
        lookup: &Lookup<T>,
        began: i64,
        deadline: Instant,
    ) -> Result<T, Lost> {
        let mut said = Lost::Unclear("there was no time left to look for it".into());
        let mut looks = 0u32;
        while Instant::now() < deadline {
            match tokio::time::timeout_at(deadline, self.look(lookup, began, deadline)).await {
                Err(_) => break,
                Ok(Ok(Picked::Found(output))) => {
                    tracing::debug!("found: it had been carried out");
                    return Ok(output);
                }
                Ok(Ok(Picked::Missing)) => said = Lost::Missing,
                Ok(Ok(Picked::Ambiguous)) => {
                    return Err(Lost::Unclear("several jobs like it are listed".into()));
                }
                Ok(Err((reason, true))) => return Err(Lost::Unclear(reason)),
                Ok(Err((reason, false))) => said = Lost::Unclear(reason),
            }
            // Lists lag behind, so looking again soon is worth it, and looking often is not.
            let pause = Duration::from_millis(500)
                .saturating_mul(1 << looks.min(4))
                .mul_f64(0.5 + dice() / 2.0);
            looks += 1;
            if Instant::now() + pause >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(said)
    }

    /// Looks for the effect of an operation that was marked and sent earlier, perhaps by a program that has ended since.
    ///
    /// `began` is when it was sent, in Unix seconds by this machine's clock. [`Lost::Missing`] means that it was absent
    /// from the whole list, and still was `absent` later.
    pub(crate) async fn find<O: Operation>(
        &self,
        operation: &O,
        began: i64,
        absent: Duration,
    ) -> Result<O::Output, Lost> {
        let Some(lookup) = operation.lookup() else {
            return Err(Lost::Unclear("it has no mark".into()));
        };
        let sure = after(Instant::now(), absent);
        loop {
            let deadline = self.deadline();
            let looked =
                tokio::time::timeout_at(deadline, self.look(&lookup, began, deadline)).await;
            match looked {
                Ok(Ok(Picked::Found(output))) => return Ok(output),
                Ok(Ok(Picked::Ambiguous)) => {
                    return Err(Lost::Unclear("several jobs like it are listed".into()));
                }
                Ok(Ok(Picked::Missing)) if Instant::now() >= sure => return Err(Lost::Missing),
                Ok(Ok(Picked::Missing)) => {}
                Ok(Err((reason, _))) => return Err(Lost::Unclear(reason)),
                Err(_) => {
                    return Err(Lost::Unclear(
                        "the list of jobs could not be read in time".into(),
                    ));
                }
            }
            tokio::time::sleep_until(sure.min(Instant::now() + Duration::from_secs(1))).await;
        }
    }

    /// Looks through the list of one kind of jobs for those that carry these marks, created since this Unix time by this
    /// machine's clock, until all are found or the list ends.
    pub(crate) async fn find_marks(
        &self,
        tag: &Tag,
        since: i64,
        marks: &HashSet<String>,
        found: &mut HashMap<String, JobId>,
    ) -> Result<(), String> {
        let mut list = self.jobs_since(tag, since);
        for _ in 0..MANY_PAGES {
            let page = self.run(&list, self.deadline()).await;
            let page = page.map_err(|trouble| unreadable(&trouble))?;
            for job in page.output.jobs_detail {
                if let (Some(data), Some(id)) = (job.operation.user_data, job.job_id)
                    && marks.contains(data.as_str())
                {
                    found.insert(data.as_str().to_owned(), id);
                }
            }
            let next = page.output.next_token.filter(|token| !token.is_empty());
            if next.is_none() || next == list.next_token || found.len() == marks.len() {
                return Ok(());
            }
            list.next_token = next;
        }
        Err(format!(
            "the list of jobs did not end after {MANY_PAGES} pages"
        ))
    }

    /// The list to look through, newest first. Marks of ours cannot be mistaken, so it may go back too far.
    fn jobs_since(&self, tag: &Tag, since: i64) -> ListJobs {
        let mut list = ListJobs::new(tag.clone()).size(100);
        // A date that is wrong, of a gateway perhaps, must not push the beginning of the list behind the job.
        let behind = self.difference().min(0);
        list.start_creation_time =
            CiTime::from_unix_seconds(since.saturating_add(behind).saturating_sub(SLACK));
        list
    }

    /// Reads the lists once. The error says whether looking again is of no use.
    async fn look<T>(
        &self,
        lookup: &Lookup<T>,
        began: i64,
        deadline: Instant,
    ) -> Result<Picked<T>, (String, bool)> {
        let mut jobs: Vec<JobsDetail> = Vec::new();
        for tag in &lookup.tags {
            let mut list = self.jobs_since(tag, began);
            list.input_object.clone_from(&lookup.input);
            let mut pages = 0;
            loop {
                let page = self.run(&list, deadline).await.map_err(|trouble| {
                    let refused = matches!(&trouble.cause, Cause::Refused(refusal) if refusal.status.is_client_error() && !refusal.is_throttled());
                    (unreadable(&trouble), refused)
                })?;
                jobs.extend(page.output.jobs_detail);
                if lookup.unique {
                    // One of a kind: what is found need not be compared with the rest.
                    if let Picked::Found(found) = (lookup.pick)(&jobs, i64::MIN) {
                        return Ok(Picked::Found(found));
                    }
                }
                pages += 1;
                let next = page.output.next_token.filter(|token| !token.is_empty());
                if next.is_none() || next == list.next_token {
                    break;
                }
                if pages == PAGES || jobs.len() > JOBS {
                    let seen = jobs.len();
                    return Err((
                        format!(
                            "the list of jobs did not end after {pages} pages with {seen} jobs"
                        ),
                        true,
                    ));
                }
                list.next_token = next;
            }
        }
        // The list's own answer has told the difference of the clocks, if nothing before did.
        let not_before = began
            .saturating_add(self.difference())
            .saturating_sub(EXACT);
        Ok((lookup.pick)(&jobs, not_before))
    }

    /// By how much the service's clock is ahead, as far as is known.
    fn difference(&self) -> i64 {
        self.shared.skew.seen().unwrap_or(0)
    }
}

fn unreadable(trouble: &Trouble) -> String {
    format!("the list of jobs could not be read: {}", trouble.cause)
}

fn unknown(
    operation: &'static str,
    mark: Option<String>,
    lookup: String,
    trouble: Trouble,
) -> CallError {
    let cause = Cause::UnknownOutcome {
        mark,
        lookup,
        source: Box::new(trouble.cause),
    };
    CallError::new(operation, cause, trouble.attempts)
}
