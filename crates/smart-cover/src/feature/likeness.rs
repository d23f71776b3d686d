//! How a picture looks as a whole, and how alike two pictures are.

use super::sums::sums;
use crate::plane::Picture;

/// Cells of the layout.
pub(crate) const CELLS: (usize, usize) = (16, 9);
/// Numbers of the layout: luma and two colours per cell.
pub(crate) const LAYOUT: usize = CELLS.0 * CELLS.1 * 3;
/// Size of the luma kept for comparing structure.
pub(crate) const THUMB: (usize, usize) = (64, 36);

/// Variance of luma within a window up to which it is even ground.
const GROUND: f32 = 20.0;

/// Luma of a cell from which on it is lit, and from which on it is a white sky or a page like any other.
const NIGHT: f32 = 35.0;
const GLARE: f32 = 232.0;
/// Cells that differ less than this in luma and in each colour are the same.
const SAME_LIGHT: f32 = 7.0;
const SAME_COLOUR: f32 = 4.2;

/// What is kept of a frame to compare it with others.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Look {
    /// Mean luma, u and v of 16 × 9 cells.
    pub(crate) layout: Vec<f32>,
    /// Luma at 64 × 36.
    pub(crate) thumb: Vec<f32>,
}

pub(crate) fn measure(picture: &Picture) -> Look {
    let planes =
        [&picture.y, &picture.u, &picture.v].map(|plane| plane.shrink(CELLS.0, CELLS.1).data);
    let layout = (0..CELLS.0 * CELLS.1)
        .flat_map(|cell| [planes[0][cell], planes[1][cell], planes[2][cell]])
        .collect();
    Look {
        layout,
        thumb: picture.y.shrink(THUMB.0, THUMB.1).data,
    }
}

/// Mean structural similarity of two thumbs over windows of 5 × 5: 1 for equal pictures, about 0 for unrelated ones.
pub(crate) fn similarity(a: &[f32], b: &[f32]) -> f32 {
    mean_similarity(windows(a, b)).unwrap_or(0.0)
}

fn mean_similarity(windows: impl Iterator<Item = Window>) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for window in windows {
        sum += window.similarity();
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// Statistics of the same place in two pictures.
struct Window {
    mean: (f32, f32),
    variance: (f32, f32),
    covariance: f32,
}

impl Window {
    fn similarity(&self) -> f32 {
        let ((ma, mb), (va, vb)) = (self.mean, self.variance);
        ((2.0 * ma * mb + 6.5) * (2.0 * self.covariance + 58.5))
            / ((ma * ma + mb * mb + 6.5) * (va + vb + 58.5))
    }
}

fn windows(a: &[f32], b: &[f32]) -> impl Iterator<Item = Window> + use<> {
    let product =
        |x: &[f32], y: &[f32]| -> Vec<f32> { x.iter().zip(y).map(|(x, y)| x * y).collect() };
    let [mean_a, mean_b] = [a, b].map(boxed);
    let [square_a, square_b, cross] =
        [product(a, a), product(b, b), product(a, b)].map(|plane| boxed(&plane));
    (0..mean_a.len()).map(move |k| {
        let mean = (mean_a[k], mean_b[k]);
        Window {
            mean,
            variance: (
                (square_a[k] - mean.0 * mean.0).max(0.0),
                (square_b[k] - mean.1 * mean.1).max(0.0),
            ),
            covariance: cross[k] - mean.0 * mean.1,
        }
    })
}

/// Like [`similarity`], but places count by how much is to be seen there: plain ground that both share says nothing.
pub(crate) fn structure(a: &[f32], b: &[f32]) -> f32 {
    let (mut sum, mut weight) = (0.0, 1e-3);
    for window in windows(a, b) {
        let seen = (window.variance.0.max(window.variance.1)).sqrt();
        sum += seen * window.similarity();
        weight += seen;
    }
    sum / weight
}

/// Like [`similarity`], of the places alone where either shows more than even ground.
pub(crate) fn beyond_ground(a: &[f32], b: &[f32]) -> f32 {
    let shows = |w: &Window| w.variance.0.max(w.variance.1) > GROUND;
    mean_similarity(windows(a, b).filter(shows)).unwrap_or(1.0)
}

/// Share of the lit cells of two layouts that have the same light and colour; 0 where little is lit.
pub(crate) fn common_ground(a: &[f32], b: &[f32]) -> f32 {
    let (mut lit, mut same) = (0_usize, 0_usize);
    for (a, b) in a.chunks_exact(3).zip(b.chunks_exact(3)) {
        let (darker, lighter) = (a[0].min(b[0]), a[0].max(b[0]));
        if lighter > NIGHT && darker < GLARE {
            lit += 1;
            let near = |k: usize, most: f32| (a[k] - b[k]).abs() < most;
            same +=
                usize::from(near(0, SAME_LIGHT) && near(1, SAME_COLOUR) && near(2, SAME_COLOUR));
        }
    }
    if lit * 3 < CELLS.0 * CELLS.1 {
        0.0
    } else {
        same as f32 / lit as f32
    }
}

/// Means over 5 × 5 windows that lie wholly inside.
fn boxed(plane: &[f32]) -> Vec<f32> {
    let (width, height) = THUMB;
    let inside = width - 4;
    let mut across = Vec::with_capacity(inside * height);
    for row in plane.chunks_exact(width) {
        across.extend(five(|k| &row[k..k + inside]));
    }
    let mut means = Vec::with_capacity(inside * (height - 4));
    for rows in across.windows(5 * inside).step_by(inside) {
        means.extend(five(|k| &rows[k * inside..(k + 1) * inside]).map(|sum| sum / 25.0));
    }
    means
}

/// Sums of five slices, number by number: in loops that run on vectors.
fn five<'a>(part: impl Fn(usize) -> &'a [f32]) -> impl Iterator<Item = f32> {
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(part);
    let pairs = a.iter().zip(b).zip(c).zip(d).zip(e);
    pairs.map(|((((a, b), c), d), e)| a + b + c + d + e)
}

