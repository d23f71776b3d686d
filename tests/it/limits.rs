//! `docs/limits.md` beside the defaults of the code: a default that changes changes the page, or this fails.

use ci_client::batch::BatchOptions;
use ci_client::{Limits, RetryPolicy, WaitOptions};
use ci_tests::pages::root;

/// The rows below a heading: field and value.
fn rows(page: &str, heading: &str) -> Vec<(String, String)> {
    let section = page.split("\n## ").find(|part| part.starts_with(heading));
    section
        .unwrap_or_else(|| panic!("the page has no section {heading:?}"))
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once("` | "))
        .map(|(field, rest)| {
            let value = rest.split(" |").next().unwrap_or_default();
            (field.to_owned(), value.to_owned())
        })
        .collect()
}

/// The fields of a value that hold a limit, from its `Debug`.
fn limits(debug: &str) -> Vec<(String, String)> {
    let fields = debug
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_suffix(','));
    fields
        .filter_map(|field| field.split_once(": "))
        .filter(|(_, value)| value.starts_with(|c: char| c.is_ascii_digit()) || *value == "None")
        .map(|(name, value)| (name.to_owned(), value.replace('_', "").to_owned()))
        .collect()
}

#[track_caller]
fn compare(heading: &str, debug: &str) {
    let page = std::fs::read_to_string(root().join("docs/limits.md")).expect("the page");
    let (mut written, mut held) = (rows(&page, heading), limits(debug));
    written.sort();
    held.sort();
    assert_eq!(written, held, "docs/limits.md, section {heading}");
}

#[test]
fn the_page_says_the_limits_of_a_call() {
    let mut limits = format!("{:#?}", Limits::default());
    // The policy is a section of its own.
    limits.truncate(limits.find("retry:").unwrap_or(limits.len()));
    compare("A call", &limits);
    compare("Retries", &format!("{:#?}", RetryPolicy::default()));
}

#[test]
fn the_page_says_the_limits_of_waiting_and_of_a_batch() {
    compare("Waiting", &format!("{:#?}", WaitOptions::default()));
    let mut batch = format!("{:#?}", BatchOptions::default());
    batch.truncate(batch.find("wait:").unwrap_or(batch.len()));
    compare("A batch", &batch);
}

#[test]
fn the_page_says_the_limits_of_the_engine() {
    let held = format!("{:#?}", ci_local::Config::ephemeral().workers(0));
    let held: String = held
        .lines()
        .filter(|line| !line.contains("workers"))
        .fold(String::new(), |text, line| text + line + "\n");
    let limits: Vec<_> = limits(&held);
    let page = std::fs::read_to_string(root().join("docs/limits.md")).expect("the page");
    let written = rows(&page, "The engine");
    assert!(!written.is_empty());
    for row in &written {
        assert!(
            limits.contains(row),
            "docs/limits.md says {row:?}, the engine has {limits:?}"
        );
    }
}
