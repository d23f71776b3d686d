//! `docs/by-hand.md`, run as it is written.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use ci_tests::tool::binary;

#[test]
fn the_page_works_from_top_to_bottom() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the root");
    let page = fs::read_to_string(root.join("docs/by-hand.md")).expect("the page");
    let script: String = blocks(&page).collect();
    assert!(
        script.contains("cosci serve") && script.contains("curl"),
        "the blocks were found"
    );
    // The page's port may be in use on this machine; everything else stays as written.
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port")
        .port();
    let script = script.replace("7717", &free.to_string());

    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(root.join("tests"), folder.path().join("tests")).expect("a link");
    let tool = binary().parent().expect("a folder").to_owned();
    let path = std::env::join_paths(std::iter::once(tool).chain(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    )))
    .expect("a path");
    // What the page starts in the background must not outlive a page that fails half-way.
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{script}");
    let output = Command::new("timeout")
        .args(["300", "bash", "-eu", "-o", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env_remove("COSCI_ENDPOINT")
        .stdin(Stdio::null())
        .output()
        .expect("timeout starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let covers = folder
        .path()
        .join("by-hand-data/buckets/demo-1250000000/covers");
    let count = fs::read_dir(covers).expect("covers").count();
    assert_eq!(count, 5, "{stdout}\n{stderr}");
    assert!(
        stdout.contains("State: Success") && stdout.contains("bikes-4.jpg"),
        "{stdout}"
    );
}

/// The blocks of the page that a person would run.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
}
