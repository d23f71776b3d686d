//! Objects and jobs through the tool against `cosci serve`.

use std::fs;

use ci_tests::data;
use ci_tests::served::Served;
use ci_tests::tool::Tool;
use serde_json::Value;

#[test]
fn a_video_goes_in_and_covers_come_out() {
    let engine = Served::start(&[]);
    let clip = data("bikes.mp4");
    let put = engine
        .run(&[
            "objects",
            "put",
            clip.to_str().expect("plain"),
            "in/bikes.mp4",
        ])
        .expect(0);
    assert_eq!(
        (&put["attempts"], &put["document"]["Key"]),
        (&1.into(), &"in/bikes.mp4".into())
    );
    assert!(put["request_id"].is_string(), "{put}");

    let create = [
        "jobs",
        "create",
        "--input",
        "in/bikes.mp4",
        "--output",
        "out/${number}.png",
        "--format",
        "png",
    ];
    let created = engine.run(&create).expect(0);
    let job = created["job_id"].as_str().expect("an id");
    assert!(
        created["mark"].is_string() && created["document"]["JobsDetail"].is_array(),
        "{created}"
    );
    assert_eq!(created["document"]["JobsDetail"][0]["JobId"], job);

    let done = engine
        .run(&["jobs", "wait", job, "--interval", "50ms"])
        .expect(0);
    let names =
        &done["document"]["JobsDetail"][0]["Operation"]["MediaResult"]["OutputFile"]["ObjectName"];
    assert_eq!(
        names,
        &serde_json::json!(["out/0.png", "out/1.png", "out/2.png"]),
        "three is the default"
    );
    let get = engine
        .run(&["objects", "get", "out/0.png", "first.png"])
        .expect(0);
    assert!(
        get["document"]["Size"]
            .as_u64()
            .is_some_and(|size| size > 1000),
        "{get}"
    );
    assert!(
        fs::read(engine.path().join("first.png"))
            .expect("a file")
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn user_data_of_the_callers_own_comes_back_and_leaves_no_mark() {
    let engine = Served::start(&[]);
    let clip = data("bikes.mp4");
    let _ = engine
        .run(&["objects", "put", clip.to_str().expect("plain"), "a.mp4"])
        .expect(0);
    let created = engine
        .run(&[
            "jobs",
            "create",
            "--input",
            "a.mp4",
            "--output",
            "${number}.jpg",
            "--count",
            "1",
            "--user-data",
            "order 17",
            "--level",
            "2",
            "--wait",
            "--interval",
            "50ms",
        ])
        .expect(0);
    assert_eq!(created["mark"], Value::Null);
    let operation = &created["document"]["JobsDetail"][0]["Operation"];
    assert_eq!(
        (&operation["UserData"], &operation["JobLevel"]),
        (&"order 17".into(), &2.into())
    );
    assert_eq!(created["document"]["JobsDetail"][0]["State"], "Success");
}

#[test]
fn a_job_that_fails_ends_the_wait_with_5_and_its_reason() {
    let engine = Served::start(&[]);
    let _ = engine
        .tool(["objects", "put", "-", "text.mp4", "--json"])
        .stdin("just text")
        .run()
        .expect(0);
    let ran = engine.run(&[
        "jobs",
        "create",
        "--input",
        "text.mp4",
        "--output",
        "${number}.jpg",
        "--wait",
        "--interval",
        "50ms",
    ]);
    let error = ran.expect_error(5);
    assert_eq!(error["kind"], "job_failed");
    assert!(
        error["code"].as_str().is_some_and(|code| !code.is_empty()),
        "{error}"
    );
}

#[test]
fn what_does_not_exist_and_who_may_not_have_their_exit_codes() {
    let engine = Served::start(&[]);
    for args in [
        &["jobs", "get", "j0"][..],
        &["jobs", "wait", "j0"],
        &["objects", "get", "none", "file"],
    ] {
        let ran = engine.run(args);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert_eq!(ran.expect_error(4)["kind"], "not_found");
    }
    let error = engine
        .run(&[
            "jobs",
            "create",
            "--input",
            "none.mp4",
            "--output",
            "${number}.jpg",
        ])
        .expect_error(2);
    assert_eq!(
        (&error["code"], &error["http_status"]),
        (&"ResourceNotFound".into(), &400.into())
    );

    let wrong = engine
        .tool(["jobs", "get", "j0", "--json"])
        .env("TENCENTCLOUD_SECRET_ID", ci_local::LOCAL_SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", "another")
        .run();
    assert_eq!(wrong.stderr.lines().count(), 1, "{wrong:?}");
    let error = wrong.expect_error(3);
    assert_eq!(
        (&error["code"], &error["http_status"]),
        (&"SignatureDoesNotMatch".into(), &403.into())
    );
    let details = error["details"].as_array().expect("what the server signed");
    assert!(
        details
            .iter()
            .any(|line| line.as_str().is_some_and(|line| line.contains("/jobs/j0"))),
        "{error}"
    );
    assert!(!fs::exists(engine.path().join("file")).expect("a look"));
}

#[test]
fn nobody_there_is_7() {
    let folder = tempfile::tempdir().expect("a folder");
    // A port that was free a moment ago; nobody listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let ran = Tool::new(
        folder.path(),
        ["jobs", "get", "j0", "--json", "--retries", "0"],
    )
    .env("COSCI_ENDPOINT", format!("http://{free}"))
    .env("COSCI_BUCKET", "media-1250000000")
    .env("TENCENTCLOUD_REGION", "ap-chongqing")
    .run();
    assert_eq!(ran.expect_error(7)["kind"], "network");
}

#[test]
fn an_engine_that_others_can_reach_demands_a_pair() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(
        folder.path(),
        ["serve", "--addr", "0.0.0.0:0", "--ephemeral", "--json"],
    )
    .run();
    assert!(
        ran.expect_error(2)["message"]
            .as_str()
            .is_some_and(|m| m.contains("--secret-id"))
    );
}

#[test]
fn two_engines_do_not_share_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Tool::new(
        folder.path(),
        ["serve", "--addr", "127.0.0.1:0", "--data", "d"],
    )
    .start();
    let second = Tool::new(
        folder.path(),
        ["serve", "--addr", "127.0.0.1:0", "--data", "d", "--json"],
    )
    .run();
    assert!(
        second.expect_error(1)["message"]
            .as_str()
            .is_some_and(|m| m.contains("another engine"))
    );
    assert_eq!(first.terminate(), Some(0));
}
