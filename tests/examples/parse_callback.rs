//! Callbacks in a program that has neither axum nor a client: bytes come in, whatever brings them, and keys come out.
//!
//! `cargo run -p ci-tests --example parse_callback < callback.json`. Of this repository it needs `ci-model` alone.

use std::error::Error;
use std::io::Read;
use std::iter::successors;
use std::process::ExitCode;

use ci_model::callback::{self, Event};
use ci_model::{JobState, ReadError};

/// What this program wants to know of a callback.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The keys of the covers of a job.
    Covers { job: String, keys: Vec<String> },
    /// A job that failed, and what the service says about it.
    Failed { job: String, why: String },
    /// Something else, such as the end of a workflow.
    Other,
}

/// Reads the body of a request. The content type may be absent or wrong: the body says what it is.
pub(crate) fn news(content_type: Option<&str>, body: &[u8]) -> Result<Vec<News>, ReadError> {
    let callback = callback::parse(content_type, body)?;
    let Event::TaskFinish(jobs) = callback.event() else {
        return Ok(vec![News::Other]);
    };
    Ok(jobs
        .iter()
        .map(|job| {
            let id = job.job_id.as_ref().map(ToString::to_string);
            let id = id.unwrap_or_default();
            match &job.state {
                Some(JobState::Success) => News::Covers {
                    job: id,
                    keys: job.object_names().to_vec(),
                },
                _ => News::Failed {
                    job: id,
                    why: job.message.clone().unwrap_or_default(),
                },
            }
        })
        .collect())
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
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    for news in news(None, &body)? {
        println!("{news:?}");
    }
    Ok(())
}
