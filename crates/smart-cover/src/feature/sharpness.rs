//! Detail and focus: how crisp the picture is, and whether it is crisp in every direction.

use super::sums::sums;
use crate::plane::Plane;

/// Side of the blocks of which the most detailed quarter counts.
const BLOCK: usize = 16;

/// How crisp a picture is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sharpness {
    /// Mean Laplacian of the most detailed quarter of the blocks: a sharp face before a plain wall is sharp.
    pub(crate) detail: f32,
    /// Root mean square Laplacian of the whole picture: of two pictures that look alike the larger one is crisper.
    pub(crate) energy: f32,
    /// Fine detail against coarse detail, the worse of both directions: low out of focus and in flight, whatever the content.
    pub(crate) focus: f32,
    /// Focus of the worse direction over that of the better: near 1 for soft lenses and small sources blown up, low in flight.
    pub(crate) evenness: f32,
    /// The weaker of horizontal and vertical gradient over the stronger: near 0 for bars and smear.
    pub(crate) balance: f32,
}

pub(crate) fn measure(content: &Plane<u8>) -> Sharpness {
    let laplacian = laplacian(content);
    let (across, down) = gradients(content);
    let quarter = content.shrink((content.width / 4).max(8), (content.height / 4).max(8));
    let focus = |fine: Plane<f32>, coarse: Plane<f32>| {
        (best_quarter(&fine, BLOCK) + 0.05) / (best_quarter(&coarse, BLOCK / 4) + 0.6)
    };
    let wide = focus(curvature_across(content), curvature_across(&quarter));
    let high = focus(curvature_down(content), curvature_down(&quarter));
    Sharpness {
        detail: best_quarter(&laplacian, BLOCK),
        energy: energy(&laplacian),
        focus: wide.min(high),
        evenness: wide.min(high) / wide.max(high),
        balance: (across.min(down) + 0.02) / (across.max(down) + 0.02),
    }
}

fn energy(laplacian: &Plane<f32>) -> f32 {
    let [squares] = sums([&laplacian.data], |[l]| [l * l]);
    (squares / laplacian.data.len().max(1) as f32).sqrt()
}

/// Mean of the most detailed quarter of the blocks.
fn best_quarter(detail: &Plane<f32>, block: usize) -> f32 {
    let mut blocks = detail
        .shrink(
            (detail.width / block).max(1),
            (detail.height / block).max(1),
        )
        .data;
    blocks.sort_by(|a, b| b.total_cmp(a));
    let best = blocks.len().div_ceil(4).max(1);
    blocks.iter().take(best).sum::<f32>() / best as f32
}

/// Neighbours of a row index, mirrored at the border.
fn around(k: usize, length: usize) -> (usize, usize) {
    let before = if k == 0 { 1.min(length - 1) } else { k - 1 };
    let after = if k + 1 == length {
        length.saturating_sub(2)
    } else {
        k + 1
    };
    (before, after)
}

/// A row above, the row, and the row below, mirrored at the border.
fn three<T>(data: &[T], width: usize, height: usize, y: usize) -> [&[T]; 3] {
    let (before, after) = around(y, height);
    [before, y, after].map(|k| &data[k * width..][..width])
}

/// Appends `of(left, here, right)` for each sample of a row, mirrored at the border.
fn along<T: Copy, R>(row: &[T], out: &mut Vec<R>, of: impl Fn(T, T, T) -> R) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else {
        return;
    };
    let second = row.get(1).unwrap_or(first);
    let last_but_one = row.len().checked_sub(2).map_or(last, |k| &row[k]);
    out.push(of(*second, *first, *second));
    // Windows without bounds checks are what makes these loops run on vectors.
    out.extend(row.windows(3).map(|w| of(w[0], w[1], w[2])));
    if row.len() > 1 {
        out.push(of(*last_but_one, *last, *last_but_one));
    }
}

/// Absolute Laplacian of the lightly smoothed picture, so that grain counts less than edges.
fn laplacian(plane: &Plane<u8>) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let mut across: Vec<u16> = Vec::with_capacity(width * height);
    for row in plane.rows() {
        along(row, &mut across, |a, b, c| {
            u16::from(a) + 2 * u16::from(b) + u16::from(c)
        });
    }
    let mut smooth: Vec<i16> = Vec::with_capacity(width * height);
    for y in 0..height {
        let [above, here, below] = three(&across, width, height, y);
        smooth.extend(
            above
                .iter()
                .zip(here)
                .zip(below)
                .map(|((a, b), c)| ((a + 2 * b + c + 8) >> 4) as i16),
        );
    }
    let mut out = Vec::with_capacity(width * height);
    let mut sides: Vec<i16> = Vec::with_capacity(width);
    for y in 0..height {
        let [above, here, below] = three(&smooth, width, height, y);
        sides.clear();
        along(here, &mut sides, |a, b, c| a + c - 4 * b);
        out.extend(
            above
                .iter()
                .zip(&sides)
                .zip(below)
                .map(|((a, s), c)| f32::from((a + s + c).abs())),
        );
    }
    Plane::new(width, height, out)
}

