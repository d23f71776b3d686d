//! Rules for source files: they open with what they hold, stay short, and leave nothing behind.

use std::fs;
use std::path::Path;

use crate::shell::{read, root};

/// Lines of a Rust file, its tests included. One idea rarely needs more.
const MOST_LINES: usize = 450;

/// What an unfinished thought looks like. Split, so that this file does not find itself.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("#[ign", "ore"),
    concat!("#[should", "_panic"),
];

/// Waiting for a guessed time makes a test slow or wrong; `tests/src/until.rs` waits for the event.
const SLEEPS: &[&str] = &[concat!("thread::", "sleep"), concat!("time::", "sleep(")];

/// Every fault of every file that git knows or would add.
pub(super) fn check() -> Result<Vec<String>, String> {
    let mut list = std::process::Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root());
    let names = read(&mut list)?;
    let mut faults = Vec::new();
    for name in names.lines() {
        let Ok(text) = fs::read_to_string(root().join(name)) else {
            continue;
        };
        if Path::new(name).extension().is_some_and(|e| e == "rs") {
            faults.extend(faults_of(name, &text));
        } else if name.ends_with(".md") || name.ends_with(".toml") {
            faults.extend(leftovers(name, &text));
        }
    }
    for package in [
        "ci-model",
        "cos-sign",
        "ci-core",
        "ci-client",
        "smart-cover",
        "ci-local",
        "ci-cli",
    ] {
        let manifest = root().join("crates").join(package).join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap_or_default();
        if !text.contains("[lints]\nworkspace = true") {
            faults.push(format!(
                "crates/{package}/Cargo.toml does not take the lints of the workspace"
            ));
        }
    }
    Ok(faults)
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    let mut faults = leftovers(name, text);
    let lines = text.lines().count();
    if lines > MOST_LINES {
        faults.push(format!(
            "{name} has {lines} lines, more than {MOST_LINES}: is it still one idea?"
        ));
    }
    let opening = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    if !(opening.starts_with("//!") || opening.starts_with("#![doc")) {
        faults.push(format!(
            "{name} does not open with `//!`: one sentence on what lives there"
        ));
    }
    let a_test =
        name.starts_with("tests/it/") || name.contains("/tests/") || name.ends_with("/tests.rs");
    for sleep in SLEEPS
        .iter()
        .filter(|sleep| a_test && text.contains(*sleep))
    {
        faults.push(format!(
            "{name} uses {sleep}: wait for the event, with `until` of the package ci-tests"
        ));
    }
    faults
}

fn leftovers(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in LEFTOVERS.iter().filter(|word| line.contains(**word)) {
            faults.push(format!("{name}:{} has a leftover: {word}", index + 1));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_order_has_no_faults() {
        assert_eq!(
            faults_of("crates/x/src/a.rs", "//! What lives here.\n\nfn a() {}\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_file_without_an_opening_sentence_is_named() {
        let faults = faults_of("crates/x/src/a.rs", "fn a() {}\n");
        assert!(
            faults[0].contains("crates/x/src/a.rs does not open with"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_leftover_is_named_with_its_line() {
        let text = format!("//! A.\n// {}: later\n", LEFTOVERS[0]);
        assert_eq!(
            faults_of("a.rs", &text),
            [format!("a.rs:2 has a leftover: {}", LEFTOVERS[0])]
        );
    }

    #[test]
    fn a_long_file_and_a_sleeping_test_are_faults() {
        let long = "//! A.\n".repeat(MOST_LINES + 1);
        assert_eq!(faults_of("a.rs", &long).len(), 1);
        let sleepy = format!("//! A.\nfn f() {{ {}(d) }}\n", SLEEPS[0]);
        assert_eq!(faults_of("tests/it/a.rs", &sleepy).len(), 1);
        assert_eq!(faults_of("crates/x/src/a.rs", &sleepy).len(), 0);
    }
}
