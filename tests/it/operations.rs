//! The files of `docs/deploy`: what they name exists, and what they set and ask works with the real tool.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use ci_tests::pages::root;
use ci_tests::tool::{Tool, binary};
use serde_json::Value;

const UNIT: &str = "docs/deploy/cosci.service";
const IMAGE: &str = "docs/deploy/Dockerfile";
const PAGE: &str = "docs/operations.md";

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).expect("the file")
}

/// Words of a text that begin like this.
fn words(text: &str, begin: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))
        .filter(|word| word.starts_with(begin) && word.len() > begin.len())
        .map(str::to_owned)
        .collect()
}

fn help() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    Tool::new(folder.path(), ["serve", "--help"]).run().stdout
}

/// The lines `Name=value` of a unit with that name.
fn settings<'a>(unit: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    unit.lines()
        .filter_map(move |line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn every_option_and_variable_in_them_is_one_of_the_tool() {
    let help = help();
    let known = words(&help, "COSCI_SERVE_");
    assert!(known.len() > 10, "{help}");
    let mut found = 0;
    for file in [UNIT, IMAGE, PAGE] {
        let text = read(file);
        for name in words(&text, "COSCI_SERVE_") {
            assert!(known.contains(&name), "{file} names {name}");
            found += 1;
        }
        let serving = text.lines().filter(|line| line.contains("cosci serve"));
        for flag in serving.flat_map(|line| words(line, "--")) {
            assert!(words(&help, "--").contains(&flag), "{file} names {flag}");
        }
    }
    assert!(found > 10, "{found} names were found");
}

/// The lines `ENV A=b C=d` of the image.
fn variables(image: &str) -> Vec<(String, String)> {
    let pairs = image.lines().filter_map(|line| line.strip_prefix("ENV "));
    pairs
        .flat_map(str::split_whitespace)
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The engine with the settings of a file, but for the port and the folder, which are the test's own.
fn with(settings: &[(String, String)], folder: &std::path::Path) -> Tool {
    let mut tool = Tool::new(folder, ["serve"]);
    for (name, value) in settings {
        let value = match name.as_str() {
            "COSCI_SERVE_ADDR" => value.replace("7717", "0"),
            "COSCI_SERVE_DATA" => folder.join("data").display().to_string(),
            _ => value.clone(),
        };
        tool = tool.env(name, value);
    }
    tool
}

#[test]
fn the_image_serves_with_a_pair_only_and_its_health_check_tells() {
    let image = read(IMAGE);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = variables(&image);
    assert!(settings.len() > 1, "{settings:?}");
    let refused = with(&settings, folder.path()).run();
    assert_eq!(refused.exit, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("--secret-id"), "{refused:?}");

    let served = with(&settings, folder.path())
        .env("COSCI_SERVE_SECRET_ID", "AKIDimage")
        .env("COSCI_SERVE_SECRET_KEY", "secret")
        .start();
    let (_, port) = served.first.rsplit_once(':').expect("a port");
    let (_, check) = image.split_once("HEALTHCHECK ").expect("a health check");
    let (_, check) = check.split_once("CMD ").expect("a command");
    let check = check.lines().next().expect("a line");
    let check: Vec<String> = serde_json::from_str(check).expect("an array of texts");
    let healthy = |port: &str| {
        let words = check.iter().map(|word| word.replace("7717", port));
        let words: Vec<String> = words.collect();
        let ran = Command::new(&words[0]).args(&words[1..]).output();
        ran.expect("it starts").status.success()
    };
    assert!(healthy(port));
    let port = port.to_owned();
    assert_eq!(served.terminate(), Some(0));
    assert!(!healthy(&port));

    let users = image.lines().filter_map(|line| line.strip_prefix("USER "));
    let users: Vec<&str> = users.collect();
    let is_number = |id: &str| id.parse::<u32>().is_ok_and(|id| id > 999);
    assert!(users[0].split(':').all(is_number), "{users:?}");
}

#[test]
fn the_unit_starts_the_engine_and_systemd_finds_no_fault_in_it() {
    let unit = read(UNIT);
    let folder = tempfile::tempdir().expect("a folder");
    let given = settings(&unit, "Environment").filter_map(|pair| pair.split_once('='));
    let given: Vec<_> = given
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let served = with(&given, folder.path()).start();
    assert!(served.first.starts_with("http://127.0.0.1:"));
    assert_eq!(served.terminate(), Some(0));
    assert!(folder.path().join("data/engine.db").is_file());

    // A graceful stop fits: the grace of jobs, five seconds for answers, and some to spare.
    let limits = read("docs/limits.md");
    let grace = limits
        .lines()
        .find_map(|line| line.strip_prefix("| `grace` | "));
    let (grace, _) = grace
        .expect("the default")
        .split_once('s')
        .expect("seconds");
    let stop = settings(&unit, "TimeoutStopSec").next().expect("a limit");
    let seconds = |text: &str| text.parse::<u64>().expect("seconds");
    assert!(seconds(stop) > seconds(grace) + 10, "{stop}");

    let copy = folder.path().join("cosci.service");
    let tool = binary().display().to_string();
    fs::write(&copy, unit.replace("/usr/local/bin/cosci", &tool)).expect("written");
    let Ok(checked) = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&copy)
        .output()
    else {
        eprintln!("SKIPPED: systemd-analyze is not here");
        return;
    };
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
    let security = Command::new("systemd-analyze")
        .args([
            "security",
            "--offline=true",
            "--json=short",
            "--threshold=15",
        ])
        .arg(&copy)
        .output()
        .expect("systemd-analyze starts");
    assert!(security.status.success(), "its exposure is above 1.5");
    let rows: Value = serde_json::from_slice(&security.stdout).expect("JSON");
    assert!(rows.as_array().is_some_and(|rows| rows.len() > 50));
}
