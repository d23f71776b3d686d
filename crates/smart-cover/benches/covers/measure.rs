//! What a process and all its descendants cost.

use std::{
    collections::HashMap,
    fs, io,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Seconds and megabytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    /// Highest sum over all processes at one time, shared pages divided among those that share them.
    pub(crate) megabytes: f64,
}

impl Cost {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
            megabytes: self.megabytes.max(other.megabytes),
        }
    }
}

/// Runs it to its end; a failure is an error.
pub(crate) fn cost(command: &mut Command) -> io::Result<Cost> {
    let before = children_seconds()?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ended = AtomicBool::new(false);
    let root = child.id();
    let (status, wall, peak) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak.max(tree_kilobytes(root));
                std::thread::sleep(Duration::from_millis(20));
            }
            peak
        });
        let status = child.wait();
        let wall = start.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, wall, watcher.join().unwrap_or(0))
    });
    if !status?.success() {
        return Err(io::Error::other("it failed"));
    }
    Ok(Cost {
        wall,
        cpu: children_seconds()? - before,
        megabytes: peak as f64 / 1000.0,
    })
}

/// CPU seconds of all descendants that were waited for.
fn children_seconds() -> io::Result<f64> {
    /// Ticks of the fields in `/proc`, fixed for programs on Linux.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let field = |k: usize| -> f64 {
        let word = after_name.split_whitespace().nth(k);
        word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
    };
    Ok((field(13) + field(14)) / TICKS)
}

fn tree_kilobytes(root: u32) -> u64 {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let parent = after_name.split_whitespace().nth(1);
        if let Some(parent) = parent.and_then(|word| word.parse().ok()) {
            parents.insert(pid, parent);
        }
    }
    let below = |mut pid: u32| {
        while pid != root {
            match parents.get(&pid) {
                Some(parent) if *parent > 1 => pid = *parent,
                _ => return false,
            }
        }
        true
    };
    parents
        .keys()
        .filter(|pid| below(**pid))
        .map(|pid| kilobytes(*pid))
        .sum()
}

fn kilobytes(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0)
}
