//! What a picture looks like from afar: the signs of its lowest spatial frequencies.

use std::sync::LazyLock;

use super::likeness::THUMB;

/// Frequencies each way; the mean of the picture is none of them.
const FREQUENCIES: usize = 8;
const SIGNS: u32 = (FREQUENCIES * FREQUENCIES - 1) as u32;

/// Cosines of each frequency along a side of the small luma.
fn cosines(length: usize) -> Vec<Vec<f32>> {
    let step = std::f64::consts::PI / (2 * length) as f64;
    (0..FREQUENCIES)
        .map(|f| {
            (0..length)
                .map(|k| (step * ((2 * k + 1) * f) as f64).cos() as f32)
                .collect()
        })
        .collect()
}

static ACROSS: LazyLock<Vec<Vec<f32>>> = LazyLock::new(|| cosines(THUMB.0));
static DOWN: LazyLock<Vec<Vec<f32>>> = LazyLock::new(|| cosines(THUMB.1));

/// Whether each frequency is above their median, as bits.
fn signs(thumb: &[f32]) -> u64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut terms: Vec<f32> = Vec::with_capacity(FREQUENCIES * FREQUENCIES);
    for across in ACROSS.iter() {
        let columns: Vec<f32> = thumb
            .chunks_exact(THUMB.0)
            .map(|row| dot(row, across))
            .collect();
        terms.extend(DOWN.iter().map(|down| dot(&columns, down)));
    }
    let terms = terms.get(1..).unwrap_or_default();
    let mut sorted = terms.to_vec();
    sorted.sort_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    terms
        .iter()
        .fold(0, |signs, term| signs << 1 | u64::from(*term > median))
}

/// The share of signs in which two small lumas agree: 1 for the same outline, about a half for unrelated ones.
pub(crate) fn agreement(a: &[f32], b: &[f32]) -> f32 {
    let differ = (signs(a) ^ signs(b)).count_ones();
    1.0 - differ as f32 / SIGNS as f32
}

#[cfg(test)]
mod tests {
    use super::agreement;
    use crate::{
        choose::film,
        feature::{
            likeness::{self, THUMB},
            samples,
        },
    };

    fn thumb(at: impl Fn(usize, usize) -> u8) -> Vec<f32> {
        samples::luma(at).y.shrink(THUMB.0, THUMB.1).data
    }

    #[test]
    fn what_moved_a_little_keeps_its_outline_although_its_places_differ() {
        let (here, there) = (
            thumb(samples::scene),
            thumb(|x, y| samples::scene(x + 5, y + 3)),
        );
        let agree = agreement(&here, &there);
        assert!(agree > 0.84, "{agree}");
        assert!(likeness::similarity(&here, &there) < 0.72);
    }

    #[test]
    fn another_picture_has_another_outline() {
        let of = |which| {
            film::scene(which, 1)
                .remove(0)
                .y
                .shrink(THUMB.0, THUMB.1)
                .data
        };
        let agree = agreement(&of(0), &of(1));
        assert!((0.3..0.7).contains(&agree), "{agree}");
        assert_eq!(agreement(&of(0), &of(0)), 1.0);
    }
}
