//! The stages one by one, for programs that look once and choose more than once.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::{Mutex, atomic::AtomicBool},
    time::Instant,
};

use crate::{
    cancel::Cancel,
    choose::{self, Decision},
    error::CoverError,
    options::{Options, Tools},
    picked::Cover,
    probe::{self, MediaInfo},
    program::Watch,
    render::Render,
    sample::{self, Sample},
    sniff::{self, Sniffed},
    source::Source,
    work,
};

/// A video whose covers are picked stage by stage: look, choose, write. [`pick`](crate::pick) does all of it in one call.
///
/// Looking is what takes time; choosing takes a fraction of that, so that several sets of covers come from one look.
///
/// ```no_run
/// use smart_cover::{Cancel, Options, Video};
/// # use std::path::Path;
///
/// # fn main() -> Result<(), smart_cover::CoverError> {
/// let (options, cancel) = (Options::new().width(640), Cancel::new());
/// let video = Video::open(Path::new("demo.mp4"), &options, &cancel)?;
/// println!("{} x {}", video.media().width, video.media().height);
/// let looked = video.look(&mut |share| eprintln!("{:.0} %", share * 100.0))?;
/// let one = looked.choose(1, true);
/// println!("the best single picture is at {:.2} s", one.times()[0]);
/// let covers = video.write(&looked.choose(5, true), Path::new("covers"))?;
/// println!("{} covers", covers.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Video<'a> {
    pub(crate) info: MediaInfo,
    tools: Tools,
    file: OsString,
    sniffed: Sniffed,
    scratch: PathBuf,
    options: &'a Options,
    cancel: &'a Cancel,
    deadline: Instant,
}

impl<'a> Video<'a> {
    /// Reads what the container says. The time limit of the options runs from here over all stages.
    ///
    /// # Errors
    /// As [`pick`](crate::pick): options out of range, no such file, no video, a refused format, missing programs.
    pub fn open(
        video: &Path,
        options: &'a Options,
        cancel: &'a Cancel,
    ) -> Result<Self, CoverError> {
        options.check()?;
        let sniffed = sniff::sniff(video)?;
        let tools = options.tools.clone().map_or_else(Tools::find, Ok)?;
        let deadline = Instant::now() + options.limits.time;
        let watch = Watch {
            limits: &options.limits,
            deadline,
            cancel,
        };
        let info = probe::probe(&watch, &tools, video, &sniffed)?;
        let file = probe::file_argument(video)?;
        Ok(Self {
            info,
            tools,
            file,
            sniffed,
            scratch: options.scratch.clone().unwrap_or_else(std::env::temp_dir),
            options,
            cancel,
            deadline,
        })
    }

    /// What the container says.
    #[must_use]
    pub fn media(&self) -> &MediaInfo {
        &self.info
    }

    /// Decodes few frames, small, and measures them. `progress` is told the share done, 0 to 1, where the length is known.
    ///
    /// # Errors
    /// [`CoverError::NoFrames`] when nothing decodes; cancelled, out of time, or a child that failed.
    pub fn look(&self, progress: &mut dyn FnMut(f64)) -> Result<Looked, CoverError> {
        let duration = self.info.duration;
        let mut seen = |time: f64| {
            if let Some(duration) = duration {
                progress((time / duration).clamp(0.0, 1.0));
            }
        };
        let sample = sample::sample(&self.watch(), &self.source(), self.options, &mut seen)?;
        if sample.frames.is_empty() {
            return Err(CoverError::NoFrames);
        }
        Ok(Looked {
            sample,
            threads: self.options.thread_count(),
        })
    }

    /// Writes the chosen frames at full size into the folder `out`, which must exist; see [`pick`](crate::pick).
    ///
    /// They must have been looked at in this same video: what is written is compared with what was looked at, and left out where it differs.
    ///
    /// # Errors
    /// Cancelled, out of time, a child that failed, or a folder that cannot be written; [`CoverError::NoFrames`] when nothing could be written.
    pub fn write(&self, chosen: &Chosen<'_>, out: &Path) -> Result<Vec<Cover>, CoverError> {
        let (watch, source) = (self.watch(), self.source());
        let render = Render {
            watch: &watch,
            source: &source,
            options: self.options,
            skip: chosen.looked.sample.skip,
            plain: AtomicBool::default(),
            failure: Mutex::default(),
        };
        work::write(
            &render,
            &chosen.looked.sample.frames,
            &chosen.decision.chosen,
            out,
        )
    }

    fn watch(&self) -> Watch<'_> {
        Watch {
            limits: &self.options.limits,
            deadline: self.deadline,
            cancel: self.cancel,
        }
    }

    fn source(&self) -> Source<'_> {
        Source {
            tools: &self.tools,
            file: self.file.clone(),
            sniffed: &self.sniffed,
            info: &self.info,
            threads: self.options.thread_count(),
            scratch: &self.scratch,
        }
    }
}

/// The frames that were looked at, measured.
pub struct Looked {
    pub(crate) sample: Sample,
    threads: usize,
}

impl Looked {
    /// How many frames; never 0.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sample.frames.len()
    }

    /// Chooses at most `count` frames, best first. With `delete_duplicates` no two are alike, and fewer may come;
    /// without it the count is filled as far as there are frames.
    #[must_use]
    pub fn choose(&self, count: u8, delete_duplicates: bool) -> Chosen<'_> {
        let frames = &self.sample.frames;
        let mut decision =
            choose::choose(frames, count.into(), delete_duplicates, self.sample.dense);
        choose::eyes::open(frames, &mut decision, self.threads);
        Chosen {
            looked: self,
            times: decision
                .chosen
                .iter()
                .map(|choice| frames[choice.frame].time)
                .collect(),
            decision,
        }
    }
}

impl fmt::Debug for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looked")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

/// Frames that were chosen, best first.
pub struct Chosen<'a> {
    looked: &'a Looked,
    pub(crate) decision: Decision,
    times: Vec<f64>,
}

impl Chosen<'_> {
    /// Seconds as displayed.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// 0 to 1, never rising.
    #[must_use]
    pub fn scores(&self) -> Vec<f64> {
        let scores = self.decision.chosen.iter();
        scores.map(|choice| choice.score.into()).collect()
    }
}

impl fmt::Debug for Chosen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen")
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
