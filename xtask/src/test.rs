//! Runs every test of the workspace and installs what the tests need.

use crate::Outcome;
use crate::provision::{CHROMEDRIVER, CHROMIUM, CURL, FFMPEG, FFPROBE, IP, SQLITE3, ensure};
use crate::{sdks, shell};

/// Unit, whole-system and documentation tests; `rest` is handed to `cargo test`.
pub(crate) fn run(rest: &[String]) -> Outcome {
    ensure(&[FFMPEG, FFPROBE, CURL, IP, SQLITE3, CHROMIUM, CHROMEDRIVER])?;
    sdks::ensure_all()?;
    // The whole-system tests start the tool as a person does, so it is built before they run.
    shell::run(&mut shell::cargo(&["build", "--package", "ci-cli"]))?;
    shell::run(shell::cargo(&["test", "--workspace", "--no-fail-fast"]).args(rest))
}
