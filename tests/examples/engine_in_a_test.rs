//! The engine in an integration test: a program that submits jobs, tested without an account and without a port.
//!
//! `covers_of` stands for the program under test; all it knows is a client. The tests of this repository run the
//! `main` below, which is what a `#[tokio::test]` of yours would hold.

use std::error::Error;

use axum::body::Body;
use bytes::Bytes;
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, Credentials};
use ci_local::{Config, Engine, JobProfile, LOCAL_SECRET_ID, LOCAL_SECRET_KEY, Media};
use ci_model::SmartCover;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// The program under test.
async fn covers_of(client: &Client, video: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let job = client
        .create_job(SmartCover::new(), video, "covers/${number}.jpg")
        .await?;
    let done = client.wait(&job.job_id).await?;
    Ok(done.object_names().to_vec())
}

/// Carries requests into the engine of the same process.
#[derive(Debug)]
struct InProcess(axum::Router);

impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let service = self.0.clone();
        let answer = service.oneshot(request.map(Body::from)).await;
        let (head, body) = answer.map_err(TransportError::not_sent)?.into_parts();
        let body = body.collect().await.map_err(TransportError::maybe_sent)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    // Synthetic pictures need no ffmpeg, and an instant job has ended when it is first asked about.
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .profile(JobProfile::Instant);
    let engine = Engine::start(config).await?;
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY))
        .transport(InProcess(engine.router()))
        .build()?;
    client.put_object("in/a.mp4", "no video at all").await?;

    let covers = covers_of(&client, "in/a.mp4").await?;
    assert_eq!(covers, ["covers/0.jpg", "covers/1.jpg", "covers/2.jpg"]);

    engine.shutdown().await;
    println!("{covers:?}");
    Ok(())
}