/// Mean absolute Sobel gradients across and down.
fn gradients(plane: &Plane<u8>) -> (f32, f32) {
    let (width, height) = (plane.width, plane.height);
    let (mut across, mut down) = (0_u64, 0_u64);
    for y in 1..height.saturating_sub(1) {
        let [above, here, below] = three(&plane.data, width, height, y);
        let (mut sum_across, mut sum_down) = (0_u32, 0_u32);
        for ((a, h), b) in above.windows(3).zip(here.windows(3)).zip(below.windows(3)) {
            let v = |value: u8| i16::from(value);
            let gx = v(a[2]) + 2 * v(h[2]) + v(b[2]) - v(a[0]) - 2 * v(h[0]) - v(b[0]);
            let gy = v(b[0]) + 2 * v(b[1]) + v(b[2]) - v(a[0]) - 2 * v(a[1]) - v(a[2]);
            sum_across += u32::from(gx.unsigned_abs());
            sum_down += u32::from(gy.unsigned_abs());
        }
        across += u64::from(sum_across);
        down += u64::from(sum_down);
    }
    let count = (width.saturating_sub(2) * height.saturating_sub(2)).max(1) as f32;
    (across as f32 / count, down as f32 / count)
}

fn curvature_across<T: Copy + Into<f32>>(plane: &Plane<T>) -> Plane<f32> {
    let mut out = Vec::with_capacity(plane.data.len());
    for row in plane.rows() {
        along(row, &mut out, |a, b, c| {
            (a.into() - 2.0 * b.into() + c.into()).abs()
        });
    }
    Plane::new(plane.width, plane.height, out)
}

fn curvature_down<T: Copy + Into<f32>>(plane: &Plane<T>) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let mut out = Vec::with_capacity(plane.data.len());
    for y in 0..height {
        let [above, here, below] = three(&plane.data, width, height, y);
        out.extend(
            above
                .iter()
                .zip(here)
                .zip(below)
                .map(|((a, b), c)| ((*a).into() - 2.0 * (*b).into() + (*c).into()).abs()),
        );
    }
    Plane::new(width, height, out)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_wider_the_blur_the_lower_detail_and_focus() {
        let steps: Vec<Sharpness> = [0, 1, 2, 4]
            .iter()
            .map(|r| measure(&samples::blurred(*r).y))
            .collect();
        for pair in steps.windows(2) {
            assert!(
                pair[0].detail > pair[1].detail && pair[0].focus > pair[1].focus,
                "{steps:?}"
            );
        }
    }

    #[test]
    fn smear_in_one_direction_is_out_of_focus_although_the_other_is_crisp() {
        let smeared = samples::luma(|x, y| {
            let sum: u32 = (0..24)
                .map(|k| u32::from(samples::scene((x + k).min(samples::WIDTH - 1), y)))
                .sum();
            (sum / 24) as u8
        });
        let (still, moved) = (
            measure(&samples::luma(samples::scene).y),
            measure(&smeared.y),
        );
        assert!(
            moved.focus < 0.5 * still.focus
                && moved.balance < still.balance
                && moved.evenness < 0.6 * still.evenness,
            "{still:?} {moved:?}"
        );
    }

    #[test]
    fn energy_is_that_of_the_whole_picture_and_detail_that_of_its_best_quarter() {
        let soft = samples::blurred(2).y;
        let partly = |from: usize| {
            let at = |x: usize, y: usize| match x {
                x if x < from => samples::scene(x, y),
                _ => soft.data[y * samples::WIDTH + x],
            };
            measure(&samples::luma(at).y)
        };
        let (half, whole) = (partly(samples::WIDTH / 2), partly(samples::WIDTH));
        assert!(whole.energy > 1.2 * half.energy, "{half:?} {whole:?}");
        assert!(whole.detail < 1.15 * half.detail, "{half:?} {whole:?}");
    }

    #[test]
    fn bars_have_no_balance() {
        let bars = measure(&samples::luma(|x, _| (x / 20 * 30) as u8).y);
        assert!(bars.balance < 0.05, "{bars:?}");
    }

    #[test]
    fn the_laplacian_of_one_bright_dot_is_that_of_the_smoothed_dot() {
        let plane = Plane::new(
            5,
            5,
            (0..25).map(|k| if k == 12 { 160 } else { 0 }).collect(),
        );
        // Smoothed: 10 20 10 / 20 40 20 / 10 20 10, so the middle gives |4 * 20 - 4 * 40|.
        assert_eq!(laplacian(&plane).data[12], 80.0);
    }
}
