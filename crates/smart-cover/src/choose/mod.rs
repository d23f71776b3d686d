//! From measured frames to the chosen ones: reject, score, spread, deduplicate.

pub(crate) mod crowd;
pub(crate) mod looks;
pub(crate) mod quality;
pub(crate) mod shot;
pub(crate) mod spread;
pub(crate) mod transition;
pub(crate) mod visit;

use crate::decode::Frame;
use quality::Quality;

/// A chosen frame, by its place in the list of frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    pub(crate) frame: usize,
    /// 0 to 1.
    pub(crate) score: f32,
}

/// All that was decided about the frames.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) quality: Vec<Quality>,
    pub(crate) chosen: Vec<Choice>,
    /// Scene of each frame that was in the running.
    pub(crate) scenes: Vec<Option<usize>>,
    /// What each frame is worth as the first cover, 0 to 1.
    pub(crate) worth: Vec<f32>,
}

/// Chooses at most `count` frames, best first.
///
/// `dense` says that neighbouring frames follow each other closely enough to tell transitions and motion.
pub(crate) fn choose(
    frames: &[Frame],
    count: usize,
    delete_duplicates: bool,
    dense: bool,
) -> Decision {
    let quality = quality::judge(frames, dense);
    let spread = spread::spread(frames, &quality, count, delete_duplicates, dense);
    Decision {
        quality,
        chosen: spread.chosen,
        scenes: spread.scenes,
        worth: spread.worth,
    }
}
