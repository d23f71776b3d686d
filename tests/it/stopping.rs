//! Ctrl-C and SIGTERM: the right exit code, and nothing that outlives the tool.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use ci_tests::data;
use ci_tests::tool::Tool;
use ci_tests::until::until;

/// Numbers of the processes that a process has started.
fn children(id: u32) -> Vec<u32> {
    let listed = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output()
        .expect("ps starts");
    let number = |word: Option<&str>| word.and_then(|word| word.parse::<u32>().ok());
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (child, parent) = (number(words.next())?, number(words.next())?);
            (parent == id).then_some(child)
        })
        .collect()
}

fn is_running(id: u32) -> bool {
    let listed = Command::new("ps")
        .args(["-o", "stat=", "-p", &id.to_string()])
        .output()
        .expect("ps starts");
    let state = String::from_utf8_lossy(&listed.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

fn entries(folder: &Path) -> Vec<std::ffi::OsString> {
    fs::read_dir(folder)
        .expect("a listing")
        .map(|entry| entry.expect("an entry").file_name())
        .collect()
}

#[test]
fn an_interrupted_run_leaves_no_process_and_no_folder_behind() {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let temporary = tempfile::tempdir().expect("a folder");
        // Enough of them that the run is never over before it is interrupted.
        let names: Vec<String> = (0..24).map(|n| format!("{n}.mp4")).collect();
        for name in &names {
            fs::hard_link(data("bikes.mp4"), folder.path().join(name))
                .or_else(|_| fs::copy(data("bikes.mp4"), folder.path().join(name)).map(drop))
                .expect("a clip");
        }
        let words = ["covers", "--count", "10"].map(str::to_owned);
        let running = Tool::new(folder.path(), words.iter().chain(&names))
            .env("TMPDIR", temporary.path())
            .spawn();
        let started = until("a child at work", || {
            Some(children(running.id())).filter(|children| !children.is_empty())
        });
        assert_eq!(entries(temporary.path()).len(), 1, "the engine's folder");
        assert_eq!(running.ask(signal), Some(130), "SIG{signal}");
        // Killed before the tool ended; the system may still take a moment to bury them.
        until("the children are gone", || {
            (!started.iter().any(|child| is_running(*child))).then_some(())
        });
        assert!(entries(temporary.path()).is_empty(), "SIG{signal}");
        assert!(!folder.path().join("covers").exists(), "SIG{signal}");
    }
}

#[test]
fn a_server_ends_cleanly_as_soon_as_its_first_line_is_read() {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let temporary = tempfile::tempdir().expect("a folder");
        let running = Tool::new(
            folder.path(),
            ["serve", "--addr", "127.0.0.1:0", "--ephemeral"],
        )
        .env("TMPDIR", temporary.path())
        .start();
        assert_eq!(running.ask(signal), Some(0), "SIG{signal}");
        assert!(entries(temporary.path()).is_empty(), "SIG{signal}");
    }
}

#[test]
fn a_flag_about_the_data_wins_over_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let served = |flags: &[&str], name: &str, value: &str| {
        let words = ["serve", "--addr", "127.0.0.1:0"];
        let words = words.iter().chain(flags).copied();
        let running = Tool::new(folder.path(), words).env(name, value).start();
        assert_eq!(running.terminate(), Some(0));
        entries(folder.path())
    };
    let kept = served(&["--ephemeral"], "COSCI_SERVE_DATA", "kept");
    assert!(kept.is_empty(), "{kept:?}");
    let kept = served(&["--data=kept"], "COSCI_SERVE_EPHEMERAL", "true");
    assert_eq!(kept.len(), 1, "{kept:?}");
}

#[test]
fn no_child_outlives_a_tool_that_is_killed() {
    let knows_how = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "true"])
        .status();
    if !knows_how.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no setpriv here that ties a child to its parent");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let tools = tempfile::tempdir().expect("a folder");
    // It would live for ten minutes, and writes nothing.
    let stuck = tools.path().join("ffprobe");
    fs::write(&stuck, "#!/bin/sh\nexec sleep 600\n").expect("written");
    fs::set_permissions(&stuck, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(tools.path().to_owned()).chain(std::env::split_paths(&path));
    let clip = data("bikes.mp4").into_os_string();
    let running = Tool::new(folder.path(), ["covers".into(), clip])
        .env("PATH", std::env::join_paths(path).expect("a path"))
        .spawn();
    let stuck = until("the stuck child", || {
        children(running.id())
            .into_iter()
            .find(|child| name(*child) == "sleep")
    });
    running.kill();
    until("the child is gone", || (!is_running(stuck)).then_some(()));
}

fn name(id: u32) -> String {
    let listed = Command::new("ps")
        .args(["-o", "comm=", "-p", &id.to_string()])
        .output()
        .expect("ps starts");
    String::from_utf8_lossy(&listed.stdout).trim().to_owned()
}
