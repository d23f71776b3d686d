//! Snow of a receiver without a signal: nothing stays from frame to frame but how bright and how busy it is.

use crate::{decode::Frame, feature::likeness};

/// Frames farther apart than this in seconds may differ anyway.
const NEAR: f64 = 0.2;
/// Small lumas that correlate less than this have nothing in common …
const UNRELATED: f32 = 0.15;
/// … while their means and spreads are this close, of 255: what lies on both sides of a cut is not.
const SAME_LIGHT: f32 = 6.0;
/// The least detail: every place is another grain.
const BUSY: f32 = 15.0;

/// Which frames are snow: unrelated to the one before or after, and like it in all else.
pub(super) fn snows(frames: &[Frame]) -> Vec<bool> {
    let unrelated: Vec<bool> = frames
        .windows(2)
        .map(|pair| are_unrelated(&pair[0], &pair[1]))
        .collect();
    let beside = |k: usize| [k.checked_sub(1), Some(k)].into_iter().flatten();
    (0..frames.len())
        .map(|k| beside(k).any(|pair| unrelated.get(pair) == Some(&true)))
        .collect()
}

fn are_unrelated(a: &Frame, b: &Frame) -> bool {
    let busy = |frame: &Frame| frame.features.sharpness.detail > BUSY;
    if b.time - a.time > NEAR || !busy(a) || !busy(b) {
        return false;
    }
    let [light, other] = [a, b].map(|frame| &frame.features.exposure);
    let same = (light.mean - other.mean).abs() < SAME_LIGHT
        && (light.spread - other.spread).abs() < SAME_LIGHT;
    same && likeness::agreement(&a.features.look.thumb, &b.features.look.thumb).0 < UNRELATED
}

#[cfg(test)]
mod tests {
    use super::snows;
    use crate::{
        choose::{choose, film},
        feature::samples,
        plane::Picture,
    };

    /// Grains of two by two samples, other ones in each frame.
    fn grains(k: usize) -> Picture {
        samples::luma(move |x, y| samples::noise(x / 2 + 97 * k, y / 2 + 31 * k))
    }

    #[test]
    fn coarse_snow_is_no_cover_while_there_is_a_picture() {
        let snow = |from: usize| (from..from + 30).map(grains).collect::<Vec<_>>();
        let frames = film::of([snow(0), film::scene(0, 12), snow(40)].concat());
        let told = snows(&frames);
        assert!(
            told[..30].iter().chain(&told[42..]).all(|snow| *snow),
            "{told:?}"
        );
        assert!(!told[30..42].iter().any(|snow| *snow), "{told:?}");
        let chosen = choose(&frames, 2, false, true).chosen;
        assert!(
            chosen.iter().all(|c| (30..42).contains(&c.frame)),
            "{chosen:?}"
        );
    }

    #[test]
    fn scenes_that_are_cut_fast_and_a_standing_texture_are_none() {
        let cuts = (0..12)
            .flat_map(|k| film::scene(k % 3, 1))
            .collect::<Vec<_>>();
        let texture = vec![grains(7); 12];
        for film in [cuts, texture] {
            let told = snows(&film::of(film));
            assert!(!told.iter().any(|snow| *snow), "{told:?}");
        }
    }
}
