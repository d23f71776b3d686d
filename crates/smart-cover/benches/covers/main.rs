//! Time and memory of picking covers beside decoding and beside other choosers: ratios of one run on one machine.
//!
//! `cargo xtask bench covers` runs it. Other choosers are measured where they are installed: `ffmpegthumbnailer` on the
//! search path, `vcsi`, PySceneDetect and Katna in the Python environment that `COVERS_PEERS` names.

mod clips;
mod measure;
mod peers;

use std::{path::Path, process::Command};

use measure::{Cost, cost};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Covers that everybody picks.
const COUNT: u8 = 5;
/// Key frames that are leafed through at most, where not all of a file is decoded.
const LEAFED: usize = 120;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().collect();
    // The bench runs itself again for one pick, so that memory and time are those of a process of its own.
    if let [_, mode, video, out] = words.as_slice()
        && mode == "pick"
    {
        return pick(Path::new(video), Path::new(out));
    }
    let folder = tempfile::tempdir()?;
    let clips = clips::make(folder.path())?;
    let out = folder.path().join("covers");
    std::fs::create_dir(&out)?;
    println!(
        "{COUNT} covers of each clip; wall and CPU seconds, peak memory of all processes together"
    );
    println!(
        "{:<22}{:<34}{:>8}{:>8}{:>8}  ours to it",
        "clip", "what", "wall", "CPU", "MB"
    );
    for clip in &clips {
        let ours = cost(&mut ourselves(&clip.file, &out)?)?;
        line(clip.name, "smart-cover", Some(ours), ours);
        line(
            clip.name,
            "ffmpeg decodes what we looked at",
            decoding(&clip.file, &out)?,
            ours,
        );
        if clip.alone {
            continue;
        }
        for peer in peers::find() {
            line(clip.name, peer.name, peer.cost(&clip.file, &out)?, ours);
        }
    }
    Ok(())
}

fn line(clip: &str, what: &str, cost: Option<Cost>, ours: Cost) {
    match cost {
        Some(cost) => println!(
            "{clip:<22}{what:<34}{:>8.2}{:>8.2}{:>8.0}  {:.2} wall, {:.2} CPU",
            cost.wall,
            cost.cpu,
            cost.megabytes,
            ours.wall / cost.wall,
            ours.cpu / cost.cpu.max(0.01)
        ),
        None => println!("{clip:<22}{what:<34} not installed, or it fails on this clip"),
    }
}

fn ourselves(video: &Path, out: &Path) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("pick").arg(video).arg(out);
    Ok(command)
}

fn pick(video: &Path, out: &Path) -> Outcome<()> {
    let options = smart_cover::Options::new().count(COUNT);
    let cancel = smart_cover::Cancel::new();
    let picked = smart_cover::pick(video, &options, out, &mut |_| {}, &cancel)?;
    let times: Vec<String> = picked
        .candidates
        .iter()
        .map(|c| c.time.to_string())
        .collect();
    std::fs::write(out.join("looked-at"), times.join("\n"))?;
    Ok(())
}

/// ffmpeg decoding what the last pick looked at, to nowhere, with the frames passed over that we pass over.
///
/// Key frames that were leafed through are cut out beforehand, so that finding them costs it nothing.
fn decoding(video: &Path, out: &Path) -> Outcome<Option<Cost>> {
    /// Frames further apart than this in seconds are of different stretches.
    const GAP: f64 = 1.0;
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    for time in std::fs::read_to_string(out.join("looked-at"))?.lines() {
        let time: f64 = time.parse()?;
        match stretches.last_mut().filter(|(_, end)| time - *end < GAP) {
            Some((_, end)) => *end = time,
            None => stretches.push((time, time)),
        }
    }
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin"]);
    let windows = stretches.len() > 1;
    if windows {
        let keys = clips::keys(video, out, LEAFED)?;
        command.arg("-i").arg(keys);
    }
    for (start, end) in &stretches {
        command.args(["-skip_frame", "noref"]);
        if windows {
            command.args(["-ss", &start.to_string()]);
            command.args(["-t", &(end - start + 0.01).to_string()]);
        }
        command.arg("-i").arg(video);
    }
    for k in 0..stretches.len() + usize::from(windows) {
        command.args(["-map", &format!("{k}:v:0")]);
    }
    command.args(["-f", "null", "-"]);
    Ok(cost(&mut command).ok())
}
