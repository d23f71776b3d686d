//! `/metrics` as Prometheus's own parser reads it, after one of each thing that is counted.

use std::collections::BTreeMap;
use std::fs;

use ci_local::{Config, JobProfile, Media};
use ci_tests::data;
use ci_tests::on_port::OnPort;
use ci_tests::pages::root;
use ci_tests::sdks::Sdk;
use ci_tests::tool::Tool;
use serde_json::{Value, json};

const SAMPLE: &str = "in/a b \"quoted\".mp4";

#[test]
fn a_parser_of_prometheus_reads_every_family_and_its_numbers_are_right() {
    let config = Config::ephemeral().media(Media::Synthetic);
    let served = OnPort::start(config.profile(JobProfile::Instant));
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| {
        Tool::new(folder.path(), words)
            .env("COSCI_ENDPOINT", served.url())
            .env("COSCI_BUCKET", "media-1250000000")
            .env("TENCENTCLOUD_REGION", "ap-chongqing")
    };
    let clip = data("bikes.mp4").display().to_string();
    let put = run(&["objects", "put", &clip, SAMPLE]).run();
    assert_eq!(put.exit, Some(0), "{put:?}");
    let create = ["jobs", "create", "--input", SAMPLE, "--wait", "--output"];
    let done = run(&[&create[..], &["a/${number}.png"]].concat()).run();
    assert_eq!(done.exit, Some(0), "{done:?}");
    let refused = run(&["jobs", "get", "j1"])
        .env("TENCENTCLOUD_SECRET_ID", "AKIDnobody")
        .env("TENCENTCLOUD_SECRET_KEY", "x")
        .run();
    assert_eq!(refused.exit, Some(3), "{refused:?}");

    let mut answer = ureq::get(format!("{}/metrics", served.url()))
        .call()
        .expect("an answer");
    let kind = answer.headers()["content-type"].to_str().expect("text");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.body_mut().read_to_string().expect("a body");
    let families = Sdk::Python.run("metrics.py", &json!({ "text": text }));

    let page = fs::read_to_string(root().join("docs/operations.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `ci_local_"));
    let mut documented: BTreeMap<String, String> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
        })
        .collect();
    let mut numbers = BTreeMap::new();
    for family in &families {
        let word = |name: &str| family[name].as_str().expect("a text").to_owned();
        assert!(word("help").ends_with('.'), "{family}");
        // The parser drops the end of a counter's name.
        let counts = word("type") == "counter";
        let name = word("name") + if counts { "_total" } else { "" };
        assert_eq!(documented.remove(&name), Some(word("type")), "{name}");
        for sample in family["samples"].as_array().expect("samples") {
            assert_eq!(sample[0], name.as_str(), "{family}");
            let labels = sample[1].as_object().expect("labels");
            let labels: Vec<&str> = labels.values().filter_map(Value::as_str).collect();
            let label = format!("{name} {}", labels.join(" "));
            let number = sample[2].as_f64().expect("a number");
            assert!(number >= 0.0, "{label}");
            assert!(
                numbers.insert(label, number).is_none(),
                "a sample is there twice"
            );
        }
    }
    assert!(documented.is_empty(), "no such metric: {documented:?}");
    for (sample, wanted) in [
        ("ci_local_jobs_accepted_total ", 1.0),
        ("ci_local_jobs_ended_total Success", 1.0),
        ("ci_local_jobs_ended_total Failed", 0.0),
        ("ci_local_jobs Submitted", 0.0),
        ("ci_local_jobs Running", 0.0),
        ("ci_local_callbacks_waiting ", 0.0),
        ("ci_local_refused_signatures_total ", 1.0),
        ("ci_local_answers_total 4xx", 1.0),
        ("ci_local_answers_total 5xx", 0.0),
    ] {
        assert_eq!(numbers.get(sample), Some(&wanted), "{sample}: {numbers:?}");
    }
    assert!(numbers["ci_local_answer_seconds_total "] > 0.0);
    served.stop();
}
