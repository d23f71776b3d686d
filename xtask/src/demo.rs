//! The main job on the clip of the repository, run as a user would run it.

use crate::Outcome;
use crate::provision::{FFMPEG, FFPROBE, ensure};
use crate::shell;

/// Six shots of a street; its source and licence stand beside it.
const CLIP: &str = "tests/data/bikes.mp4";

/// Five covers, 640 pixels wide, in `target/demo`; `rest` is handed to `cosci covers`.
pub(crate) fn run(rest: &[String]) -> Outcome {
    ensure(&[FFMPEG, FFPROBE])?;
    let out = "target/demo";
    let mut command = shell::cargo(&[
        "run",
        "--quiet",
        "--package",
        "ci-cli",
        "--",
        "covers",
        CLIP,
    ]);
    command
        .args(["--count", "5", "--width", "640", "--out", out])
        .args(rest);
    shell::run(&mut command)?;
    let out = shell::root().join(out);
    println!("\nThe covers: {}", out.display());
    println!(
        "The contact sheet, to open in a browser: {}",
        out.join("index.html").display()
    );
    Ok(())
}
