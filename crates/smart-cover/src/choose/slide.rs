//! Pictures that slide in: one part of the frame shows what was before, the rest what comes after, and one or both are moved.

use super::{exchange::SPANS, motion, ramp, transition};
use crate::{
    decode::Frame,
    feature::{
        likeness::{self, THUMB},
        sums::sum_up_to,
    },
};

/// Pictures that are closer than this (mean luma difference) need no looking at.
const APART: f32 = 8.0;
/// Samples across the way that the pictures slide; along it the small luma is taken as it is.
const ACROSS: usize = 12;
/// What the best place of the edge leaves unexplained: up to here it is a slide …
const EXPLAINED: f32 = 0.35;
/// … and from here on it is not.
const UNLIKE: f32 = 0.55;

/// How surely a frame is part of one picture beside part of another, 0 to 1.
pub(super) fn slide(frames: &[Frame], at: usize) -> f32 {
    fn thumb(frame: &Frame) -> &[f32] {
        &frame.features.look.thumb
    }
    SPANS
        .iter()
        .filter_map(|span| transition::around(frames, at, *span))
        .map(|(before, after)| {
            let share = between(thumb(before), thumb(after), thumb(&frames[at]));
            transition::on_its_way(share, frames, at, (before, after))
        })
        .fold(0.0, f32::max)
}

fn between(before: &[f32], after: &[f32], here: &[f32]) -> f32 {
    if before.len() != THUMB.0 * THUMB.1 || likeness::difference(before, after) < APART {
        return 0.0;
    }
    let left = [Strips::columns, Strips::rows]
        .into_iter()
        .flat_map(|cut| {
            let [a, b, c] = [before, after, here].map(cut);
            let turned = [&a, &b, &c].map(Strips::reversed);
            [[a, b, c], turned]
        })
        .map(|[a, b, c]| unexplained(&a, &b, &c))
        .fold(f32::INFINITY, f32::min);
    let share = |left| ramp(left, UNLIKE, EXPLAINED);
    if share(left) == 0.0 {
        return 0.0;
    }
    // A camera that moves explains it as well.
    let beside = |picture| share(left / motion::unmoved(picture, here));
    let first = beside(before);
    if first == 0.0 {
        return 0.0;
    }
    first.min(beside(after))
}

/// A picture as strips one after the other along the way that pictures slide.
struct Strips(Vec<[f32; ACROSS]>);

impl Strips {
    fn columns(thumb: &[f32]) -> Self {
        let (width, height) = THUMB;
        let each = height / ACROSS;
        Self::of(width, each, |x, y| thumb[y * width + x])
    }

    fn rows(thumb: &[f32]) -> Self {
        let (width, height) = THUMB;
        let each = width / ACROSS;
        Self::of(height, each, |y, x| thumb[y * width + x])
    }

    fn of(count: usize, each: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let sample = |along: usize, across: usize| {
            let sum: f32 = (across * each..(across + 1) * each)
                .map(|k| at(along, k))
                .sum();
            sum / each as f32
        };
        let strip = |along| std::array::from_fn(|across| sample(along, across));
        Self((0..count).map(strip).collect())
    }

    fn reversed(&self) -> Self {
        Self(self.0.iter().rev().copied().collect())
    }
}

/// Mean difference of each strip from its counterpart.
fn differences<'a>(
    a: &'a [[f32; ACROSS]],
    b: &'a [[f32; ACROSS]],
) -> impl Iterator<Item = f32> + 'a {
    a.iter().zip(b).map(|(a, b)| likeness::difference(a, b))
}

/// What is left when the frame is one picture up to the best edge and the other after it, where each stands still or moves with the edge:
/// as a share of what would be left with the two exchanged, the worse part counting; infinite where that is too much at any edge.
fn unexplained(before: &Strips, after: &Strips, here: &Strips) -> f32 {
    let (a, b, c) = (&before.0, &after.0, &here.0);
    let length = c.len();
    let [still_a, still_b] = [a, b].map(|of| differences(c, of).collect::<Vec<f32>>());
    let sum = |differences: &[f32]| differences.iter().sum::<f32>();
    if sum(&still_a).min(sum(&still_b)) < APART / 2.0 * length as f32 {
        return f32::INFINITY;
    }
    let under_way = |edge: &usize| transition::UNDER_WAY.contains(&(*edge as f32 / length as f32));
    let mut best = f32::INFINITY;
    for edge in (1..length).filter(under_way) {
        let (left, right) = c.split_at(edge);
        // No more of a sum is needed than says that another edge is better, or none good enough.
        let enough = best.min(UNLIKE);
        let (stays, foreign) = (sum(&still_a[..edge]), sum(&still_b[..edge]) + edge as f32);
        let leaves = sum_up_to(differences(left, &a[length - edge..]), enough * foreign);
        let Some(old) = part(stays, leaves, foreign, enough) else {
            continue;
        };
        let (stays, foreign) = (
            sum(&still_b[edge..]),
            sum(&still_a[edge..]) + (length - edge) as f32,
        );
        let enters = sum_up_to(differences(right, &b[..length - edge]), enough * foreign);
        if let Some(new) = part(stays, enters, foreign, enough) {
            best = best.min(old.max(new));
        }
    }
    best
}