/// Mean absolute difference of two thumbs.
pub(crate) fn difference(a: &[f32], b: &[f32]) -> f32 {
    let [sum] = sums([a, b], |[a, b]| [(a - b).abs()]);
    sum / a.len().max(1) as f32
}

/// Correlation of two thumbs, and the contrast of the first in terms of the second.
pub(crate) fn agreement(a: &[f32], b: &[f32]) -> (f32, f32) {
    let count = a.len().max(1) as f32;
    let [sum_a, sum_b] = sums([a, b], |[a, b]| [a, b]);
    let (mean_a, mean_b) = (sum_a / count, sum_b / count);
    let [product, square_a, square_b] = sums([a, b], |[a, b]| {
        let (a, b) = (a - mean_a, b - mean_b);
        [a * b, a * a, b * b]
    });
    let (square_a, square_b) = (square_a + 1e-3, square_b + 1e-3);
    (product / (square_a * square_b).sqrt(), product / square_b)
}

/// Mean and standard deviation of a thumb.
pub(crate) fn mean_and_spread(thumb: &[f32]) -> (f32, f32) {
    let count = thumb.len().max(1) as f32;
    let mean = thumb.iter().sum::<f32>() / count;
    let variance = thumb.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count;
    (mean, variance.sqrt())
}

/// Whether two pictures show the same moment, whatever the exposure or tone curve between them: for checking what was written.
pub(crate) fn same_picture(a: &[f32], b: &[f32]) -> bool {
    let [(mean_a, spread_a), (mean_b, spread_b)] = [a, b].map(mean_and_spread);
    let distance: f32 = a
        .iter()
        .zip(b)
        .map(|(a, b)| ((a - mean_a) / (spread_a + 4.0) - (b - mean_b) / (spread_b + 4.0)).abs())
        .sum();
    distance / (a.len().max(1) as f32) < 0.35 && (mean_a - mean_b).abs() < 40.0
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn thumb(plane: &crate::plane::Plane<u8>) -> Vec<f32> {
        plane.shrink(THUMB.0, THUMB.1).data
    }

    #[test]
    fn a_picture_is_like_itself_and_unlike_another() {
        let a = thumb(&samples::luma(samples::scene).y);
        let brighter = thumb(&samples::luma(|x, y| samples::scene(x, y).saturating_add(6)).y);
        let b = thumb(
            &samples::luma(|x, y| samples::scene(samples::WIDTH - 1 - x, samples::HEIGHT - 1 - y))
                .y,
        );
        assert!((similarity(&a, &a) - 1.0).abs() < 1e-3);
        assert!(similarity(&a, &brighter) > 0.9);
        assert!(similarity(&a, &b) < 0.6, "{}", similarity(&a, &b));
        assert!(same_picture(&a, &brighter) && !same_picture(&a, &b));
    }

    #[test]
    fn the_layout_keeps_where_colours_are() {
        let mut picture = samples::luma(|_, _| 100);
        let half = picture.u.width / 2;
        for (k, value) in picture.u.data.iter_mut().enumerate() {
            *value = if k % (2 * half) < half { 90 } else { 170 };
        }
        let layout = measure(&picture).layout;
        assert!((layout[1] - 90.0).abs() < 1.0 && (layout[15 * 3 + 1] - 170.0).abs() < 1.0);
    }

    #[test]
    fn a_head_before_a_wall_shares_its_ground_with_and_without_a_caption() {
        let layout = |caption: bool, wall: u8| {
            let at = |x: usize, y: usize| match (x, y) {
                (20..140, 70..84) if caption => 220,
                (60..100, 30..90) => samples::scene(x, y),
                _ => wall,
            };
            measure(&samples::luma(at)).layout
        };
        let plain = layout(false, 110);
        assert!(common_ground(&plain, &layout(true, 110)) > 0.6);
        assert!(common_ground(&plain, &layout(false, 140)) < 0.3);
        // Neither the dark of a night nor a white page is ground to be known by.
        for wall in [10, 250] {
            assert!(common_ground(&layout(false, wall), &layout(true, wall)) < 0.4);
        }
    }
}
