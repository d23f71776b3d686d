//! What the service posts when a job or a workflow run has ended.

use crate::job::response;
use crate::text::text_enum;
use crate::{CiTime, CosHeader, JobId, JobsDetail, ReadError, TemplateId, time};
use serde::{Deserialize, Serialize};

/// Reads the body of a callback.
///
/// Format is told by the bytes, because nothing about the headers is documented; `content_type` is only a hint for the
/// message when they are neither XML nor JSON.
///
/// # Errors
/// When the bytes are no document of the service, or one of another kind. A callback must be answered quickly and may come
/// twice; who sent it cannot be verified, so describe the job before trusting it (see 1045/49522).
pub fn parse(content_type: Option<&str>, bytes: impl AsRef<[u8]>) -> Result<Callback, ReadError> {
    let read: Callback = crate::from_bytes(bytes).map_err(|error| match (error, content_type) {
        (ReadError::NotADocument { start }, Some(kind)) => ReadError::NotADocument {
            start: format!("{start} ({kind})"),
        },
        (error, _) => error,
    })?;
    if read.event_name.is_none() && read.jobs_detail.is_empty() && read.workflow_execution.is_none()
    {
        return Err(ReadError::At {
            root: "Response",
            path: "EventName".into(),
            message: "the document is no callback: it has neither event nor job".into(),
        });
    }
    Ok(read)
}

text_enum! {
    /// What has happened. Source: 1045/49522.
    pub enum EventName {
        /// A job has ended.
        TaskFinish = "TaskFinish",
        /// A workflow run has ended.
        WorkflowFinish = "WorkflowFinish",
    }
}

response! {
    /// A callback as it is sent; [`event`](Callback::event) says what it means. Source: 1045/49522.
    Callback {
        /// What has happened.
        event_name: Option<EventName>,
        /// The jobs that have ended: one in every sample, a list by the page.
        jobs_detail: Vec<JobsDetail>,
        /// The workflow run that has ended.
        workflow_execution: Option<WorkflowExecution>,
    }
}

/// What a callback means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Jobs have ended.
    TaskFinish(&'a [JobsDetail]),
    /// A workflow run has ended.
    WorkflowFinish(&'a WorkflowExecution),
    /// An event this version does not know, or one without its content.
    Other(Option<&'a EventName>),
}

impl Callback {
    /// The callback of jobs that have ended.
    #[must_use]
    pub fn task_finish(jobs: Vec<JobsDetail>) -> Self {
        Self {
            event_name: Some(EventName::TaskFinish),
            jobs_detail: jobs,
            workflow_execution: None,
        }
    }

    /// The callback of a workflow run that has ended.
    #[must_use]
    pub fn workflow_finish(run: WorkflowExecution) -> Self {
        Self {
            event_name: Some(EventName::WorkflowFinish),
            jobs_detail: Vec::new(),
            workflow_execution: Some(run),
        }
    }

    /// What it means; without an event name, what it carries.
    #[must_use]
    pub fn event(&self) -> Event<'_> {
        match (&self.event_name, &self.workflow_execution) {
            (Some(EventName::TaskFinish) | None, _) if !self.jobs_detail.is_empty() => {
                Event::TaskFinish(&self.jobs_detail)
            }
            (Some(EventName::WorkflowFinish) | None, Some(run)) => Event::WorkflowFinish(run),
            (name, _) => Event::Other(name.as_ref()),
        }
    }
}

/// A run of a workflow. Source: Go SDK, `WorkflowExecutionNotifyBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct WorkflowExecution {
    /// The run.
    pub run_id: Option<String>,
    /// Bucket of the object.
    pub bucket_id: Option<String>,
    /// The object that began it.
    pub object: Option<String>,
    /// Headers of its upload.
    pub cos_headers: Vec<CosHeader>,
    /// The workflow.
    pub workflow_id: Option<String>,
    /// Its name.
    pub workflow_name: Option<String>,
    /// When the run began.
    #[serde(deserialize_with = "time::optional")]
    pub create_time: Option<CiTime>,
    /// How it stands.
    pub state: Option<String>,
    /// Its steps.
    pub tasks: Vec<WorkflowTask>,
}

/// A step of a workflow run. Source: Go SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct WorkflowTask {
    /// Kind of step.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "time::optional")]
    pub create_time: Option<CiTime>,
    /// When it ended.
    #[serde(deserialize_with = "time::optional")]
    pub end_time: Option<CiTime>,
    /// How it stands.
    pub state: Option<String>,
    /// Its job.
    pub job_id: Option<JobId>,
    /// Name of the node.
    pub name: Option<String>,
    /// Its template.
    pub template_id: Option<TemplateId>,
    /// Name of the template.
    pub template_name: Option<String>,
    /// Its template for transcoding.
    pub transcode_template_id: Option<TemplateId>,
    /// Name of that template.
    pub transcode_template_name: Option<String>,
    /// High dynamic range.
    pub hdr_mode: Option<String>,
    /// What it has written.
    pub result_info: Option<ResultInfo>,
}

/// What a step of a workflow run has written. Source: Go SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ResultInfo {
    /// Number of files.
    pub object_count: Option<u32>,
    /// Number of joined pictures.
    pub sprite_object_count: Option<u32>,
    /// The files.
    pub object_info: Vec<ObjectInfo>,
    /// The joined pictures.
    pub sprite_object_info: Vec<ObjectInfo>,
}

/// A file that a step of a workflow run has written. Source: Go SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ObjectInfo {
    /// Key.
    pub object_name: Option<String>,
    /// URL.
    pub object_url: Option<String>,
    /// Key of the object it was made of.
    pub input_object_name: Option<String>,
    /// `Success`, or why it failed.
    pub code: Option<String>,
    /// The failure in words.
    pub message: Option<String>,
    /// Words read in a picture.
    pub image_ocr_result: Option<String>,
}
