//! `kill -9` of a batch at random moments: across the runs every line ends, and each input has exactly one job.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use ci_tests::local::{BUCKET, REGION};
use ci_tests::tool::binary;
use ci_tests::until::until;
use serde_json::Value;

use super::engine;
use crate::kills::dice::Dice;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn killed_at_random_moments_each_input_has_one_job() {
    let jobs = setting("COSCI_BATCH_JOBS", 1000);
    let kills = setting("COSCI_BATCH_KILLS", 3);
    let seed = setting("COSCI_SEED", 7);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let engine = engine();
    let text: String = (0..jobs)
        .map(|n| {
            format!("{{\"input\":\"in.mp4\",\"output\":\"out/{n}-${{number}}.png\",\"count\":1}}\n")
        })
        .collect();
    fs::write(engine.path().join("many.jsonl"), text).expect("written");
    let mut ended: BTreeMap<u64, String> = BTreeMap::new();
    let (mut repeated, mut peak) = (0, 0);
    let start = Instant::now();
    let journal = engine.path().join("many.jsonl.journal");
    for run in 0..=kills {
        let mut child = Command::new(binary())
            .args(["batch", "many.jsonl", "--json", "--interval", "200ms"])
            .current_dir(engine.path())
            .env("HOME", engine.path())
            .env("COSCI_ENDPOINT", engine.url())
            .env("COSCI_BUCKET", BUCKET)
            .env("TENCENTCLOUD_REGION", REGION)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, heard) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                said.send(line).expect("somebody listens");
            }
        });
        if run < kills {
            // Its own moment in the work: so many bytes of the journal more, of which a job writes some hundred.
            let size = || fs::metadata(&journal).map_or(0, |file| file.len());
            let mut now = size();
            let wanted = now + 1 + dice.below(jobs * 200 / (kills + 1));
            while now < wanted {
                now = until("the journal to grow, or the end", || {
                    peak = peak.max(memory(child.id()));
                    let over = child.try_wait().expect("a look").is_some();
                    let grown = size();
                    (over || grown > now).then_some(if over { wanted } else { grown })
                });
            }
            child.kill().expect("killed");
        }
        let mut lines = Vec::new();
        while let Ok(line) = heard.recv() {
            peak = peak.max(memory(child.id()));
            lines.push(line);
        }
        let status = child.wait().expect("ended");
        assert_eq!(status.success(), run == kills, "run {run}: {status}");
        reader.join().expect("read to the end");
        for line in lines {
            // The last line before a kill can be cut off; then it is told again.
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            assert_eq!(line["state"], "Success", "{line}");
            let id = line["job_id"].as_str().expect("an id").to_owned();
            let number = line["line"].as_u64().expect("a number");
            if let Some(before) = ended.insert(number, id.clone()) {
                assert_eq!(before, id, "line {number} has two jobs");
                repeated += 1;
            }
        }
        println!("run {run}: {} of {jobs} lines ended", ended.len());
    }
    assert!(
        ended.keys().copied().eq(1..=jobs),
        "{} lines ended",
        ended.len()
    );
    assert_eq!(
        super::count_jobs(&engine) as u64,
        jobs,
        "one job for each input"
    );
    let took = start.elapsed();
    println!(
        "{jobs} jobs, {kills} kills, {took:.1?}, {repeated} lines told twice, peak memory {} MB",
        peak / 1024
    );
}

/// Resident memory in KB; 0 where it cannot be read.
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
