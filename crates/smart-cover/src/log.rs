//! What ffmpeg says on its standard error while decoding: the time of each frame, and damage.

use std::collections::BTreeSet;

use crate::decode::{Frame, Measured};

/// What ffmpeg said on its standard error while decoding.
#[derive(Debug, Default)]
pub(crate) struct Log {
    tick: f64,
    pub(crate) shown: Vec<Shown>,
    /// How many frames had been shown when damage was reported.
    pub(crate) damage: BTreeSet<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) time: f64,
    pub(crate) key: bool,
    pub(crate) interlaced: bool,
}

/// Frames this many seconds after damage are good again in practice, even without a key frame.
const HEALED: f64 = 10.0;
const DAMAGE: [&str; 11] = [
    "error while decoding",
    "Error at MB",
    "damaged at",
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
    pub(crate) fn line(&mut self, line: &str) -> bool {
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
        // Parsers of streams that nobody decodes speak as well, without the name of a codec.
        if !line.starts_with("[NULL @") && DAMAGE.iter().any(|sign| line.contains(sign)) {
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
pub(crate) fn frames(log: &Log, measured: Measured, place: impl Fn(f64) -> f64) -> Vec<Frame> {
    let mut damaged = vec![false; log.shown.len()];
    for at in &log.damage {
        // The log runs a little ahead of the frames or behind them; damage lasts to the next key frame.
        let from = at.saturating_sub(3);
        let Some(began) = log.shown.get(from).map(|shown| shown.time) else {
            continue;
        };
        for (k, flag) in damaged.iter_mut().enumerate().skip(from) {
            let shown = log.shown[k];
            if k > at + 2 && (shown.key || shown.time > began + HEALED) {
                break;
            }
            *flag = true;
        }
    }
    let pictures = measured.album.into_pictures();
    let mut frames: Vec<Frame> = measured
        .features
        .into_iter()
        .zip(pictures)
        .zip(log.shown.iter().zip(damaged))
        .filter(|(_, (shown, _))| shown.time.is_finite())
        .map(|((features, picture), (shown, damaged))| Frame {
            time: place(shown.time),
            key: shown.key,
            interlaced: shown.interlaced,
            damaged,
            features,
            picture,
        })
        .collect();
    frames.sort_by(|a, b| a.time.total_cmp(&b.time));
    frames
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::{Features, samples};

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
        let mut measured = Measured::default();
        for _ in 0..20 {
            measured.features.push(Features::default());
            measured.album.add(samples::luma(|_, _| 0));
        }
        let frames = frames(&log, measured, |t| t);
        let damaged: Vec<usize> = (0..20).filter(|k| frames[*k].damaged).collect();
        assert_eq!(damaged, (3..10).collect::<Vec<_>>());
    }

    #[test]
    fn decoders_speak_of_damage_and_parsers_of_other_streams_do_not() {
        let mut log = Log::default();
        log.line(CONFIG);
        log.line(&shown(0, 0, 1));
        log.line("[NULL @ 0x3] sps_id 32 out of range");
        assert!(log.damage.is_empty());
        log.line("[mpeg4 @ 0x2] ac-tex damaged at 36 22");
        log.line(&shown(1, 512, 0));
        log.line("[mpeg4 @ 0x2] Error at MB: 514");
        assert_eq!(log.damage, [1, 2].into());
    }

    #[test]
    fn without_a_key_frame_damage_lasts_ten_seconds() {
        let mut log = Log::default();
        log.line(CONFIG);
        log.line("[h264 @ 0x2] error while decoding MB 3 4");
        let mut measured = Measured::default();
        for k in 0..20 {
            log.line(&shown(k, k as i64 * 12_800, u8::from(k == 0)));
            measured.features.push(Features::default());
            measured.album.add(samples::luma(|_, _| 0));
        }
        let frames = frames(&log, measured, |t| t);
        let damaged = frames.iter().filter(|frame| frame.damaged);
        assert_eq!(damaged.count(), 11);
    }
}
