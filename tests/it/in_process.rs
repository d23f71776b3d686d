//! The client against the engine's router in one process: real signatures, real media, no socket.

use ci_client::{Cause, Client, Credentials};
use ci_core::GetObject;
use ci_local::LOCAL_SECRET_ID;
use ci_model::{CoverCount, JobState, Pixels, SmartCover};
use ci_tests::data;
use ci_tests::local::{BUCKET, InProcess, REGION, client, engine};
use ci_tests::picture::Picture;

fn covers() -> SmartCover {
    SmartCover::new()
        .count(CoverCount::new(2).expect("in range"))
        .width(Pixels::new(320).expect("in range"))
}

#[tokio::test]
async fn a_video_is_put_a_job_made_and_its_covers_fetched() {
    let engine = engine().await;
    let client = client()
        .transport(InProcess(engine.router()))
        .build()
        .expect("a client");
    let clip = std::fs::read(data("bikes.mp4")).expect("the clip");
    client.put_object("in/bikes.mp4", clip).await.expect("put");
    let head = client
        .head_object("in/bikes.mp4")
        .await
        .expect("head")
        .output;
    assert_eq!(head.content_length, Some(509_868));

    let job = client
        .create_job(covers(), "in/bikes.mp4", "out/${jobid}-${number}.${ext}")
        .await
        .expect("created");
    let done = client.wait(&job.job_id).await.expect("done");
    assert_eq!(done.state, Some(JobState::Success));
    assert!(done.creation_time.is_some() && done.start_time.is_some() && done.end_time.is_some());
    let names = done.object_names();
    assert_eq!(names, [0, 1].map(|n| format!("out/{}-{n}.jpg", job.job_id)));
    for name in names {
        let object = client
            .get_object(GetObject::new(name))
            .await
            .expect("get")
            .output;
        assert_eq!(Picture::decode(&object.bytes).width, 320);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_what_the_server_signed() {
    let engine = engine().await;
    let client = Client::builder(BUCKET, REGION)
        .credentials(Credentials::new(LOCAL_SECRET_ID, "not-the-secret"))
        .transport(InProcess(engine.router()))
        .build()
        .expect("a client");
    let error = client
        .create_job(covers(), "in/a.mp4", "out/${number}.jpg")
        .await
        .expect_err("refused");
    assert_eq!(
        (error.http_status(), error.code()),
        (Some(403), Some("SignatureDoesNotMatch"))
    );
    assert!(
        error.request_id().is_some_and(|id| !id.is_empty()),
        "{error:?}"
    );
    let Cause::Refused(refusal) = error.cause() else {
        panic!("{error:?}")
    };
    let format = refusal.document.format_string.as_deref().expect("the echo");
    assert!(format.starts_with("post\n/jobs\n"), "{format}");
    assert!(
        refusal
            .document
            .string_to_sign
            .as_deref()
            .is_some_and(|text| text.starts_with("sha1\n"))
    );
    assert!(!format!("{error:?} {error}").contains("not-the-secret"));
}

#[tokio::test]
async fn a_job_whose_input_does_not_exist_is_refused_and_an_unknown_id_is_said_to_be_one() {
    let engine = engine().await;
    let client = client()
        .transport(InProcess(engine.router()))
        .build()
        .expect("a client");
    let error = client
        .create_job(covers(), "in/missing.mp4", "out/${number}.jpg")
        .await
        .expect_err("refused");
    assert_eq!(
        (error.http_status(), error.code()),
        (Some(400), Some("ResourceNotFound"))
    );
    let reply = client
        .describe_jobs(["j0".parse().expect("an id")])
        .await
        .expect("described")
        .output;
    assert!(reply.jobs_detail.is_empty());
    assert_eq!(reply.non_exist_job_ids, ["j0"]);
}
