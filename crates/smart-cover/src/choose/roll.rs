//! Credits that roll: lines of writing that move up or down at one speed, whatever is behind them.

use super::{quality::percentile, shot};
use crate::{
    decode::Frame,
    feature::{Features, text::STROKES},
};

/// Frames this far apart in seconds are compared.
const LAG: (f64, f64) = (0.2, 0.4);
/// Rows by which lines may move meanwhile.
const FARTHEST: isize = 30;
/// How well the lines agree where they went, at least (correlation).
const SAME_LINES: f32 = 0.75;
/// Slower than this many rows in a second they stand.
const SLOWEST: f32 = 8.0;
/// One speed: within this many rows in a second and this share of it.
const STEADY: (f32, f32) = (5.0, 0.15);
/// Seconds to both sides in which it has to be the same,
const AROUND: f64 = 1.0;
/// … of which at least so many are seen,
const SEEN: f64 = 1.2;
/// … and the shares of frames there that say so, from none of a roll to surely one.
const AGREE: (f32, f32) = (0.7, 0.85);
/// A roll goes on where it was seen before and after within so many seconds: few lines, or somebody who walks over them.
/// Lines that stand so shortly before or after one are its first or its last.
const PAUSE: f64 = 4.0;
/// Rows that meet as many edges of strokes as writing does, in a run no longer than this, are a line;
const LINE: std::ops::RangeInclusive<usize> = 2..=14;
/// … a picture has at least so many, and most of such rows are of lines: those of leaves and houses are of longer runs.
const LINES: usize = 3;
const MOST_ROWS: f32 = 0.55;
/// So many of the edges are hard at least.
const HARD: f32 = 0.28;

/// How surely each frame is one of rolling credits, 0 to 1.
pub(crate) fn rolls(frames: &[Frame], cuts: &[bool]) -> Vec<f32> {
    let written: Vec<bool> = frames.iter().map(|f| is_written(&f.features)).collect();
    if !written.contains(&true) {
        return vec![0.0; frames.len()];
    }
    let speed = |k: usize| written[k].then(|| speed(frames, cuts, k)).flatten();
    let speeds: Vec<Option<f32>> = (0..frames.len()).map(speed).collect();
    let rolls = |k: usize| {
        if !written[k] {
            return 0.0;
        }
        let (before, after) = shot::beside(frames, cuts, k, AROUND);
        let (before, after): (Vec<usize>, Vec<usize>) = (before.collect(), after.collect());
        let end = |of: &[usize]| frames[of.last().copied().unwrap_or(k)].time;
        let seconds = end(&after) - end(&before);
        let near = [before, vec![k], after].concat();
        let mut known: Vec<f32> = near.iter().filter_map(|j| speeds[*j]).collect();
        let usual = percentile(&mut known, 0.5);
        if seconds < SEEN || usual.abs() < SLOWEST {
            return 0.0;
        }
        let most = STEADY.0 + STEADY.1 * usual.abs();
        let steady = known.iter().filter(|v| (**v - usual).abs() <= most).count();
        super::ramp(steady as f32 / near.len() as f32, AGREE.0, AGREE.1)
    };
    let seen: Vec<f32> = (0..frames.len()).map(rolls).collect();
    let between = |k: usize| {
        let (before, after) = shot::beside(frames, cuts, k, PAUSE);
        let before = before.map(|j| seen[j]).fold(0.0, f32::max);
        let after = after.map(|j| seen[j]).fold(0.0, f32::max);
        seen[k].max(if written[k] {
            before.max(after)
        } else {
            before.min(after)
        })
    };
    (0..frames.len()).map(between).collect()
}

/// Whether it has lines of writing.
fn is_written(f: &Features) -> bool {
    let is_line = |strokes: u8| usize::from(strokes) >= STROKES;
    let runs = f.text.strokes.chunk_by(|a, b| is_line(*a) == is_line(*b));
    let written: Vec<usize> = runs
        .filter(|run| is_line(run[0]))
        .map(<[u8]>::len)
        .collect();
    let lines: Vec<usize> = written
        .iter()
        .copied()
        .filter(|rows| LINE.contains(rows))
        .collect();
    let of_lines = lines.iter().sum::<usize>() as f32;
    f.pattern.hard > HARD
        && lines.len() >= LINES
        && of_lines > MOST_ROWS * written.iter().sum::<usize>() as f32
}

