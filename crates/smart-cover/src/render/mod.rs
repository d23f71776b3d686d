//! The chosen frames at full size: upright, square pixels, right colours, scaled and encoded by ffmpeg.

mod picture;

use std::{
    ffi::OsString,
    io::Read,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use self::picture::Picture;
pub(crate) use self::picture::size;
use crate::{
    decode::Skip,
    error::CoverError,
    feature::likeness::{self, THUMB},
    options::Options,
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
    /// Whether its one frame is woven of two fields.
    woven: bool,
    frames: Vec<&'a Wanted<'a>>,
}

/// Everything that the covers of one video share.
pub(crate) struct Render<'a> {
    pub(crate) watch: &'a Watch<'a>,
    pub(crate) source: &'a Source<'a>,
    pub(crate) options: &'a Options,
    /// What was passed over when the frames were chosen may be passed over again.
    pub(crate) skip: Skip,
    /// Whether a child failed with filters that an ffmpeg may lack, so that none uses them any more.
    pub(crate) plain: AtomicBool,
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
                    woven,
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
                woven: self.woven(one),
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
        let mut picture = Picture {
            source: self.source,
            options: self.options,
            plain: self.plain.load(Ordering::Relaxed),
        };
        let (mut failure, mut right) = self.run(&picture, batch, threads)?;
        if failure.is_some() && picture.is_fast() {
            picture.plain = true;
            (failure, right) = self.run(&picture, batch, threads)?;
            self.plain.fetch_or(failure.is_none(), Ordering::Relaxed);
        }
        if failure.is_some() {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        }
        Ok(right)
    }

    /// How the child failed, if it did, and of each frame whether it is the one that was chosen.
    fn run(
        &self,
        picture: &Picture<'_>,
        batch: &[Stretch<'_>],
        threads: usize,
    ) -> Result<(Option<CoverError>, Vec<bool>), CoverError> {
        let mut arguments = self.source.head();
        let mut graph = String::new();
        for (k, stretch) in batch.iter().enumerate() {
            let mut before = stretch.skip.arguments();
            if stretch.start > 0.0 {
                before.extend(["-ss".into(), format!("{:.6}", stretch.start).into()]);
            }
            arguments.extend(self.source.input(self.watch, threads, &before));
            graph += &picture.graph(k, stretch);
        }
        let copies: String = (0..batch.len()).map(|k| format!("[copy{k}]")).collect();
        graph += &if batch.len() > 1 {
            format!("{copies}concat=n={}[check]", batch.len())
        } else {
            format!("{copies}null[check]")
        };
        arguments.extend(["-filter_complex".into(), graph.into()]);
        for (k, stretch) in batch.iter().enumerate() {
            let count = stretch.frames.len().to_string();
            arguments.extend(["-map".into(), format!("[cover{k}]").into()]);
            arguments.extend(["-frames:v".into(), count.into()]);
            // Each thread of an encoder has its own room, 50 MB for a JPEG of 4K.
            arguments.extend(
                [
                    "-fps_mode",
                    "passthrough",
                    "-threads:v",
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
            arguments.extend(
                picture::encoder(self.options.format)
                    .iter()
                    .map(OsString::from),
            );
            arguments.extend(["-f", "image2", "-start_number", "0", "-y"].map(OsString::from));
            arguments.push(stretch.numbered()?);
        }
        arguments.extend(source::raw("[check]"));
        let frames: Vec<&Wanted<'_>> = batch
            .iter()
            .flat_map(|stretch| stretch.frames.iter().copied())
            .collect();
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
        let ran = ended.status.success();
        let failure = (!ran).then(|| ended.failure(&self.source.tools.ffmpeg));
        for stretch in batch {
            stretch.sort_out()?;
        }
        let whole = ran && ended.value.len() == size;
        let mut thumbs = ended.value.chunks_exact(THUMB.0 * THUMB.1);
        let right = frames.iter().map(|wanted| {
            let thumb: Vec<f32> = thumbs.next()?.iter().map(|v| f32::from(*v)).collect();
            let written = wanted.file.metadata().is_ok_and(|about| about.len() > 0);
            Some(whole && written && likeness::same_picture(&thumb, wanted.thumb))
        });
        let right = right.map(Option::unwrap_or_default).collect();
        Ok((failure, right))
    }

    fn woven(&self, wanted: &Wanted<'_>) -> bool {
        wanted.interlaced || self.source.info.interlaced
    }
}

impl Stretch<'_> {
    /// What the names of its frames begin with until each has its own.
    fn base(&self) -> PathBuf {
        let first = self.frames.first().map(|wanted| wanted.file.as_path());
        first.unwrap_or(Path::new("")).with_extension("")
    }

    fn nth(&self, n: usize) -> PathBuf {
        self.base().with_extension(format!("{n}.part"))
    }

    /// The pattern of [`nth`](Self::nth) as ffmpeg reads it.
    fn numbered(&self) -> Result<OsString, CoverError> {
        let base = self.base();
        let base =
            std::path::absolute(&base).map_err(|e| CoverError::io("cannot find", &base, e))?;
        let mut pattern = b"file:".to_vec();
        for byte in base.as_os_str().as_bytes() {
            pattern.push(*byte);
            if *byte == b'%' {
                pattern.push(b'%');
            }
        }
        pattern.extend(b".%d.part");
        Ok(OsString::from_vec(pattern))
    }

    /// Gives each frame its name. When one is missing, nothing says which.
    fn sort_out(&self) -> Result<(), CoverError> {
        let last = self.frames.len().saturating_sub(1);
        if !self.nth(last).exists() {
            return Ok(());
        }
        for (n, wanted) in self.frames.iter().enumerate() {
            let part = self.nth(n);
            std::fs::rename(&part, &wanted.file)
                .map_err(|e| CoverError::io("cannot rename", &part, e))?;
        }
        Ok(())
    }
}
