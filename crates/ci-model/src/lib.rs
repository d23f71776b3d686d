#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod bucket;
pub mod callback;
mod error;
mod extras;
mod fault;
mod id;
mod inspect;
mod job;
mod key_pattern;
mod quantity;
mod queue;
mod read;
mod template;
mod text;
mod time;
mod tree;
mod user_text;
mod violation;
mod write;

pub use bucket::{CloseBucketResponse, ListBucketsResponse, MediaBucket, OpenBucketResponse};
pub use callback::Callback;
pub use error::{InvalidValue, ReadError};
pub use extras::{Element, Extras};
pub use fault::ErrorDocument;
pub use id::{JobId, QueueId, TemplateId};
pub use inspect::{Format, Inspected, Kind, inspect};
pub use job::{
    AudioStream, CallBack, CallBackFormat, CallBackKafkaConfig, CallBackMqConfig, CallBackType,
    CosHeader, CoverFormat, CreateJobRequest, CreateJobResponse, DescribeJobsResponse, JobInput,
    JobOutput, JobState, JobsDetail, ListJobsResponse, Md5Info, MediaFormat, MediaInfo,
    MediaResult, MediaStream, MqMode, Operation, OperationRequest, Outcome, OutputFile, SmartCover,
    SubtitleStream, Tag, VideoStream, Workflow,
};
pub use key_pattern::{KeyValues, OutputKey, Wildcard};
pub use quantity::{CoverCount, JobLevel, Pixels};
pub use queue::{
    ListQueuesResponse, NotifyConfig, NotifyState, Queue, QueueState, UpdateQueueRequest,
    UpdateQueueResponse,
};
pub use read::{
    Limits, from_bytes, from_bytes_with_extras, from_bytes_within, from_json, from_xml,
};
pub use template::{
    DeleteTemplateResponse, ListTemplatesResponse, Template, TemplateCategory, TemplateRequest,
    TemplateResponse,
};
pub use time::CiTime;
pub use user_text::{TemplateName, UserData};
pub use violation::Violation;
pub use write::{to_json, to_json_with, to_typed_json, to_xml, to_xml_with};

/// A document of the service: what one request, answer or callback carries.
///
/// Sealed: reading and writing rely on what the documents of this crate are made of. Elements they lack are reached
/// with [`Extras`].
pub trait Document: serde::Serialize + serde::de::DeserializeOwned + sealed::Sealed {
    /// Name of the root element in XML; the service's JSON has no root.
    const ROOT: &'static str;
}

mod sealed {
    /// Keeps [`Document`](crate::Document) to this crate.
    pub trait Sealed {}
    macro_rules! seal {
        ($($document:ident)+) => { $(impl Sealed for crate::$document {})+ };
    }
    seal! {
        CreateJobRequest CreateJobResponse DescribeJobsResponse ListJobsResponse TemplateRequest TemplateResponse
        DeleteTemplateResponse ListTemplatesResponse UpdateQueueRequest UpdateQueueResponse ListQueuesResponse
        OpenBucketResponse CloseBucketResponse ListBucketsResponse ErrorDocument Callback
    }
}
