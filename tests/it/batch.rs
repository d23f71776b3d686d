//! `cosci batch`: lines in, lines out, and one job for each input however often the tool is killed.

mod killed;

use std::collections::BTreeSet;
use std::fs;

use ci_tests::served::Served;
use ci_tests::tool::Ran;
use serde_json::Value;

fn engine() -> Served {
    let engine = Served::start(&["--media", "synthetic"]);
    let _ = engine
        .tool(["objects", "put", "-", "in.mp4", "--json"])
        .stdin("a video")
        .run()
        .expect(0);
    engine
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is a document"))
        .collect()
}

fn job(number: usize) -> String {
    format!(r#"{{"input":"in.mp4","output":"out/{number}-${{number}}.png","count":1}}"#)
}

fn count_jobs(engine: &Served) -> usize {
    let listed = engine.run(&["jobs", "list", "--limit", "100000"]).expect(0);
    let jobs = listed["document"]["JobsDetail"].as_array();
    let ids: BTreeSet<_> = jobs
        .into_iter()
        .flatten()
        .map(|job| &job["JobId"])
        .map(Value::to_string)
        .collect();
    assert_eq!(ids.len(), jobs.map_or(0, Vec::len));
    ids.len()
}

#[test]
fn each_line_ends_once_and_a_bad_one_is_named_by_its_number() {
    let engine = engine();
    let missing = r#"{"input":"none.mp4","output":"x-${number}.png"}"#;
    let text = format!("{}\n\n{{\"cuont\":1}}\n{missing}\n{}", job(1), job(5));
    fs::write(engine.path().join("many.jsonl"), text).expect("written");
    let args = ["batch", "many.jsonl", "--interval", "50ms"];
    let ran = engine.run(&args);
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    let mut told = lines(&ran);
    told.sort_by_key(|line| line["line"].as_u64());
    let numbers: Vec<_> = told.iter().map(|line| line["line"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(3), Some(4), Some(5)]);
    assert_eq!(told[0]["state"], "Success");
    assert_eq!(told[0]["objects"], serde_json::json!(["out/1-0.png"]));
    assert!(told[0]["job_id"].is_string() && told[0].get("error").is_none());
    let message = told[1]["error"]["message"].as_str().expect("a message");
    assert!(
        message.contains("line 3") && message.contains("cuont"),
        "{message}"
    );
    assert_eq!(told[2]["error"]["kind"], "bad_input");
    assert!(
        ran.stderr
            .contains("2 succeeded, 1 failed, 1 lines refused"),
        "{ran:?}"
    );

    // The journal stands beside the file: nothing is submitted again, and what was bad is still bad.
    assert!(engine.path().join("many.jsonl.journal").is_file());
    let again = engine.run(&args);
    assert_eq!((again.exit, lines(&again).len()), (Some(2), 1), "{again:?}");
    assert!(
        again.stderr.contains("3 ended in an earlier run"),
        "{again:?}"
    );
    assert_eq!(count_jobs(&engine), 2);
}

#[test]
fn stdin_is_read_and_a_missing_file_is_bad_input() {
    let engine = engine();
    let ran = engine
        .tool(["batch", "-", "--journal", "j", "--interval", "50ms"])
        .stdin(job(1))
        .run();
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert_eq!(lines(&ran)[0]["state"], "Success");
    assert!(engine.path().join("j").is_file());
    let error = engine.run(&["batch", "none.jsonl"]).expect_error(2);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("none.jsonl"))
    );
    // Another list under the same journal would be taken for the old one.
    let changed = engine
        .tool(["batch", "-", "--journal", "j", "--json"])
        .stdin(job(2))
        .run()
        .expect_error(2);
    assert!(
        changed["message"]
            .as_str()
            .is_some_and(|text| text.contains("another journal"))
    );
}

#[test]
fn a_batch_that_is_asked_to_stop_ends_with_130_and_goes_on_later() {
    let engine = engine();
    fs::write(
        engine.path().join("slow.jsonl"),
        (0..50).map(|n| job(n) + "\n").collect::<String>(),
    )
    .expect("written");
    let slow = ["batch", "slow.jsonl", "--rate", "2", "--interval", "50ms"];
    let running = engine.tool(slow).start();
    assert!(running.first.contains("\"job_id\""), "{}", running.first);
    assert_eq!(running.terminate(), Some(130));
    let ran = engine.run(&["batch", "slow.jsonl", "--interval", "50ms"]);
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert_eq!(count_jobs(&engine), 50);
}

#[test]
fn lines_from_a_pipe_are_submitted_as_they_come() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    let engine = engine();
    let mut child = Command::new(ci_tests::tool::binary())
        .args(["batch", "-", "--json", "--interval", "50ms"])
        .current_dir(engine.path())
        .env("HOME", engine.path())
        .env("COSCI_ENDPOINT", engine.url())
        .env("COSCI_BUCKET", ci_tests::local::BUCKET)
        .env("TENCENTCLOUD_REGION", ci_tests::local::REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tool starts");
    let mut lines_in = child.stdin.take().expect("a pipe");
    let mut lines_out = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    for number in 1..=3 {
        writeln!(lines_in, "{}", job(number)).expect("written");
        // The pipe stays open: what is told here was not waiting for its end.
        let line = lines_out.next().expect("a line").expect("text");
        let told: Value = serde_json::from_str(&line).expect("a document");
        assert_eq!(
            (&told["line"], &told["state"]),
            (&number.into(), &"Success".into())
        );
    }
    drop(lines_in);
    assert!(child.wait().expect("ended").success());
}
