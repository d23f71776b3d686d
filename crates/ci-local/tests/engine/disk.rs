//! Disks that are full or read-only: small file systems of their own, mounted for the test.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ci_local::{Config, Engine, JobProfile, Media};
use serde_json::json;

use super::callbacks::receiver;
use super::control::ask;
use super::harness::*;
use super::jobs::{body, describe, submit};

/// A file system in memory, gone with this value.
struct Disk {
    _folder: tempfile::TempDir,
    mounts: Vec<PathBuf>,
}

impl Disk {
    /// None where this user may not mount: then these tests show nothing, and say so.
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_str().unwrap();
        if !mount(&["-t", "tmpfs", "-o", options, "tmpfs", at]) {
            eprintln!("SKIPPED: a file system cannot be mounted here, run this as root");
            return None;
        }
        let mounts = vec![folder.path().to_owned()];
        Some(Self {
            _folder: folder,
            mounts,
        })
    }

    fn path(&self) -> &Path {
        &self.mounts[0]
    }

    /// Makes one folder read-only, as a disk does that has failed.
    fn freeze(&mut self, folder: &Path) {
        let at = folder.to_str().unwrap();
        assert!(mount(&["--bind", at, at]));
        self.mounts.push(folder.to_owned());
        assert!(mount(&["-o", "remount,ro,bind", at]));
    }

    fn thaw(&mut self) {
        let at = self.mounts.pop().unwrap();
        assert!(umount(&at));
    }

    /// Takes all the space there is.
    fn fill(&self) -> Filler {
        let mut file = File::create(self.path().join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        Filler(file)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        while let Some(at) = self.mounts.pop() {
            umount(&at);
        }
    }
}

struct Filler(File);

impl Filler {
    fn give_back(&self, bytes: u64) {
        let length = self.0.metadata().unwrap().len();
        self.0.set_len(length.saturating_sub(bytes)).unwrap();
    }
}

fn mount(arguments: &[&str]) -> bool {
    let ran = Command::new("mount").args(arguments).output();
    ran.is_ok_and(|ran| ran.status.success())
}

/// Lazily: an engine that a failed test left behind may still have files open.
fn umount(at: &Path) -> bool {
    let ran = Command::new("umount").arg("-l").arg(at).output();
    ran.is_ok_and(|ran| ran.status.success())
}

fn config(disk: &Disk) -> Config {
    Config::at(disk.path().join("data"))
        .media(Media::Synthetic)
        .profile(JobProfile::Instant)
        .control(true)
}

fn small(more: &str) -> String {
    body(
        "in/clip.mp4",
        "<SmartCover><Width>128</Width><Count>1</Count></SmartCover>",
        more,
    )
}

async fn post(engine: &Engine, more: &str) -> Reply {
    call(engine, "POST", &format!("{CI}/jobs"), small(more)).await
}

