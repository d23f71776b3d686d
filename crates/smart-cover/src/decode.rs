//! Small frames out of a child's pipe, with their times, measured while the next ones are decoded.

use std::{
    ffi::OsString,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Instant,
};

use crate::{
    album::Album,
    error::CoverError,
    feature::{self, Features},
    filter,
    log::{self, Log},
    plane::Picture,
    probe::MediaInfo,
    program::{self, Watch},
    source::{self, Source},
};

/// No look keeps more frames than this, whatever the file claims about its length and rate.
const MOST_FRAMES: usize = 2600;
/// Seconds by which the parts of one child are kept apart on its clock.
const APART: f64 = 1000.0;

/// One frame that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Seconds as displayed.
    pub(crate) time: f64,
    /// Whether decoding can start here.
    pub(crate) key: bool,
    /// Whether its fields are interleaved.
    pub(crate) interlaced: bool,
    /// Whether the decoder reported damage since the last key frame.
    pub(crate) damaged: bool,
    pub(crate) features: Features,
    /// Kept of some frames.
    pub(crate) picture: Option<Arc<Picture>>,
}

/// What was taken of the frames of one pass, in order.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) features: Vec<Features>,
    pub(crate) album: Album,
}

/// Which packets the decoder may pass over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skip {
    Nothing,
    /// Frames that no other frame needs: half the work for most files, and those left are the better coded ones.
    NonReference,
    NonKey,
    /// Nothing: what was not wanted is no longer there, and the times are to be taken as they stand.
    Copied,
}

impl Skip {
    pub(crate) fn arguments(self) -> Vec<OsString> {
        match self {
            Self::Nothing => Vec::new(),
            Self::NonReference => vec!["-skip_frame".into(), "noref".into()],
            Self::NonKey => vec!["-skip_frame".into(), "nokey".into()],
            Self::Copied => vec!["-copyts".into()],
        }
    }
}

/// How frames are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    pub(crate) skip: Skip,
    /// Least seconds between two frames that are kept; 0 keeps all.
    pub(crate) step: f64,
}

/// A part of the file to look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Whole,
    /// From a time on, for so many seconds.
    Window(f64, f64),
    /// The key frame at or before a time.
    KeyBefore(f64),
}

impl Part {
    fn start(self) -> f64 {
        match self {
            Self::Whole => 0.0,
            Self::Window(start, _) | Self::KeyBefore(start) => start,
        }
    }

    fn arguments(self) -> Vec<OsString> {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect();
        match self {
            Self::Whole => Vec::new(),
            Self::Window(start, length) => {
                words(&["-ss", &format!("{start:.6}"), "-t", &format!("{length:.6}")])
            }
            Self::KeyBefore(start) => {
                words(&["-noaccurate_seek", "-ss", &format!("{start:.6}"), "-t", "1"])
            }
        }
    }
}

/// Decodes and measures the whole file, or what of it comes before `until`.
///
/// Damage makes a second pass on one thread, because only that gives the same frames every time.
pub(crate) fn whole(
    watch: &Watch<'_>,
    source: &Source<'_>,
    look: Look,
    until: Instant,
    seen: &mut dyn FnMut(f64),
) -> Result<Vec<Frame>, CoverError> {
    let mut pass = Pass {
        watch,
        source,
        look,
        parts: &[Part::Whole],
        threads: source.threads,
        until,
    };
    let (frames, damaged) = pass.run(seen)?;
    if damaged && source.threads > 1 {
        pass.threads = 1;
        return Ok(pass.run(seen)?.0);
    }
    Ok(frames)
}

/// Decodes and measures parts of the file, several per child and several children at once. In order of time, each moment once.
pub(crate) fn parts(
    watch: &Watch<'_>,
    source: &Source<'_>,
    look: Look,
    parts: &[Part],
) -> Result<Vec<Frame>, CoverError> {
    let (workers, threads) = source.crew();
    let batches: Vec<&[Part]> = parts.chunks(source.batch(parts.len())).collect();
    let pass = |parts, threads| Pass {
        watch,
        source,
        look,
        parts,
        threads,
        until: watch.deadline,
    };
    let found = source::parallel(workers, &batches, |batch| {
        let (mut frames, damaged) = pass(batch, threads).run(&mut |_| {})?;
        if damaged && (batch.len() > 1 || threads > 1) {
            // Which input was damaged is not told, so each is decoded alone.
            frames.clear();
            for part in batch.chunks(1) {
                frames.extend(pass(part, 1).run(&mut |_| {})?.0);
            }
        }
        Ok(frames)
    })?;
    let mut frames: Vec<Frame> = found.into_iter().flatten().collect();
    frames.sort_by(|a, b| a.time.total_cmp(&b.time));
    frames.dedup_by(|a, b| (a.time - b.time).abs() < 1e-4);
    Ok(frames)
}

struct Pass<'a> {
    watch: &'a Watch<'a>,
    source: &'a Source<'a>,
    look: Look,
    parts: &'a [Part],
    threads: usize,
    /// After this nothing more is read; what came before is kept.
    until: Instant,
}

