//! The clips of the bench: made of the real clip in the tests, larger and longer.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::Outcome;

pub(crate) struct Clip {
    pub(crate) name: &'static str,
    pub(crate) file: PathBuf,
    /// Too long for the others.
    pub(crate) alone: bool,
}

fn bikes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/bikes.mp4")
}

fn ffmpeg(words: &[&str]) -> Outcome<()> {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(words)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("ffmpeg {words:?} failed").into())
    }
}

pub(crate) fn make(folder: &Path) -> Outcome<Vec<Clip>> {
    let bikes = bikes();
    let source = bikes.to_string_lossy();
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let coded = [
        "-an", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
    ];
    let scaled = |name: &str, size: &str| -> Outcome<String> {
        let (made, filter) = (path(name), format!("scale={size},setsar=1"));
        let mut words = vec!["-i", &source, "-vf", &filter];
        words.extend(coded);
        words.push(&made);
        ffmpeg(&words)?;
        Ok(made)
    };
    let hd = scaled("hd.mp4", "1280:720")?;
    let uhd = scaled("uhd.mp4", "3840:2160")?;
    // As a phone takes it: HLG, 10 bit, HEVC. Others do not bring it into the range of an ordinary screen.
    let hlg = path("hlg.mp4");
    let filter = "scale=3840:2160,setsar=1,format=yuv420p10le";
    let light = "log-level=none:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc";
    ffmpeg(&[
        "-i",
        &source,
        "-vf",
        filter,
        "-an",
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        light,
        &hlg,
    ])?;
    let mut clips = vec![
        ("10 s, 640 x 272", source.to_string(), false),
        ("10 s, 1280 x 720", hd.clone(), false),
        ("10 s, 3840 x 2160", uhd, false),
        ("10 s, 2160p, HLG", hlg, true),
    ];
    let lengths = [
        ("10 min, 720p", 60, false),
        ("60 min, 720p", 360, true),
        ("180 min, 720p", 1080, true),
    ];
    for (name, times, alone) in lengths {
        let (list, made) = (path("list"), path(&format!("{times}.mp4")));
        std::fs::write(&list, format!("file '{hd}'\n").repeat(times))?;
        ffmpeg(&[
            "-f", "concat", "-safe", "0", "-i", &list, "-c", "copy", &made,
        ])?;
        clips.push((name, made, alone));
    }
    let clip = |(name, file, alone): (&'static str, String, bool)| Clip {
        name,
        file: file.into(),
        alone,
    };
    Ok(clips.into_iter().map(clip).collect())
}

/// At most so many of the key frames of a video, evenly spread, in a file of their own.
pub(crate) fn keys(video: &Path, folder: &Path, most: usize) -> Outcome<PathBuf> {
    let told = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "packet=flags"])
        .arg(video)
        .output()?;
    let flags = String::from_utf8_lossy(&told.stdout);
    let count = flags.lines().filter(|line| line.starts_with('K')).count();
    let every = count.div_ceil(most).max(1);
    let (from, to) = (video.to_string_lossy(), folder.join("keys.nut"));
    let made = to.to_string_lossy();
    let drop = format!("noise=drop=mod(n\\,{every})");
    ffmpeg(&[
        "-discard", "nokey", "-i", &from, "-map", "0:v:0", "-c", "copy", "-bsf:v", &drop, &made,
    ])?;
    Ok(to)
}