fn jobs_in(engine: &Engine) -> usize {
    let database = rusqlite::Connection::open(engine.folder().join("engine.db")).unwrap();
    let count = database.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, u32>(0));
    count.unwrap() as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_loses_nothing_and_needs_no_restart() {
    let Some(disk) = Disk::new("size=8m") else {
        return;
    };
    let engine = Engine::start(config(&disk)).await.unwrap();
    let clip = format!("{COS}/in/clip.mp4");
    ok(call(&engine, "PUT", &clip, "x").await);
    let (url, mut got) = receiver(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let callback = format!("<CallBack>{url}</CallBack>");

    let filler = disk.fill();
    // What is written fills the last pages, then nothing more can be promised.
    let mut accepted = Vec::new();
    let refused = loop {
        let reply = post(&engine, &callback).await;
        if !reply.status.is_success() {
            break reply;
        }
        accepted.push(reply.element("JobId").to_owned());
        assert!(accepted.len() < 1000, "the disk is never full");
    };
    assert_eq!(refused.refusal(), (503, "ServiceUnavailable"));
    let why = refused.element("Message");
    assert!(
        why.contains("nothing was stored: database or disk is full"),
        "{why}"
    );
    let upload = call(
        &engine,
        "PUT",
        &format!("{COS}/in/more.mp4"),
        vec![1; 100_000],
    )
    .await;
    assert_eq!(upload.refusal(), (503, "ServiceUnavailable"));
    assert!(
        upload.element("Message").contains("No space left"),
        "{}",
        upload.text()
    );
    let absent = call(&engine, "GET", &format!("{COS}/in/more.mp4"), "").await;
    assert_eq!(absent.refusal(), (404, "NoSuchKey"));
    ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    assert_eq!(ok(call(&engine, "GET", &clip, "").await).text(), "x");
    assert_eq!(jobs_in(&engine), accepted.len());

    filler.give_back(u64::MAX);
    accepted.push(submit(&engine, small(&callback)).await);
    ok(call(
        &engine,
        "PUT",
        &format!("{COS}/in/more.mp4"),
        vec![1; 100_000],
    )
    .await);
    for id in &accepted {
        let done = describe(&engine, id).await;
        // A job that met the full disk says so; nothing else may have happened to it.
        match done.element("State") {
            "Success" => assert_eq!(engine.covers_of(id).await.unwrap().len(), 1),
            _ => {
                assert_eq!(done.element("Code"), "OutputFailed", "{}", done.text());
                assert!(
                    done.element("Message").contains("No space left"),
                    "{}",
                    done.text()
                );
            }
        }
    }
    let last = describe(&engine, accepted.last().unwrap()).await;
    assert_eq!(last.element("State"), "Success");
    let mut told = std::collections::HashSet::new();
    while told.len() < accepted.len() {
        let request = got.recv().await.unwrap();
        let id = request.split_once("<JobId>").unwrap().1;
        told.insert(id.split_once('<').unwrap().0.to_owned());
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_could_not_be_recorded_takes_no_place_in_its_queue() {
    let Some(disk) = Disk::new("size=8m") else {
        return;
    };
    let engine = Engine::start(config(&disk)).await.unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let one = json!({"bucket": BUCKET, "name": "one", "max_concurrent": 1});
    let (_, queue) = ask(&engine, "POST", "queues", one).await;
    let queue = queue["id"].as_str().unwrap().to_owned();
    let set = async |state: &str| {
        let text = format!(
            "<Request><Name>one</Name><QueueID>{queue}</QueueID><State>{state}</State>\
             <NotifyConfig><State>Off</State></NotifyConfig></Request>"
        );
        call(&engine, "PUT", &format!("{CI}/queue/{queue}"), text).await
    };
    ok(set("Paused").await);
    let of_it = format!("<QueueId>{queue}</QueueId>");
    let id = submit(&engine, small(&of_it)).await;
    let filler = disk.fill();
    // Page by page, until the resumption of the queue just fits and the start of its job does not.
    while !set("Active").await.status.is_success() {
        filler.give_back(4096);
    }
    for _ in 0..3 {
        assert_eq!(
            post(&engine, &of_it).await.refusal(),
            (503, "ServiceUnavailable")
        );
    }
    filler.give_back(u64::MAX);
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_is_told_at_the_start_and_in_the_middle() {
    let Some(mut disk) = Disk::new("size=8m") else {
        return;
    };
    let engine = Engine::start(config(&disk)).await.unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let id = submit(&engine, small("")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");

    // In the middle: the place where files are made is read-only, the database is not.
    disk.freeze(&engine.folder().join("scratch"));
    let upload = call(&engine, "PUT", &format!("{COS}/in/more.mp4"), "y").await;
    assert_eq!(upload.refusal(), (503, "ServiceUnavailable"));
    assert!(
        upload.element("Message").contains("Read-only file system"),
        "{}",
        upload.text()
    );
    let failed = submit(&engine, small("")).await;
    let failed = describe(&engine, &failed).await;
    assert_eq!(failed.element("Code"), "OutputFailed", "{}", failed.text());
    assert!(
        failed.element("Message").contains("Read-only file system"),
        "{}",
        failed.text()
    );
    disk.thaw();
    ok(call(&engine, "PUT", &format!("{COS}/in/more.mp4"), "y").await);
    let again = submit(&engine, small("")).await;
    assert_eq!(describe(&engine, &again).await.element("State"), "Success");
    engine.shutdown().await;
    drop(engine);

    // At the start.
    let at = disk.path().to_str().unwrap();
    assert!(mount(&["-o", "remount,ro", at]));
    let refused = Engine::start(config(&disk)).await.unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(
        refused.to_string().contains(at) && cause.contains("Read-only file system"),
        "{refused}: {cause}"
    );
    assert!(mount(&["-o", "remount,rw", at]));
    let engine = Engine::start(config(&disk)).await.unwrap();
    assert_eq!(engine.covers_of(&id).await.unwrap().len(), 1);
    engine.shutdown().await;
}
