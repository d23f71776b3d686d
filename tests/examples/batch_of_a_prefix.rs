//! Covers for every video below a prefix, and a link to each cover that anybody can open for an hour.
//!
//! `cargo run -p ci-tests --example batch_of_a_prefix -- in/ journal.jsonl` with the settings of the tool in the
//! environment: `COSCI_BUCKET`, `TENCENTCLOUD_REGION`, a key pair, and `COSCI_ENDPOINT` for a local engine.
//! Killed and started again, it goes on where it was: the journal knows what has been submitted.

use std::error::Error;
use std::iter::successors;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ci_client::batch::{BatchItem, BatchOptions, Journal};
use ci_client::core::ListObjects;
use ci_client::model::{CoverCount, CreateJobRequest, JobOutput, OperationRequest, SmartCover};
use ci_client::{Client, ClientBuilder};
use cos_sign::Presigned;

/// Makes the covers and gives their links.
pub(crate) async fn links(
    client: &Client,
    prefix: &str,
    journal: &Path,
) -> Result<Vec<Presigned>, Box<dyn Error>> {
    let place = client.endpoint();
    // In the order of their names, so that a line of the journal means the same video in every run.
    let mut videos = client.all_objects(ListObjects::new().prefix(prefix));
    let mut items = Vec::new();
    while let Some(video) = videos.next().await? {
        let key = format!("covers/{}-${{number}}.jpg", video.key);
        let output = JobOutput::new(place.region(), place.bucket(), key);
        let settings = SmartCover::new().count(CoverCount::new(2)?);
        let operation = OperationRequest::inline(settings, output);
        let request = CreateJobRequest::smart_cover(video.key, operation);
        items.push(BatchItem::new(items.len() as u64, request));
    }

    let journal = Journal::open(journal)?;
    let mut covers = Vec::new();
    let options = BatchOptions::default();
    let summary = client
        .batch(items, &journal, options, |end| match end.result {
            Ok(job) => covers.extend_from_slice(job.object_names()),
            Err(why) => eprintln!("{}: {why}", end.input),
        })
        .await?;
    eprintln!("{} done, {} failed", summary.succeeded, summary.failed);

    let mut links = Vec::new();
    for cover in covers {
        links.push(
            client
                .presign_get(&cover, Duration::from_secs(3600))
                .await?,
        );
    }
    Ok(links)
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
    let mut args = std::env::args().skip(1);
    let (Some(prefix), Some(journal)) = (args.next(), args.next()) else {
        return Err("two arguments are needed: a prefix and a file for the journal".into());
    };
    // The service, or with `COSCI_ENDPOINT` a local engine.
    let client = ClientBuilder::from_env()?.build()?;
    for link in links(&client, &prefix, Path::new(&journal)).await? {
        // On the service a link is all. An engine at an address of its own is told by a header which bucket is meant.
        for (name, value) in &link.headers {
            print!("{name}: {} ", value.to_str()?);
        }
        println!("{}", link.uri);
    }
    Ok(())
}
