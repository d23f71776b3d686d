//! Small frames out of a child's pipe, with their times, measured while the next ones are decoded.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::{self, Read},
    sync::{Mutex, PoisonError, mpsc},
};

use crate::{
    error::CoverError,
    feature::{self, Features},
    filter,
    options::Tools,
    plane::Picture,
    probe::{self, MediaInfo},
    program::{self, Watch},
    sniff::Sniffed,
};

/// Pixels of an analysed frame: 320 × 180 for a 16:9 picture, other shapes likewise.
const ANALYSIS_PIXELS: f64 = 320.0 * 180.0;
/// No look keeps more frames than this, whatever the file claims about its length and rate.
pub(crate) const MOST_FRAMES: usize = 2600;

/// One frame that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Seconds as displayed.
    pub(crate) time: f64,
    /// Whether its fields are interleaved.
    pub(crate) interlaced: bool,
    /// Whether the decoder reported damage since the last key frame.
    pub(crate) damaged: bool,
    pub(crate) features: Features,
}

/// Which packets the decoder may pass over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    Nothing,
    /// Frames that no other frame needs: half the work for most files, and those left are the better coded ones.
    NonReference,
    NonKey,
}

/// One pass over the file or a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    pub(crate) skip: Skip,
    /// Least seconds between two frames that are kept; 0 keeps all.
    pub(crate) step: f64,
    /// Start and length in seconds; none for the whole.
    pub(crate) window: Option<(f64, f64)>,
}

/// What every pass needs to know of the file.
pub(crate) struct Source<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) file: OsString,
    pub(crate) sniffed: &'a Sniffed,
    pub(crate) info: &'a MediaInfo,
    pub(crate) threads: usize,
}

impl Source<'_> {
    /// Arguments up to and including the input, for a given start.
    pub(crate) fn input(
        &self,
        watch: &Watch<'_>,
        threads: usize,
        before: &[OsString],
    ) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["-hide_banner", "-nostdin", "-nostats", "-threads"]
            .map(OsString::from)
            .into();
        arguments.push(threads.to_string().into());
        arguments.extend(probe::safety(self.sniffed, watch.limits));
        arguments.extend_from_slice(before);
        arguments.extend([
            "-i".into(),
            self.file.clone(),
            "-map".into(),
            format!("0:{}", self.info.stream).into(),
        ]);
        arguments
    }

    /// Width and height at which frames are measured.
    pub(crate) fn analysis_size(&self) -> (usize, usize) {
        let (width, height) = self.info.display_size();
        let scale = (ANALYSIS_PIXELS / (width * height)).sqrt().min(1.0);
        let even = |side: f64| ((side * scale / 2.0).round() as usize * 2).max(2);
        (even(width), even(height))
    }
}

/// Decodes and measures. Damage makes a second pass on one thread, because only that gives the same frames every time.
pub(crate) fn look(
    watch: &Watch<'_>,
    source: &Source<'_>,
    look: Look,
    seen: &mut dyn FnMut(f64),
) -> Result<Vec<Frame>, CoverError> {
    let (frames, damaged) = pass(watch, source, look, source.threads, seen)?;
    if damaged && source.threads > 1 {
        Ok(pass(watch, source, look, 1, seen)?.0)
    } else {
        Ok(frames)
    }
}

fn pass(
    watch: &Watch<'_>,
    source: &Source<'_>,
    look: Look,
    threads: usize,
    seen: &mut dyn FnMut(f64),
) -> Result<(Vec<Frame>, bool), CoverError> {
    let (width, height) = source.analysis_size();
    let mut before: Vec<OsString> = Vec::new();
    match look.skip {
        Skip::Nothing => {}
        Skip::NonReference => before.extend(["-skip_frame", "noref"].map(OsString::from)),
        Skip::NonKey => {
            before.extend(["-skip_frame", "nokey"].map(OsString::from));
        }
    }
    if let Some((start, length)) = look.window {
        before.extend([
            "-ss".into(),
            format!("{start:.6}").into(),
            "-t".into(),
            format!("{length:.6}").into(),
        ]);
    }
    let mut arguments = source.input(watch, threads, &before);
    arguments.extend(["-vf".into(), chain(source.info, look, width, height).into()]);
    arguments.extend(["-fps_mode", "passthrough", "-f", "rawvideo", "-"].map(OsString::from));

    let log = Mutex::new(Log::default());
    let start = look.window.map_or(0.0, |(start, _)| start);
    let read = |out: &mut dyn Read| measure_all(out, width, height, &log, start, seen);
    let ended = program::run(watch, &source.tools.ffmpeg, &arguments, read, |line| {
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .line(line)
    })?;
    let log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (true, program::Stopped::Signal) =
        (ended.value.is_empty(), program::stopped(ended.status))
    {
        return Err(ended.failure(&source.tools.ffmpeg));
    }
    let damaged = !log.damage.is_empty();
    Ok((frames(&log, ended.value, start), damaged))
}

fn chain(info: &MediaInfo, look: Look, width: usize, height: usize) -> String {
    let mut filters = Vec::new();
    if look.step > 0.0 {
        filters.push(format!(
            "select='isnan(prev_selected_t)+key+gte(t-prev_selected_t,{:.5})'",
            look.step
        ));
    }
    filters.extend(filter::flatten(info).map(str::to_owned));
    filters.push(format!("scale={width}:{height}:flags=area:out_range=pc"));
    filters.extend(filter::tone_map(info, "pc"));
    filters.push("format=yuv420p".into());
    filters.push("showinfo=checksum=0".into());
    filters.join(",")
}

