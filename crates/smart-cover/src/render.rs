//! The chosen frames at full size: upright, square pixels, right colours, scaled and encoded by ffmpeg.

use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{
    decode::Skip,
    error::CoverError,
    feature::likeness::{self, THUMB},
    filter,
    options::{Fit, Format, Options},
    probe::MediaInfo,
    program::{self, Watch},
    source::{self, Source},
};

/// How many seconds before a frame its decoding starts where woven fields need something to stand on,
/// and in files without an index, in which seeking may end behind the frame.
const LEAD: f64 = 0.5;
/// Decoding more than this (frames × pixels) from the start for one lost cover takes too long.
const FROM_START: f64 = 6e9;

/// A frame to be written.
pub(crate) struct Wanted<'a> {
    pub(crate) time: f64,
    /// How many key frames are known at or before it: frames of the same number share their decoding.
    pub(crate) group: usize,
    pub(crate) interlaced: bool,
    /// Seconds from one frame to the next.
    pub(crate) spacing: f64,
    pub(crate) thumb: &'a [f32],
    pub(crate) file: PathBuf,
}

/// Frames in order of time that are decoded in one go, from `start` on.
struct Stretch<'a> {
    start: f64,
    skip: Skip,
    frames: Vec<&'a Wanted<'a>>,
}

/// Everything that the covers of one video share.
pub(crate) struct Render<'a> {
    pub(crate) watch: &'a Watch<'a>,
    pub(crate) source: &'a Source<'a>,
    pub(crate) options: &'a Options,
    /// What was passed over when the frames were chosen may be passed over again.
    pub(crate) skip: Skip,
    /// The last child that failed, for when nothing at all could be written.
    pub(crate) failure: Mutex<Option<CoverError>>,
}

