//! `cosci jobs`: create, look up, list, cancel, wait.

mod list;

use ci_client::{Client, WaitOptions};
use ci_core::DescribeJobs;
use ci_model::{
    CallBack, CallBackFormat, CreateJobRequest, CreateJobResponse, DescribeJobsResponse, JobOutput,
    JobsDetail, OperationRequest,
};
use serde_json::json;

use super::answer::{Answer, cell, document};
use super::covers::plan::smart_cover;
use crate::args::{Jobs, JobsCancel, JobsCreate, JobsGet, JobsWait, Pace};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

pub(crate) async fn run(command: Jobs, output: Output) -> Result<u8, Failure> {
    match command {
        Jobs::Create(args) => create(*args, output).await,
        Jobs::Get(args) => get(args, output).await,
        Jobs::List(args) => list::list(args, output).await,
        Jobs::Cancel(args) => cancel(args, output).await,
        Jobs::Wait(args) => wait(args, output).await,
    }
}

async fn create(args: JobsCreate, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let created = client.create_job_with(request(&args, &client)).await?;
    let job = if args.wait {
        output::note(&format!("cosci: {} was created", created.job_id));
        client
            .wait_with(&created.job_id, options(&args.pace), |_| {})
            .await?
    } else {
        created.detail
    };
    output.either(
        || {
            json!({
                "request_id": created.request_id,
                "attempts": created.attempts,
                "job_id": created.job_id.as_str(),
                "mark": created.mark,
                "document": document(&CreateJobResponse::new(vec![job.clone()])),
            })
        },
        || {
            if args.wait {
                table(std::slice::from_ref(&job))
            } else {
                format!("{}\n", created.job_id)
            }
        },
    )?;
    Ok(0)
}

fn request(args: &JobsCreate, client: &Client) -> CreateJobRequest {
    let to = JobOutput::new(
        client.endpoint().region(),
        client.endpoint().bucket(),
        &args.output,
    );
    let mut operation = match &args.template {
        Some(template) => OperationRequest::by_template(template.clone(), to),
        None => OperationRequest::inline(smart_cover(&args.options).0, to),
    };
    operation.user_data = args.user_data.clone();
    operation.job_level = args.level;
    let mut request = CreateJobRequest::smart_cover(&args.input, operation);
    request.queue_id = args.queue.clone();
    request.call_back = args.callback.as_deref().map(|to| match to {
        "no" => CallBack::No,
        url => CallBack::Url(url.to_owned()),
    });
    request.call_back_format = args.callback_format.as_deref().map(|format| {
        if format.eq_ignore_ascii_case("json") {
            CallBackFormat::Json
        } else {
            CallBackFormat::Xml
        }
    });
    request
}

async fn get(args: JobsGet, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.send(DescribeJobs::many(args.ids)).await?;
    let found = &reply.output.jobs_detail;
    let missing = &reply.output.non_exist_job_ids;
    Answer::of(&reply).print_found(output, "job", found.len(), missing, || table(found))
}

/// The service answers with nothing, so the document is empty.
async fn cancel(args: JobsCancel, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.cancel_job(&args.id).await?;
    Answer::with(&reply, json!({})).print(output, || format!("{}\n", args.id))
}

/// Several jobs answer with one document; the exit code is that of the first failure.
///
/// A wait is many calls, so there is no one request id and no one count of attempts to tell.
async fn wait(args: JobsWait, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let outcomes = client
        .wait_many(&args.ids, options(&args.pace), |_| {})
        .await;
    let mut first = None;
    let mut jobs = Vec::new();
    let mut unknown = Vec::new();
    for (id, outcome) in args.ids.iter().zip(outcomes) {
        match outcome {
            Ok(job) => jobs.push(job),
            Err(error) => {
                jobs.extend(error.job().cloned());
                if error.job().is_none() {
                    unknown.push(id.to_string());
                }
                let failure = Failure::from(error);
                if args.ids.len() > 1 {
                    output::note(&format!("cosci: {failure}"));
                }
                first.get_or_insert(failure);
            }
        }
    }
    match first {
        Some(failure) if args.ids.len() == 1 => Err(failure),
        first => {
            let document = document(&DescribeJobsResponse::new(jobs.clone(), unknown));
            output.either(
                || json!({ "request_id": null, "attempts": null, "document": document }),
                || table(&jobs),
            )?;
            Ok(first.map_or(0, |failure| failure.kind.exit()))
        }
    }
}

pub(super) fn options(pace: &Pace) -> WaitOptions {
    let mut options = WaitOptions::default();
    if let Some(interval) = pace.interval {
        options = options.interval(interval).longest(interval);
    }
    options.limit = pace.wait_timeout;
    options
}

fn table(jobs: &[JobsDetail]) -> String {
    let mut rows = vec![
        ["JOB", "STATE", "CREATED", "OUTPUT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for job in jobs {
        let names = job.object_names();
        let reason = [job.code.as_deref(), job.message.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": ");
        let state = job.state.as_ref().map_or("-", |state| state.as_str());
        rows.push(vec![
            cell(job.job_id.as_ref()),
            state.to_owned(),
            cell(job.creation_time.as_ref()),
            match names {
                [] if state == "Failed" => reason,
                [] => "-".to_owned(),
                names => names.join(" "),
            },
        ]);
    }
    output::table(&rows)
}
