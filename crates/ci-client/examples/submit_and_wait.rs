//! A whole job: video in, covers out.
//!
//! `cargo run -p ci-client --example submit_and_wait -- clip.mp4` with `COSCI_BUCKET` and `TENCENTCLOUD_REGION` in the
//! environment, and either `COSCI_ENDPOINT` for a local engine or the key pair of an account.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;

use ci_client::model::{CoverCount, SmartCover};
use ci_client::{Client, ClientBuilder, WaitOptions};

/// Brings a video into the bucket, has covers made of it, and fetches them; their keys and bytes.
pub(crate) async fn covers(
    client: &Client,
    video: Vec<u8>,
) -> Result<Vec<(String, Vec<u8>)>, Box<dyn Error>> {
    client.put_object("input/example.mp4", video).await?;
    let settings = SmartCover::new().count(CoverCount::new(3)?);
    let job = client
        .create_job(
            settings,
            "input/example.mp4",
            "covers/example-${number}.jpg",
        )
        .await?;
    eprintln!("job {} (request id {:?})", job.job_id, job.request_id);
    let done = client
        .wait_with(&job.job_id, WaitOptions::default(), |seen| {
            eprintln!("{:?} after {:?}", seen.job.state, seen.waited);
        })
        .await?;
    let mut covers = Vec::new();
    for key in done.object_names() {
        let cover = client.get_object(key).await?.output;
        covers.push((key.clone(), cover.bytes.to_vec()));
    }
    Ok(covers)
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
    let file = std::env::args().nth(1).ok_or("a video is needed")?;
    let video = std::fs::read(&file).map_err(|why| format!("{file}: {why}"))?;
    let client = ClientBuilder::from_env()?.build()?;
    for (key, bytes) in covers(&client, video).await? {
        println!("{key}: {} bytes", bytes.len());
    }
    Ok(())
}
