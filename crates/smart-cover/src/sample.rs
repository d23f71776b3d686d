//! Which moments to look at: all of a short video; of a long one key frames first, then windows around the best of them.

use std::time::{Duration, Instant};

use crate::{
    choose,
    decode::{self, Frame, Look, Part, Skip},
    error::CoverError,
    options::Options,
    probe::MediaInfo,
    program::Watch,
    source::Source,
    thin,
};

/// Least seconds between two frames of a full look: 12.5 a second show every fade and every blink.
const STEP: f64 = 0.078;
/// Decoding more than this in full takes too long: frames × pixels.
const FULL_PIXELS: f64 = 1.4e9;
/// Frames of a full look.
const FULL_FRAMES: f64 = 1600.0;
/// Of so few frames all are taken, because a request may want nearly as many covers.
const EVERY_FRAME: f64 = 64.0;
/// Longer files are not read through for their key frames but sought in, so that cost does not grow with length.
const READ_THROUGH: f64 = 600.0;
/// So many places are sought.
const PLACES: usize = 120;
/// Length of a window in seconds, and the least time between its frames: enough to see fades, blur and motion.
const WINDOW: f64 = 1.6;
const WINDOW_STEP: f64 = 0.117;
/// With fewer key frames than this, most of what a file shows lies between them.
const FEW_KEYS: usize = 20;
/// A key frame of less quality may hide what its group shows.
const POOR: f32 = 0.3;

/// The frames that were looked at.
pub(crate) struct Sample {
    pub(crate) frames: Vec<Frame>,
    /// Whether neighbouring frames follow each other closely enough to tell transitions and motion.
    pub(crate) dense: bool,
    /// What was passed over when decoding them.
    pub(crate) skip: Skip,
}

/// Looks at the file; `seen` is told the seconds reached.
pub(crate) fn sample(
    watch: &Watch<'_>,
    source: &Source<'_>,
    options: &Options,
    seen: &mut dyn FnMut(f64),
) -> Result<Sample, CoverError> {
    let skip = skip(source.info);
    let dense = |frames| Sample {
        frames,
        dense: true,
        skip,
    };
    if let Some(step) = full_step(source.info) {
        let look = Look { skip, step };
        return Ok(dense(decode::whole(
            watch,
            source,
            look,
            watch.deadline,
            seen,
        )?));
    }
    let count = usize::from(options.count);
    let keys = keys(watch, source, seen)?;
    let decision = choose::choose(&keys, (2 * count + 2).min(20), true, false);
    let good = decision.quality.iter().filter(|q| q.value > POOR).count();
    let short = good < 2 * count;
    if short && keys.len() < FEW_KEYS {
        return Ok(dense(sparse(watch, source, skip, seen)?));
    }
    let mut starts: Vec<f64> = decision.chosen.iter().map(|c| keys[c.frame].time).collect();
    // Every scene may begin with a key frame of black.
    let inside = if short {
        FEW_KEYS.max(4 * count)
    } else {
        2 * count
    };
    starts.extend(hidden(&keys, &decision, source.info, inside));
    starts.sort_by(f64::total_cmp);
    let windows: Vec<Part> = starts
        .iter()
        .map(|t| Part::Window((t - 0.01).max(0.0), WINDOW))
        .collect();
    let frames = decode::parts(
        watch,
        source,
        Look {
            skip,
            step: WINDOW_STEP,
        },
        &windows,
    )?;
    // Otherwise seeking does not work in this file.
    let found = frames.len() >= starts.len();
    let enough = || choose::choose(&frames, count, true, true).chosen.len() >= count.div_ceil(2);
    if short && !(found && enough()) {
        return Ok(dense(sparse(watch, source, skip, seen)?));
    }
    if !found {
        // What was seen will have to do.
        return Ok(Sample {
            frames: keys,
            dense: false,
            skip: Skip::NonKey,
        });
    }
    Ok(dense(frames))
}

/// Frames that no other needs are passed over where enough remain.
fn skip(info: &MediaInfo) -> Skip {
    let few = info
        .frame_estimate()
        .is_some_and(|frames| frames <= EVERY_FRAME);
    if info.frame_rate > 20.0 && !few {
        Skip::NonReference
    } else {
        Skip::Nothing
    }
}

/// The step of a full look, where the file is small enough for one.
fn full_step(info: &MediaInfo) -> Option<f64> {
    let frames = info.frame_estimate()?;
    let pixels = frames * f64::from(info.width) * f64::from(info.height);
    let step = if info.frame_rate <= 13.0 || frames <= EVERY_FRAME {
        0.0_f64
    } else {
        STEP
    };
    let step = step.max(info.duration.unwrap_or(0.0) / FULL_FRAMES);
    (pixels <= FULL_PIXELS && step < 0.13).then_some(step)
}

fn keys(
    watch: &Watch<'_>,
    source: &Source<'_>,
    seen: &mut dyn FnMut(f64),
) -> Result<Vec<Frame>, CoverError> {
    let look = Look {
        skip: Skip::NonKey,
        step: 0.0,
    };
    if let Some(keys) = thin::keys(watch, source, PLACES, soft(watch), seen)? {
        return Ok(keys);
    }
    let Some(duration) = source
        .info
        .duration
        .filter(|duration| *duration > READ_THROUGH)
    else {
        return decode::whole(watch, source, look, soft(watch), seen);
    };
    // The golden ratio places them evenly without beating against anything periodic in the video.
    let share = |k: usize| (k as f64 + (k as f64 * 0.618_033_988_75).fract()) / PLACES as f64;
    let places: Vec<Part> = (0..PLACES)
        .map(|k| Part::KeyBefore(duration * share(k)))
        .collect();
    decode::parts(watch, source, look, &places)
}

/// Key frames tell too little: decode in full, keep few, and stop in time to make covers of what was seen.
fn sparse(
    watch: &Watch<'_>,
    source: &Source<'_>,
    skip: Skip,
    seen: &mut dyn FnMut(f64),
) -> Result<Vec<Frame>, CoverError> {
    let step = source
        .info
        .duration
        .map_or(0.16, |duration| (duration / FULL_FRAMES).max(0.16));
    decode::whole(watch, source, Look { skip, step }, soft(watch), seen)
}

/// Half of the time that is left.
fn soft(watch: &Watch<'_>) -> Instant {
    Instant::now() + watch.deadline.saturating_duration_since(Instant::now()) / 2
        - Duration::from_millis(1)
}

/// Moments inside groups whose key frame is poor (black at the start of a fade, a flash), at most so many.
fn hidden(keys: &[Frame], decision: &choose::Decision, info: &MediaInfo, most: usize) -> Vec<f64> {
    let end = |k: usize| {
        keys.get(k + 1)
            .map(|f| f.time)
            .or(info.duration)
            .unwrap_or(0.0)
    };
    let poor: Vec<f64> = keys
        .iter()
        .enumerate()
        .filter(|(k, key)| decision.quality[*k].value < POOR && end(*k) - key.time > 1.5)
        .map(|(k, key)| key.time + (0.4 * (end(k) - key.time)).min(1.0))
        .collect();
    let every = poor.len().div_ceil(most.max(1)).max(1);
    poor.into_iter().step_by(every).collect()
}
