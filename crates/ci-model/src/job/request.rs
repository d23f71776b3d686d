//! The document that creates jobs, as a client writes and a server reads it.

use super::{
    CallBack, CallBackFormat, CallBackKafkaConfig, CallBackMqConfig, CallBackType, JobInput,
    JobOutput, SmartCover, Tag,
};
use crate::{JobLevel, QueueId, TemplateId, UserData};
use serde::{Deserialize, Serialize};

/// Body of `POST /jobs`. Source: 460/84791; with several operations 460/84764.
///
/// ```
/// use ci_model::{CoverCount, CreateJobRequest, JobOutput, OperationRequest, SmartCover};
///
/// let covers = SmartCover::new().count(CoverCount::new(5)?);
/// let output = JobOutput::new("ap-chongqing", "media-1250000000", "covers/demo-${number}.jpg");
/// let request = CreateJobRequest::smart_cover("input/demo.mp4", OperationRequest::inline(covers, output));
/// assert!(request.violations().is_empty());
/// assert!(ci_model::to_xml(&request).starts_with("<Request><Tag>SmartCover</Tag>"));
/// # Ok::<(), ci_model::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CreateJobRequest {
    /// Kind of work; absent when there are several operations, which then have one each.
    pub tag: Option<Tag>,
    /// What to work on, in the bucket of the request's host.
    pub input: JobInput,
    /// What to do: one, or up to six of different kinds.
    pub operation: Vec<OperationRequest>,
    /// Queue to wait in; the bucket's own when absent. Older pages require it.
    pub queue_id: Option<QueueId>,
    /// Kind of queue; documented for transcoding only.
    pub queue_type: Option<String>,
    /// Whom to tell, instead of the queue's setting.
    pub call_back: Option<CallBack>,
    /// Format of the callback.
    pub call_back_format: Option<CallBackFormat>,
    /// Channel of the callback.
    pub call_back_type: Option<CallBackType>,
    /// The TDMQ queue or topic.
    pub call_back_mq_config: Option<CallBackMqConfig>,
    /// The Kafka topic.
    pub call_back_kafka_config: Option<CallBackKafkaConfig>,
}

impl crate::Document for CreateJobRequest {
    const ROOT: &'static str = "Request";
}

impl CreateJobRequest {
    /// Covers of one object.
    pub fn smart_cover(object: impl Into<String>, operation: OperationRequest) -> Self {
        Self {
            tag: Some(Tag::SmartCover),
            input: JobInput::new(object),
            operation: vec![operation],
            ..Self::default()
        }
    }

    /// Several operations on one object, each with its own [`tag`](OperationRequest::tag).
    pub fn several(object: impl Into<String>, operations: Vec<OperationRequest>) -> Self {
        Self {
            input: JobInput::new(object),
            operation: operations,
            ..Self::default()
        }
    }

    /// Sets the queue.
    #[must_use]
    pub fn queue_id(mut self, queue: QueueId) -> Self {
        self.queue_id = Some(queue);
        self
    }

    /// Sets whom to tell.
    #[must_use]
    pub fn call_back(mut self, call_back: CallBack) -> Self {
        self.call_back = Some(call_back);
        self
    }

    /// Sets the format of the callback.
    #[must_use]
    pub fn call_back_format(mut self, format: CallBackFormat) -> Self {
        self.call_back_format = Some(format);
        self
    }

    /// Sends the callback to TDMQ.
    #[must_use]
    pub fn call_back_mq(mut self, config: CallBackMqConfig) -> Self {
        (self.call_back_type, self.call_back_mq_config) = (Some(CallBackType::Tdmq), Some(config));
        self
    }

    /// Sends the callback to Kafka.
    #[must_use]
    pub fn call_back_kafka(mut self, config: CallBackKafkaConfig) -> Self {
        (self.call_back_type, self.call_back_kafka_config) =
            (Some(CallBackType::Kafka), Some(config));
        self
    }

    /// The Tag of an operation: its own, or the request's.
    #[must_use]
    pub fn tag_of<'a>(&'a self, operation: &'a OperationRequest) -> Option<&'a Tag> {
        operation.tag.as_ref().or(self.tag.as_ref())
    }
}

/// One piece of work of a request: by template, or with its parameters inline. With both, the template wins
/// (1045/48937). Source: 460/84791.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct OperationRequest {
    /// Kind of work, where the request itself has none.
    pub tag: Option<Tag>,
    /// The template.
    pub template_id: Option<TemplateId>,
    /// The parameters.
    #[serde(deserialize_with = "super::present")]
    pub smart_cover: Option<SmartCover>,
    /// Where results go.
    pub output: JobOutput,
    /// Comes back in every answer and callback.
    pub user_data: Option<UserData>,
    /// Priority.
    pub job_level: Option<JobLevel>,
}

impl OperationRequest {
    /// With the parameters of a template.
    #[must_use]
    pub fn by_template(template: TemplateId, output: JobOutput) -> Self {
        Self {
            template_id: Some(template),
            output,
            ..Self::default()
        }
    }

    /// With these parameters.
    #[must_use]
    pub fn inline(smart_cover: SmartCover, output: JobOutput) -> Self {
        Self {
            smart_cover: Some(smart_cover),
            output,
            ..Self::default()
        }
    }

    /// Sets the kind of work.
    #[must_use]
    pub fn tag(mut self, tag: Tag) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Attaches data.
    #[must_use]
    pub fn user_data(mut self, data: UserData) -> Self {
        self.user_data = Some(data);
        self
    }

    /// Sets the priority.
    #[must_use]
    pub fn job_level(mut self, level: JobLevel) -> Self {
        self.job_level = Some(level);
        self
    }
}
