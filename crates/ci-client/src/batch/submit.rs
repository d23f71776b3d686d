//! One job of a batch: created, or found because an earlier run created it.

use std::sync::Arc;

use ci_core::{CreateJob, Operation};
use ci_model::{CreateJobRequest, CreateJobResponse, JobId};

use super::earlier::Earlier;
use super::journal::{Step, Writer};
use super::{BatchFault, BatchItem, JournalError};
use crate::client::{Client, Lost, mark};
use crate::clock::{Clock, SystemClock, unix};

/// What submissions share.
#[derive(Clone)]
pub(super) struct Submitter {
    pub(super) client: Client,
    pub(super) writer: Writer,
    pub(super) earlier: Arc<Earlier>,
}

/// A job that is to be created.
pub(super) struct Task {
    pub(super) item: BatchItem,
    pub(super) digest: u64,
    /// What it is marked with.
    pub(super) mark: String,
}

impl Task {
    pub(super) fn new(item: BatchItem, digest: u64) -> Self {
        let mark = mark();
        Self { item, digest, mark }
    }

    fn call(&self) -> CreateJob {
        let mut call = CreateJob::new(self.item.request.clone());
        call.stamp(&self.mark);
        call
    }

    fn unknown(&self, why: String) -> BatchFault {
        let mark = self.mark.clone();
        BatchFault::Unknown { mark, why }
    }
}

impl Submitter {
    /// Creates the job. The error outside is the journal's.
    pub(super) async fn submit(
        &self,
        task: &Task,
    ) -> Result<Result<JobId, BatchFault>, JournalError> {
        let step = Step::Sending {
            mark: task.mark.clone(),
            digest: task.digest,
            at: unix(SystemClock.now()),
        };
        self.writer.commit(task.item.line, &step).await?;
        match self.client.send(task.call()).await {
            Err(error) => Ok(Err(BatchFault::Submit(error))),
            Ok(reply) => match first(reply.output) {
                Some(job) => self.created(task, job).map(Ok),
                None => Ok(Err(task.unknown("the answer names no job".to_owned()))),
            },
        }
    }

    /// Looks for the job that an earlier run may have created at this time; nothing when it is absent. The error outside
    /// is the journal's.
    pub(super) async fn settle(
        &self,
        task: &Task,
        at: i64,
    ) -> Result<Result<Option<JobId>, BatchFault>, JournalError> {
        match self.find(&task.call(), &task.mark, at).await {
            Err(why) => Ok(Err(task.unknown(why))),
            Ok(None) => Ok(Ok(None)),
            Ok(Some(job)) => self.created(task, job).map(|job| Ok(Some(job))),
        }
    }

    /// Not waited for: until it is on disk, the next run finds the job by its mark.
    fn created(&self, task: &Task, job: JobId) -> Result<JobId, JournalError> {
        let step = Step::Created {
            job: job.clone(),
            digest: task.digest,
        };
        self.writer.note(task.item.line, &step)?;
        Ok(job)
    }

    /// The job that an earlier run may have created. What carries a mark of ours is settled together.
    async fn find(&self, call: &CreateJob, own: &str, at: i64) -> Result<Option<JobId>, String> {
        if let Some(lookup) = call.lookup()
            && let [tag] = lookup.tags.as_slice()
            && lookup.unique
            && lookup.mark == own
            && call.request.operation.len() == 1
        {
            return self.earlier.find(&self.client, tag, own).await;
        }
        match self.client.find(call, at, self.earlier.absent()).await {
            Ok(found) => Ok(first(found)),
            Err(Lost::Missing) => Ok(None),
            Err(Lost::Unclear(why)) => Err(why),
        }
    }
}

fn first(response: CreateJobResponse) -> Option<JobId> {
    response.jobs_detail.into_iter().next()?.job_id
}

/// FNV-1a of the document: stable between versions of this program and of Rust, unlike the standard hasher.
pub(super) fn digest(request: &CreateJobRequest) -> u64 {
    let text = ci_model::to_xml(request);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
