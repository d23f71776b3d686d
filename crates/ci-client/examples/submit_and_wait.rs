//! A whole job: video in, covers out.
//!
//! `cargo run -p ci-client --example submit_and_wait -- http://127.0.0.1:7717 clip.mp4` against a local engine, with its secret id
//! and key in `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`.

use std::error::Error;

use ci_client::core::GetObject;
use ci_client::model::{CoverCount, SmartCover};
use ci_client::{Client, WaitOptions};

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
        let cover = client
            .get_object(GetObject::new(key.as_str()))
            .await?
            .output;
        covers.push((key.clone(), cover.bytes.to_vec()));
    }
    Ok(covers)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(base), Some(file)) = (args.next(), args.next()) else {
        return Err("two arguments are needed: an address and a video".into());
    };
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(base)
        .build()?;
    for (key, bytes) in covers(&client, std::fs::read(file)?).await? {
        println!("{key}: {} bytes", bytes.len());
    }
    Ok(())
}
