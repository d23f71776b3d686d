//! After the last life of the engine: every promise against the database, the files and the receiver.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use ci_tests::md5_of;
use serde::Deserialize;

use super::load::Load;
use super::receiver::Receiver;
use super::sqlite;

#[derive(Debug, Deserialize)]
struct Job {
    id: String,
    state: String,
    runs: u32,
    covers: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cover {
    object: String,
    md5: String,
}

#[derive(Debug, Deserialize)]
struct Outbox {
    job: String,
    endings: u32,
    delivered: u32,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
    md5: String,
}

fn rows<T: serde::de::DeserializeOwned>(folder: &Path, sql: &str) -> Vec<T> {
    let text = sqlite(folder, sql);
    match text.trim() {
        // What the program prints for no rows.
        "" => Vec::new(),
        text => serde_json::from_str(text).expect("rows"),
    }
}

pub(crate) fn everything(folder: &Path, bucket: &Path, load: &Load, receiver: &Receiver) {
    let promises = load.promises();
    let jobs: Vec<Job> = rows(folder, "SELECT id, state, runs, covers FROM jobs");
    let jobs: HashMap<&str, &Job> = jobs.iter().map(|job| (job.id.as_str(), job)).collect();
    let count = |state: &str| jobs.values().filter(|job| job.state == state).count();
    let again = jobs.values().filter(|job| job.runs > 1).count();
    println!(
        "jobs asked for: {}, accepted: {}, in the database: {} ({again} ran more than once)",
        promises.asked,
        promises.jobs.len(),
        jobs.len()
    );
    println!(
        "ended: {} Success, {} Cancel, {} Failed",
        count("Success"),
        count("Cancel"),
        count("Failed")
    );

    let missing: Vec<_> = promises
        .jobs
        .iter()
        .filter(|id| !jobs.contains_key(id.as_str()))
        .collect();
    assert!(missing.is_empty(), "accepted and lost: {missing:?}");
    assert!(
        jobs.len() <= promises.asked,
        "more jobs than were asked for"
    );
    for job in jobs.values() {
        let wanted = if promises.cancelled.contains(&job.id) {
            vec!["Cancel"]
        } else if promises.to_cancel.contains(&job.id) {
            vec!["Cancel", "Success"]
        } else {
            vec!["Success"]
        };
        assert!(
            wanted.contains(&job.state.as_str()),
            "{job:?} is not {wanted:?}"
        );
    }

    // The outbox is written by the transaction that ends a job: one row is one ending.
    let outbox: Vec<Outbox> = rows(
        folder,
        "SELECT job, count(*) AS endings, sum(state = 'Delivered') AS delivered FROM callbacks GROUP BY job",
    );
    let outbox: HashMap<&str, &Outbox> = outbox.iter().map(|row| (row.job.as_str(), row)).collect();
    let told = receiver.told();
    let mut repeats = 0;
    for job in jobs.values() {
        if job.state == "Cancel" {
            assert!(
                !outbox.contains_key(job.id.as_str()),
                "{job:?} was cancelled and ended"
            );
            assert!(
                !told.contains_key(&job.id),
                "{job:?} was cancelled and told"
            );
            continue;
        }
        let row = outbox[job.id.as_str()];
        assert_eq!((row.endings, row.delivered), (1, 1), "{job:?}");
        let documents = told
            .get(&job.id)
            .unwrap_or_else(|| panic!("{job:?} was never told"));
        repeats += documents.len() - 1;
        let different: HashSet<&String> = documents.iter().collect();
        assert_eq!(
            different.len(),
            1,
            "{job:?} ended in two ways: {different:?}"
        );
    }
    println!(
        "callbacks: {} jobs told, {repeats} repeated, all repeats the same document",
        told.len()
    );
    covers(bucket, &jobs);

    let objects: Vec<Object> = rows(
        folder,
        "SELECT key, md5 FROM objects WHERE key LIKE 'put/%'",
    );
    let recorded: HashMap<&str, &str> = objects
        .iter()
        .map(|row| (row.key.as_str(), row.md5.as_str()))
        .collect();
    for (key, sum) in &promises.objects {
        let bytes = fs::read(bucket.join(key)).expect("a stored object");
        assert_eq!(md5_of(&bytes), *sum, "{key}");
        assert_eq!(recorded.get(key.as_str()), Some(&sum.as_str()), "{key}");
    }
    if let Ok(bytes) = fs::read(bucket.join("put/contended.bin")) {
        assert!(
            promises.contended.contains(&md5_of(&bytes)),
            "a mix of two uploads"
        );
    }
    println!("objects stored: {}, all whole", promises.objects.len());
    let left = fs::read_dir(folder.join("data/scratch"))
        .expect("a listing")
        .count();
    assert_eq!(left, 0, "files were left in the scratch folder");
}

/// Every file under `covers/` is whole, and those of successful jobs are as recorded.
fn covers(bucket: &Path, jobs: &HashMap<&str, &Job>) {
    let mut recorded = HashMap::new();
    for job in jobs.values() {
        let covers: Vec<Cover> =
            serde_json::from_str(job.covers.as_deref().unwrap_or("[]")).expect("covers");
        assert_eq!(covers.is_empty(), job.state != "Success", "{job:?}");
        recorded.extend(covers.into_iter().map(|cover| (cover.object, cover.md5)));
    }
    let (mut matching, mut unnamed) = (0, 0);
    // No folder is there when the engine never lived long enough to make a cover.
    for entry in fs::read_dir(bucket.join("covers")).into_iter().flatten() {
        let entry = entry.expect("an entry");
        let key = format!("covers/{}", entry.file_name().to_str().expect("text"));
        let bytes = fs::read(entry.path()).expect("a cover");
        match recorded.remove(&key) {
            Some(sum) => {
                assert_eq!(md5_of(&bytes), sum, "{key} is not what its job made");
                matching += 1;
            }
            // Killed between the last cover and the record of the end, cancelled in the next life.
            None => {
                let whole =
                    bytes.ends_with(&[0xff, 0xd9]) || bytes.ends_with(b"IEND\xae\x42\x60\x82");
                assert!(whole, "{key} is half-written");
                unnamed += 1;
            }
        }
    }
    assert!(
        recorded.is_empty(),
        "covers that were told and are not there: {recorded:?}"
    );
    println!(
        "covers: {matching} whole and as recorded, {unnamed} whole ones of jobs cancelled after a kill"
    );
}
