//! `kill -9` of `cosci serve` at random moments under load, again and again: nothing it said yes to is lost.
//!
//! `COSCI_KILLS` is the number of kills (`cargo xtask prove crash` sets 100), `COSCI_SEED` repeats a run's choices.

mod check;
pub(crate) mod dice;
mod load;
mod receiver;
mod wire;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ci_tests::picture::ffmpeg;
use ci_tests::tool::{Running, Tool};
use ci_tests::until::until;
use serde_json::Value;

use dice::Dice;
use load::Load;
use receiver::Receiver;

pub(crate) const BUCKET: &str = "media-1250000000";
/// Clients at the same time.
const CLIENTS: u64 = 4;

/// Real covers in every second life of the engine, quick ones in the others.
fn tool(folder: &Path, life: u64) -> Tool {
    let media = if life.is_multiple_of(2) {
        "ffmpeg"
    } else {
        "synthetic"
    };
    let words = "serve --addr 127.0.0.1:0 --data data --workers 4 --json --media";
    Tool::new(folder, words.split(' ').chain([media]))
}

fn address(engine: &Running) -> SocketAddr {
    let ready: Value = serde_json::from_str(&engine.first).expect("JSON");
    let url = ready["url"].as_str().expect("a URL");
    url.trim_start_matches("http://")
        .parse()
        .expect("an address")
}

/// What the `sqlite3` program answers about the engine's state.
pub(crate) fn sqlite(folder: &Path, sql: &str) -> String {
    let ran = Command::new("sqlite3")
        .args(["-bail", "-json", "data/engine.db", sql])
        .current_dir(folder)
        .output()
        .expect("sqlite3 starts: `cargo xtask test` installs it");
    assert!(ran.status.success(), "sqlite3 {sql}: {ran:?}");
    String::from_utf8(ran.stdout).expect("text")
}

fn is_sound(folder: &Path) {
    let found = sqlite(folder, "PRAGMA integrity_check");
    assert_eq!(found.trim(), r#"[{"integrity_check":"ok"}]"#);
}

#[test]
fn nothing_that_was_accepted_is_lost_however_often_the_engine_is_killed() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let kills: u64 = number("COSCI_KILLS").unwrap_or(10);
    let seed = number("COSCI_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("{kills} kills, COSCI_SEED={seed}");
    let mut dice = Dice::new(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let bucket = folder.join("data/buckets").join(BUCKET);
    std::fs::create_dir_all(bucket.join("in")).expect("a folder");
    let clip = bucket.join("in/clip.mp4");
    let source = "testsrc2=size=320x180:rate=10:duration=2";
    let made = ffmpeg(
        &[
            "-f",
            "lavfi",
            "-i",
            source,
            "-pix_fmt",
            "yuv420p",
            clip.to_str().expect("plain"),
        ],
        b"",
    );
    assert!(made.is_empty());
    let receiver = Receiver::start();
    let load = Arc::new(Load::new(receiver.url.clone()));

    let (mut served, mut jobs_running) = (0, 0);
    for life in 0..kills {
        if dice.below(5) == 0 {
            // Killed while it starts: the database may be in the middle of its recovery.
            let engine = tool(folder, life).spawn();
            let mut looks = dice.below(12);
            until("a moment that no event marks", || {
                looks = looks.saturating_sub(1);
                (looks == 0).then_some(())
            });
            engine.kill();
        } else {
            let engine = tool(folder, life).start();
            let over = Arc::new(AtomicBool::new(false));
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (load, over) = (Arc::clone(&load), Arc::clone(&over));
                    let (address, seed) = (address(&engine), seed ^ (life * CLIENTS + client));
                    std::thread::spawn(move || load.run(address, &over, Dice::new(seed)))
                })
                .collect();
            let (answers, told) = (load.answers(), receiver.count());
            let (few, some) = (dice.below(48), dice.below(8) as usize);
            // Some lives end among the calls, others after jobs of theirs have ended.
            let by_calls = dice.below(2) == 0;
            until("the moment to kill it", || {
                let calls = load.answers() - answers >= few;
                let jobs = receiver.count() - told >= some;
                (if by_calls { calls } else { jobs }).then_some(())
            });
            engine.kill();
            over.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().expect("a client ends");
            }
            served += 1;
        }
        // Before its first whole start there may be no tables yet.
        if dice.below(3) == 0 && served > 0 {
            is_sound(folder);
            let running = "SELECT count(*) AS n FROM jobs WHERE state = 'Running'";
            let found: Value = serde_json::from_str(&sqlite(folder, running)).expect("JSON");
            jobs_running += found[0]["n"].as_u64().expect("a number");
        }
    }
    let engine = tool(folder, 1).start();
    let address = address(&engine);
    let mut left = u64::MAX;
    while left > 0 {
        // However long all of it takes on this machine, something must go on.
        left = until("a job to end or a callback to be delivered", || {
            wire::unfinished(address).filter(|now| *now < left)
        });
    }
    assert_eq!(engine.terminate(), Some(0), "SIGTERM is a clean end");
    is_sound(folder);
    println!("killed {kills} times, {served} of them under load, the others while starting");
    println!("jobs found in the middle of their work in every third look: {jobs_running}");
    check::everything(folder, &bucket, &load, &receiver);
}
