//! Which covers repeat one another.

use super::shot;
use crate::{
    decode::Frame,
    feature::{likeness, outline},
};

/// Two covers alike by more than this (structural similarity of their luma at 64 × 36) are duplicates.
const DUPLICATE: f32 = 0.72;
/// … and so are two of one scene and one take whose outlines (signs of the lowest frequencies) agree so far: what moved a little is no other picture.
const SAME_OUTLINE: f32 = 0.84;
/// … or of one scene, seen again after a cut, where so much agrees: with less it may be somebody else at the same place.
const SAME_OUTLINE_AGAIN: f32 = 0.90;

/// How alike two frames are that are duplicates of one another.
///
/// Pages and screens are mostly ground, which says nothing: what is on it has to agree as well.
pub(crate) fn alike(frames: &[Frame], a: usize, b: usize) -> Option<f32> {
    similar(frames, a, b).filter(|_| !shot::differ_on_the_ground(frames, a, b))
}

/// What two frames have in common but for their looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    None,
    Scene,
    /// And no cut divides them.
    Take,
}

impl Bond {
    /// Of two frames of the same scene or not, and of their takes, where those count.
    pub(crate) fn of(same_scene: bool, takes: [Option<usize>; 2]) -> Self {
        match takes {
            [Some(a), Some(b)] if same_scene && a == b => Self::Take,
            [Some(_), Some(_)] if same_scene => Self::Scene,
            _ => Self::None,
        }
    }
}

/// Like [`alike`], and of one scene by their outlines as well.
/// A page that turns begins another take, so what differs on the ground of one take is a figure that moves.
pub(crate) fn duplicates(frames: &[Frame], a: usize, b: usize, bond: Bond) -> Option<f32> {
    let thumb = |k: usize| frames[k].features.look.thumb.as_slice();
    let outlined =
        |least: f32| Some(outline::agreement(thumb(a), thumb(b))).filter(|agreed| *agreed >= least);
    let are_pages = || shot::on_the_ground(frames, a, b).is_some();
    match bond {
        Bond::None => alike(frames, a, b),
        Bond::Scene => {
            alike(frames, a, b).or_else(|| outlined(SAME_OUTLINE_AGAIN).filter(|_| !are_pages()))
        }
        Bond::Take => similar(frames, a, b).or_else(|| outlined(SAME_OUTLINE)),
    }
}

fn similar(frames: &[Frame], a: usize, b: usize) -> Option<f32> {
    let thumb = |k: usize| frames[k].features.look.thumb.as_slice();
    let similarity = likeness::similarity(thumb(a), thumb(b));
    (similarity > DUPLICATE).then_some(similarity)
}

#[cfg(test)]
mod tests {
    use super::{Bond, DUPLICATE, alike, duplicates};
    use crate::{
        choose::{choose, film},
        feature::{likeness, samples},
        plane::Picture,
    };

    #[test]
    fn what_moved_a_little_within_a_take_is_no_other_picture() {
        let moved = |k: usize| samples::luma(move |x, y| samples::scene(x + k / 10, y + k / 17));
        let take = film::of((0..50).map(moved));
        let thumb = |k: usize| take[k].features.look.thumb.as_slice();
        assert!(likeness::similarity(thumb(0), thumb(49)) < DUPLICATE);
        assert_eq!(choose(&take, 3, true, true).chosen.len(), 1);
        // In another take it may be somebody else at the same place.
        let cutaway = film::scene(1, 20);
        let other = samples::luma(|x, y| samples::scene(x + 6, y + 3));
        let twice = [film::scene(0, 20), cutaway, vec![other; 20]].concat();
        assert_eq!(choose(&film::of(twice), 3, true, true).chosen.len(), 3);
    }

    #[test]
    fn what_is_seen_again_after_a_cut_repeats_where_its_outline_is_nearly_the_same() {
        let moved = |k: usize| samples::luma(move |x, y| samples::scene(x + k, y + k / 2));
        let frames = film::of([moved(0), moved(3), moved(6)]);
        assert!((1..3).all(|k| alike(&frames, 0, k).is_none()));
        let bonds = [Bond::None, Bond::Scene, Bond::Take];
        let of = |k: usize| bonds.map(|bond| duplicates(&frames, 0, k, bond).is_some());
        assert_eq!((of(1), of(2)), ([false, true, true], [false, false, true]));
    }

    /// Writing on a page, with a figure at that column.
    fn meadow(figure: usize) -> Picture {
        samples::luma(move |x, y| {
            let within = (figure..figure + 24).contains(&x) && (30..50).contains(&y);
            if within && (x + y) % 5 < 2 || y > 80 && (x * 7 + y) % 9 < 3 {
                60
            } else {
                235
            }
        })
    }

    #[test]
    fn a_figure_that_moves_over_its_ground_is_the_same_picture_until_a_cut() {
        let frames = film::of([meadow(10), meadow(60)]);
        let of = |bond| duplicates(&frames, 0, 1, bond).is_some();
        assert_eq!((of(Bond::Scene), of(Bond::Take)), (false, true));
    }
}
