//! What the caller may ask for, with the ranges checked.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use crate::error::CoverError;

/// How many covers, of which size and kind, and what the work may cost.
///
/// ```
/// use smart_cover::{Format, Options};
/// let options = Options::new().count(5).width(640).format(Format::Webp).delete_duplicates(true);
/// assert_eq!(options.requested_count(), 5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub(crate) count: u8,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) format: Format,
    pub(crate) fit: Fit,
    pub(crate) delete_duplicates: bool,
    pub(crate) limits: Limits,
    pub(crate) threads: Option<NonZeroUsize>,
    pub(crate) tools: Option<Tools>,
    pub(crate) explain: bool,
    pub(crate) scratch: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            count: 3,
            width: None,
            height: None,
            format: Format::Jpg,
            fit: Fit::Stretch,
            delete_duplicates: false,
            limits: Limits::default(),
            threads: None,
            tools: None,
            explain: false,
            scratch: None,
        }
    }
}

impl Options {
    /// Three jpg covers in the video's own size.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many covers, 1 to 10. Default 3.
    #[must_use]
    pub fn count(mut self, count: u8) -> Self {
        self.count = count;
        self
    }

    /// Width in pixels, 128 to 4096. Alone, the height follows from the shape of the video.
    #[must_use]
    pub fn width(mut self, width: impl Into<Option<u32>>) -> Self {
        self.width = width.into();
        self
    }

    /// Height in pixels, 128 to 4096. Alone, the width follows from the shape of the video.
    #[must_use]
    pub fn height(mut self, height: impl Into<Option<u32>>) -> Self {
        self.height = height.into();
        self
    }

    /// File format of the covers. Default [`Format::Jpg`].
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// What to do when width and height together have another shape than the video. Default [`Fit::Stretch`].
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Self {
        self.fit = fit;
        self
    }

    /// True: rather fewer covers than two that look alike. False (the default): fill the count.
    #[must_use]
    pub fn delete_duplicates(mut self, delete: bool) -> Self {
        self.delete_duplicates = delete;
        self
    }

    /// What one video may cost. Default [`Limits::default`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Threads for decoding, at least 1. Default: as many as the machine has, at most 4.
    /// The covers do not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = NonZeroUsize::new(threads);
        self
    }

    /// Which `ffmpeg` and `ffprobe` to run. Default: found on the search path.
    #[must_use]
    pub fn tools(mut self, tools: Tools) -> Self {
        self.tools = Some(tools);
        self
    }

    /// A folder for short-lived files, which must exist: the key frames of a long video, at most as many bytes as [`Limits::output`] allows.
    /// Default: the system's temporary folder. Where it cannot be written the work takes longer.
    #[must_use]
    pub fn scratch(mut self, folder: impl Into<PathBuf>) -> Self {
        self.scratch = Some(folder.into());
        self
    }

    /// Keep a small picture of every candidate in [`Picked`](crate::Picked), for a contact sheet. Default false.
    #[must_use]
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// The count that was asked for.
    #[must_use]
    pub fn requested_count(&self) -> u8 {
        self.count
    }

    pub(crate) fn thread_count(&self) -> usize {
        self.threads.map_or_else(
            || {
                std::thread::available_parallelism()
                    .map_or(1, NonZeroUsize::get)
                    .min(4)
            },
            NonZeroUsize::get,
        )
    }

    /// Checks count and sizes.
    ///
    /// # Errors
    /// [`CoverError::BadOption`] names the first option that is out of range.
    pub fn check(&self) -> Result<(), CoverError> {
        if !(1..=10).contains(&self.count) {
            return Err(bad("count", self.count.into(), "1 to 10"));
        }
        for (option, side) in [("width", self.width), ("height", self.height)] {
            if let Some(side) = side.filter(|side| !(128..=4096).contains(side)) {
                return Err(bad(option, side, "128 to 4096"));
            }
        }
        Ok(())
    }
}

fn bad(option: &'static str, value: u32, allowed: &'static str) -> CoverError {
    CoverError::BadOption {
        option,
        value: value.to_string(),
        allowed,
    }
}

