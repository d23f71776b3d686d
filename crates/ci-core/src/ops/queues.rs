//! Queues: where jobs wait, and whom they tell.

use bytes::Bytes;
use ci_model::{ListQueuesResponse, QueueId, QueueState, UpdateQueueRequest, UpdateQueueResponse};
use cos_sign::encode_component;
use http::{Method, Request, response};

use super::setters;
use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

/// Lists queues. Source: 1045/72939.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQueues {
    /// With these ids, at most 10.
    pub queue_ids: Vec<QueueId>,
    /// In one state.
    pub state: Option<QueueState>,
    /// `CateAll`, `Transcoding` (the default) or `SpeedTranscoding`.
    pub category: Option<String>,
    /// Which page, from 1.
    pub page_number: Option<u32>,
    /// Queues on a page, 10 by default.
    pub page_size: Option<u32>,
}

impl ListQueues {
    /// All queues of the default kind.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets the state.
        state: QueueState,
        /// Sets the kind of queue.
        category: String,
        /// Sets the page.
        page_number: u32,
        /// Sets how many stand on a page.
        page_size: u32,
    }

    /// Sets the ids.
    #[must_use]
    pub fn queue_ids(mut self, ids: impl IntoIterator<Item = QueueId>) -> Self {
        self.queue_ids = ids.into_iter().collect();
        self
    }
}

impl Operation for ListQueues {
    const NAME: &'static str = "ListQueues";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ListQueuesResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let query = Query::new()
            .list("queueIds", &self.queue_ids)
            .opt("state", self.state.as_ref().map(QueueState::as_str))
            .opt("category", self.category.as_ref())
            .num("pageNumber", self.page_number)
            .num("pageSize", self.page_size);
        to.get(Service::Ci, "/queue", &query)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ListQueuesResponse, ReplyError> {
        reply::document(head, body)
    }
}

/// Changes a queue: its name, whether it gives out work, and whom it tells. Source: 1045/72940.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateQueue {
    /// Which.
    pub queue: QueueId,
    /// What it becomes. An absent `queue_id` is filled in: Go and Python send it, the newest page leaves it out.
    pub request: UpdateQueueRequest,
}

impl UpdateQueue {
    /// Changes `queue`.
    #[must_use]
    pub fn new(queue: QueueId, request: UpdateQueueRequest) -> Self {
        Self { queue, request }
    }
}

impl Operation for UpdateQueue {
    const NAME: &'static str = "UpdateQueue";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = UpdateQueueResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let mut request = self.request.clone();
        request.queue_id.get_or_insert_with(|| self.queue.clone());
        let violations = request.violations();
        if !violations.is_empty() {
            return Err(RequestError::Invalid(violations));
        }
        let path = format!("/queue/{}", encode_component(self.queue.as_str()));
        to.xml(Method::PUT, &path, ci_model::to_xml(&request))
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<UpdateQueueResponse, ReplyError> {
        reply::document(head, body)
    }
}

#[cfg(test)]
mod tests {
    use ci_model::NotifyConfig;

    use super::super::testing::line;
    use super::*;

    #[test]
    fn queues_are_listed_and_changed() {
        let id = QueueId::new("p1").unwrap();
        let call = ListQueues::new()
            .queue_ids([id.clone()])
            .state(QueueState::Paused)
            .category("CateAll")
            .page_size(5);
        assert_eq!(
            line(&call).0,
            "GET b.ci/queue?queueIds=p1&state=Paused&category=CateAll&pageSize=5"
        );
        let request = UpdateQueueRequest::new("q", QueueState::Active, NotifyConfig::default());
        let (line, body) = line(&UpdateQueue::new(id, request));
        assert_eq!(line, "PUT b.ci/queue/p1");
        assert!(
            body.contains("<QueueID>p1</QueueID>") && body.contains("<NotifyConfig"),
            "{body}"
        );
    }
}
