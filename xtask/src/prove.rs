//! Proofs that take too long for every change: `prove crash` kills the engine a hundred times under load, `prove batch`
//! kills a batch of ten thousand jobs five times.

use crate::Outcome;
use crate::provision::{FFMPEG, FFPROBE, SQLITE3, ensure};
use crate::shell;

/// The task `prove`: `crash [--kills N]` or `batch [--jobs N]`.
pub(crate) fn run(rest: &[String]) -> Outcome {
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["crash"] => crash("100"),
        ["crash", "--kills", kills] => crash(kills),
        ["batch"] => batch("10000"),
        ["batch", "--jobs", jobs] => batch(jobs),
        _ => Err(
            "say what to prove: `cargo xtask prove crash [--kills N]` or `cargo xtask prove batch [--jobs N]`"
                .to_owned(),
        ),
    }
}

/// The crash test of the whole-system tests with more kills, its table shown.
fn crash(kills: &str) -> Outcome {
    if kills.parse::<u32>().is_err() {
        return Err(format!("{kills:?} is no number of kills"));
    }
    ensure(&[FFMPEG, FFPROBE, SQLITE3])?;
    shell::run(&mut shell::cargo(&["build", "--package", "ci-cli"]))?;
    let test = ["test", "--package", "ci-tests", "--test", "it", "kills::"];
    let mut command = shell::cargo(&test);
    command.args(["--", "--nocapture"]);
    shell::run(command.env("COSCI_KILLS", kills))
}

/// The test of a killed batch with more jobs and five kills, its figures shown.
fn batch(jobs: &str) -> Outcome {
    if jobs.parse::<u32>().is_err() {
        return Err(format!("{jobs:?} is no number of jobs"));
    }
    shell::run(&mut shell::cargo(&["build", "--package", "ci-cli"]))?;
    let test = ["test", "--package", "ci-tests", "--test", "it"];
    let mut command = shell::cargo(&test);
    command.args(["batch::killed::", "--", "--nocapture"]);
    shell::run(
        command
            .env("COSCI_BATCH_JOBS", jobs)
            .env("COSCI_BATCH_KILLS", "5"),
    )
}
