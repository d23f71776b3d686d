//! Queues: where jobs wait, and whom they tell.

use crate::job::response;
use crate::text::text_enum;
use crate::{CallBackFormat, CallBackKafkaConfig, CallBackType, CiTime, MqMode, QueueId, time};
use serde::{Deserialize, Serialize};

text_enum! {
    /// Whether a queue gives out work. Source: 1045/72940.
    pub enum QueueState {
        /// Jobs are carried out.
        Active = "Active",
        /// Nothing new begins; what runs goes on.
        Paused = "Paused",
    }
}

text_enum! {
    /// Whether a queue tells anybody. Source: 1045/72940.
    #[derive(Default)]
    pub enum NotifyState {
        /// It does.
        On = "On",
        /// It does not, the default.
        #[default]
        Off = "Off",
    }
}

/// Whom a queue tells about finished jobs. Source: 1045/72940.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NotifyConfig {
    /// URL, needed with [`CallBackType::Url`]; not an intranet address.
    pub url: Option<String>,
    /// Whether anybody is told.
    pub state: Option<NotifyState>,
    /// Channel.
    #[serde(rename = "Type")]
    pub channel: Option<CallBackType>,
    /// Events, joined by commas: `TaskFinish`, `WorkflowFinish`.
    pub event: Option<String>,
    /// Format.
    pub result_format: Option<CallBackFormat>,
    /// Queue or topic of TDMQ.
    pub mq_mode: Option<MqMode>,
    /// Short name of the region of TDMQ.
    pub mq_region: Option<String>,
    /// Name of the queue or topic of TDMQ.
    pub mq_name: Option<String>,
    /// The Kafka topic; in the Go SDK only.
    pub kafka_config: Option<CallBackKafkaConfig>,
}

impl NotifyConfig {
    /// Whether an event is told.
    #[must_use]
    pub fn tells(&self, event: &str) -> bool {
        self.state == Some(NotifyState::On)
            && self
                .event
                .as_deref()
                .unwrap_or_default()
                .split(',')
                .any(|e| e.trim() == event)
    }
}

/// Body of `PUT /queue/<id>`. Source: 1045/72940.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct UpdateQueueRequest {
    /// Name, at most 128 characters.
    pub name: Option<String>,
    /// The queue again; absent from the newest page. Read as `QueueID` and as `QueueId`.
    #[serde(rename = "QueueID")]
    pub queue_id: Option<QueueId>,
    /// Whether the queue gives out work.
    pub state: Option<QueueState>,
    /// Whom it tells; needed even when nobody.
    #[serde(deserialize_with = "crate::job::present")]
    pub notify_config: Option<NotifyConfig>,
}

impl crate::Document for UpdateQueueRequest {
    const ROOT: &'static str = "Request";
}

impl UpdateQueueRequest {
    /// The three parts that are needed.
    pub fn new(name: impl Into<String>, state: QueueState, notify_config: NotifyConfig) -> Self {
        Self {
            name: Some(name.into()),
            queue_id: None,
            state: Some(state),
            notify_config: Some(notify_config),
        }
    }
}

/// A queue as the service describes it. Source: 1045/72939.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Queue {
    /// Id.
    pub queue_id: Option<QueueId>,
    /// Name.
    pub name: Option<String>,
    /// Whether it gives out work.
    pub state: Option<QueueState>,
    /// Whom it tells.
    pub notify_config: Option<NotifyConfig>,
    /// Most jobs that can wait.
    pub max_size: Option<u32>,
    /// Most jobs that run at once.
    pub max_concurrent: Option<u32>,
    /// When it was last changed.
    #[serde(deserialize_with = "time::optional")]
    pub update_time: Option<CiTime>,
    /// When it was made.
    #[serde(deserialize_with = "time::optional")]
    pub create_time: Option<CiTime>,
    /// Kind of queue, such as `Transcoding`.
    pub category: Option<String>,
    /// Bucket it belongs to; in some answers only.
    pub bucket_id: Option<String>,
}

response! {
    /// Answer to `PUT /queue/<id>`. Source: 1045/72940.
    UpdateQueueResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// The queue.
        queue: Queue,
    }
}

response! {
    /// Answer to `GET /queue`. Source: 1045/72939.
    ListQueuesResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// How many there are on all pages.
        total_count: Option<u32>,
        /// Number of this page, from 1.
        page_number: Option<u32>,
        /// Most entries of a page.
        page_size: Option<u32>,
        /// This page.
        queue_list: Vec<Queue>,
        /// The ids that were not found. Repeated texts by page and Go SDK, one container of `QueueID` for Java: both
        /// are read.
        #[serde(rename = "NonExistPIDs", deserialize_with = "crate::job::ids")]
        non_exist_pids: Vec<String>,
    }
}
