//! Key frames of files with an index: their packets are copied out without decoding, evenly thinned, so that reading
//! through a file with thousands of key frames decodes no more of them than seeking to so many places would.

use std::{ffi::OsString, time::Instant};

use crate::{
    decode::{self, Frame, Look, Skip},
    error::CoverError,
    probe,
    program::{self, Watch},
    sniff::Sniffed,
    source::Source,
};

/// At most one key frame in each of so many parts of the file; none where this way is not open for the file.
pub(crate) fn keys(
    watch: &Watch<'_>,
    source: &Source<'_>,
    places: usize,
    until: Instant,
    seen: &mut dyn FnMut(f64),
) -> Result<Option<Vec<Frame>>, CoverError> {
    let info = source.info;
    // The copy keeps neither the display matrix nor a range that only the container states.
    let plain = info.rotation == 0 && info.color_range != "pc";
    // Seeking in this one reads what lies before, for every place anew.
    let known = source.indexed() || info.container == "flv";
    let (true, true, Some(length)) = (known, plain, info.frame_estimate()) else {
        return Ok(None);
    };
    // Where nothing can be kept the file is looked at in another way.
    let kept = tempfile::Builder::new()
        .prefix(".keys-")
        .tempfile_in(source.scratch);
    let Ok(copy) = kept else {
        return Ok(None);
    };
    let target = probe::file_argument(copy.path())?;
    let arguments = arguments(watch, source, length / places as f64, &target);
    let ended = program::run(
        watch,
        &source.tools.ffmpeg,
        &arguments,
        |_| Ok(()),
        |_| false,
    )?;
    let bytes = copy.as_file().metadata().map_or(0, |about| about.len());
    if !ended.status.success() || bytes == 0 {
        return Ok(None);
    }
    let mut copied = info.clone();
    copied.stream = 0;
    let sniffed = Sniffed {
        demuxer: Some("nut"),
        bytes,
    };
    let thinned = Source {
        tools: source.tools,
        file: target,
        sniffed: &sniffed,
        info: &copied,
        threads: source.threads,
        scratch: source.scratch,
    };
    let look = Look {
        skip: Skip::Copied,
        step: 0.0,
    };
    let frames = decode::whole(watch, &thinned, look, until, seen)?;
    Ok(Some(frames).filter(|frames| !frames.is_empty()))
}

fn arguments(
    watch: &Watch<'_>,
    source: &Source<'_>,
    step: f64,
    target: &OsString,
) -> Vec<OsString> {
    let mut arguments = source.head();
    arguments.extend(source.input(watch, 1, &["-discard".into(), "nokey".into()]));
    // Register 0 holds the frame number from which on the next one is wanted, register 1 how many were taken.
    // The golden ratio places them evenly without beating against anything periodic in the video.
    // Frame numbers are times over lengths, because versions of ffmpeg disagree on the unit of both.
    let drop = format!(
        "if(key*gte((pts-startpts)/d\\,ld(0)-{:.3})\\,0*st(1\\,ld(1)+1)+0*st(0\\,{step:.3}*(ld(1)+mod(ld(1)*0.618034\\,1)))\\,1)",
        step / 2.0
    );
    // This demuxer forgets how late a frame is shown while it passes over others; what the first key frame has holds for all.
    let late = if source.info.container.starts_with("mov,") {
        "setts=pts=DTS+STARTPTS-STARTDTS,"
    } else {
        ""
    };
    let stream = source.info.stream;
    arguments.extend(["-map".into(), format!("0:{stream}").into()]);
    arguments.extend(["-c", "copy", "-bsf:v"].map(OsString::from));
    arguments.push(format!("{late}noise=drop={drop}").into());
    arguments.extend(["-avoid_negative_ts", "disabled", "-f", "nut", "-y"].map(OsString::from));
    arguments.push(target.clone());
    arguments
}

#[cfg(test)]
mod tests {
    use std::{
        path::{Path, PathBuf},
        process::Command,
        time::Duration,
    };

    use super::*;
    use crate::{Cancel, Limits, Tools, sniff};

    /// Seconds between frames of the clip.
    const FRAME: f64 = 0.04;

    fn clip(folder: &Path, name: &str, words: &[&str]) -> PathBuf {
        let (list, clip) = (folder.join("list"), folder.join(name));
        let bikes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/bikes.mp4");
        std::fs::write(&list, format!("file '{}'\n", bikes.display()).repeat(60)).expect("a list");
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "concat", "-safe", "0", "-i"])
            .arg(&list)
            .args(["-c", "copy"])
            .args(words)
            .arg(&clip)
            .status();
        assert!(made.is_ok_and(|status| status.success()));
        clip
    }

    fn thinned(clip: &Path, places: usize) -> Option<Vec<f64>> {
        let (limits, cancel) = (Limits::default(), Cancel::new());
        let deadline = Instant::now() + Duration::from_secs(60);
        let watch = Watch {
            limits: &limits,
            deadline,
            cancel: &cancel,
        };
        let tools = Tools::find().expect("ffmpeg");
        let sniffed = sniff::sniff(clip).expect("a file");
        let info = probe::probe(&watch, &tools, clip, &sniffed).expect("a video");
        let source = Source {
            tools: &tools,
            file: probe::file_argument(clip).expect("a path"),
            sniffed: &sniffed,
            info: &info,
            threads: 2,
            scratch: clip.parent().expect("a folder"),
        };
        let frames = keys(&watch, &source, places, deadline, &mut |_| {}).expect("no failure")?;
        Some(frames.iter().map(|frame| frame.time).collect())
    }

    fn all_keys(clip: &Path) -> Vec<f64> {
        let told = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"])
            .args(["-show_entries", "packet=pts_time,flags"])
            .arg(clip)
            .output()
            .expect("ffprobe");
        String::from_utf8_lossy(&told.stdout)
            .lines()
            .filter_map(|line| line.split_once(",K"))
            .map(|(time, _)| time.parse().expect("seconds"))
            .collect()
    }

    #[test]
    fn thinned_key_frames_are_spread_and_have_their_times() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["long.mp4", "long.mkv", "long.flv"] {
            let clip = clip(folder.path(), name, &[]);
            let (all, few) = (all_keys(&clip), thinned(&clip, 20).expect("an index"));
            assert!(all.len() > 60, "{name}: {all:?}");
            assert!((15..=21).contains(&few.len()), "{name}: {few:?}");
            assert!(
                few.windows(2).all(|pair| pair[1] - pair[0] < 90.0),
                "{name}: {few:?}"
            );
            for time in &few {
                let near = |key: &f64| (key - all[0] - time).abs() < FRAME / 2.0;
                assert!(all.iter().any(near), "{name}: {time} of {all:?}");
            }
            assert_eq!(thinned(&clip, 2000).map(|keys| keys.len()), Some(all.len()));
        }
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 4, "the clips and their list");
    }

    #[test]
    fn without_an_index_it_is_another_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let stream = clip(folder.path(), "long.ts", &[]);
        assert_eq!(thinned(&stream, 20), None);
    }
}
