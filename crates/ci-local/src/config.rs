//! What an engine is started with. Every setting has a default; `Config::ephemeral()` alone works.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use cos_sign::SecretKey;

use crate::error::EngineError;

/// The secret id of the fixed local pair. It opens nothing but a local engine.
pub const LOCAL_SECRET_ID: &str = "AKIDlocal0000000000000000000000000000";
/// The secret key of the fixed local pair. It is public on purpose.
pub const LOCAL_SECRET_KEY: &str = "localsecret000000000000000000000";

/// What is done with signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMode {
    /// Every request must be signed, validly and within its window.
    #[default]
    Strict,
    /// Signatures are checked; a request that would be refused is logged and served.
    Warn,
    /// Signatures are not looked at.
    Off,
}

/// How a job's states follow each other, as its owner sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JobProfile {
    /// As the work goes.
    #[default]
    Real,
    /// The first description of a job waits for its end.
    Instant,
    /// So many descriptions show a job on its way, the next waits for its end.
    Polls(u32),
}

/// As the control interface and the tool spell it: `real`, `instant`, `polls:3`.
impl fmt::Display for JobProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Instant => f.write_str("instant"),
            Self::Polls(polls) => write!(f, "polls:{polls}"),
        }
    }
}

impl FromStr for JobProfile {
    type Err = EngineError;

    fn from_str(word: &str) -> Result<Self, EngineError> {
        let polls = word.strip_prefix("polls:").and_then(|n| n.parse().ok());
        match (word, polls) {
            ("real", _) => Ok(Self::Real),
            ("instant", _) => Ok(Self::Instant),
            (_, Some(polls)) => Ok(Self::Polls(polls)),
            _ => Err(EngineError::Config {
                why: format!("profile {word:?}: use real, instant or polls:N"),
            }),
        }
    }
}

/// Where covers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Media {
    /// From the video, by ffmpeg.
    #[default]
    Ffmpeg,
    /// Plain pictures made without looking at the input, for tests that only need the flow.
    Synthetic,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Ephemeral,
    At(PathBuf),
}

/// Settings of an [`Engine`](crate::Engine).
///
/// ```
/// use ci_local::{AuthMode, Config};
/// let config = Config::at("./cosci-data").auth(AuthMode::Warn).workers(2);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Config {
    pub(crate) data: Data,
    pub(crate) auth: AuthMode,
    pub(crate) keys: Vec<(String, SecretKey)>,
    pub(crate) workers: usize,
    pub(crate) region: String,
    pub(crate) require_open: bool,
    pub(crate) callback_hosts: Vec<String>,
    pub(crate) callback_backoff: Duration,
    pub(crate) callback_tries: u32,
    pub(crate) callback_timeout: Duration,
    pub(crate) control: bool,
    pub(crate) control_key: Option<SecretKey>,
    pub(crate) job_deadline: Duration,
    pub(crate) grace: Duration,
    pub(crate) max_object_bytes: u64,
    pub(crate) max_connections: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) seed: Option<u64>,
    pub(crate) profile: JobProfile,
    pub(crate) media: Media,
    pub(crate) ffmpeg: Option<(PathBuf, PathBuf)>,
}

impl Config {
    /// Data in a temporary folder that is gone with the engine.
    pub fn ephemeral() -> Self {
        Self::with(Data::Ephemeral)
    }