impl Render<'_> {
    /// Writes all frames; says of each whether the picture is the one that was chosen.
    ///
    /// Seeking lies in transport streams and damaged files, so every run also hands back small copies to compare.
    /// A cover that differs is sought once more with all frames decoded, and then by decoding from the start.
    pub(crate) fn all(&self, wanted: &[Wanted<'_>]) -> Result<Vec<bool>, CoverError> {
        let stretches = self.stretches(wanted);
        let (workers, mut threads) = self.source.crew();
        let batches: Vec<&[Stretch<'_>]> = stretches
            .chunks(self.source.batch(stretches.len()))
            .collect();
        if batches.len() < workers {
            threads = self.source.threads;
        }
        let right = source::parallel(workers, &batches, |batch| {
            let mut right = self.write(batch, threads)?;
            let frames = batch.iter().flat_map(|stretch| &stretch.frames);
            for (right, one) in right.iter_mut().zip(frames) {
                *right = *right || self.alone(one)?;
            }
            Ok(right)
        })?;
        let written: Vec<(f64, bool)> = stretches
            .iter()
            .flat_map(|stretch| stretch.frames.iter().map(|frame| frame.time))
            .zip(right.into_iter().flatten())
            .collect();
        let right = |one: &Wanted<'_>| written.iter().any(|(time, ok)| *time == one.time && *ok);
        Ok(wanted.iter().map(right).collect())
    }

    /// Frames after the same key frame are decoded together; woven ones alone, because every frame counts for them.
    fn stretches<'w>(&self, wanted: &'w [Wanted<'w>]) -> Vec<Stretch<'w>> {
        let mut frames: Vec<&Wanted<'_>> = wanted.iter().collect();
        frames.sort_by(|a, b| a.time.total_cmp(&b.time));
        let same = |a: &&Wanted<'_>, b: &&Wanted<'_>| {
            a.group == b.group && !self.woven(a) && !self.woven(b)
        };
        frames
            .chunk_by(same)
            .filter_map(|frames| {
                let first = frames.first()?;
                let woven = self.woven(first);
                let skip = if woven { Skip::Nothing } else { self.skip };
                let lead = if woven || !self.source.indexed() {
                    LEAD
                } else {
                    0.0
                };
                Some(Stretch {
                    start: (first.time - lead).max(0.0),
                    skip,
                    frames: frames.to_vec(),
                })
            })
            .collect()
    }

    fn alone(&self, one: &Wanted<'_>) -> Result<bool, CoverError> {
        let again = |start: f64| {
            let stretch = Stretch {
                start: start.max(0.0),
                skip: Skip::Nothing,
                frames: vec![one],
            };
            Ok::<_, CoverError>(self.write(&[stretch], 1)?.into_iter().all(|right| right))
        };
        if again(one.time - 4.0 * LEAD)? {
            return Ok(true);
        }
        let info = self.source.info;
        let before =
            one.time / one.spacing.max(0.001) * f64::from(info.width) * f64::from(info.height);
        Ok(before < FROM_START && again(0.0)?)
    }

    /// One child writes the frames of some stretches, each from its own input.
    fn write(&self, batch: &[Stretch<'_>], threads: usize) -> Result<Vec<bool>, CoverError> {
        let mut arguments = self.source.head();
        let mut graph = String::new();
        let mut first = 0;
        for (k, stretch) in batch.iter().enumerate() {
            let mut before = stretch.skip.arguments();
            if stretch.start > 0.0 {
                before.extend(["-ss".into(), format!("{:.6}", stretch.start).into()]);
            }
            arguments.extend(self.source.input(self.watch, threads, &before));
            graph += &self.graph(k, stretch, first);
            first += stretch.frames.len();
        }
        let frames: Vec<&Wanted<'_>> = batch
            .iter()
            .flat_map(|s| s.frames.iter().copied())
            .collect();
        let names: String = (0..frames.len()).map(|k| format!("[copy{k}]")).collect();
        graph += &if frames.len() > 1 {
            format!("{names}hstack=inputs={}[check]", frames.len())
        } else {
            format!("{names}null[check]")
        };
        arguments.extend(["-filter_complex".into(), graph.into()]);
        for (k, wanted) in frames.iter().enumerate() {
            arguments.extend(["-map".into(), format!("[cover{k}]").into()]);
            arguments.extend(
                [
                    "-frames:v",
                    "1",
                    "-map_metadata",
                    "-1",
                    "-fflags",
                    "+bitexact",
                    "-flags:v",
                    "+bitexact",
                ]
                .map(OsString::from),
            );
            arguments.extend(encoder(self.options.format).iter().map(OsString::from));
            arguments.extend(["-f", "image2", "-update", "1", "-y"].map(OsString::from));
            arguments.push(output_argument(&wanted.file)?);
        }
        arguments.extend(
            [
                "-map",
                "[check]",
                "-frames:v",
                "1",
                "-f",
                "rawvideo",
                "pipe:1",
            ]
            .map(OsString::from),
        );
        let size = THUMB.0 * THUMB.1 * frames.len();
        let read = |out: &mut dyn Read| {
            let mut bytes = Vec::new();
            out.take(size as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let ended = program::run(
            self.watch,
            &self.source.tools.ffmpeg,
            &arguments,
            read,
            |line| line.starts_with('[') || line.contains("rror"),
        )?;
        if !ended.status.success() {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(ended.failure(&self.source.tools.ffmpeg));
        }
        let whole = ended.status.success() && ended.value.len() == size;
        let thumb = |k: usize| -> Vec<f32> {
            ended
                .value
                .chunks_exact(THUMB.0)
                .skip(k)
                .step_by(frames.len())
                .flatten()
                .map(|v| f32::from(*v))
                .collect()
        };
        Ok(frames
            .iter()
            .enumerate()
            .map(|(k, wanted)| {
                let written = wanted.file.metadata().is_ok_and(|about| about.len() > 0);
                whole && written && likeness::same_picture(&thumb(k), wanted.thumb)
            })
            .collect())
    }

    fn woven(&self, wanted: &Wanted<'_>) -> bool {
        wanted.interlaced || self.source.info.interlaced
    }

    /// The chains of input k: frame after frame they end in `[cover<n>]` and `[copy<n>]`, n from `first` on.
    fn graph(&self, k: usize, stretch: &Stretch<'_>, first: usize) -> String {
        let stream = self.source.info.stream;
        let names = |what: &str| -> String {
            (first..first + stretch.frames.len())
                .map(|n| format!("[{what}{n}]"))
                .collect()
        };
        let mut graph = match stretch.frames.len() {
            1 => format!("[{k}:{stream}]null{};", names("from")),
            several => format!("[{k}:{stream}]split={several}{};", names("from")),
        };
        for (n, wanted) in (first..).zip(&stretch.frames) {
            graph += &self.chain(n, wanted, wanted.time - stretch.start);
        }
        graph
    }

    /// From `[from<n>]` to `[cover<n>]` and `[copy<n>]`: the first frame that is shown `at` seconds or later.
    fn chain(&self, n: usize, wanted: &Wanted<'_>, at: f64) -> String {
        let (info, options) = (self.source.info, self.options);
        let (width, height) = size(info, options);
        let tolerance = (wanted.spacing * 0.25).clamp(0.0005, 0.004);
        let mut filters = Vec::new();
        if self.woven(wanted) {
            // Before the selection: weaving needs the frames around.
            filters.push(format!(
                "select='gte(t,{:.6})'",
                at - 4.0 * wanted.spacing.max(0.04)
            ));
            filters.push(filter::DEINTERLACE.to_owned());
        }
        // One frame and then the end: the copies stand side by side only when all of them have come.
        filters.push(format!(
            "select='gte(t,{:.6})',trim=end_frame=1,setpts=0",
            at - tolerance
        ));
        filters.extend(filter::flatten(info).map(str::to_owned));
        let mapped = filter::tone_map(info, "tv");
        let matrix = if mapped.is_some() {
            "bt709"
        } else {
            filter::matrix(info)
        };
        filters.extend(mapped);
        // JPEG and WebP are read as BT.601 whatever the video was; JPEG with full range, WebP with limited.
        let (to, pixels) = match options.format {
            Format::Jpg => (":out_color_matrix=bt601:out_range=pc", "yuvj420p"),
            Format::Webp => (":out_color_matrix=bt601:out_range=tv", "yuv420p"),
            Format::Png => ("", "rgb24"),
        };
        let from = if info.has_alpha() {
            String::new()
        } else {
            format!(":in_color_matrix={matrix}")
        };
        // Children that work one after another have all threads for themselves.
        let (workers, threads) = self.source.crew();
        let sliced = if workers == 1 { threads } else { 1 };
        let way =
            format!("flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp:threads={sliced}");
        let shape = info.display_size().0 / info.display_size().1;
        // Cutting and padding happen in RGB: planes of half size would round odd sizes.
        let shaping = |inner: fn(f64, f64) -> f64, then: String| {
            let (inner_width, inner_height) = around(shape, width, height, inner);
            format!(
                "scale={inner_width}:{inner_height}:{way}{from},format=rgb24,{then},scale={way}{to},format={pixels},setsar=1"
            )
        };
        let shaping = match options.fit {
            Fit::Stretch => {
                format!("scale={width}:{height}:{way}{from}{to},format={pixels},setsar=1")
            }
            Fit::Crop => shaping(f64::max, format!("crop={width}:{height}")),
            Fit::Pad => shaping(
                f64::min,
                format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"),
            ),
        };
        let (small_width, small_height) = THUMB;
        // The copy to compare leaves before anything is cut off or added.
        format!(
            "[from{n}]{},split[full{n}][small{n}];[full{n}]{shaping}[cover{n}];[small{n}]scale={small_width}:{small_height}:flags=area:out_range=pc,format=gray[copy{n}];",
            filters.join(","),
        )
    }
}

/// Width and height of the covers.
pub(crate) fn size(info: &MediaInfo, options: &Options) -> (u32, u32) {
    let (width, height) = info.display_size();
    let side = |value: f64| (value.round() as u32).max(1);
    match (options.width, options.height) {
        (Some(w), Some(h)) => (w, h),
        (Some(w), None) => (w, side(f64::from(w) * height / width)),
        (None, Some(h)) => (side(f64::from(h) * width / height), h),
        (None, None) => (side(width), side(height)),
    }
}

/// The size with the video's own shape that covers (`max`) or fits into (`min`) the wanted one.
fn around(shape: f64, width: u32, height: u32, pick: fn(f64, f64) -> f64) -> (u32, u32) {
    let scale = pick(f64::from(width) / shape, f64::from(height));
    let (w, h) = ((scale * shape).round() as u32, scale.round() as u32);
    (w.max(1), h.max(1))
}

fn encoder(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jpg => &["-c:v", "mjpeg", "-q:v", "2", "-huffman", "optimal"],
        Format::Png => &["-c:v", "png", "-pred", "mixed"],
        Format::Webp => &["-c:v", "libwebp", "-quality", "90"],
    }
}

fn output_argument(file: &Path) -> Result<OsString, CoverError> {
    let absolute: PathBuf =
        std::path::absolute(file).map_err(|e| CoverError::io("cannot find", file, e))?;
    let mut argument = OsString::from("file:");
    argument.push(absolute);
    Ok(argument)
}
