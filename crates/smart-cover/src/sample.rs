//! Which moments to look at: all of a short video, key frames of a long one.

use crate::{
    decode::{Look, Skip},
    probe::MediaInfo,
};

/// Least seconds between two frames of a full look: 12.5 a second show every fade and every blink.
pub(crate) const STEP: f64 = 0.078;
/// Decoding more than this in full takes too long: frames × pixels.
const FULL_PIXELS: f64 = 1.4e9;
/// Frames of a full look.
const FULL_FRAMES: f64 = 1600.0;

/// How the first look at a file is taken.
pub(crate) fn first_look(info: &MediaInfo) -> Option<Look> {
    let frames = info.frame_estimate()?;
    let pixels = frames * f64::from(info.width) * f64::from(info.height);
    let duration = info.duration.unwrap_or(0.0);
    // Half the frames at least remain when those that nobody needs are passed over.
    let skip = if info.frame_rate > 20.0 {
        Skip::NonReference
    } else {
        Skip::Nothing
    };
    let step = if info.frame_rate <= 13.0 { 0.0 } else { STEP };
    let step = step.max(duration / FULL_FRAMES);
    (pixels <= FULL_PIXELS && step < 0.13).then_some(Look {
        skip,
        step,
        window: None,
    })
}
