//! Whether one picture is another that moved: blocks of it are looked for near by.

use crate::feature::{
    likeness::THUMB,
    sums::{sum_up_to, sums},
};

/// Blocks of the small luma that are looked for, and how far to each side.
const BLOCK: (usize, usize) = (16, 12);
const SEARCH: (usize, usize) = (4, 3);
const NEIGHBOURS: [(f32, f32); 8] = [
    (-1.0, -1.0),
    (0.0, -1.0),
    (1.0, -1.0),
    (-1.0, 0.0),
    (1.0, 0.0),
    (-1.0, 1.0),
    (0.0, 1.0),
    (1.0, 1.0),
];

/// The share of the change from a to b that is left when each block of b may be taken from its surroundings in a:
/// well below 1 where the camera or what it sees moved, close to 1 where another picture comes through.
pub(super) fn unmoved(a: &[f32], b: &[f32]) -> f32 {
    let (mut still, mut best) = (0.5_f32, 0.5_f32);
    for top in (0..THUMB.1).step_by(BLOCK.1) {
        for left in (0..THUMB.0).step_by(BLOCK.0) {
            let stays = block(a, b, (left, top), SEARCH, f32::INFINITY);
            still += stays;
            let (mut rest, mut nearest) = (stays, SEARCH);
            for step in (0..=2 * SEARCH.1).flat_map(|y| (0..=2 * SEARCH.0).map(move |x| (x, y))) {
                let left = block(a, b, (left, top), step, rest);
                if left < rest {
                    (rest, nearest) = (left, step);
                }
            }
            best += finer(a, b, (left, top), nearest, rest);
        }
    }
    best / still
}

/// What is left when the step of a block is refined to quarters of a sample: slow motion is less than one.
fn finer(
    a: &[f32],
    b: &[f32],
    (left, top): (usize, usize),
    (x, y): (usize, usize),
    rest: f32,
) -> f32 {
    let centre = (x as f32 - SEARCH.0 as f32, y as f32 - SEARCH.1 as f32);
    let mut best = (rest, centre);
    for fine in [0.5, 0.25] {
        let (_, around) = best;
        for (dx, dy) in NEIGHBOURS {
            let step = (around.0 + fine * dx, around.1 + fine * dy);
            let rest = between_samples(a, b, (left, top), step, best.0);
            if rest < best.0 {
                best = (rest, step);
            }
        }
    }
    best.0
}

/// Mean difference between a block of b and what lies a step further in a, interpolated; infinite where it is more than `enough`.
fn between_samples<'a>(
    a: &'a [f32],
    b: &'a [f32],
    (left, top): (usize, usize),
    step: (f32, f32),
    enough: f32,
) -> f32 {
    let (width, height) = THUMB;
    let (dx, dy) = (step.0.floor(), step.1.floor());
    let (fx, fy) = (step.0 - dx, step.1 - dy);
    // Places whose four neighbours in a lie inside.
    let inside = |from: usize, to: usize, d: f32, length: usize| {
        let d = d as isize;
        let from = (from as isize).max(-d);
        let to = (to as isize).min(length as isize - 1 - d);
        (from as usize..to.max(from) as usize, (from + d) as usize)
    };
    let (columns, x) = inside(left, left + BLOCK.0, dx, width);
    let (rows, y) = inside(top, top + BLOCK.1, dy, height);
    let count = columns.len() * rows.len();
    if count == 0 {
        return f32::INFINITY;
    }
    let row = |plane: &'a [f32], y: usize, x: usize| &plane[y * width + x..][..columns.len()];
    let differences = rows.zip(y..).map(|(here, y)| {
        let planes = [
            row(b, here, columns.start),
            row(a, y, x),
            row(a, y, x + 1),
            row(a, y + 1, x),
            row(a, y + 1, x + 1),
        ];
        let [sum] = sums(planes, |[b, upper, upper_next, lower, lower_next]| {
            let upper = upper + fx * (upper_next - upper);
            let lower = lower + fx * (lower_next - lower);
            [(b - (upper + fy * (lower - upper))).abs()]
        });
        sum
    });
    sum_up_to(differences, enough * count as f32) / count as f32
}

/// Mean difference between a block of b and the one of a that lies a step further, counted from the far corner of the search;
/// infinite where it is more than `enough`.
fn block(
    a: &[f32],
    b: &[f32],
    (left, top): (usize, usize),
    (x, y): (usize, usize),
    enough: f32,
) -> f32 {
    let (width, height) = THUMB;
    // What lies outside the frame is not compared.
    let columns = left.max(SEARCH.0.saturating_sub(x))..(left + BLOCK.0).min(width + SEARCH.0 - x);
    let rows = top.max(SEARCH.1.saturating_sub(y))..(top + BLOCK.1).min(height + SEARCH.1 - y);
    let count = (columns.len() * rows.len()).max(1) as f32;
    let differences = rows.map(|row| {
        let here = &b[row * width..][columns.clone()];
        let there = &a[(row + y - SEARCH.1) * width..]
            [columns.start + x - SEARCH.0..columns.end + x - SEARCH.0];
        let [sum] = sums([here, there], |[b, a]| [(b - a).abs()]);
        sum
    });
    sum_up_to(differences, enough * count) / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{choose::film, feature::samples};

    /// A view of soft shapes, moved by so many samples of the small luma.
    fn view(by: f32) -> Vec<f32> {
        let picture = samples::luma(|x, y| {
            let (fx, fy) = (x as f32 / 2.5 + by, y as f32 / 2.5);
            (128.0 + 60.0 * (fx * 0.9).sin() + 50.0 * (fx * 0.31 + fy * 0.7).cos()) as u8
        });
        crate::feature::measure(&picture).look.thumb
    }

    #[test]
    fn motion_leaves_little_however_slow() {
        for by in [0.4, 0.75, 2.0, 3.6] {
            let left = unmoved(&view(0.0), &view(by));
            assert!(left < 0.5, "{by}: {left}");
        }
    }

    #[test]
    fn another_picture_leaves_nearly_all() {
        let [a, b] = [0, 1].map(|scene| film::of(film::scene(scene, 1)).remove(0));
        let left = unmoved(&a.features.look.thumb, &b.features.look.thumb);
        assert!(left > 0.7, "{left}");
    }
}
