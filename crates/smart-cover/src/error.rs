//! What can go wrong between a file and its covers.

use std::{fmt, path::PathBuf, process::ExitStatus, time::Duration};

/// Why no covers could be made.
///
/// [`code`](Self::code) gives a short word for programs; the text is for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoverError {
    /// The program `ffmpeg` or `ffprobe` is not installed, or not on the search path.
    #[error(
        "`{program}` was not found: install ffmpeg (Debian and Ubuntu: `apt-get install ffmpeg`, macOS: `brew install ffmpeg`) or name its path"
    )]
    FfmpegMissing {
        /// The name or path that was looked for.
        program: String,
    },
    /// Nothing is at the path, or it is not a regular file.
    #[error("there is no file at `{}`", path.display())]
    NoSuchFile {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The bytes are no video: an empty file, text, a format that nobody knows, or an index that is cut off.
    #[error("this is not a video that can be read: {reason}")]
    NotMedia {
        /// What was found instead.
        reason: String,
    },
    /// A media file without moving pictures; a cover picture attached to music does not count.
    #[error("the file has no video stream, only {streams} other stream(s)")]
    NoVideoStream {
        /// How many streams of other kinds there are.
        streams: usize,
    },
    /// There is a video stream but not one frame of it could be decoded.
    #[error("not one frame of the video could be decoded")]
    NoFrames,
    /// The input names further files (playlists, lists, image sequences, session descriptions), which is never followed.
    #[error(
        "refused: the input is `{format}`, a kind of file that names other files; give the video itself"
    )]
    RefusedFormat {
        /// The kind of input that was recognised.
        format: String,
    },
    /// The video is larger than [`Limits`](crate::Limits) allow.
    #[error("the video has {what} {value}, more than the limit of {limit}")]
    LimitExceeded {
        /// What was counted, such as `pixels per frame`.
        what: &'static str,
        /// How much the video has.
        value: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// The work took longer than [`Limits::time`](crate::Limits::time).
    #[error("stopped after {} s, the time limit", after.as_secs_f32())]
    TimedOut {
        /// The limit that was reached.
        after: Duration,
    },
    /// [`Cancel::cancel`](crate::Cancel::cancel) was called.
    #[error("cancelled")]
    Cancelled,
    /// A child process ended badly for a reason that is none of the above.
    #[error("`{program}` failed ({status}): {stderr}")]
    ToolFailed {
        /// `ffmpeg` or `ffprobe`.
        program: String,
        /// How it ended.
        status: ToolStatus,
        /// The last lines it wrote to its standard error, at most about two kilobytes.
        stderr: String,
    },
    /// An option is outside its range.
    #[error("{option} is {value}, allowed is {allowed}")]
    BadOption {
        /// Which option.
        option: &'static str,
        /// What it was set to.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A file could not be read or written, or a child could not be started.
    #[error("{doing} `{}`", path.display())]
    Io {
        /// What was being done, such as `cannot write`.
        doing: &'static str,
        /// To which file or program.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl CoverError {
    /// A short stable word for each kind of failure, such as `not_media`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FfmpegMissing { .. } => "ffmpeg_missing",
            Self::NoSuchFile { .. } => "no_such_file",
            Self::NotMedia { .. } => "not_media",
            Self::NoVideoStream { .. } => "no_video_stream",
            Self::NoFrames => "no_frames",
            Self::RefusedFormat { .. } => "refused_format",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled => "cancelled",
            Self::ToolFailed { .. } => "tool_failed",
            Self::BadOption { .. } => "bad_option",
            Self::Io { .. } => "io",
        }
    }

    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        Self::Io {
            doing,
            path: path.into(),
            source,
        }
    }
}

/// How a child process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolStatus {
    /// It exited with this code.
    Exit(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// It ended well but what it wrote is unusable.
    BadOutput,
}

impl From<ExitStatus> for ToolStatus {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exit(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::BadOutput,
        }
    }
}

impl fmt::Display for ToolStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::BadOutput => f.write_str("unusable output"),
        }
    }
}
