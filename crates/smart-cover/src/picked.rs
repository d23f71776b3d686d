//! What comes out: covers, best first, with the facts they rest on.

use std::path::PathBuf;

use crate::{choose::quality::Reason, explain::Thumbnail, probe::MediaInfo};

/// The covers of one video.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Picked {
    /// Best first. Never empty; fewer than asked for when the video has fewer frames, or fewer distinct ones.
    pub covers: Vec<Cover>,
    /// What the container says.
    pub media: MediaInfo,
    /// Every frame that was looked at, in order of time.
    pub candidates: Vec<Candidate>,
}

/// One written picture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cover {
    /// Where it was written: `cover-<n>.<ext>` in the folder that was given, numbered from 0.
    pub file: PathBuf,
    /// Seconds as displayed: the container's start offset is removed.
    pub time: f64,
    /// 0 to 1, the first being the highest.
    pub score: f64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
}

/// A frame that was looked at, and what became of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Seconds as displayed.
    pub time: f64,
    /// How good it is by itself, 0 to 1.
    pub quality: f64,
    /// What it is worth as the first cover, 0 to 1: quality, and how steady, crisp, calm and typical it is among its neighbours.
    pub worth: f64,
    /// Why quality was lost: each reason with its factor, below 1.
    pub reasons: Vec<(Reason, f64)>,
    /// Number of the scene it shows, equal for scenes that come back; none when it was not in the running.
    pub scene: Option<usize>,
    /// Which cover it became, from 0; none when it was not chosen.
    pub cover: Option<usize>,
    /// Why it is no cover although it was in the running; told when [`Options::explain`](crate::Options::explain) was set.
    pub passed_over: Option<PassedOver>,
    /// Mean luma, 0 to 255.
    pub mean: f64,
    /// Contrast: standard deviation of luma.
    pub contrast: f64,
    /// Detail of the crispest quarter of the picture.
    pub detail: f64,
    /// Share of perfectly even ground, near 1 for drawn pictures.
    pub even: f64,
    /// Focus, about 0.2 and less when blurred, 1 and more when crisp.
    pub focus: f64,
    /// What it looks like, when [`Options::explain`](crate::Options::explain) was set.
    pub thumbnail: Option<Thumbnail>,
}

/// Why a frame that could have been a cover is none.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PassedOver {
    /// It looks like a cover: the structural similarity of their luma at 64 × 36 is above 0.72.
    Alike {
        /// Number of that cover.
        cover: usize,
        /// 0.72 to 1.
        similarity: f64,
    },
    /// Somebody's eyes are shut; a frame of the same moment in which they are open took its place.
    EyesShut {
        /// Number of that cover.
        cover: usize,
    },
    /// Its scene has a cover already.
    SceneHasCover {
        /// Number of that cover.
        cover: usize,
    },
    /// Nothing like it is among the covers, but others added more.
    OthersAddedMore,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The container was read.
    Probed,
    /// Frames are being looked at; done is the share from 0 to 1, where the length is known.
    Looking {
        /// Share done, 0 to 1.
        done: f64,
    },
    /// The frames are chosen.
    Chosen {
        /// How many.
        covers: usize,
    },
    /// The covers are written.
    Rendered {
        /// How many.
        covers: usize,
    },
}
