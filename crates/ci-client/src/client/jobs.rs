//! Jobs in one line each.

use ci_core::{CancelJob, CreateJob, DescribeJobs, ListJobs};
use ci_model::{
    CreateJobRequest, CreateJobResponse, DescribeJobsResponse, JobId, JobOutput, JobsDetail,
    ListJobsResponse, OperationRequest, ReadError, SmartCover, TemplateId,
};

use super::{Client, Reply};
use crate::error::CallError;

/// A job that now exists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedJob {
    /// Its id.
    pub job_id: JobId,
    /// As the service described it.
    pub detail: JobsDetail,
    /// Id of the request that made it.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
    /// The mark in its `UserData`; nothing when the caller had set that.
    pub mark: Option<String>,
}

impl Client {
    /// Asks for covers of a video in the client's bucket, to be written there too.
    ///
    /// `output` is a pattern of keys, which needs `${number}` as soon as there can be several covers.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_job(
        &self,
        covers: SmartCover,
        input: impl Into<String>,
        output: impl Into<String>,
    ) -> Result<CreatedJob, CallError> {
        let operation = OperationRequest::inline(covers, self.output(output));
        self.create_job_with(CreateJobRequest::smart_cover(input, operation))
            .await
    }

    /// As [`Client::create_job`], with the parameters of a template.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_job_by_template(
        &self,
        template: &TemplateId,
        input: impl Into<String>,
        output: impl Into<String>,
    ) -> Result<CreatedJob, CallError> {
        let operation = OperationRequest::by_template(template.clone(), self.output(output));
        self.create_job_with(CreateJobRequest::smart_cover(input, operation))
            .await
    }

    /// As [`Client::create_job`], with a request of the caller's: callbacks, queue, level, `UserData`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_job_with(
        &self,
        request: CreateJobRequest,
    ) -> Result<CreatedJob, CallError> {
        let reply = self.create_jobs(request).await?;
        let (request_id, attempts, mark) = (reply.request_id, reply.attempts, reply.mark);
        let job = reply.output.jobs_detail.into_iter().next();
        match job.and_then(|detail| Some((detail.job_id.clone()?, detail))) {
            Some((job_id, detail)) => Ok(CreatedJob {
                job_id,
                detail,
                request_id,
                attempts,
                mark,
            }),
            // Reading the reply has made sure that there is one.
            None => Err(self.no_job(mark)),
        }
    }

    /// Sends any request for jobs: one for each of its operations.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn create_jobs(
        &self,
        request: CreateJobRequest,
    ) -> Result<Reply<CreateJobResponse>, CallError> {
        self.send(CreateJob::new(request)).await
    }

    /// Describes jobs.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn describe_jobs(
        &self,
        jobs: impl IntoIterator<Item = JobId>,
    ) -> Result<Reply<DescribeJobsResponse>, CallError> {
        self.send(DescribeJobs::many(jobs)).await
    }

    /// Describes one job; nothing if there is none of this id.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn describe_job(&self, job: &JobId) -> Result<Option<JobsDetail>, CallError> {
        let reply = self.send(DescribeJobs::one(job.clone())).await?;
        Ok(reply
            .output
            .jobs_detail
            .into_iter()
            .find(|found| found.job_id.as_ref() == Some(job)))
    }

    /// Lists jobs, one page.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_jobs(&self, list: ListJobs) -> Result<Reply<ListJobsResponse>, CallError> {
        self.send(list).await
    }

    /// Cancels a job that has not begun.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn cancel_job(&self, job: &JobId) -> Result<Reply<()>, CallError> {
        self.send(CancelJob::new(job.clone())).await
    }

    fn output(&self, key: impl Into<String>) -> JobOutput {
        JobOutput::new(self.endpoint.region(), self.endpoint.bucket(), key)
    }

    fn no_job(&self, mark: Option<String>) -> CallError {
        let cause = crate::error::Cause::UnknownOutcome {
            mark,
            lookup: ReadError::Empty.to_string(),
            source: Box::new(crate::error::Cause::Transport(
                crate::transport::TransportError::maybe_sent(ReadError::Empty),
            )),
        };
        CallError::new("CreateJob", cause, Vec::new())
    }
}
