//! How a dissolve begins and ends: what lies before its middle and after it changes towards it, in all places alike.

use super::exchange;
use crate::{decode::Frame, feature::sums::sums};

/// A share from which on a frame belongs to a transition for certain.
const SURE: f32 = 0.5;
/// Seconds over which the change is taken, inside and outside of what is certain.
const INSIDE: f64 = 0.2;
const OUTSIDE: f64 = 0.14;
/// Frames farther apart than this in seconds tell nothing of each other.
const GAP: f64 = 0.25;
/// Seconds that a dissolve is followed beyond what is certain of it.
const FARTHEST: f64 = 0.6;
/// A head or tail has so many frames at least: one may agree by chance.
const SHORTEST: usize = 2;
/// The change goes on where it agrees so well with the one inside (cosine over cells) …
const SAME_WAY: f32 = 0.3;
/// … and with the one just before it …
const AS_BESIDE: f32 = 0.6;
/// … and is so fast at least, as a share of it.
const AS_FAST: f32 = 0.35;

/// Makes the heads and tails of transitions as certain as their middles.
pub(super) fn follow(frames: &[Frame], mixed: &mut [f32]) {
    let sure: Vec<bool> = mixed.iter().map(|share| *share > SURE).collect();
    let mut first = 0;
    for run in sure.chunk_by(|a, b| a == b) {
        let last = first + run.len() - 1;
        if run[0] {
            let ends = (head(frames, first), tail(frames, last));
            // One picture that changes steadily, as a head that turns, is no transition.
            if ends != (first, last) && exchange::leads_elsewhere(frames, ends.0, ends.1) {
                for (edge, outer) in [(first, ends.0..first), (last, last + 1..ends.1 + 1)] {
                    let share = mixed[edge];
                    mixed[outer].iter_mut().for_each(|m| *m = m.max(share));
                }
            }
        }
        first = last + 1;
    }
}

/// The first frame of a transition that is certain from `edge` on.
fn head(frames: &[Frame], edge: usize) -> usize {
    let inwards = |from: usize, far: f64| so_far(frames, from, far, from..frames.len());
    outmost(frames, edge, (0..edge).rev(), inwards)
}

/// The last frame of a transition that is certain up to `edge`.
fn tail(frames: &[Frame], edge: usize) -> usize {
    let inwards = |from: usize, far: f64| so_far(frames, from, far, (0..=from).rev());
    outmost(frames, edge, edge + 1..frames.len(), inwards)
}

/// The first of some frames that is so many seconds from another, if it is not much farther.
fn so_far(
    frames: &[Frame],
    from: usize,
    far: f64,
    mut ways: impl Iterator<Item = usize>,
) -> Option<usize> {
    let apart = |k: &usize| (frames[*k].time - frames[from].time).abs();
    ways.find(|k| apart(k) >= far)
        .filter(|k| apart(k) <= 2.0 * far + GAP)
}

/// The last of the frames outwards of `edge` that still belong to its transition; `inwards` finds a frame so many seconds from another towards its middle.
fn outmost(
    frames: &[Frame],
    edge: usize,
    outwards: impl Iterator<Item = usize>,
    inwards: impl Fn(usize, f64) -> Option<usize>,
) -> usize {
    let apart = |a: usize, b: usize| (frames[a].time - frames[b].time).abs();
    let change = |from: usize, far: f64| {
        inwards(from, far).map(|to| Change::between(&frames[from], &frames[to]))
    };
    let Some(inside) = change(edge, INSIDE) else {
        return edge;
    };
    let (mut last, mut followed) = (edge, 0);
    for k in outwards {
        if apart(k, last) > GAP || apart(k, edge) > FARTHEST {
            break;
        }
        let (Some(here), Some(beside)) = (change(k, OUTSIDE), change(last, INSIDE)) else {
            break;
        };
        let (whole, fast) = here.against(&inside);
        let (near, _) = here.against(&beside);
        if whole < SAME_WAY || near < AS_BESIDE || fast < AS_FAST {
            break;
        }
        last = k;
        followed += 1;
    }
    if followed < SHORTEST { edge } else { last }
}

/// What becomes of a picture.
struct Change<'a> {
    from: &'a [f32],
    to: &'a [f32],
    seconds: f32,
}

impl<'a> Change<'a> {
    fn between(from: &'a Frame, to: &'a Frame) -> Self {
        Self {
            from: &from.features.look.layout,
            to: &to.features.look.layout,
            seconds: (to.time - from.time).abs() as f32,
        }
    }

    /// How well it agrees with another in where it leads, and how fast it is beside that.
    fn against(&self, other: &Self) -> (f32, f32) {
        let [product, this, that] = sums(
            [self.from, self.to, other.from, other.to],
            |[a, b, c, d]| [(b - a) * (d - c), (b - a) * (b - a), (d - c) * (d - c)],
        );
        let (this, that) = (this.sqrt() + 1e-3, that.sqrt() + 1e-3);
        let speeds = (this / self.seconds, that / other.seconds);
        (product / (this * that), speeds.0 / speeds.1)
    }
}

#[cfg(test)]
mod tests {
    use super::follow;
    use crate::{
        choose::film,
        feature::samples::{self, WIDTH},
        plane::Picture,
    };

    /// A dissolve of 20 frames after 15 of a picture that moves; only its middle is certain at first.
    fn followed(next: impl Fn(usize) -> Picture) -> Vec<f32> {
        let before = |k: usize| samples::luma(move |x, y| samples::scene((x + k) % WIDTH, y));
        let shot = (0..15).map(before);
        let dissolve = (0..20).map(|k| film::mix(&before(15 + k), &next(k), k as f32 / 20.0));
        let after = (20..35).map(&next);
        let frames = film::of(shot.chain(dissolve).chain(after));
        let mut mixed = vec![0.0; frames.len()];
        mixed[22..28].fill(0.9);
        follow(&frames, &mut mixed);
        mixed
    }

    #[test]
    fn the_head_and_the_tail_of_a_dissolve_are_as_certain_as_its_middle() {
        let bright = film::mix(&film::plain(255, 1)[0], &film::scene(1, 1)[0], 0.5);
        let mixed = followed(|_| bright.clone());
        assert!(mixed[17..33].iter().all(|share| *share == 0.9), "{mixed:?}");
        let apart = mixed[..13].iter().chain(&mixed[37..]);
        assert!(apart.clone().all(|share| *share == 0.0), "{mixed:?}");
    }

    #[test]
    fn a_cut_is_not_followed_over() {
        let frames = film::of([film::scene(0, 10), film::scene(1, 10)].concat());
        let mut mixed = vec![0.0; 20];
        mixed[10..14].fill(0.9);
        follow(&frames, &mut mixed);
        assert!(mixed[..10].iter().all(|share| *share == 0.0), "{mixed:?}");
    }

    #[test]
    fn one_picture_that_changes_steadily_is_no_transition() {
        let turning = |k: usize| samples::luma(move |x, y| samples::scene((x + 2 * k) % WIDTH, y));
        let frames = film::of((0..50).map(turning));
        let mut mixed = vec![0.0; 50];
        mixed[20..26].fill(0.9);
        let before = mixed.clone();
        follow(&frames, &mut mixed);
        assert_eq!(mixed, before);
    }
}
