//! A few frames of another shot at the beginning or the end of a file, left over from cutting it.

use crate::decode::Frame;

/// A shot at either end that is shorter than this in seconds is left over.
const SHORT: f64 = 0.2;

/// The frames before the first cut and after the last, where they are few.
pub(super) fn leftovers(frames: &[Frame], cuts: &[bool]) -> Vec<usize> {
    let (Some(first), Some(last)) = (cuts.iter().position(|c| *c), cuts.iter().rposition(|c| *c))
    else {
        return Vec::new();
    };
    let lasts = |from: usize, to: usize| frames[to].time - frames[from].time;
    let begins = lasts(0, first + 1) < SHORT;
    let ends = lasts(last + 1, frames.len() - 1) + lasts(last, last + 1) < SHORT;
    let left = |k: &usize| begins && *k <= first || ends && *k > last;
    (0..frames.len()).filter(left).collect()
}

#[cfg(test)]
mod tests {
    use super::leftovers;
    use crate::choose::{choose, film, shot};

    #[test]
    fn a_frame_or_two_of_another_shot_at_either_end_are_left_over_and_no_cover() {
        let (head, tail) = (film::scene(1, 1), film::scene(2, 2));
        let frames = film::of([head, film::scene(0, 30), tail].concat());
        assert_eq!(leftovers(&frames, &shot::cuts(&frames)), [0, 31, 32]);
        let decision = choose(&frames, 2, false, true);
        assert!(decision.chosen.iter().all(|c| (1..31).contains(&c.frame)));
    }

    #[test]
    fn a_short_shot_inside_or_a_longer_one_is_not() {
        let inside = [film::scene(0, 20), film::scene(1, 2), film::scene(0, 20)].concat();
        let longer = [film::scene(1, 4), film::scene(0, 30)].concat();
        for film in [inside, longer, film::scene(0, 2)] {
            let frames = film::of(film);
            assert_eq!(leftovers(&frames, &shot::cuts(&frames)), [0; 0]);
        }
    }
}
