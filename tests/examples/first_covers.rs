//! The program of the README: covers of a video that is in the bucket.
//!
//! `cargo run -p ci-tests --example first_covers`, with bucket, region and endpoint in the environment.

use ci_client::ClientBuilder;
use ci_client::model::{CoverCount, SmartCover};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = ClientBuilder::from_env()?.build()?;
    let covers = SmartCover::new().count(CoverCount::new(5)?);
    let output = "first/${number}.jpg";
    let job = client.create_job(covers, "in/holiday.mp4", output).await?;
    for key in client.wait(&job.job_id).await?.object_names() {
        println!("{key}");
    }
    Ok(())
}
