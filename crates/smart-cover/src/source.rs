//! One file as the children are told it, and how many of them work at once.

use std::{
    ffi::OsString,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    error::CoverError,
    options::Tools,
    probe::{self, MediaInfo},
    program::Watch,
    sniff::Sniffed,
};

/// Pixels of an analysed frame: 320 × 180 for a 16:9 picture, other shapes likewise.
const ANALYSIS_PIXELS: f64 = 320.0 * 180.0;
/// Stored pixels of the frames that one child may have open at once, one input for each: bounds memory.
const OPEN_PIXELS: u64 = 6_000_000;
/// Most inputs of one child.
const OPEN_INPUTS: u64 = 12;
/// From this many stored pixels on, children run one after another, each with all threads.
const LARGE: u64 = 4_000_000;

/// From so many stored pixels per analysed one on, what is lost in decoding is not seen in the analysis.
const ROUGH: f64 = 4.0;
/// Codecs that ffmpeg decodes at a half or a quarter of the size.
const REDUCED: [&str; 5] = ["mpeg1video", "mpeg2video", "mpeg4", "h263", "mjpeg"];

/// Containers whose index says where the key frames are, by ffmpeg's names.
const INDEXED: [&str; 2] = ["mov,", "matroska,"];

/// What every pass needs to know of the file.
pub(crate) struct Source<'a> {
    pub(crate) tools: &'a Tools,
    pub(crate) file: OsString,
    pub(crate) sniffed: &'a Sniffed,
    pub(crate) info: &'a MediaInfo,
    pub(crate) threads: usize,
    /// Where short-lived files go.
    pub(crate) scratch: &'a Path,
}

impl Source<'_> {
    /// Arguments before the first input.
    pub(crate) fn head(&self) -> Vec<OsString> {
        [
            "-hide_banner",
            "-nostdin",
            "-nostats",
            "-filter_complex_threads",
            "1",
        ]
        .map(OsString::from)
        .into()
    }

    /// Arguments of one input, with the limits that every input gets.
    pub(crate) fn input(
        &self,
        watch: &Watch<'_>,
        threads: usize,
        before: &[OsString],
    ) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-threads".into(), threads.to_string().into()];
        arguments.extend(probe::safety(self.sniffed, watch.limits));
        arguments.extend_from_slice(before);
        arguments.extend(["-i".into(), self.file.clone()]);
        arguments
    }

    /// Arguments of an input that is only looked at: where each analysed pixel stands for several stored ones,
    /// the decoder may leave out smoothing block edges, and codecs that can decode at half or quarter size do.
    pub(crate) fn rough(&self) -> Vec<OsString> {
        let (width, height) = self.analysis_size();
        let share = self.pixels() as f64 / (width * height) as f64;
        let mut arguments = Vec::new();
        if share >= ROUGH {
            arguments.extend(["-skip_loop_filter", "all"].map(OsString::from));
            if REDUCED.contains(&self.info.codec.as_str()) && !self.info.interlaced {
                let halvings = if share >= 4.0 * ROUGH { "2" } else { "1" };
                arguments.extend(["-lowres", halvings].map(OsString::from));
            }
        }
        arguments
    }

    /// Width and height at which frames are measured.
    pub(crate) fn analysis_size(&self) -> (usize, usize) {
        let (width, height) = self.info.display_size();
        let scale = (ANALYSIS_PIXELS / (width * height)).sqrt().min(1.0);
        let even = |side: f64| ((side * scale / 2.0).round() as usize * 2).max(2);
        (even(width), even(height))
    }

    /// Whether an index says where the key frames are, so that seeking ends before the wanted frame and not behind it.
    pub(crate) fn indexed(&self) -> bool {
        let container = &self.info.container;
        INDEXED.iter().any(|name| container.starts_with(name))
    }

    fn pixels(&self) -> u64 {
        u64::from(self.info.width) * u64::from(self.info.height)
    }

    /// How many children run at once, and with how many decoding threads each.
    pub(crate) fn crew(&self) -> (usize, usize) {
        if self.pixels() >= LARGE {
            (1, self.threads)
        } else {
            (self.threads, 1)
        }
    }

    /// How many inputs one child gets when there are `parts` in all.
    pub(crate) fn batch(&self, parts: usize) -> usize {
        let most = (OPEN_PIXELS / self.pixels().max(1)).clamp(1, OPEN_INPUTS) as usize;
        let fair = parts.div_ceil(self.crew().0).max(1);
        most.min(fair)
    }
}

/// Arguments of an output of bare frames into our pipe, each as it comes.
pub(crate) fn raw(label: &str) -> [OsString; 7] {
    let words = [
        "-map",
        label,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "pipe:1",
    ];
    words.map(OsString::from)
}

/// Does all items on so many threads; results in the order of the items, the first failure in that order wins.
pub(crate) fn parallel<T: Sync, R: Send>(
    workers: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, CoverError> + Sync,
) -> Result<Vec<R>, CoverError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<R, CoverError>>>> =
        Mutex::new((0..items.len()).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..workers.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((k, item)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|k| Some((k, items.get(k)?)))
                {
                    let result = work(item);
                    if let Some(slot) = results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_mut(k)
                    {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    results
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u32> = (0..50).collect();
        let doubled = parallel(4, &items, |k| Ok(k * 2)).expect("no failure");
        assert_eq!(doubled, (0..50).map(|k| k * 2).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_failure_in_order_is_told() {
        let error = parallel(3, &[1_u64, 2, 3], |k| -> Result<(), _> {
            Err(CoverError::LimitExceeded {
                what: "n",
                value: *k,
                limit: 0,
            })
        });
        assert!(error.expect_err("all fail").to_string().contains("n 1"));
    }
}