/// Rows in a second by which the lines of a frame move up, where they are found again in a later one, or else an earlier one.
fn speed(frames: &[Frame], cuts: &[bool], k: usize) -> Option<f32> {
    let (before, after) = shot::beside(frames, cuts, k, LAG.1);
    let far_enough = |j: &usize| (frames[*j].time - frames[k].time).abs() >= LAG.0;
    let other = after
        .into_iter()
        .find(far_enough)
        .or_else(|| before.into_iter().find(far_enough))?;
    let strokes = |k: usize| frames[k].features.text.strokes.as_slice();
    let (agree, rows) = (-FARTHEST..=FARTHEST)
        .map(|rows| (agreement(strokes(k), strokes(other), rows), rows))
        // Of equals the smallest step.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.abs().cmp(&a.1.abs())))?;
    let seconds = (frames[other].time - frames[k].time) as f32;
    (agree > SAME_LINES).then(|| rows as f32 / seconds)
}

/// Correlation of the rows of a with those of b that lie so many rows further up; -1 where one has nothing to know it by.
fn agreement(a: &[u8], b: &[u8], up: isize) -> f32 {
    let (a, b) = if up >= 0 {
        (a.get(up.unsigned_abs()..).unwrap_or(&[]), b)
    } else {
        (a, b.get(up.unsigned_abs()..).unwrap_or(&[]))
    };
    let count = a.len().min(b.len()) as f32;
    let (mut of_a, mut of_b, mut squares_a, mut squares_b, mut products) =
        (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f32::from(*a), f32::from(*b));
        of_a += a;
        of_b += b;
        squares_a += a * a;
        squares_b += b * b;
        products += a * b;
    }
    let spread_a = squares_a - of_a * of_a / count.max(1.0);
    let spread_b = squares_b - of_b * of_b / count.max(1.0);
    if spread_a.min(spread_b) < 0.1 * count.max(1.0) {
        -1.0
    } else {
        (products - of_a * of_b / count) / (spread_a * spread_b).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{choose::film, feature::samples, plane::Picture};

    /// Lines of writing of different lengths over a shaded ground, moved up by so many rows.
    fn credits(up: usize) -> Picture {
        samples::luma(move |x, y| {
            let (line, row) = ((y + up) / 9, (y + up) % 9);
            let end = 60 + usize::from(samples::noise(line, 3)) % 80;
            let letter = row < 5 && (30..end).contains(&x) && x % 4 < 2;
            if letter {
                220
            } else {
                (30 + y / 2 + (x + y) % 7) as u8
            }
        })
    }

    #[test]
    fn lines_that_roll_are_credits_and_lines_that_stand_or_jump_are_not() {
        let of = |up: fn(usize) -> usize| {
            let frames = film::of((0..40).map(|k| credits(up(k))));
            let cuts = vec![false; frames.len()];
            rolls(&frames, &cuts)[20]
        };
        assert!(of(|k| 2 * k) > 0.9);
        assert!(of(|_| 5) < 0.1);
        assert!(of(|k| k / 10 * 13) < 0.1);
    }

    #[test]
    fn a_tilt_over_soft_shapes_is_none() {
        let tilt = (0..40).map(|k| {
            samples::luma(move |x, y| {
                let (fx, fy) = (x as f32 / 9.0, (y + 2 * k) as f32 / 7.0);
                (128.0 + 60.0 * fx.sin() + 50.0 * (fx * 0.37 + fy).cos()) as u8
            })
        });
        let frames = film::of(tilt);
        let cuts = vec![false; frames.len()];
        assert!(rolls(&frames, &cuts).iter().all(|r| *r == 0.0));
    }
}
