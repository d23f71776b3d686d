//! Test patterns and interference: rows or columns that repeat, and pixels that know nothing of their neighbours.

use super::sharpness::Sharpness;
use crate::plane::Plane;

/// Rows or columns closer than this on average are the same.
const SAME: f32 = 0.8;
/// Luma up to this is dark.
const DARK: u8 = 40;
/// Luma difference of both sides from which on there is something to see between them.
const MARK: u8 = 6;
/// … and from which on an edge is hard.
const HARD: u8 = 40;

/// Signs of a picture that no camera took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pattern {
    /// Share of rows equal to the next times share of columns equal to the next: near 1 for bars and slates.
    pub(crate) repetition: f32,
    /// Correlation of neighbouring pixels in a row: below 0.35 is static.
    pub(crate) neighbours: f32,
    /// Share of pixels equal to their right and lower neighbours: drawn grounds are even, cameras never quite are.
    pub(crate) even: f32,
    /// The part of it that is not dark: the ground of slides and cards, but not that of a stage or a night.
    pub(crate) ground: f32,
    /// Share of pixels at an edge or in a texture, however weak: hardly any on cards with a few words or a logo.
    pub(crate) marks: f32,
    /// Share of those that are hard edges: more than half in drawings, less elsewhere, none in what was washed out.
    pub(crate) hard: f32,
    /// Whether it is static: neighbours unrelated, detail only in the finest scale.
    pub(crate) noise: bool,
}

pub(crate) fn measure(content: &Plane<u8>, sharpness: &Sharpness) -> Pattern {
    let neighbours = neighbours(content);
    let (even, ground) = even(content);
    let (marks, hard) = marks(content);
    Pattern {
        repetition: repetition(content),
        even,
        ground,
        marks,
        hard,
        neighbours,
        noise: neighbours < 0.35 && sharpness.focus > 1.2,
    }
}

fn repetition(plane: &Plane<u8>) -> f32 {
    let (width, height) = (plane.width, plane.height);
    if width < 2 || height < 2 {
        return 1.0;
    }
    let mut columns = vec![0_u32; width - 1];
    let mut rows = 0_usize;
    for (y, row) in plane.rows().enumerate() {
        for (sum, pair) in columns.iter_mut().zip(row.windows(2)) {
            *sum += u32::from(pair[0].abs_diff(pair[1]));
        }
        if let Some(next) = plane.data.get((y + 1) * width..(y + 2) * width) {
            let sum: u32 = row
                .iter()
                .zip(next)
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            rows += usize::from((sum as f32) < SAME * width as f32);
        }
    }
    let same_columns = columns
        .iter()
        .filter(|sum| (**sum as f32) < SAME * height as f32)
        .count();
    rows as f32 / (height - 1) as f32 * same_columns as f32 / (width - 1) as f32
}

/// Shares of even pixels, and of those that are not dark.
fn even(plane: &Plane<u8>) -> (f32, f32) {
    let width = plane.width.max(1);
    let (mut equal, mut lit) = (0_u32, 0_u32);
    for (row, next) in plane.rows().zip(plane.rows().skip(1)) {
        let (here, right, below) = (&row[..width - 1], &row[1..], &next[..width - 1]);
        // Counted in numbers, not by a filter: this is what makes it run on vectors.
        let same = |a: u8, b: u8| u8::from(a.abs_diff(b) <= 1);
        for ((h, r), b) in here.iter().zip(right).zip(below) {
            let even = same(*h, *r) & same(*h, *b);
            equal += u32::from(even);
            lit += u32::from(even & u8::from(*h > DARK));
        }
    }
    let count = plane.data.len().max(1) as f32;
    (equal as f32 / count, lit as f32 / count)
}

/// Share of pixels with something to see, and of those the share with a hard edge.
fn marks(plane: &Plane<u8>) -> (f32, f32) {
    let rows: Vec<&[u8]> = plane.rows().collect();
    let (mut marked, mut hard) = (0_u32, 0_u32);
    for three in rows.windows(3) {
        let (above, here, below) = (three[0], three[1], three[2]);
        let across = here.iter().zip(here.iter().skip(2));
        let down = above.iter().zip(below).skip(1);
        for ((l, r), (a, b)) in across.zip(down) {
            let differ = l.abs_diff(*r).max(a.abs_diff(*b));
            marked += u32::from(differ > MARK);
            hard += u32::from(differ > HARD);
        }
    }
    let pixels = plane.data.len().max(1) as f32;
    (marked as f32 / pixels, hard as f32 / marked.max(1) as f32)
}

fn neighbours(plane: &Plane<u8>) -> f32 {
    let mean = f64::from(plane.mean());
    let (mut product, mut square) = (0.0_f64, 0.0_f64);
    for row in plane.rows() {
        let (left, right) = (&row[..row.len() - 1], &row[1..]);
        let sum = |row: &[u8]| f64::from(row.iter().map(|v| u32::from(*v)).sum::<u32>());
        let cross = |a: &[u8], b: &[u8]| {
            let products = a.iter().zip(b).map(|(a, b)| u32::from(*a) * u32::from(*b));
            f64::from(products.sum::<u32>())
        };
        // Whole numbers first, the mean taken out afterwards.
        let (count, sum_left) = (left.len() as f64, sum(left));
        let level = count * mean * mean;
        product += cross(left, right) - mean * (sum_left + sum(right)) + level;
        square += cross(left, left) - 2.0 * mean * sum_left + level;
    }
    // A plain picture has nothing to correlate; it is not static.
    if square < 4.0 * plane.data.len() as f64 {
        1.0
    } else {
        (product / (square + 1.0)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::super::{samples, sharpness};
    use super::*;

    fn of(at: impl Fn(usize, usize) -> u8) -> Pattern {
        let plane = samples::luma(at).y;
        measure(&plane, &sharpness::measure(&plane))
    }

    #[test]
    fn bars_repeat_and_a_scene_does_not() {
        assert!(of(|x, _| (x / 20 * 30) as u8).repetition > 0.9);
        assert!(of(samples::scene).repetition < 0.3);
    }

    #[test]
    fn a_card_is_lit_ground_with_few_marks_and_a_scene_or_a_stage_is_not() {
        let logo = |ground: u8| {
            of(move |x, y| {
                if (70..90).contains(&x) && (40..48).contains(&y) && x % 4 < 2 {
                    250
                } else {
                    ground
                }
            })
        };
        let (card, stage) = (logo(120), logo(10));
        assert!(card.ground > 0.9 && card.marks < 0.05, "{card:?}");
        assert!(stage.even > 0.9 && stage.ground < 0.1, "{stage:?}");
        let scene = of(samples::scene);
        assert!(scene.ground < 0.5 && scene.marks > 0.3, "{scene:?}");
    }

    #[test]
    fn static_is_noise_and_a_textured_scene_is_not() {
        assert!(of(samples::noise).noise);
        assert!(!of(samples::scene).noise);
        assert!(!of(|_, _| 77).noise);
    }
}
