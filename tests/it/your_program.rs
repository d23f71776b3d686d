//! Tests of a program that makes covers. The whole file stands in `docs/testing-your-program.md`.

use std::error::Error;
use std::sync::Arc;

use ci_client::{Client, Credentials};
use ci_local::{
    Config, Effect, Engine, Fault, JobProfile, LOCAL_SECRET_ID, LOCAL_SECRET_KEY, Media,
};
use ci_model::SmartCover;
use tokio::net::TcpListener;

/// The program under test: all it knows is a client.
async fn covers_of(client: &Client, video: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let job = client
        .create_job(SmartCover::new(), video, "covers/${number}.jpg")
        .await?;
    let done = client.wait(&job.job_id).await?;
    Ok(done.object_names().to_vec())
}

/// An engine of one test: nothing is shared, so tests run side by side.
async fn engine() -> Result<(Arc<Engine>, Client), Box<dyn Error>> {
    // Plain pictures need no ffmpeg; an instant job has ended when it is first asked about.
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .profile(JobProfile::Instant);
    let engine = Arc::new(Engine::start(config).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .credentials(Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY))
        .endpoint(format!("http://{}", listener.local_addr()?))
        .build()?;
    let served = Arc::clone(&engine);
    tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    client.put_object("in/a.mp4", "any bytes").await?;
    Ok((engine, client))
}

#[tokio::test]
async fn three_covers_are_made() -> Result<(), Box<dyn Error>> {
    let (_engine, client) = engine().await?;
    let covers = covers_of(&client, "in/a.mp4").await?;
    assert_eq!(covers, ["covers/0.jpg", "covers/1.jpg", "covers/2.jpg"]);
    Ok(())
}

#[tokio::test]
async fn a_job_whose_answer_is_lost_is_made_once() -> Result<(), Box<dyn Error>> {
    let (engine, client) = engine().await?;
    let lost = Fault::new(Effect::LoseAnswer).operation("CreateJob").nth(1);
    engine.add_fault(lost)?;
    assert_eq!(covers_of(&client, "in/a.mp4").await?.len(), 3);
    let jobs = engine.jobs(10).await?;
    assert_eq!(jobs.matches(r#""tag":"SmartCover""#).count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_busy_service_is_asked_again() -> Result<(), Box<dyn Error>> {
    let (engine, client) = engine().await?;
    let busy = Effect::Refuse {
        status: 503,
        code: "SlowDown".to_owned(),
        message: "later".to_owned(),
    };
    engine.add_fault(Fault::new(busy).times(2))?;
    assert_eq!(covers_of(&client, "in/a.mp4").await?.len(), 3);
    assert_eq!(engine.requests(10).matches("SlowDown").count(), 2);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_job_is_an_error() -> Result<(), Box<dyn Error>> {
    let (engine, client) = engine().await?;
    engine.set_profile(JobProfile::Polls(1));
    let mut news = engine.news();
    let made = covers_of(&client, "in/a.mp4");
    let stop = async {
        let job = news.recv().await?;
        engine.stop_job(&job).await?;
        Ok::<_, Box<dyn Error>>(())
    };
    let (made, stopped) = tokio::join!(made, stop);
    stopped?;
    assert!(made.is_err(), "{made:?}");
    Ok(())
}