impl Pass<'_> {
    fn run(&self, seen: &mut dyn FnMut(f64)) -> Result<(Vec<Frame>, bool), CoverError> {
        let size = self.source.analysis_size();
        let log = Mutex::new(Log::default());
        let line = |line: &str| {
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .line(line)
        };
        let read = |out: &mut dyn Read| self.measure(out, size, &log, seen);
        let ended = program::run(
            self.watch,
            &self.source.tools.ffmpeg,
            &self.arguments(size),
            read,
            line,
        )?;
        let log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
        let count = ended.value.features.len();
        let enough = Instant::now() >= self.until || count >= MOST_FRAMES;
        if count == 0 && !enough && program::stopped(ended.status) == program::Stopped::Signal {
            return Err(ended.failure(&self.source.tools.ffmpeg));
        }
        let damaged = !log.damage.is_empty();
        Ok((
            log::frames(&log, ended.value, |time| self.place(time)),
            damaged,
        ))
    }

    /// Seconds in the file for seconds on the child's clock.
    fn place(&self, time: f64) -> f64 {
        if let [part] = self.parts {
            return part.start() + time;
        }
        let part = ((time + APART / 2.0) / APART).floor().max(0.0);
        let start = self
            .parts
            .get(part as usize)
            .map_or(0.0, |part| part.start());
        start + time - part * APART
    }

    fn arguments(&self, (width, height): (usize, usize)) -> Vec<OsString> {
        let mut arguments = self.source.head();
        for part in self.parts {
            let mut before = self.look.skip.arguments();
            before.extend(self.source.rough());
            before.extend(part.arguments());
            arguments.extend(self.source.input(self.watch, self.threads, &before));
        }
        arguments.extend(["-filter_complex".into(), self.graph(width, height).into()]);
        arguments.extend(source::raw("[out]"));
        arguments
    }

    /// One chain per part; together they come out one part after the other, told apart by their times.
    fn graph(&self, width: usize, height: usize) -> String {
        let stream = self.source.info.stream;
        let chain = |part: &Part| chain(self.source.info, self.look, *part, width, height);
        if let [part] = self.parts {
            return format!("[0:{stream}]{},showinfo=checksum=0[out]", chain(part));
        }
        let mut graph = String::new();
        let mut names = String::new();
        for (k, part) in self.parts.iter().enumerate() {
            let shift = k as f64 * APART;
            graph += &format!(
                "[{k}:{stream}]{},settb=1/1000000,setpts=PTS+{shift}/TB[p{k}];",
                chain(part)
            );
            names += &format!("[p{k}]");
        }
        format!(
            "{graph}{names}interleave=nb_inputs={},showinfo=checksum=0[out]",
            self.parts.len()
        )
    }

    /// Reads frames on this thread and measures them on another.
    fn measure(
        &self,
        out: &mut dyn Read,
        (width, height): (usize, usize),
        log: &Mutex<Log>,
        seen: &mut dyn FnMut(f64),
    ) -> io::Result<Measured> {
        let (send, receive) = mpsc::sync_channel::<Picture>(8);
        std::thread::scope(|scope| {
            let worker = scope.spawn(move || {
                let mut measured = Measured::default();
                for picture in receive {
                    measured.features.push(feature::measure(&picture));
                    measured.album.add(picture);
                }
                measured
            });
            let mut bytes = vec![0; Picture::bytes(width, height)];
            let mut count = 0;
            while count < MOST_FRAMES && Instant::now() < self.until && read_whole(out, &mut bytes)?
            {
                let Some(picture) = Picture::from_bytes(width, height, &bytes) else {
                    break;
                };
                if send.send(picture).is_err() {
                    break;
                }
                count += 1;
                if count % 16 == 0 {
                    let time = log
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .shown
                        .last()
                        .map_or(0.0, |s| s.time);
                    seen(self.place(time));
                }
            }
            drop(send);
            worker
                .join()
                .map_err(|_| io::Error::other("measuring stopped"))
        })
    }
}

fn chain(info: &MediaInfo, look: Look, part: Part, width: usize, height: usize) -> String {
    let mut filters = Vec::new();
    if let Part::KeyBefore(_) = part {
        filters.push("select='eq(n,0)'".to_owned());
    } else if look.step > 0.0 {
        // Key frames are always kept: they are well coded, and damage ends with them.
        filters.push(format!(
            "select='isnan(prev_selected_t)+key+gte(t-prev_selected_t,{:.5})'",
            look.step
        ));
    }
    filters.extend(filter::flatten(info).map(str::to_owned));
    filters.push(format!("scale={width}:{height}:flags=area:out_range=pc"));
    filters.extend(filter::tone_map(info));
    filters.push("format=yuv420p".into());
    filters.join(",")
}

/// Fills the buffer; false at the end of the stream, where a part of a frame counts as nothing.
fn read_whole(out: &mut dyn Read, bytes: &mut [u8]) -> io::Result<bool> {
    match out.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}
