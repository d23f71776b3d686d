//! What the console's form does: upload a video, submit a job, show a cover.

use std::sync::Arc;

use axum::body::Body;
use ci_model::{
    CallBack, CoverCount, CoverFormat, CreateJobRequest, InvalidValue, JobLevel, JobOutput,
    OperationRequest, Pixels, SmartCover, TemplateId, UserData,
};
use http::request::Parts;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::is_picture;
use crate::address::is_bucket;
use crate::handlers::{self, body};
use crate::objects::{Key, ObjectError};
use crate::reply::{Refusal, json as reply_json, respond};
use crate::shared::Shared;

/// The largest cover the page is sent.
const MOST_PICTURE_BYTES: u64 = 64 << 20;

/// The form.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Form {
    bucket: String,
    input: String,
    output: String,
    template: String,
    count: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    format: String,
    dedupe: bool,
    user_data: String,
    level: Option<u32>,
    callback: String,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            input: String::new(),
            output: "covers/${jobid}-${number}.${ext}".to_owned(),
            template: String::new(),
            count: None,
            width: None,
            height: None,
            format: "jpg".to_owned(),
            dedupe: false,
            user_data: String::new(),
            level: None,
            callback: String::new(),
        }
    }
}

/// Submits the job as the API would.
pub(super) async fn job(
    shared: &Arc<Shared>,
    head: &Parts,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let bytes = body::document(body, &head.headers, shared.config.idle_timeout).await?;
    let form: Form = serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::argument(format!("The form cannot be read: {error}.")))?;
    if !is_bucket(&form.bucket) {
        return Err(Refusal::argument(
            "Name a bucket: lower-case letters, digits and hyphens.",
        ));
    }
    let region = shared.config.region.clone();
    let request =
        request(&form, &region).map_err(|error| Refusal::argument(format!("{error}.")))?;
    let made = handlers::jobs::submit(shared, &form.bucket, &region, &request).await?;
    let ids: Vec<&str> = made.iter().map(|job| job.id.as_str()).collect();
    Ok(reply_json(&json!({"ids": ids})))
}

fn request(form: &Form, region: &str) -> Result<CreateJobRequest, InvalidValue> {
    let output = JobOutput::new(region, &*form.bucket, &*form.output);
    let mut operation = if form.template.is_empty() {
        let mut cover = SmartCover::new().format(CoverFormat::from(form.format.as_str()));
        cover.count = form.count.map(CoverCount::new).transpose()?;
        cover.width = form.width.map(Pixels::new).transpose()?;
        cover.height = form.height.map(Pixels::new).transpose()?;
        OperationRequest::inline(cover.delete_duplicates(form.dedupe), output)
    } else {
        OperationRequest::by_template(TemplateId::new(&*form.template)?, output)
    };
    if !form.user_data.is_empty() {
        operation = operation.user_data(UserData::new(&*form.user_data)?);
    }
    operation.job_level = form.level.map(JobLevel::new).transpose()?;
    let request = CreateJobRequest::smart_cover(&*form.input, operation);
    Ok(match form.callback.as_str() {
        "" => request,
        callback => request.call_back(CallBack::from(callback)),
    })
}

/// Takes a video from the page into a bucket.
pub(super) async fn upload(
    shared: &Arc<Shared>,
    bucket: &str,
    key: &str,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    if !is_bucket(bucket) {
        return Err(Refusal::argument(
            "Name a bucket: lower-case letters, digits and hyphens.",
        ));
    }
    let key = Key::parse(key)?;
    let stored = handlers::put::store(shared, bucket, &key, body, None, Vec::new()).await?;
    Ok(reply_json(&json!({"md5": stored.md5_hex()})))
}

/// A cover as a picture, whatever its job called its format.
pub(super) async fn picture(
    shared: &Arc<Shared>,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Refusal> {
    let absent = || Refusal::from(ObjectError::Absent);
    if !is_bucket(bucket) {
        return Err(absent());
    }
    let media = is_picture(key).ok_or_else(absent)?;
    let found = shared.objects.find(bucket, &Key::parse(key)?)?;
    if found.size > MOST_PICTURE_BYTES {
        return Err(absent());
    }
    let bytes = tokio::fs::read(&found.path).await?;
    Ok(respond(StatusCode::OK, media, bytes))
}
