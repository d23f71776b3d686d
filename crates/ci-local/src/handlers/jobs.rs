//! POST /jobs: read, checked as the service checks, stored, and only then answered.

use axum::body::Body;
use ci_model::{CreateJobRequest, CreateJobResponse, KeyValues, OutputKey, Tag, to_xml};
use http::{Response, StatusCode};
use rusqlite::Connection;

use super::body;
use super::call::Call;
use super::document::read;
use crate::address::is_bucket;
use crate::clock::Millis;
use crate::documents;
use crate::ids;
use crate::objects::{Key, ObjectError};
use crate::reply::{Refusal, xml};
use crate::shared::Shared;
use crate::spec::Spec;
use crate::store::{buckets, jobs as table, queues, templates};

/// A request that has been read and checked as far as it can be without the database.
struct Submission {
    bucket: String,
    region: String,
    input: String,
    queue: Option<String>,
    /// Id, level and work of each operation.
    operations: Vec<(String, u8, Spec)>,
    now: Millis,
    require_open: bool,
}

pub(super) async fn create(call: &Call<'_>, body: &mut Body) -> Result<Response<Body>, Refusal> {
    let shared = call.shared;
    let bucket = call.bucket()?;
    let bytes = body::document(body, &call.head.headers, shared.config.idle_timeout).await?;
    let request: CreateJobRequest = read(&bytes)?;
    let made = submit(shared, bucket, &call.region, &request).await?;
    let details = made.iter().map(documents::job).collect();
    Ok(xml(to_xml(&CreateJobResponse::new(details))))
}

/// Checks and stores the jobs of a request; they are durable when this returns.
pub(crate) async fn submit(
    shared: &Shared,
    bucket: &str,
    region: &str,
    request: &CreateJobRequest,
) -> Result<Vec<table::JobRow>, Refusal> {
    if let Some(violation) = request.violations().first() {
        return Err(Refusal::argument(format!("{violation}.")));
    }
    let submission = check(shared, bucket, region, request)?;
    let made = shared.store.write(move |c| accept(c, submission)).await?;
    shared.metrics.accepted.add(made.len() as u64);
    shared.work.notify_one();
    for job in &made {
        shared.announce(&job.id);
    }
    Ok(made)
}

/// Everything that can be said against a request without asking the database.
fn check(
    shared: &Shared,
    bucket: &str,
    region: &str,
    request: &CreateJobRequest,
) -> Result<Submission, Refusal> {
    let object = request.input.object.as_deref().unwrap_or_default();
    let input = Key::parse(object)?;
    // A look at one folder entry, on this thread: handing it to another costs more than it takes.
    match shared.objects.find(bucket, &input) {
        Ok(_) => {}
        Err(ObjectError::Absent) => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "ResourceNotFound",
                format!("The input object {object:?} does not exist in the bucket {bucket}."),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let now = shared.clock.now();
    let mut operations = Vec::new();
    for operation in &request.operation {
        let tag = request.tag_of(operation);
        if tag != Some(&Tag::SmartCover) {
            let tag = tag.map_or("", Tag::as_str);
            return Err(Refusal::argument(format!(
                "Tag {tag} is not carried out by the local engine, only SmartCover is."
            )));
        }
        let spec = documents::spec(request, operation);
        if !is_bucket(&spec.output.bucket) {
            return Err(Refusal::argument(format!(
                "Output.Bucket {:?} is no name of a bucket.",
                spec.output.bucket
            )));
        }
        let id = shared.ids.job(now);
        // A pattern that gives no usable key fails here rather than after the work.
        Key::parse(&key(&spec, 9, &id, input.as_str()))?;
        let level = operation.job_level.map_or(0, ci_model::JobLevel::get);
        operations.push((id, u8::try_from(level).unwrap_or(0), spec));
    }
    Ok(Submission {
        bucket: bucket.to_owned(),
        region: region.to_owned(),
        input: input.as_str().to_owned(),
        queue: request.queue_id.as_ref().map(ToString::to_string),
        operations,
        now,
        require_open: shared.config.require_open,
    })
}

/// The key of one cover of a job.
pub(crate) fn key(spec: &Spec, number: u32, job: &str, input: &str) -> String {
    let ext = spec.cover().format.unwrap_or_else(|| "jpg".to_owned());
    let values = KeyValues::new()
        .number(number)
        .job_id(job)
        .ext(ext)
        .input(input);
    OutputKey::parse(&spec.output.object).expand(&values)
}

/// The rest of the checks, and the rows; all or none.
fn accept(c: &Connection, submission: Submission) -> Result<Vec<table::JobRow>, Refusal> {
    let Submission {
        bucket,
        region,
        input,
        queue,
        operations,
        now,
        require_open,
    } = submission;
    match buckets::find(c, &bucket)? {
        Some(row) if row.open => {}
        None if !require_open => {
            buckets::open(c, &bucket, &region, now)?;
        }
        _ => return Err(not_open()),
    }
    let queue = match queue {
        None => ids::queue(&bucket, queues::DEFAULT_NAME),
        Some(id) => match queues::find(c, &id)? {
            Some(row) if row.bucket == bucket => id,
            _ => {
                return Err(Refusal::argument(format!(
                    "QueueId {id} is no queue of the bucket {bucket}."
                )));
            }
        },
    };
    let mut made = Vec::with_capacity(operations.len());
    for (id, level, mut spec) in operations {
        if let Some(template) = spec.template_id.clone() {
            let Some(row) = templates::find(c, &bucket, &template)? else {
                return Err(Refusal::argument(format!(
                    "TemplateId {template} is no template of the bucket {bucket}."
                )));
            };
            let several = row.cover.count.unwrap_or(3) > 1;
            if several && !OutputKey::parse(&spec.output.object).has_number() {
                return Err(Refusal::argument(
                    "Output.Object needs ${number}: the template makes several covers.",
                ));
            }
            spec.template_name = Some(row.name);
            spec.template = Some(row.cover);
        }
        let mut job = table::JobRow {
            seq: 0,
            id,
            bucket: bucket.clone(),
            region: region.clone(),
            queue: queue.clone(),
            tag: "SmartCover".to_owned(),
            level,
            state: "Submitted".to_owned(),
            input: input.clone(),
            spec,
            created: now,
            started: None,
            ended: None,
            runs: 0,
            code: "Success".to_owned(),
            message: String::new(),
            covers: Vec::new(),
        };
        job.seq = table::insert(c, &job)?;
        made.push(job);
    }
    Ok(made)
}

/// The words that users of the service have seen when its media side is not open for a bucket.
fn not_open() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "FunctionNotEnabled",
        "Media processing service is not activated for this bucket.",
    )
}
