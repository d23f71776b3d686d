//! The same requests over a blocking HTTP library: no runtime, no `ci-client`.
//!
//! `cargo run -p ci-core --example blocking -- http://127.0.0.1:7717 j1a2b3c4…` asks a local engine about a job.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ci_core::{DescribeJobs, Endpoint, Operation};
use cos_sign::{Credentials, Validity, sign};

/// Builds, signs, sends and reads one call.
pub(crate) fn call<O: Operation>(
    agent: &ureq::Agent,
    endpoint: &Endpoint,
    credentials: &Credentials,
    operation: &O,
) -> Result<O::Output, Box<dyn Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (mut head, body) = operation.request(endpoint)?.into_parts();
    let validity = Validity::starting_at(now, Duration::from_secs(600));
    sign(&head, credentials, validity)?.apply(&mut head.headers);

    let request = http::Request::from_parts(head, body.to_vec());
    let (head, mut body) = agent.run(request)?.into_parts();
    let body = body
        .with_config()
        .limit(O::LARGEST_REPLY as u64)
        .read_to_vec()?;
    Ok(O::response(&head, &Bytes::from(body))?)
}

/// An agent that leaves statuses and redirects to `ci-core`.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What an error came from is its source, and is not repeated in its own text.
            let causes = successors(Some(&*error), |&error| error.source());
            let said: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("{}", said.join(": "));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(base), Some(id)) = (args.next(), args.next()) else {
        return Err("two arguments are needed: an address and the id of a job".into());
    };
    let endpoint = Endpoint::cloud("media-1250000000", "ap-chongqing")?.with_base(&base)?;
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let credentials = Credentials::new(
        var("TENCENTCLOUD_SECRET_ID"),
        var("TENCENTCLOUD_SECRET_KEY"),
    );
    let described = call(
        &agent(),
        &endpoint,
        &credentials,
        &DescribeJobs::one(id.parse()?),
    )?;
    for job in described.jobs_detail {
        println!("{:?} {:?}", job.job_id, job.state);
    }
    for id in described.non_exist_job_ids {
        println!("there is no job {id}");
    }
    Ok(())
}
