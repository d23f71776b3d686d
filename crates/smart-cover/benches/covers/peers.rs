//! Other ways to choose covers, as their manuals say to run them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    COUNT, Outcome,
    measure::{Cost, cost},
};

/// Another chooser: the commands that give its covers, run one after another.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    commands: fn(&Path, &Path, f64) -> Vec<Command>,
}

impl Peer {
    /// None when a command is missing or fails.
    pub(crate) fn cost(&self, video: &Path, out: &Path) -> Outcome<Option<Cost>> {
        let length = length(video)?;
        let mut sum = Cost::default();
        for mut command in (self.commands)(video, out, length) {
            match cost(&mut command) {
                Ok(one) => sum = sum.plus(one),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(sum))
    }
}

pub(crate) fn find() -> [Peer; 6] {
    [
        Peer {
            name: "evenly spaced frames",
            commands: even,
        },
        Peer {
            name: "ffmpeg, filter thumbnail",
            commands: thumbnail,
        },
        Peer {
            name: "ffmpegthumbnailer",
            commands: ffmpegthumbnailer,
        },
        Peer {
            name: "vcsi",
            commands: vcsi,
        },
        Peer {
            name: "PySceneDetect",
            commands: scenedetect,
        },
        Peer {
            name: "Katna",
            commands: katna,
        },
    ]
}

fn length(video: &Path) -> Outcome<f64> {
    let told = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "format=duration",
            "-of",
            "csv=p=0",
        ])
        .arg(video)
        .output()?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().parse()?)
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    command
}

fn middles(length: f64) -> impl Iterator<Item = (u8, f64)> {
    (0..COUNT).map(move |k| (k, length * (f64::from(k) + 0.5) / f64::from(COUNT)))
}

fn even(video: &Path, out: &Path, length: f64) -> Vec<Command> {
    middles(length)
        .map(|(k, time)| {
            let mut command = ffmpeg();
            command.args(["-ss", &time.to_string(), "-i"]).arg(video);
            command.args(["-frames:v", "1", "-q:v", "2", "-update", "1"]);
            command.arg(out.join(format!("even-{k}.jpg")));
            command
        })
        .collect()
}

fn thumbnail(video: &Path, out: &Path, _: f64) -> Vec<Command> {
    let mut command = ffmpeg();
    command.arg("-i").arg(video);
    command.args([
        "-vf",
        "thumbnail=n=50",
        "-fps_mode",
        "vfr",
        "-frames:v",
        &COUNT.to_string(),
    ]);
    command.arg(out.join("thumbnail-%02d.jpg"));
    vec![command]
}

fn ffmpegthumbnailer(video: &Path, out: &Path, _: f64) -> Vec<Command> {
    middles(100.0)
        .map(|(k, percent)| {
            let mut command = Command::new("ffmpegthumbnailer");
            command.args(["-s", "0", "-t", &format!("{percent:.0}%"), "-i"]);
            command
                .arg(video)
                .arg("-o")
                .arg(out.join(format!("thumbnailer-{k}.png")));
            command
        })
        .collect()
}

/// A program of the Python environment with the peers.
fn python(program: &str) -> Command {
    let folder = std::env::var_os("COVERS_PEERS").map_or_else(PathBuf::new, PathBuf::from);
    Command::new(folder.join("bin").join(program))
}

fn vcsi(video: &Path, out: &Path, _: f64) -> Vec<Command> {
    let mut command = python("vcsi");
    command.arg(video);
    command.args(["-g", &format!("1x{COUNT}"), "-o"]);
    command.arg(out.join("vcsi.jpg"));
    vec![command]
}

fn scenedetect(video: &Path, out: &Path, _: f64) -> Vec<Command> {
    let mut command = python("scenedetect");
    command.arg("-i").arg(video).arg("-o").arg(out);
    command.args(["detect-adaptive", "save-images", "-n", "1"]);
    vec![command]
}

fn katna(video: &Path, out: &Path, _: f64) -> Vec<Command> {
    const SCRIPT: &str = "
import sys
from Katna.video import Video
from Katna.writer import KeyFrameDiskWriter
if __name__ == '__main__':
    Video().extract_video_keyframes(no_of_frames=int(sys.argv[3]), file_path=sys.argv[1], writer=KeyFrameDiskWriter(location=sys.argv[2]))
";
    let script = out.join("katna.py");
    // A script that cannot be written is a peer that cannot be run.
    let _ = std::fs::write(&script, SCRIPT);
    let mut command = python("python");
    command
        .arg(script)
        .arg(video)
        .arg(out)
        .arg(COUNT.to_string());
    vec![command]
}