/// What a part leaves unexplained, standing or moved, as a share of what it would as part of the other picture; none from `enough` on.
fn part(stays: f32, moved: f32, foreign: f32, enough: f32) -> Option<f32> {
    let share = stays.min(moved) / foreign;
    (share < enough).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        choose::film,
        feature::samples::{self, HEIGHT, WIDTH},
        plane::Picture,
    };

    const STEPS: usize = 10;

    /// Two scenes with a slide between them; `at` tells of how far it is, from 1 to `STEPS - 1`, which picture shows where.
    fn through(at: impl Fn(usize, usize, usize) -> (usize, usize, usize)) -> Vec<f32> {
        let ends = [film::scene(0, 1), film::scene(1, 1)];
        let (at, ends) = (&at, &ends);
        let middle: Vec<Picture> = (1..STEPS)
            .map(|step| {
                samples::luma(|x, y| {
                    let (which, x, y) = at(step, x, y);
                    ends[which][0].y.data[y * WIDTH + x]
                })
            })
            .collect();
        let frames = film::of([film::scene(0, 12), middle, film::scene(1, 12)].concat());
        (0..frames.len()).map(|k| slide(&frames, k)).collect()
    }

    fn is_told(slides: &[f32]) {
        assert!(slides[14..19].iter().all(|s| *s > 0.9), "{slides:?}");
        let still = slides[..9].iter().chain(&slides[24..]);
        assert!(still.copied().all(|s| s == 0.0), "{slides:?}");
    }

    #[test]
    fn one_picture_pushes_the_other_out() {
        is_told(&through(|step, x, y| {
            let moved = x + step * WIDTH / STEPS;
            (moved / WIDTH, moved % WIDTH, y)
        }));
        is_told(&through(|step, x, y| {
            let moved = y + HEIGHT - step * HEIGHT / STEPS;
            (1 - moved / HEIGHT, x, moved % HEIGHT)
        }));
    }

    #[test]
    fn one_picture_covers_the_other_or_uncovers_it() {
        is_told(&through(|step, x, y| {
            let edge = WIDTH - step * WIDTH / STEPS;
            if x < edge {
                (0, x, y)
            } else {
                (1, x - edge, y)
            }
        }));
        is_told(&through(|step, x, y| {
            let edge = step * WIDTH / STEPS;
            if x < edge {
                (1, x, y)
            } else {
                (0, x - edge, y)
            }
        }));
    }

    #[test]
    fn a_pan_and_a_cut_are_none() {
        let pan = film::of((0..40).map(|k| film::view(3 * k)));
        let cut = film::of([film::scene(0, 12), film::scene(1, 12)].concat());
        for frames in [pan, cut] {
            let slides: Vec<f32> = (0..frames.len()).map(|k| slide(&frames, k)).collect();
            assert!(slides.iter().all(|s| *s == 0.0), "{slides:?}");
        }
    }

    #[test]
    fn two_pictures_side_by_side_that_stand_are_no_slide() {
        let [a, b] = [0, 1].map(|which| film::scene(which, 12));
        let at = |p: &Picture, x: usize, y: usize| p.y.data[y * WIDTH + x];
        let both = samples::luma(|x, y| at(if x < WIDTH / 2 { &a[0] } else { &b[0] }, x, y));
        let film = [a.clone(), vec![both; 14], b.clone()].concat();
        let frames = film::of(film);
        let slides: Vec<f32> = (0..frames.len()).map(|k| slide(&frames, k)).collect();
        assert!(slides.iter().all(|s| *s == 0.0), "{slides:?}");
    }
}