/// Reads frames on this thread and measures them on another.
fn measure_all(
    out: &mut dyn Read,
    width: usize,
    height: usize,
    log: &Mutex<Log>,
    start: f64,
    seen: &mut dyn FnMut(f64),
) -> io::Result<Vec<Features>> {
    let (send, receive) = mpsc::sync_channel::<Picture>(8);
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            receive
                .iter()
                .map(|picture| feature::measure(&picture))
                .collect::<Vec<_>>()
        });
        let mut bytes = vec![0; Picture::bytes(width, height)];
        let mut count = 0;
        while count < MOST_FRAMES && read_whole(out, &mut bytes)? {
            let Some(picture) = Picture::from_bytes(width, height, &bytes) else {
                break;
            };
            if send.send(picture).is_err() {
                break;
            }
            count += 1;
            if count % 16 == 0 {
                seen(
                    start
                        + log
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .shown
                            .last()
                            .map_or(0.0, |s| s.time),
                );
            }
        }
        drop(send);
        worker
            .join()
            .map_err(|_| io::Error::other("measuring stopped"))
    })
}

/// Fills the buffer; false at the end of the stream, where a part of a frame counts as nothing.
fn read_whole(out: &mut dyn Read, bytes: &mut [u8]) -> io::Result<bool> {
    match out.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

/// What ffmpeg said on its standard error while decoding.
#[derive(Debug, Default)]
struct Log {
    tick: f64,
    shown: Vec<Shown>,
    /// How many frames had been shown when damage was reported.
    damage: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    time: f64,
    key: bool,
    interlaced: bool,
}

const DAMAGE: [&str; 9] = [
    "error while decoding",
    "concealing",
    "Invalid NAL",
    "corrupt",
    "missing picture",
    "left block unavailable",
    "out of range",
    "negative number",
    "Could not find ref",
];

impl Log {
    /// Takes one line; true when it is worth keeping for an error message.
    fn line(&mut self, line: &str) -> bool {
        if line.contains("Parsed_showinfo") {
            if let Some(base) = field(line, "config in time_base: ") {
                self.tick = base
                    .trim_end_matches(',')
                    .split_once('/')
                    .and_then(|(a, b)| Some(a.parse::<f64>().ok()? / b.parse::<f64>().ok()?))
                    .unwrap_or(0.0);
            } else if let (Some(pts), true) = (field(line, " pts:"), line.contains(" n:")) {
                // The printed seconds have six digits only; ticks are exact.
                let time = pts.parse::<f64>().map_or(f64::NAN, |pts| pts * self.tick);
                let word = |name| field(line, name).unwrap_or_default();
                self.shown.push(Shown {
                    time,
                    key: word(" iskey:") == "1",
                    interlaced: matches!(word(" i:"), "T" | "B"),
                });
            }
            return false;
        }
        if line.starts_with("Stream mapping") {
            // What was said before came from guessing the format, not from decoding.
            self.damage.clear();
        }
        if DAMAGE.iter().any(|sign| line.contains(sign)) {
            self.damage.insert(self.shown.len());
        }
        line.starts_with('[') || line.contains("rror")
    }
}

/// The word after a label.
fn field<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    line.split_once(label)?.1.split_whitespace().next()
}

/// Joins what was measured with what was said. Frames without a time are dropped: they could not be found again.
fn frames(log: &Log, features: Vec<Features>, start: f64) -> Vec<Frame> {
    let mut damaged = vec![false; log.shown.len()];
    for at in &log.damage {
        // The log runs a little ahead of the frames or behind them; damage lasts to the next key frame.
        let from = at.saturating_sub(3);
        for (k, flag) in damaged.iter_mut().enumerate().skip(from) {
            if k > at + 2 && log.shown[k].key {
                break;
            }
            *flag = true;
        }
    }
    let mut frames: Vec<Frame> = features
        .into_iter()
        .zip(log.shown.iter().zip(damaged))
        .filter(|(_, (shown, _))| shown.time.is_finite())
        .map(|(features, (shown, damaged))| Frame {
            time: shown.time + start,

            interlaced: shown.interlaced,
            damaged,
            features,
        })
        .collect();
    frames.sort_by(|a, b| a.time.total_cmp(&b.time));
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[Parsed_showinfo_3 @ 0x1] config in time_base: 1/12800, frame_rate: 25/1";

    fn shown(n: usize, pts: i64, key: u8) -> String {
        format!(
            "[Parsed_showinfo_3 @ 0x1] n:{n:4} pts:{pts:7} pts_time:0  pos: 1 fmt:yuv420p sar:1/1 s:320x180 i:P iskey:{key} type:I"
        )
    }

    #[test]
    fn times_come_from_ticks_and_not_from_rounded_seconds() {
        let mut log = Log::default();
        log.line(CONFIG);
        log.line(&shown(0, 138_240_512, 1));
        assert!(
            (log.shown[0].time - 10_800.04).abs() < 1e-9,
            "{:?}",
            log.shown
        );
        assert!(log.shown[0].key && !log.shown[0].interlaced);
    }

    #[test]
    fn damage_lasts_until_the_next_key_frame() {
        let mut log = Log::default();
        log.line(CONFIG);
        for k in 0..20 {
            if k == 6 {
                assert!(log.line("[h264 @ 0x2] error while decoding MB 3 4"));
            }
            log.line(&shown(k, k as i64 * 512, u8::from(k % 10 == 0)));
        }
        let frames = frames(&log, vec![Features::default(); 20], 0.0);
        let damaged: Vec<usize> = (0..20).filter(|k| frames[*k].damaged).collect();
        assert_eq!(damaged, (3..10).collect::<Vec<_>>());
    }
}
