//! Receives callbacks in axum: only with the secret in the address, each end once, and believed when the service agrees.
//!
//! `cargo run -p ci-client --features callback-handler --example callbacks`, with the settings of `submit_and_wait`, listens on 127.0.0.1:8080; callbacks go to
//! `http://127.0.0.1:8080/ci?secret=unguessable`.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use ci_client::callbacks::{Duplicates, Handler, Verdict};
use ci_client::model::{JobState, JobsDetail};
use ci_client::{Client, ClientBuilder};

/// The receiver. `on_end` is called with what the service itself says of a job that has ended.
pub(crate) fn app(
    client: Client,
    secret: &str,
    on_end: impl Fn(&JobsDetail) + Send + Sync + 'static,
) -> axum::Router {
    let seen = Arc::new(Mutex::new(Duplicates::default()));
    let on_end = Arc::new(on_end);
    let handler = Handler::new(move |callback| {
        let (client, seen, on_end) = (client.clone(), Arc::clone(&seen), Arc::clone(&on_end));
        async move {
            // The callback is only a hint. What it says is asked of the service, which needs no trust in the sender.
            let Ok(jobs) = client.confirm(&callback).await else {
                return Verdict::Later;
            };
            for job in jobs
                .iter()
                .filter(|job| job.state.as_ref().is_some_and(JobState::is_final))
            {
                let is_new = seen.lock().is_ok_and(|mut seen| seen.is_new(job));
                if is_new {
                    on_end(job);
                }
            }
            Verdict::Taken
        }
    });
    axum::Router::new().route_service("/ci", handler.secret(secret))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
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

async fn run() -> Result<(), Box<dyn Error>> {
    let client = ClientBuilder::from_env()?.build()?;
    let app = app(client, "unguessable", |job| {
        println!("{:?}: {:?}", job.job_id, job.object_names());
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
