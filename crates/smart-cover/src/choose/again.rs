//! Takes of which a part was seen before: the same place again, after its figure has moved on.

use std::{collections::BTreeSet, ops::Range};

use super::shot::Shots;

/// Of two takes of one place, one has at least this share of its frames in scenes that the other has, too.
const SHARED: f32 = 0.3;

/// The take of frame k of the pool, and those that show the same again.
///
/// A figure that moves makes several scenes of one take, of which any may come back;
/// the share counts, because long ways of a camera cross at places that are a scene of both.
pub(super) fn seen_again(shots: &Shots, k: usize) -> Vec<usize> {
    let mut own = vec![0; shots.scenes];
    for (take, scene) in shots.take.iter().zip(&shots.scene) {
        own[*scene] += usize::from(*take == shots.take[k]);
    }
    let length: usize = own.iter().sum();
    let share = |shared: usize, of: usize| shared as f32 / of as f32;
    let is_again = |take: &Range<usize>| {
        let scenes = &shots.scene[take.clone()];
        let theirs = scenes.iter().filter(|scene| own[**scene] > 0).count();
        let different: BTreeSet<usize> = scenes.iter().copied().collect();
        let ours = different.iter().map(|scene| own[*scene]).sum();
        share(theirs, scenes.len()).max(share(ours, length)) >= SHARED
    };
    let again = shots.takes().filter(is_again);
    again.map(|take| shots.take[take.start]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Shots, seen_again};

    #[test]
    fn a_take_is_seen_again_where_enough_of_either_is_of_scenes_both_have() {
        let of = |takes: &[(usize, usize, usize)]| {
            let each = |pick: fn(&(usize, usize, usize)) -> usize| {
                let frames = takes.iter().flat_map(|part| vec![pick(part); part.2]);
                frames.collect::<Vec<_>>()
            };
            Shots {
                take: each(|part| part.0),
                scene: each(|part| part.1),
                scenes: 9,
                ..Shots::default()
            }
        };
        // Take, scene, frames.
        let shots = of(&[
            (0, 0, 10),
            (0, 1, 6),
            (1, 2, 10),
            (2, 1, 2),
            (3, 0, 1),
            (3, 3, 30),
            (4, 2, 2),
            (4, 4, 30),
        ]);
        assert_eq!(seen_again(&shots, 0), [0, 2, 3]);
        assert_eq!(seen_again(&shots, 16 + 10), [0, 2]);
        assert_eq!(seen_again(&shots, 16), [1, 4]);
        let little = of(&[(0, 0, 4), (0, 1, 16), (1, 1, 1), (1, 2, 19)]);
        assert_eq!(seen_again(&little, 19), [0, 1]);
        let less = of(&[(0, 0, 4), (0, 1, 16), (1, 0, 1), (1, 2, 19)]);
        assert_eq!(seen_again(&less, 0), [0]);
    }
}
