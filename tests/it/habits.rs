//! What a script relies on whatever the command: time-outs, pipes that close, no colour, a home that cannot be written.

use std::net::TcpListener;
use std::process::{Command, Output};

use ci_tests::data;
use ci_tests::tool::{Tool, binary};

fn bash(line: &str, set: &[(&str, &str)]) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).env("COSCI", binary());
    bash.env_remove("NO_COLOR").env("TERM", "xterm");
    bash.envs(set.iter().copied());
    bash.output().expect("bash starts")
}

#[test]
fn a_server_that_never_answers_is_6_within_the_time_of_the_call() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    for command in [
        &["objects", "list"][..],
        &["jobs", "list"],
        &["queues", "list"],
    ] {
        let words = [command, &["--timeout", "300ms", "--json"]].concat();
        let ran = Tool::new(folder.path(), words)
            .env("COSCI_ENDPOINT", &url)
            .env("COSCI_BUCKET", "media-1250000000")
            .env("TENCENTCLOUD_REGION", "ap-chongqing")
            .run();
        assert_eq!(ran.expect_error(6)["kind"], "timed_out", "{command:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    // More than a pipe holds, so that the tool is still writing when its reader has gone.
    let line = "set -o pipefail; for n in 1 2 3; do \"$COSCI\" completions zsh; done | head -c 1";
    let ran = bash(line, &[]);
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!((ran.stdout.len(), ran.stderr.len()), (1, 0), "{ran:?}");
}

#[test]
fn colour_is_for_terminals_and_not_even_there_with_no_color() {
    // Log lines are what has colours; nobody listens on port 9.
    let tool = "\"$COSCI\" -vv objects list --endpoint http://127.0.0.1:9 --retries 0 \
                --bucket media-1250000000 --region ap-chongqing";
    let terminal = format!("script -qec '{tool}' /dev/null");
    let coloured = |ran: &Output| ran.stdout.contains(&0x1b);
    let ran = bash(&terminal, &[]);
    assert!(coloured(&ran), "a terminal shows colour: {ran:?}");
    let ran = bash(&terminal, &[("NO_COLOR", "1")]);
    assert!(!coloured(&ran) && !ran.stdout.is_empty(), "{ran:?}");
    let ran = bash(&format!("{tool} 2>&1"), &[]);
    assert!(!coloured(&ran) && !ran.stdout.is_empty(), "{ran:?}");
}

#[test]
fn a_home_that_cannot_be_written_is_no_hindrance() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = data("bikes.mp4");
    let clip = clip.to_str().expect("a path");
    let ran = Tool::new(folder.path(), ["covers", clip, "--count", "1", "--json"])
        .env("HOME", "/proc/self")
        .run();
    assert_eq!(ran.expect(0)["state"], "Success");
}
