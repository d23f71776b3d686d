//! Describing, listing and cancelling jobs.

use bytes::Bytes;
use ci_model::{CiTime, DescribeJobsResponse, JobId, JobState, ListJobsResponse, QueueId, Tag};
use cos_sign::encode_component;
use http::{Method, Request, response};

use super::setters;
use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

/// Describes one job or several. Source: 460/84765.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeJobs {
    /// The jobs; how many one call may name is not documented.
    pub jobs: Vec<JobId>,
}

impl DescribeJobs {
    /// One job.
    #[must_use]
    pub fn one(job: JobId) -> Self {
        Self { jobs: vec![job] }
    }

    /// Several jobs in one call.
    pub fn many(jobs: impl IntoIterator<Item = JobId>) -> Self {
        Self {
            jobs: jobs.into_iter().collect(),
        }
    }
}

impl Operation for DescribeJobs {
    const NAME: &'static str = "DescribeJobs";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = DescribeJobsResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        if self.jobs.is_empty() {
            return Err(RequestError::NoIds(Self::NAME));
        }
        let ids: Vec<_> = self
            .jobs
            .iter()
            .map(|id| encode_component(id.as_str()))
            .collect();
        to.get(
            Service::Ci,
            &format!("/jobs/{}", ids.join(",")),
            &Query::new(),
        )
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<DescribeJobsResponse, ReplyError> {
        let mut read: DescribeJobsResponse = reply::document(head, body)?;
        // An empty `<JobsDetail/>` means that there is none.
        read.jobs_detail.retain(|job| job.job_id.is_some());
        Ok(read)
    }
}

/// In which order jobs are listed, by the time they were created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// Newest first, the service's default.
    #[default]
    Desc,
    /// Oldest first.
    Asc,
}

/// Lists jobs of one kind, a page at a time. Source: 460/84766.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListJobs {
    /// The kind of work; the service wants exactly one.
    pub tag: Tag,
    /// Jobs of one queue.
    pub queue_id: Option<QueueId>,
    /// Jobs of one kind of queue, when no queue is named.
    pub queue_type: Option<String>,
    /// Newest first unless said otherwise.
    pub order_by_time: Option<Order>,
    /// From the page before.
    pub next_token: Option<String>,
    /// Jobs on a page: 10 by default, at most 100.
    pub size: Option<u32>,
    /// Jobs in these states; in any when empty.
    pub states: Vec<JobState>,
    /// Jobs created after this time; whether at it too is not documented.
    pub start_creation_time: Option<CiTime>,
    /// Jobs created before this time.
    pub end_creation_time: Option<CiTime>,
    /// Jobs of one workflow.
    pub workflow_id: Option<String>,
    /// Jobs of one batch.
    pub inventory_trigger_job_id: Option<String>,
    /// Jobs on exactly this input.
    pub input_object: Option<String>,
}

impl ListJobs {
    /// Jobs of this kind.
    #[must_use]
    pub fn new(tag: Tag) -> Self {
        Self {
            tag,
            queue_id: None,
            queue_type: None,
            order_by_time: None,
            next_token: None,
            size: None,
            states: Vec::new(),
            start_creation_time: None,
            end_creation_time: None,
            workflow_id: None,
            inventory_trigger_job_id: None,
            input_object: None,
        }
    }

    setters! {
        /// Sets the queue.
        queue_id: QueueId,
        /// Sets the kind of queue.
        queue_type: String,
        /// Sets the order.
        order_by_time: Order,
        /// Continues where a page ended.
        next_token: String,
        /// Sets how many jobs stand on a page.
        size: u32,
        /// Leaves out what was created earlier.
        start_creation_time: CiTime,
        /// Leaves out what was created later.
        end_creation_time: CiTime,
        /// Sets the workflow.
        workflow_id: String,
        /// Sets the batch.
        inventory_trigger_job_id: String,
        /// Sets the input.
        input_object: String,
    }

    /// Sets the states.
    #[must_use]
    pub fn states(mut self, states: impl IntoIterator<Item = JobState>) -> Self {
        self.states = states.into_iter().collect();
        self
    }
}

