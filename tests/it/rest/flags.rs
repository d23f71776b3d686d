//! Profiles, flags of `cosci serve`, logs and completions.

use std::fs;
use std::path::Path;

use ci_tests::tool::Tool;
use serde_json::json;

use super::{Engine, ids};
use ci_tests::local::BUCKET;

#[test]
fn a_profile_gives_pair_and_region_and_the_environment_wins_over_it() {
    let engine = Engine::start(&["--secret-id", "own", "--secret-key", "ownsecret"]);
    let home = engine.path();
    write_profile(home, "work", "own", "ownsecret");
    let list = |profile: &str| {
        Tool::new(home, ["buckets", "list", "--json", "--profile", profile])
            .env("COSCI_ENDPOINT", engine.url())
    };
    let _ = list("work").run().expect(0);
    let wrong = list("work")
        .env("TENCENTCLOUD_SECRET_ID", "own")
        .env("TENCENTCLOUD_SECRET_KEY", "another");
    assert_eq!(wrong.run().expect_error(3)["code"], "SignatureDoesNotMatch");
    // One that is not there is said, and nobody else's pair is used.
    let error = list("play")
        .env("TENCENTCLOUD_REGION", "ap-chongqing")
        .run()
        .expect_error(3);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|said| said.contains("play.credential")),
        "{error}"
    );
}

fn write_profile(home: &Path, name: &str, id: &str, key: &str) {
    let folder = home.join(".tccli");
    fs::create_dir_all(&folder).expect("a folder");
    let pair = json!({ "secretId": id, "secretKey": key }).to_string();
    fs::write(folder.join(format!("{name}.credential")), pair).expect("a file");
    let region = json!({ "_sys_param": { "region": "ap-chongqing" } }).to_string();
    fs::write(folder.join(format!("{name}.configure")), region).expect("a file");
}

#[test]
fn an_engine_that_wants_buckets_opened_says_so() {
    let engine = Engine::start(&["--require-open"]);
    engine.put("a.mp4");
    let create = [
        "jobs",
        "create",
        "--input",
        "a.mp4",
        "--output",
        "${number}.jpg",
    ];
    assert_eq!(
        engine.run(&create).expect_error(3)["code"],
        "FunctionNotEnabled"
    );
    assert!(
        ids(
            &engine.run(&["buckets", "list"]),
            "MediaBucketList",
            "BucketId"
        )
        .is_empty()
    );

    let opened = engine.run(&["buckets", "open"]).expect(0);
    assert_eq!(opened["document"]["MediaBucket"]["BucketId"], BUCKET);
    let listed = engine.run(&["buckets", "list"]);
    assert_eq!(ids(&listed, "MediaBucketList", "BucketId"), [BUCKET]);
    let _ = engine.run(&create).expect(0);
    let tables = |words: [&str; 2]| engine.tool(words).run();
    let ran = tables(["buckets", "open"]);
    assert!(
        ran.exit == Some(0) && ran.stdout.starts_with("BUCKET") && ran.stdout.contains(BUCKET),
        "{ran:?}"
    );
    let ran = tables(["buckets", "close"]);
    assert_eq!(
        (ran.exit, ran.stdout.as_str()),
        (Some(0), format!("{BUCKET} is closed\n").as_str())
    );
    assert_eq!(
        engine.run(&create).expect_error(3)["code"],
        "FunctionNotEnabled"
    );
}

#[test]
fn the_control_interface_is_there_when_asked_for_and_its_key_needs_it() {
    for (flags, status) in [
        (&[][..], 404),
        (&["--control"], 200),
        (&["--control", "--control-key", "k"], 403),
    ] {
        let engine = Engine::start(flags);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let answer = agent.get(format!("{}/_engine/state", engine.url())).call();
        assert_eq!(answer.expect("an answer").status(), status, "{flags:?}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["serve", "--control-key", "k", "--json"]).run();
    assert_eq!(ran.expect_error(2)["kind"], "usage");
}

#[test]
fn verbose_logs_go_to_stderr_and_hold_no_secret() {
    let engine = Engine::start(&[]);
    let ran = engine.tool(["jobs", "get", "j0", "--json", "-vv"]).run();
    assert!(
        ran.stderr.contains("DescribeJobs") && ran.stderr.contains("ci_client"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains(ci_local::LOCAL_SECRET_KEY), "{ran:?}");
    assert!(!ran.stderr.contains("q-signature"), "{ran:?}");
    assert_eq!(ran.expect_error(4)["kind"], "not_found");
}

#[test]
fn completions_name_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Tool::new(folder.path(), ["completions", shell]).run();
        assert_eq!(ran.exit, Some(0), "{ran:?}");
        for word in ["covers", "templates", "queues", "completions"] {
            assert!(ran.stdout.contains(word), "{shell}: {word}");
        }
    }
    let both = Tool::new(folder.path(), ["completions", "zsh", "--json"])
        .run()
        .expect(0);
    assert_eq!(both["shell"], "zsh");
    let ran = Tool::new(folder.path(), ["completions", "csh", "--json"]).run();
    assert_eq!(ran.expect_error(2)["kind"], "usage");
}