/// File format of a cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// JPEG, quality about 92, 4:2:0, no metadata.
    #[default]
    Jpg,
    /// PNG, 24 bit RGB.
    Png,
    /// WebP, lossy, quality 90.
    Webp,
}

impl Format {
    /// The usual file extension, without the dot; also the word by which the format is asked for.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

impl std::str::FromStr for Format {
    type Err = CoverError;

    fn from_str(word: &str) -> Result<Self, CoverError> {
        match word {
            "jpg" | "jpeg" => Ok(Self::Jpg),
            "png" => Ok(Self::Png),
            "webp" => Ok(Self::Webp),
            other => Err(CoverError::BadOption {
                option: "format",
                value: other.to_owned(),
                allowed: "jpg, png or webp",
            }),
        }
    }
}

/// How a picture fills a width and height of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// The whole picture, distorted.
    #[default]
    Stretch,
    /// Undistorted, the middle of it.
    Crop,
    /// Undistorted and whole, with black bars.
    Pad,
}

/// What one video may cost before the work is given up.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Wall time for the whole of [`pick`](crate::pick). Default 300 s.
    pub time: Duration,
    /// Pixels of one frame, width × height. Default 66,355,200 (two 8K pictures).
    pub pixels: u64,
    /// Streams in the file. Default 64.
    pub streams: u32,
    /// Address space of each child process in bytes, where the system can limit it. Default 4 GiB.
    pub memory: u64,
    /// Size of one written cover in bytes. Default 256 MiB.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(300),
            pixels: 2 * 7680 * 4320,
            streams: 64,
            memory: 4 << 30,
            output: 256 << 20,
        }
    }
}

impl Limits {
    /// The same limits with another wall time.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// The same limits with another number of pixels per frame.
    #[must_use]
    pub fn with_pixels(mut self, pixels: u64) -> Self {
        self.pixels = pixels;
        self
    }

    /// The same limits with another address space per child.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// The same limits with another number of streams.
    #[must_use]
    pub fn with_streams(mut self, streams: u32) -> Self {
        self.streams = streams;
        self
    }
}

/// The two programs that read and write pictures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tools {
    /// Path of `ffmpeg`.
    pub ffmpeg: PathBuf,
    /// Path of `ffprobe`.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// Finds both programs on the search path (`PATH`).
    ///
    /// # Errors
    /// [`CoverError::FfmpegMissing`] names the one that is not there and says how to install it.
    pub fn find() -> Result<Self, CoverError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        Self::find_in(&folders)
    }

    /// Finds both programs in the first of these folders that has them.
    ///
    /// # Errors
    /// [`CoverError::FfmpegMissing`] as for [`find`](Self::find).
    pub fn find_in(folders: &[PathBuf]) -> Result<Self, CoverError> {
        let one = |name: &str| {
            folders
                .iter()
                .map(|folder| folder.join(name))
                .find(|path| path.is_file())
                .ok_or_else(|| CoverError::FfmpegMissing {
                    program: name.to_owned(),
                })
        };
        Ok(Self {
            ffmpeg: one("ffmpeg")?,
            ffprobe: one("ffprobe")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_service() {
        for (options, option) in [
            (Options::new().count(0), "count"),
            (Options::new().count(11), "count"),
            (Options::new().width(127), "width"),
            (Options::new().height(4097), "height"),
        ] {
            let error = options.check().expect_err("out of range");
            assert!(error.to_string().starts_with(option), "{error}");
            assert_eq!(error.code(), "bad_option");
        }
        Options::new()
            .count(10)
            .width(128)
            .height(4096)
            .check()
            .expect("in range");
    }

    #[test]
    fn a_missing_program_is_named_with_the_way_to_install_it() {
        let text = Tools::find_in(&[PathBuf::from("/nonexistent")])
            .expect_err("nothing there")
            .to_string();
        assert!(
            text.contains("`ffmpeg`") && text.contains("apt-get install ffmpeg"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_format_is_refused_by_its_word() {
        let error = "bmp".parse::<Format>().expect_err("no such format");
        assert_eq!(
            error.to_string(),
            "format is bmp, allowed is jpg, png or webp"
        );
    }
}
