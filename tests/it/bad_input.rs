//! What goes wrong before or in a job: one line, the right exit code, the JSON error, nothing half-written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ci_tests::data;
use ci_tests::picture::ffmpeg;
use ci_tests::tool::{Ran, Tool};
use serde_json::Value;

/// Runs `cosci covers … --json`, wants this exit code and one line on stderr, and no folder of covers.
#[track_caller]
fn refused(folder: &Path, args: &[&str], exit: i32) -> Value {
    let mut words = vec!["covers", "--json"];
    words.extend(args);
    let ran = Tool::new(folder, words).run();
    one_line(&ran);
    assert!(
        !folder.join("covers").exists(),
        "nothing is written: {ran:?}"
    );
    ran.expect_error(exit)
}

#[track_caller]
fn one_line(ran: &Ran) {
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stderr.starts_with("cosci: "), "{ran:?}");
}

fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), bytes).expect("a file");
    folder
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = refused(folder.path(), &["missing.mp4"], 2);
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("missing.mp4")),
        "{error}"
    );
}

#[test]
fn a_folder_is_refused_with_what_to_write_instead() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("videos")).expect("a folder");
    let error = refused(folder.path(), &["videos"], 2);
    let message = error["message"].as_str().expect("a text");
    assert!(message.ends_with("as in videos/*.mp4"), "{message}");
}

#[test]
fn files_that_are_no_usable_video_fail_their_job() {
    let clip = fs::read(data("bikes.mp4")).expect("the clip");
    // The index of this clip stands at its end, so half of the file has no decodable frame.
    let half = &clip[..clip.len() / 2];
    let audio = folder_with("x", b"");
    let sound = audio.path().join("sound.m4a");
    let made = ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            "sine=duration=1",
            "-c:a",
            "aac",
            sound.to_str().expect("plain"),
        ],
        b"",
    );
    assert!(made.is_empty());
    let sound = fs::read(sound).expect("sound");
    for (name, bytes) in [
        ("text.mp4", &b"not a video\n"[..]),
        ("empty.mp4", b""),
        ("half.mp4", half),
        ("sound.m4a", &sound),
    ] {
        let folder = folder_with(name, bytes);
        let error = refused(folder.path(), &[name], 5);
        assert_eq!(error["kind"], "job_failed", "{name}: {error}");
        assert!(
            error["code"].as_str().is_some_and(|code| !code.is_empty()),
            "{name}: {error}"
        );
        assert!(
            error["message"].as_str().is_some_and(|m| !m.is_empty()),
            "{name}: {error}"
        );
    }
}

#[test]
fn numbers_outside_their_range_are_refused_with_the_value_and_the_range() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = data("bikes.mp4");
    let clip = clip.to_str().expect("plain");
    for (flag, value, range) in [
        ("--count", "0", "1 to 10"),
        ("--count", "11", "1 to 10"),
        ("--count", "many", "whole number"),
        ("--width", "127", "128 to 4096"),
        ("--width", "4097", "128 to 4096"),
        ("--height", "127", "128 to 4096"),
        ("--height", "4097", "128 to 4096"),
        ("--format", "gif", "jpg, png, webp"),
    ] {
        let error = refused(folder.path(), &[clip, flag, value], 2);
        let message = error["message"].as_str().expect("text");
        assert!(
            message.contains(value) && message.contains(range),
            "{flag} {value}: {message}"
        );
    }
}

#[test]
fn an_output_folder_that_cannot_be_written_is_refused_before_the_job() {
    let folder = folder_with("file", b"");
    let clip = data("bikes.mp4");
    let error = refused(
        folder.path(),
        &[clip.to_str().expect("plain"), "--out", "file/covers"],
        2,
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("file/covers")),
        "{error}"
    );
    // Nobody may write here, not even root.
    let error = refused(
        folder.path(),
        &[clip.to_str().expect("plain"), "--out", "/proc/covers"],
        2,
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("/proc/covers")),
        "{error}"
    );
}

#[test]
fn a_missing_ffmpeg_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = data("bikes.mp4");
    let ran = Tool::new(
        folder.path(),
        ["covers", "--json", clip.to_str().expect("plain")],
    )
    .env("PATH", folder.path())
    .run();
    one_line(&ran);
    let error = ran.expect_error(1);
    assert_eq!(error["kind"], "ffmpeg_missing");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|m| m.contains("apt-get install")),
        "{error}"
    );
    assert!(!folder.path().join("covers").exists());
}

#[test]
fn a_job_is_refused_by_its_own_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(1025);
    for (args, part) in [
        (vec!["--user-data", &long], "1024"),
        (vec!["--user-data", "caf\u{e9}"], "ASCII"),
        (vec!["--user-data", "bell\u{7}"], "ASCII"),
        (vec!["--level", "3"], "0 to 2"),
        (
            vec!["--output", "covers/same.jpg", "--count", "2"],
            "${number}",
        ),
        (vec!["--count", "11"], "1 to 10"),
    ] {
        let mut words = vec!["jobs", "create", "--json", "--input", "in/a.mp4"];
        if !args.contains(&"--output") {
            words.extend(["--output", "covers/a-${number}.jpg"]);
        }
        words.extend([
            "--endpoint",
            "http://127.0.0.1:9",
            "--bucket",
            "b-1250000000",
            "--region",
            "ap-chongqing",
        ]);
        words.extend(args.iter().copied());
        let ran = Tool::new(folder.path(), words).run();
        one_line(&ran);
        let error = ran.expect_error(2);
        assert!(
            error["message"].as_str().is_some_and(|m| m.contains(part)),
            "{part}: {error}"
        );
    }
}

#[test]
fn a_usage_error_is_one_document_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["--json"][..],
        &["covers", "--json"],
        &["fly", "--json"],
        &["covers", "a.mp4", "--bogus", "--json"],
    ] {
        let ran = Tool::new(folder.path(), args).run();
        one_line(&ran);
        assert_eq!(ran.expect_error(2)["kind"], "usage");
    }
}

#[test]
fn an_unreadable_file_is_refused() {
    let folder = folder_with("locked.mp4", b"x");
    let locked = folder.path().join("locked.mp4");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("a mode");
    if fs::read(&locked).is_ok() {
        // Root reads everything; a folder in the place of the file is what even root cannot read.
        fs::remove_file(&locked).expect("gone");
        fs::create_dir(&locked).expect("a folder");
    }
    let _ = refused(folder.path(), &["locked.mp4"], 2);
}
