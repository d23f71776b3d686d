//! `kill -9` of the engine in the middle of a job: after a restart the job finishes and its covers are whole.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ci_local::{LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use ci_tests::data;
use ci_tests::picture::Picture;
use ci_tests::tool::{Running, Tool};
use ci_tests::until::until;
use serde_json::Value;

const BUCKET: &str = "media-1250000000";

fn serve(folder: &Path, bin: &Path) -> Running {
    let path = std::env::var("PATH").expect("a PATH");
    let tool = Tool::new(
        folder,
        [
            "serve",
            "--addr",
            "127.0.0.1:0",
            "--data",
            "data",
            "--workers",
            "1",
            "--json",
        ],
    );
    tool.env("PATH", format!("{}:{path}", bin.display()))
        .start()
}

fn cosci(folder: &Path, url: &str, args: &[&str]) -> Value {
    let mut words = args.to_vec();
    words.extend([
        "--json",
        "--endpoint",
        url,
        "--bucket",
        BUCKET,
        "--region",
        "ap-chongqing",
    ]);
    Tool::new(folder, words)
        .env("TENCENTCLOUD_SECRET_ID", LOCAL_SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", LOCAL_SECRET_KEY)
        .run()
        .expect(0)
}

fn url_of(engine: &Running) -> String {
    let ready: Value = serde_json::from_str(&engine.first).expect("JSON");
    assert!(
        ready["console"]
            .as_str()
            .is_some_and(|url| url.ends_with("/_console/")),
        "{ready}"
    );
    ready["url"].as_str().expect("a URL").to_owned()
}

/// A folder with an `ffmpeg` that does nothing for as long as the file `held` lies in it.
///
/// A job that is only long is over before the kill on a machine that is busy enough.
fn held_ffmpeg(folder: &Path) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("a folder");
    let held = bin.join("held");
    fs::write(&held, "").expect("written");
    let script = format!(
        "#!/bin/sh\nwhile [ -e '{}' ]; do sleep 0.05; done\nPATH=${{PATH#*:}} exec ffmpeg \"$@\"\n",
        held.display()
    );
    fs::write(bin.join("ffmpeg"), script).expect("written");
    fs::set_permissions(bin.join("ffmpeg"), fs::Permissions::from_mode(0o755)).expect("set");
    bin
}

#[test]
fn a_job_survives_the_death_of_the_engine_in_its_middle() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let bin = held_ffmpeg(folder);
    let engine = serve(folder, &bin);
    let url = url_of(&engine);
    let bucket = folder.join("data/buckets").join(BUCKET);
    fs::create_dir_all(bucket.join("in")).expect("a folder");
    fs::copy(data("bikes.mp4"), bucket.join("in/long.mp4")).expect("copied");
    let created = cosci(
        folder,
        &url,
        &[
            "jobs",
            "create",
            "--input",
            "in/long.mp4",
            "--output",
            "out/${number}.jpg",
            "--count",
            "3",
        ],
    );
    let job = created["job_id"].as_str().expect("an id").to_owned();
    until("the job to run", || {
        let now = cosci(folder, &url, &["jobs", "get", &job]);
        let state = now["document"]["JobsDetail"][0]["State"]
            .as_str()
            .expect("a state")
            .to_owned();
        assert!(
            ["Submitted", "Running"].contains(&state.as_str()),
            "the job was over too soon: {now}"
        );
        (state == "Running").then_some(())
    });
    engine.kill();
    fs::remove_file(bin.join("held")).expect("removed");
    assert!(
        !bucket.join("out").exists()
            || fs::read_dir(bucket.join("out")).expect("a listing").count() == 0
    );

    let engine = serve(folder, &bin);
    let url = url_of(&engine);
    let done = cosci(folder, &url, &["jobs", "wait", &job, "--interval", "100ms"]);
    let detail = &done["document"]["JobsDetail"][0];
    assert_eq!(detail["State"], "Success", "{done}");
    let files = &detail["Operation"]["MediaResult"]["OutputFile"];
    let mut seen = Vec::new();
    for info in files["Md5Info"].as_array().expect("sums") {
        let name = info["ObjectName"].as_str().expect("a name");
        let bytes = fs::read(bucket.join(name)).expect("a cover");
        assert_eq!(info["Md5"], ci_tests::md5_of(&bytes), "{name} is whole");
        assert_eq!(Picture::decode(&bytes).width, 640);
        seen.push(name.to_owned());
    }
    assert_eq!(seen, ["out/0.jpg", "out/1.jpg", "out/2.jpg"]);
    assert_eq!(
        fs::read_dir(bucket.join("out")).expect("a listing").count(),
        3,
        "nothing half-written is left"
    );
    assert_eq!(engine.terminate(), Some(0), "SIGTERM is a clean end");
}
