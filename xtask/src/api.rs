//! The public items of each library in `docs/public-api`, and whose types they show.
//!
//! rustdoc writes what it knows as JSON only when unstable options are allowed. It is asked through a small program
//! in its place, so that nothing else is built differently: the pages and the JSON come from one run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::Outcome;
use crate::shell::{self, cargo, read, root};

const FOLDER: &str = "docs/public-api";
const LIBRARIES: &[&str] = &[
    "ci-client",
    "ci-core",
    "ci-local",
    "ci-model",
    "cos-sign",
    "smart-cover",
];

/// Crates whose types any library may show: they are the vocabulary of Rust programs.
const VOCABULARY: &[&str] = &[
    "alloc",
    "bytes",
    "core",
    "http",
    "serde",
    "serde_core",
    "std",
    "tracing",
];

/// What else is shown, and why it may be.
const SHOWN: &[(&str, &str, &str)] = &[
    (
        "ci-client",
        "futures_core",
        "lists are read as a Stream, which std has not",
    ),
    (
        "ci-client",
        "http_body",
        "bodies that are streamed come from and go to other HTTP libraries",
    ),
    (
        "ci-client",
        "http_body_util",
        "the answer of the callback handler, a tower service",
    ),
    (
        "ci-client",
        "tower_service",
        "the callback handler is a tower service, feature callback-handler",
    ),
    (
        "ci-client",
        "tokio",
        "bodies are read from and written to its streams; the client needs its runtime anyway",
    ),
    ("ci-local", "axum", "Engine::router is there to be mounted"),
    (
        "ci-local",
        "tokio",
        "the listener that is served, and the news to wait for",
    ),
    (
        "ci-local",
        "rusqlite",
        "a conversion behind `?`; of the value only the text is kept",
    ),
    (
        "ci-model",
        "serde_json",
        "any document, shown as a tree of JSON",
    ),
];

/// A feature that the documentation is made without: it changes nothing that can be seen, and takes long to build.
const UNSEEN: &[&str] = &["default", "aws-lc-rs"];

/// The task `api`: writes the listings.
pub(crate) fn run() -> Outcome {
    document()?;
    fs::create_dir_all(root().join(FOLDER)).map_err(|e| format!("{FOLDER}: {e}"))?;
    let mut faults = Vec::new();
    for library in LIBRARIES {
        let text = listing(library)?;
        faults.extend(strangers(library, &text));
        let file = format!("{FOLDER}/{library}.txt");
        fs::write(root().join(&file), &text).map_err(|e| format!("{file}: {e}"))?;
        eprintln!("api: {library} has {} public items", text.lines().count());
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("api: {}", faults.join("\n")))
}

/// Makes the documentation and compares the listings with what is written.
pub(crate) fn check() -> Outcome {
    document()?;
    let mut faults = Vec::new();
    for library in LIBRARIES {
        let text = listing(library)?;
        faults.extend(strangers(library, &text));
        let file = format!("{FOLDER}/{library}.txt");
        let written = fs::read_to_string(root().join(&file)).unwrap_or_default();
        if written != text {
            faults.push(difference(&file, &written, &text));
        }
    }
    if faults.is_empty() {
        eprintln!("api: {FOLDER} is up to date");
        return Ok(());
    }
    Err(format!("api: {}", faults.join("\n")))
}

/// `cargo doc` with warnings denied, which leaves the JSON beside the pages.
fn document() -> Outcome {
    let wrapper = root().join("target/rustdoc-and-json");
    // Asked for its version and for doc tests, it is rustdoc and nothing else.
    let text = "#!/bin/sh\nrustdoc \"$@\" || exit\n\
                case \" $* \" in *' --test '* | *' -vV '* | *' --version '*) exit ;; esac\n\
                RUSTC_BOOTSTRAP=1 exec rustdoc \"$@\" -Z unstable-options --output-format json\n";
    let fault = |e: std::io::Error| format!("{}: {e}", wrapper.display());
    fs::create_dir_all(root().join("target")).map_err(fault)?;
    fs::write(&wrapper, text).map_err(fault)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).map_err(fault)?;
    let mut command = cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    command.args(["--features", &features()?.join(",")]);
    // The flag of our own makes cargo run it again after a `cargo doc` that wrote no JSON.
    command.env("RUSTDOCFLAGS", "-D warnings --cfg with_json");
    shell::run(command.env("RUSTDOC", wrapper))
}

/// Every feature of every library that adds public items.
fn features() -> Result<Vec<String>, String> {
    let text = read(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))?;
    let mut all = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let features = package["features"].as_object();
        for feature in features.into_iter().flat_map(|map| map.keys()) {
            if !UNSEEN.contains(&feature.as_str()) {
                all.push(format!("{name}/{feature}"));
            }
        }
    }
    Ok(all)
}

fn listing(library: &str) -> Result<String, String> {
    let json: PathBuf = format!("target/doc/{}.json", library.replace('-', "_")).into();
    let mut command: Command = cargo(&[
        "run",
        "--locked",
        "--quiet",
        "--package",
        "api-listing",
        "--",
    ]);
    read(command.arg(root().join(json)))
}

/// Types of other crates that a library shows and that nothing allows.
fn strangers(library: &str, listing: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for line in listing.lines() {
        for word in line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let Some((first, _)) = word.split_once("::") else {
                continue;
            };
            let ours = LIBRARIES.iter().any(|name| name.replace('-', "_") == first);
            let a_crate = first.starts_with(|c: char| c.is_ascii_lowercase());
            let primitive = matches!(
                first,
                "u8" | "u16" | "u32" | "u64" | "usize" | "i64" | "str"
            );
            let allowed = VOCABULARY.contains(&first)
                || SHOWN.iter().any(|(l, c, _)| *l == library && *c == first);
            if a_crate && !ours && !primitive && !allowed {
                seen.insert(first.to_owned());
            }
        }
    }
    let say = |name: &String| {
        format!("{library} shows a type of {name}: hide it, or say why in xtask/src/api.rs")
    };
    seen.iter().map(say).collect()
}

/// What is new and what is gone, and what to do.
fn difference(file: &str, written: &str, now: &str) -> String {
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (old, new) = (lines(written), lines(now));
    let mut text =
        format!("{file} is out of date: run `cargo xtask api`, and say it in docs/changes.md");
    for line in old.difference(&new).take(20) {
        text.push_str("\n  - ");
        text.push_str(line);
    }
    for line in new.difference(&old).take(20) {
        text.push_str("\n  + ");
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_a_crate_that_nobody_allowed_is_a_fault() {
        let text = "pub fn ci_core::f(http::Uri, core::option::Option<hyper::Body>) -> u32::X\n";
        let faults = strangers("ci-core", text);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains("hyper"), "{faults:?}");
        assert_eq!(
            strangers("ci-local", "pub fn ci_local::f() -> axum::Router"),
            [""; 0]
        );
        assert_eq!(
            strangers("ci-core", "pub fn ci_core::f() -> axum::Router").len(),
            1
        );
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_named() {
        let text = difference("a.txt", "pub a\npub b\n", "pub b\npub c\n");
        assert!(text.contains("\n  - pub a\n  + pub c"), "{text}");
    }
}
