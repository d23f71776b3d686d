//! Focus that was pulled away: the picture of a crisp frame near by with little of its detail left.

use super::{ramp, shot};
use crate::{decode::Frame, feature::likeness};

/// How far to each side, in seconds, the crisp frame is looked for.
const REACH: f64 = 4.0;
/// With less than this share of its detail a frame is out of focus for certain …
const LOST: f32 = 0.25;
/// … and with this share it is not.
const KEPT: f32 = 0.40;
/// Two frames whose small luma correlates more than this show the same picture, whatever the focus.
const SAME: f32 = 0.88;

/// 0 for a frame that is as crisp as its picture ever is near by, up to 1 for one that is out of focus beside that.
///
/// Softness is measured by fine detail against coarse elsewhere; where hardly any of either is left, that says little.
pub(super) fn pulls(frames: &[Frame], cuts: &[bool]) -> Vec<f32> {
    let detail = |k: usize| frames[k].features.sharpness.detail;
    let thumb = |k: usize| &frames[k].features.look.thumb;
    (0..frames.len())
        .map(|at| {
            let (before, after) = shot::beside(frames, cuts, at, REACH);
            let kept = before
                .chain(after)
                .filter(|k| detail(at) < KEPT * detail(*k))
                .filter(|k| likeness::agreement(thumb(at), thumb(*k)).0 > SAME)
                .map(|k| detail(at) / detail(k))
                .fold(1.0, f32::min);
            ramp(kept, KEPT, LOST)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::pulls;
    use crate::{
        choose::{film, shot},
        feature::samples,
    };

    #[test]
    fn a_pulled_focus_is_told_and_another_shot_that_is_soft_is_not() {
        let crisp = || film::scene(0, 20);
        let soft = || vec![samples::blurred(6); 20];
        let other = film::scene(1, 10);
        let film = film::of([crisp(), soft(), other, soft()].concat());
        let pulled = pulls(&film, &shot::cuts(&film));
        // Between crisp and soft there is a cut as far as the picture goes, unless it changes little.
        let seen = pulls(&film, &vec![false; film.len()]);
        assert!(seen[25..38].iter().all(|p| *p > 0.9), "{seen:?}");
        assert!(
            pulled[..18].iter().chain(&pulled[52..]).all(|p| *p == 0.0),
            "{pulled:?}"
        );
    }
}
