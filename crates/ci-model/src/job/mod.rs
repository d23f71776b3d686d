//! Jobs as the service describes them, and the answers that carry them.

mod check;
mod io;
mod media_info;
mod notify;
mod request;
mod result;
mod smart_cover;
mod state;

pub use io::{CosHeader, JobInput, JobOutput};
pub use media_info::{
    AudioStream, MediaFormat, MediaInfo, MediaStream, SubtitleStream, VideoStream,
};
pub use notify::{
    CallBack, CallBackFormat, CallBackKafkaConfig, CallBackMqConfig, CallBackType, MqMode,
};
pub use request::{CreateJobRequest, OperationRequest};
pub use result::{Md5Info, MediaResult, OutputFile};
pub use smart_cover::{CoverFormat, SmartCover};
pub use state::{JobState, Tag};

use crate::{CiTime, JobId, JobLevel, QueueId, TemplateId, UserData, time};
use serde::{Deserialize, Serialize};

/// One job as the service describes it. Source: 460/84791, 460/84765.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JobsDetail {
    /// `Success`, or why the job failed; means something only when [`state`](Self::state) is `Failed`.
    pub code: Option<String>,
    /// The failure in words.
    pub message: Option<String>,
    /// Id of the job.
    pub job_id: Option<JobId>,
    /// Where it stands.
    pub state: Option<JobState>,
    /// When it was accepted.
    #[serde(deserialize_with = "time::optional")]
    pub creation_time: Option<CiTime>,
    /// When it began; absent before.
    #[serde(deserialize_with = "time::optional", serialize_with = "time::or_dash")]
    pub start_time: Option<CiTime>,
    /// When it ended; absent before.
    #[serde(deserialize_with = "time::optional", serialize_with = "time::or_dash")]
    pub end_time: Option<CiTime>,
    /// The queue it waits in.
    pub queue_id: Option<QueueId>,
    /// Kind of work. Jobs made several at once carry it inside their operation (460/84764); it is read into here too.
    pub tag: Option<Tag>,
    /// What it works on.
    pub input: JobInput,
    /// What it does and what came of it.
    pub operation: Operation,
    /// 0 to 100; for some kinds of work only.
    pub progress: Option<u32>,
    /// Refines the Tag of some kinds of work.
    pub sub_tag: Option<String>,
    /// Kind of queue, such as `SpeedTranscoding`.
    pub queue_type: Option<String>,
    /// The workflow that began the job.
    pub workflow: Option<Workflow>,
}

impl JobsDetail {
    /// What has become of the job. A failed one cannot be taken for a finished one.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'_> {
        match &self.state {
            Some(JobState::Success) => Outcome::Done(self.operation.media_result.as_ref()),
            Some(JobState::Failed) => Outcome::Failed {
                code: self.code.as_deref().unwrap_or_default(),
                message: self.message.as_deref().unwrap_or_default(),
            },
            Some(JobState::Cancel) => Outcome::Cancelled,
            state => Outcome::Pending(state.as_ref()),
        }
    }

    /// Keys of the files the job has written, in the order of `${number}`; none before it has ended.
    #[must_use]
    pub fn object_names(&self) -> &[String] {
        let file = self
            .operation
            .media_result
            .as_ref()
            .and_then(|result| result.output_file.as_ref());
        file.map_or(&[], |file| &file.object_name)
    }
}

/// What has become of a job, see [`JobsDetail::outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// Not ended; the state, if the answer has one.
    Pending(Option<&'a JobState>),
    /// Ended well; the results, if the answer has them.
    Done(Option<&'a MediaResult>),
    /// Ended with an error; both texts are empty when the answer has none.
    Failed {
        /// Machine-readable reason.
        code: &'a str,
        /// Reason in words.
        message: &'a str,
    },
    /// Cancelled before it began.
    Cancelled,
}

/// What a job does, as sent, and what came of it. Source: 460/84791.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Operation {
    /// The template, for a job by template.
    pub template_id: Option<TemplateId>,
    /// Name of the template; in some answers only.
    pub template_name: Option<String>,
    /// The parameters, for a job that gave them itself. The page's table calls it a text; it is a container.
    #[serde(deserialize_with = "present")]
    pub smart_cover: Option<SmartCover>,
    /// Where results go.
    pub output: JobOutput,
    /// What was written, when finished.
    #[serde(deserialize_with = "crate::read::container")]
    pub media_result: Option<MediaResult>,
    /// Properties of a result that is a medium; empty for covers.
    #[serde(deserialize_with = "crate::read::container")]
    pub media_info: Option<Box<MediaInfo>>,
    /// What the caller attached.
    pub user_data: Option<UserData>,
    /// Priority.
    pub job_level: Option<JobLevel>,
}

/// The run of a workflow that began a job. Source: 1045/49522.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Workflow {
    /// The run.
    pub run_id: Option<String>,
    /// The workflow.
    pub workflow_id: Option<String>,
    /// Its name.
    pub workflow_name: Option<String>,
    /// The node in it, such as `SmartCover_1581665960537`.
    pub name: Option<String>,
}

/// Reads an element that counts as soon as it is there: `<SmartCover/>` asks for covers with all defaults.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads ids that come one by one, joined by commas, or wrapped in elements: all three are documented somewhere.
pub(crate) fn ids<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<crate::read::Leaves>::deserialize(deserializer)?;
    let parts = texts
        .iter()
        .flat_map(|leaves| &leaves.0)
        .flat_map(|text| text.split(','));
    Ok(parts
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect())
}

macro_rules! response {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, rename_all = "PascalCase")]
        #[non_exhaustive]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }
        impl crate::Document for $name {
            const ROOT: &'static str = "Response";
        }
    };
}
pub(crate) use response;

response! {
    /// Answer to `POST /jobs`: one job per operation, in their order. Source: 460/84791, 460/84764.
    CreateJobResponse {
        /// The jobs.
        jobs_detail: Vec<JobsDetail>,
    }
}

response! {
    /// Answer to `GET /jobs/<id>[,<id>…]`. Source: 460/84765.
    DescribeJobsResponse {
        /// The jobs that were found.
        jobs_detail: Vec<JobsDetail>,
        /// The ids that were not found, as they were asked for.
        #[serde(deserialize_with = "ids")]
        non_exist_job_ids: Vec<String>,
    }
}

response! {
    /// Answer to `GET /jobs?tag=…`. Source: 460/84766.
    ListJobsResponse {
        /// One page of jobs.
        jobs_detail: Vec<JobsDetail>,
        /// Asks for the next page; absent at the end.
        next_token: Option<String>,
    }
}

impl CreateJobResponse {
    /// The answer with these jobs.
    #[must_use]
    pub fn new(jobs_detail: Vec<JobsDetail>) -> Self {
        Self { jobs_detail }
    }
}

impl DescribeJobsResponse {
    /// The answer with these jobs and these unknown ids.
    #[must_use]
    pub fn new(jobs_detail: Vec<JobsDetail>, non_exist_job_ids: Vec<String>) -> Self {
        Self {
            jobs_detail,
            non_exist_job_ids,
        }
    }
}

impl ListJobsResponse {
    /// A page and what asks for the next one.
    #[must_use]
    pub fn new(jobs_detail: Vec<JobsDetail>, next_token: Option<String>) -> Self {
        Self {
            jobs_detail,
            next_token,
        }
    }
}
