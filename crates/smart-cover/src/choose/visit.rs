//! Fixed cameras: what comes and goes before a standing background is what the video is about.

use std::sync::LazyLock;

use super::quality::percentile;
use crate::{
    decode::Frame,
    feature::likeness::{self, THUMB},
};

/// A shot shorter than this in seconds has no background to speak of.
const LONG: f64 = 20.0;
/// Frames from which the background is taken.
const SAMPLES: usize = 60;
/// An empty place is seen so many times at least, with others between …
const RETURNS: usize = 3;
/// … it has more contrast than this (standard deviation of luma) …
const PLAIN: f32 = 10.0;
/// … and less than this share of the frames are neither clearly empty nor clearly visited.
const BETWEEN: f32 = 0.15;
/// Luma difference from which on a place is foreground.
const DIFFERENT: f32 = 14.0;
/// With this share of foreground or less a frame is empty.
const EMPTY: f32 = 0.006;
/// With this share somebody is there.
const VISITED: f32 = 0.02;
/// With more than this share it is no visitor but another scene.
const REPLACED: f32 = 0.6;
/// … unless that is rare: somebody passes close to the camera. So much of the video has to be free of it.
const UNCOVERED: f32 = 0.9;

/// Per frame, 0 to 1: how much of what comes and goes it shows; none where the camera moves or nothing ever happens.
pub(crate) fn interest(frames: &[Frame]) -> Option<Vec<f32>> {
    let length = frames.last()?.time - frames.first()?.time;
    if length < LONG || frames.len() < SAMPLES {
        return None;
    }
    let of = |background: &[f32]| -> Vec<f32> {
        let shares = frames
            .iter()
            .map(|f| foreground(&f.features.look.thumb, background));
        shares.collect()
    };
    let empty = returning(frames).map(of).filter(|shares| is_either(shares));
    empty
        .and_then(|shares| of_shares(&shares))
        .or_else(|| of_shares(&of(&background(frames))))
}

fn of_shares(shares: &[f32]) -> Option<Vec<f32>> {
    let mut sorted: Vec<f32> = shares.iter().copied().filter(|s| *s <= REPLACED).collect();
    if (sorted.len() as f32) < UNCOVERED * shares.len() as f32 {
        return None;
    }
    let (empty, full) = (percentile(&mut sorted, 0.10), percentile(&mut sorted, 0.97));
    (empty <= EMPTY && full >= VISITED)
        .then(|| shares.iter().map(|s| (s / full).min(1.0)).collect())
}

/// Whether nearly every frame is clearly empty or clearly visited: a head that moves before a camera is often something between.
fn is_either(shares: &[f32]) -> bool {
    let between = shares
        .iter()
        .filter(|s| (EMPTY..VISITED).contains(*s))
        .count();
    (between as f32) < BETWEEN * shares.len() as f32
}

/// The picture that comes back most often, with others between: the empty place, where visitors are there for most of the time.
fn returning(frames: &[Frame]) -> Option<&[f32]> {
    let sampled = sampled(frames, SAMPLES / 2);
    let same =
        |a: &[f32], b: &[f32]| likeness::difference(a, b) < DIFFERENT && foreground(a, b) <= EMPTY;
    let returns = |background: &[f32]| {
        let like: Vec<bool> = sampled.iter().map(|s| same(s, background)).collect();
        like.chunk_by(|a, b| a == b).filter(|run| run[0]).count()
    };
    let (most, background) = sampled
        .iter()
        // Black comes back between scenes as well, and is no place.
        .filter(|s| likeness::mean_and_spread(s).1 > PLAIN)
        .map(|s| (returns(s), *s))
        .reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    (most >= RETURNS).then_some(background)
}

fn sampled(frames: &[Frame], most: usize) -> Vec<&[f32]> {
    let every = frames.len().div_ceil(most);
    let thumbs = frames.iter().map(|f| f.features.look.thumb.as_slice());
    thumbs.step_by(every).collect()
}

/// Median of each place over the video.
fn background(frames: &[Frame]) -> Vec<f32> {
    let sampled = sampled(frames, SAMPLES);
    let places = sampled.iter().map(|s| s.len()).min().unwrap_or(0);
    (0..places)
        .map(|place| {
            let mut values: Vec<f32> = sampled.iter().map(|s| s[place]).collect();
            percentile(&mut values, 0.5)
        })
        .collect()
}

fn foreground(thumb: &[f32], background: &[f32]) -> f32 {
    // An automatic exposure shifts everything at once; that is no visitor.
    let mut shifts: Vec<f32> = thumb.iter().zip(background).map(|(a, b)| a - b).collect();
    let shift = percentile(&mut shifts, 0.5);
    // The places are lost above.
    let different = thumb
        .iter()
        .zip(background)
        .zip(WEIGHTS.iter())
        .filter(|((a, b), _)| (*a - *b - shift).abs() > DIFFERENT);
    different.map(|(_, weight)| weight).sum::<f32>() / *WEIGHT
}

