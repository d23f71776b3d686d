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

impl Submitter {
    /// Creates one job, or finds the one that an earlier run created. The error outside is the journal's.
    pub(super) async fn submit(
        &self,
        item: &BatchItem,
        digest: u64,
        before: Option<Step>,
    ) -> Result<Result<JobId, BatchFault>, JournalError> {
        let mut call = CreateJob::new(item.request.clone());
        let (own, sent) = match before {
            Some(Step::Sending { mark, at, .. }) => (mark, Some(at)),
            _ => (mark(), None),
        };
        call.stamp(&own);
        let mut job = None;
        if let Some(at) = sent {
            match self.find(&call, &own, at).await {
                Ok(found) => job = found,
                Err(why) => return Ok(Err(BatchFault::Unknown { mark: own, why })),
            }
        }
        if job.is_none() {
            let at = unix(SystemClock.now());
            let mark = own.clone();
            let step = Step::Sending { mark, digest, at };
            self.writer.commit(item.line, &step).await?;
            match self.client.send(call).await {
                Ok(reply) => job = first(reply.output),
                Err(error) => return Ok(Err(BatchFault::Submit(error))),
            }
        }
        let Some(job) = job else {
            let why = "the answer names no job".to_owned();
            return Ok(Err(BatchFault::Unknown { mark: own, why }));
        };
        // Not waited for: until it is on disk, the next run finds the job by its mark.
        let step = Step::Created {
            job: job.clone(),
            digest,
        };
        self.writer.note(item.line, &step)?;
        Ok(Ok(job))
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