impl Operation for ListJobs {
    const NAME: &'static str = "ListJobs";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ListJobsResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let states: Vec<_> = self.states.iter().map(JobState::as_str).collect();
        let order = self
            .order_by_time
            .map(|order| if order == Order::Asc { "Asc" } else { "Desc" });
        let query = Query::new()
            .opt("tag", Some(self.tag.as_str()))
            .opt("queueId", self.queue_id.as_ref())
            .opt("queueType", self.queue_type.as_ref())
            .opt("orderByTime", order)
            .opt("nextToken", self.next_token.as_ref())
            .num("size", self.size)
            .list("states", &states)
            .opt(
                "startCreationTime",
                self.start_creation_time.as_ref().map(ToString::to_string),
            )
            .opt(
                "endCreationTime",
                self.end_creation_time.as_ref().map(ToString::to_string),
            )
            .opt("workflowId", self.workflow_id.as_ref())
            .opt(
                "inventoryTriggerJobId",
                self.inventory_trigger_job_id.as_ref(),
            )
            .opt("inputObject", self.input_object.as_ref());
        to.get(Service::Ci, "/jobs", &query)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ListJobsResponse, ReplyError> {
        let mut read: ListJobsResponse = reply::document(head, body)?;
        read.jobs_detail.retain(|job| job.job_id.is_some());
        Ok(read)
    }
}

/// Cancels a job that has not begun. Source: 1045/73112.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelJob {
    /// The job.
    pub job: JobId,
}

impl CancelJob {
    /// Cancels this job.
    #[must_use]
    pub fn new(job: JobId) -> Self {
        Self { job }
    }
}

impl Operation for CancelJob {
    const NAME: &'static str = "CancelJob";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ();

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let path = format!("/jobs/{}", encode_component(self.job.as_str()));
        to.empty(Method::PUT, &path, &Query::new().flag("cancel"))
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<(), ReplyError> {
        reply::nothing(head, body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cloud, line, read};
    use super::*;

    fn id(text: &str) -> JobId {
        text.parse().unwrap()
    }

    #[test]
    fn several_jobs_are_described_in_one_call() {
        let call = DescribeJobs::many([id("j1"), id("j2")]);
        assert_eq!(line(&call).0, "GET b.ci/jobs/j1,j2");
        assert!(
            matches!(
                DescribeJobs::many([]).request(&cloud()),
                Err(RequestError::NoIds(_))
            ),
            "it would list all"
        );
    }

    #[test]
    fn every_filter_of_the_list_stands_in_the_query() {
        let call = ListJobs::new(Tag::SmartCover)
            .queue_id(QueueId::new("p1").unwrap())
            .queue_type("Transcoding")
            .order_by_time(Order::Asc)
            .next_token("t/1")
            .size(100)
            .states([JobState::Success, JobState::Failed])
            .start_creation_time(CiTime::new("2022-06-27T00:00:00+0800"))
            .end_creation_time(CiTime::new("2022-06-28T00:00:00+0800"))
            .workflow_id("w1")
            .inventory_trigger_job_id("b1")
            .input_object("in/a b.mp4");
        let expected = "GET b.ci/jobs?tag=SmartCover&queueId=p1&queueType=Transcoding&orderByTime=Asc&nextToken=t%2F1&size=100\
            &states=Success%2CFailed&startCreationTime=2022-06-27T00%3A00%3A00%2B0800&endCreationTime=2022-06-28T00%3A00%3A00%2B0800\
            &workflowId=w1&inventoryTriggerJobId=b1&inputObject=in%2Fa%20b.mp4";
        assert_eq!(line(&call).0, expected);
        assert_eq!(
            line(&ListJobs::new(Tag::SmartCover)).0,
            "GET b.ci/jobs?tag=SmartCover"
        );
    }

    #[test]
    fn an_empty_job_in_an_answer_is_no_job() {
        assert!(
            read::<ListJobs>("<Response><JobsDetail/><NextToken/></Response>")
                .unwrap()
                .jobs_detail
                .is_empty()
        );
        let read = read::<DescribeJobs>(
            "<Response><JobsDetail/><NonExistJobIds>j1,j2</NonExistJobIds></Response>",
        )
        .unwrap();
        assert!(read.jobs_detail.is_empty());
        assert_eq!(read.non_exist_job_ids, ["j1", "j2"]);
    }

    #[test]
    fn cancelling_sends_no_body_and_says_so() {
        let call = CancelJob::new(id("j1"));
        assert_eq!(
            line(&call),
            ("PUT b.ci/jobs/j1?cancel".into(), String::new())
        );
        assert_eq!(
            call.request(&cloud()).unwrap().headers()["content-length"],
            "0"
        );
        assert!(read::<CancelJob>("").is_ok());
        assert!(read::<CancelJob>("<Error><Code>X</Code></Error>").is_err());
    }
}