/// What stands in the middle is seen whole; what touches the border is cut off.
static WEIGHTS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let (width, height) = THUMB;
    let inner =
        |k: usize, length: usize| (k.min(length - 1 - k) as f32 / (0.18 * length as f32)).min(1.0);
    (0..width * height)
        .map(|k| 0.1 + 0.9 * inner(k % width, width).min(inner(k / width, height)))
        .collect()
});

static WEIGHT: LazyLock<f32> = LazyLock::new(|| WEIGHTS.iter().sum());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::{Features, likeness::Look};

    fn frame(time: f64, visitor: bool) -> Frame {
        let thumb = (0..THUMB.0 * THUMB.1)
            .map(|k| {
                if visitor && (20..40).contains(&(k % THUMB.0)) {
                    200.0
                } else {
                    60.0 + (k % 7) as f32
                }
            })
            .collect();
        let features = Features {
            look: Look {
                layout: Vec::new(),
                thumb,
            },
            ..Features::default()
        };
        Frame {
            time,
            key: false,
            interlaced: false,
            damaged: false,
            features,
            picture: None,
        }
    }

    #[test]
    fn a_visitor_before_a_standing_background_is_of_interest() {
        let frames: Vec<Frame> = (0..300)
            .map(|k| frame(f64::from(k) * 0.1, (100..140).contains(&k)))
            .collect();
        let interest = interest(&frames).expect("a fixed camera");
        assert!(interest[120] > 0.9 && interest[10] < 0.1);
    }

    #[test]
    fn another_scene_is_no_visitor() {
        let mut frames: Vec<Frame> = (0..300).map(|k| frame(f64::from(k) * 0.1, false)).collect();
        for other in &mut frames[100..140] {
            for (k, value) in other.features.look.thumb.iter_mut().enumerate() {
                *value = (k * 37 % 256) as f32;
            }
        }
        assert_eq!(interest(&frames), None);
    }

    #[test]
    fn one_who_passes_close_to_the_camera_hides_no_other_visitor() {
        let mut frames: Vec<Frame> = (0..300)
            .map(|k| frame(f64::from(k) * 0.1, (100..140).contains(&k)))
            .collect();
        for close in &mut frames[200..220] {
            for (k, value) in close.features.look.thumb.iter_mut().enumerate() {
                *value = (k * 37 % 256) as f32;
            }
        }
        let interest = interest(&frames).expect("a fixed camera");
        assert!(interest[120] > 0.9 && interest[210] > 0.9 && interest[10] < 0.1);
    }

    #[test]
    fn nothing_is_said_of_a_room_that_stays_empty() {
        let frames: Vec<Frame> = (0..300).map(|k| frame(f64::from(k) * 0.1, false)).collect();
        assert!(interest(&frames).is_none());
    }

    /// A room whose right half is brighter, and who stands in it at each of 300 moments: from which column on, how many rows high, and in which shade.
    fn visited(visitor: impl Fn(usize) -> Option<(usize, usize, f32)>) -> Vec<Frame> {
        let of = |k: usize| {
            let mut frame = frame(k as f64 * 0.1, false);
            for (at, value) in frame.features.look.thumb.iter_mut().enumerate() {
                let (x, y) = (at % THUMB.0, at / THUMB.0);
                match visitor(k) {
                    Some((left, rows, shade)) if y < rows && (left..left + 16).contains(&x) => {
                        *value = shade;
                    }
                    _ if x >= 32 => *value *= 2.0,
                    _ => {}
                }
            }
            frame
        };
        (0..300).map(of).collect()
    }

    /// Six visits of 4 s by different people, with 1 s between them.
    fn stays(k: usize) -> Option<(usize, usize, f32)> {
        (k % 50 >= 10).then_some((24, 36, 75.0 + 30.0 * (k / 50) as f32))
    }

    #[test]
    fn an_empty_place_is_known_although_somebody_is_there_most_of_the_time() {
        let interest = interest(&visited(stays)).expect("a fixed camera");
        assert!(interest[5] < 0.1 && interest[105] < 0.1 && interest[130] > 0.4);
    }

    #[test]
    fn black_that_comes_back_is_no_place() {
        let mut frames = visited(stays);
        for (k, frame) in frames.iter_mut().enumerate() {
            let dark = if stays(k).is_none() { 36 } else { 20 };
            frame.features.look.thumb[..THUMB.0 * dark].fill(16.0);
        }
        assert!(returning(&visited(stays)).is_some());
        assert_eq!(returning(&frames), None);
    }

    #[test]
    fn a_head_that_moves_is_no_visitor() {
        let moving = |k: usize| Some((20 + (k % 50).min(50 - k % 50) / 5, 14, 200.0));
        let frames = visited(moving);
        let place = returning(&frames).expect("it comes back to where it was");
        let shares: Vec<f32> = frames
            .iter()
            .map(|f| foreground(&f.features.look.thumb, place))
            .collect();
        assert!(of_shares(&shares).is_some() && !is_either(&shares));
    }
}
