//! Where a camera is swung from one picture to another: no cut is seen, but what comes after is another shot.

use super::shot::beside;
use crate::{decode::Frame, feature::likeness};

/// Seconds in which the picture is crisp before and after, at most.
const REACH: f64 = 2.5;
/// Between the two it keeps this share of the detail of either, or less …
const SMEARED: f32 = 0.55;
/// … and changes faster than this from frame to frame (mean luma difference at 64 × 36): a sky between two towns does not.
const RUSHING: f32 = 6.0;

/// Which frames are smeared by a swing of the camera, though they and what lies to both sides of them are one uncut take.
pub(super) fn smears(frames: &[Frame], cuts: &[bool]) -> Vec<bool> {
    let detail = |k: usize| frames[k].features.sharpness.detail;
    let thumb = |k: usize| &frames[k].features.look.thumb;
    let rushes = |at: usize, to: Option<usize>| {
        to.is_some_and(|to| likeness::difference(thumb(at), thumb(to)) > RUSHING)
    };
    let smeared = |at: usize| {
        let (before, after) = beside(frames, cuts, at, REACH);
        let crispest = |side: &mut dyn Iterator<Item = usize>| side.map(detail).fold(0.0, f32::max);
        let (mut before, mut after) = (before.peekable(), after.peekable());
        rushes(at, before.peek().copied())
            && rushes(at, after.peek().copied())
            && detail(at) <= SMEARED * crispest(&mut before).min(crispest(&mut after))
    };
    (0..frames.len()).map(smeared).collect()
}

#[cfg(test)]
mod tests {
    use super::smears;
    use crate::{
        choose::{film, looks::Looks, quality, shot::Shots},
        feature::samples::{self, WIDTH},
        plane::Picture,
    };

    /// What a camera sees that swings from one picture to another in so many frames, mixed along its way over `soft` pixels.
    fn swing(from: &Picture, to: &Picture, frames: usize, soft: usize) -> Vec<Picture> {
        let at = |x: usize, y: usize| {
            let (of, x) = if x < WIDTH {
                (from, x)
            } else {
                (to, x - WIDTH)
            };
            usize::from(of.y.data[y * WIDTH + x.min(WIDTH - 1)])
        };
        let seen = |k: usize| {
            let by = (k + 1) * WIDTH / (frames + 1);
            samples::luma(|x, y| {
                let along = (0..soft).map(|s| at(x + by + s, y)).sum::<usize>();
                (along / soft) as u8
            })
        };
        (0..frames).map(seen).collect()
    }

    fn swung(soft: usize) -> Vec<Picture> {
        let (a, b) = (film::scene(0, 10), film::scene(2, 10));
        let between = swing(&a[0], &b[0], 8, soft);
        [a, between, b].concat()
    }

    #[test]
    fn a_swing_of_the_camera_is_smeared_and_a_pan_is_not() {
        let of = |soft| {
            let frames = film::of(swung(soft));
            smears(&frames, &vec![false; frames.len() - 1])
        };
        let smeared = of(24);
        assert!(smeared[11..17].iter().all(|s| *s), "{smeared:?}");
        assert!(!smeared[..10].contains(&true) && !smeared[18..].contains(&true));
        assert!(!of(1).contains(&true));
    }

    #[test]
    fn what_is_soft_and_calm_or_behind_a_cut_is_no_smear() {
        let sky = vec![samples::blurred(8); 8];
        let calm = film::of([film::scene(0, 10), sky, film::scene(2, 10)].concat());
        assert!(!smears(&calm, &[false; 27])[11..17].contains(&true));
        let frames = film::of(swung(16));
        let mut cuts = vec![false; frames.len() - 1];
        cuts[9] = true;
        assert!(!smears(&frames, &cuts).contains(&true));
    }

    #[test]
    fn a_short_swing_ends_a_take_and_is_no_cover() {
        let (a, b) = (film::scene(0, 10), film::scene(2, 10));
        let between = swing(&a[0], &b[0], 2, 40);
        let frames = film::of([a, between, b].concat());
        let none = vec![false; frames.len() - 1];
        let quality = quality::judge(&frames, &none, true);
        let pool: Vec<usize> = (0..frames.len())
            .filter(|k| quality[*k].value >= 0.12)
            .collect();
        assert!(pool.iter().all(|k| !(10..12).contains(k)), "{pool:?}");
        let smear = (quality::Reason::Blur, quality::SMEAR);
        assert!(quality[10..12].iter().all(|q| q.factors.contains(&smear)));
        let looks = Looks::new(&frames, &pool);
        let shots = Shots::find(&frames, &quality, &none, &pool, &looks, false);
        assert_ne!(shots.take.first(), shots.take.last());
    }
}
