//! The client against the engine over loopback TCP with TLS: rustls on both sides, a certificate made here.

use ci_client::Client;
use ci_model::{CoverCount, JobState, SmartCover};
use ci_tests::data;
use ci_tests::local::{client, engine};
use ci_tests::tls::serve;

fn over(url: &str, root: Option<&str>) -> Client {
    let builder = client()
        .endpoint(url)
        .retries(0)
        .proxy(ci_client::transport::Proxy::none());
    match root {
        Some(pem) => builder.extra_root(pem).build().expect("a client"),
        None => builder.build().expect("a client"),
    }
}

#[tokio::test]
async fn a_job_runs_over_tls_with_a_root_of_ones_own() {
    let engine = engine().await;
    let (url, pem, task) = serve(engine.router()).await;
    let client = over(&url, Some(&pem));
    client
        .put_file("in/bikes.mp4", data("bikes.mp4"))
        .await
        .expect("put");
    let covers = SmartCover::new().count(CoverCount::new(1).expect("in range"));
    let job = client
        .create_job(covers, "in/bikes.mp4", "out/${number}.jpg")
        .await
        .expect("created");
    let done = client.wait(&job.job_id).await.expect("done");
    assert_eq!(
        (done.state.as_ref(), done.object_names()),
        (Some(&JobState::Success), &["out/0.jpg".to_owned()][..])
    );
    task.abort();
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let engine = engine().await;
    let (url, _, task) = serve(engine.router()).await;
    let error = over(&url, None)
        .describe_jobs(["j0".parse().expect("an id")])
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), "network");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(text.to_lowercase().contains("certificate"), "{text}");
    task.abort();
}