    /// Data in `folder`, made if absent, kept over restarts.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self::with(Data::At(folder.into()))
    }

    fn with(data: Data) -> Self {
        Self {
            data,
            auth: AuthMode::Strict,
            keys: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            region: "ap-guangzhou".to_owned(),
            require_open: false,
            callback_hosts: ["127.0.0.1", "::1", "localhost"].map(str::to_owned).into(),
            callback_backoff: Duration::from_secs(1),
            callback_tries: 8,
            callback_timeout: Duration::from_secs(10),
            control: false,
            control_key: None,
            job_deadline: Duration::from_secs(600),
            grace: Duration::from_secs(10),
            max_object_bytes: 5 << 30,
            max_connections: 1024,
            idle_timeout: Duration::from_secs(30),
            seed: None,
            profile: JobProfile::Real,
            media: Media::Ffmpeg,
            ffmpeg: None,
        }
    }

    /// What is done with signatures. Default: [`AuthMode::Strict`].
    pub fn auth(mut self, mode: AuthMode) -> Self {
        self.auth = mode;
        self
    }

    /// Adds a pair that may sign. With none, the fixed local pair is known.
    pub fn credentials(mut self, id: impl Into<String>, key: impl Into<String>) -> Self {
        self.keys.push((id.into(), SecretKey::new(key)));
        self
    }

    /// How many jobs run at the same time, at least 1. Default: as many as the machine has cores.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The region of buckets that are addressed without one. Default `ap-guangzhou`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Whether the media service of a bucket must be opened before jobs are taken. Default: no.
    pub fn require_open(mut self, require: bool) -> Self {
        self.require_open = require;
        self
    }

    /// Adds a host, without port, that callbacks may go to. Default: loopback only.
    pub fn allow_callback_host(mut self, host: impl Into<String>) -> Self {
        self.callback_hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// The pause after a callback's first failure; it doubles, up to five minutes. Default 1 s.
    pub fn callback_backoff(mut self, first: Duration) -> Self {
        self.callback_backoff = first;
        self
    }

    /// How often a callback is tried before it is given up. Default 8.
    pub fn callback_tries(mut self, tries: u32) -> Self {
        self.callback_tries = tries;
        self
    }

    /// How long a receiver has to answer. Default 10 s.
    pub fn callback_timeout(mut self, timeout: Duration) -> Self {
        self.callback_timeout = timeout;
        self
    }

    /// Whether `/_engine/…` answers. Default: no.
    pub fn control(mut self, control: bool) -> Self {
        self.control = control;
        self
    }

    /// The key that `/_engine/…` asks for as `Authorization: Bearer KEY`. Default: none.
    pub fn control_key(mut self, key: impl Into<String>) -> Self {
        self.control_key = Some(SecretKey::new(key));
        self
    }

    /// How long one job may run. Default ten minutes.
    pub fn job_deadline(mut self, deadline: Duration) -> Self {
        self.job_deadline = deadline;
        self
    }

    /// How long running jobs may still take when the engine stops; then they go back to their queue. Default 10 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The largest object that can be put. Default 5 GiB, as for a simple upload to COS.
    pub fn max_object_bytes(mut self, bytes: u64) -> Self {
        self.max_object_bytes = bytes;
        self
    }

    /// Connections served at the same time; more wait to be accepted. Default 1024.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long a client may send nothing in the middle of a request. Default 30 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Makes ids the same on every run; with a frozen clock, everything is.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How a job's states follow each other. Default: [`JobProfile::Real`].
    pub fn profile(mut self, profile: JobProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Where covers come from. Default: [`Media::Ffmpeg`].
    pub fn media(mut self, media: Media) -> Self {
        self.media = media;
        self
    }

    /// The programs to use. Default: `ffmpeg` and `ffprobe` on the search path.
    pub fn ffmpeg(mut self, ffmpeg: impl Into<PathBuf>, ffprobe: impl Into<PathBuf>) -> Self {
        self.ffmpeg = Some((ffmpeg.into(), ffprobe.into()));
        self
    }

    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let why = if self.workers == 0 {
            "workers is 0: at least one is needed for any job to run"
        } else if self.max_connections == 0 {
            "max_connections is 0: nobody could connect"
        } else if self.keys.iter().any(|(id, _)| id.is_empty()) {
            "a secret id is empty"
        } else {
            return Ok(());
        };
        Err(EngineError::Config {
            why: why.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let config = Config::ephemeral()
            .credentials("id", "topsecret")
            .control_key("alsosecret");
        let text = format!("{config:?} {config:#?}");
        assert!(
            !text.contains("topsecret") && !text.contains("alsosecret"),
            "{text}"
        );
    }

    #[test]
    fn profiles_read_as_they_are_written() {
        for profile in [JobProfile::Real, JobProfile::Instant, JobProfile::Polls(3)] {
            assert_eq!(profile.to_string().parse::<JobProfile>().unwrap(), profile);
        }
        for bad in ["", "polls", "polls:x", "Real"] {
            assert!(bad.parse::<JobProfile>().is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        assert!(Config::ephemeral().check().is_ok());
        for bad in [
            Config::ephemeral().workers(0),
            Config::ephemeral().max_connections(0),
            Config::ephemeral().credentials("", "x"),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
