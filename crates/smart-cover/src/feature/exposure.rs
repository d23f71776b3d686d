//! Light: mean, spread, shares of dark and bright, and how many shades there are.

use crate::plane::Plane;

/// How a picture is lit, on a scale of 0 to 255.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Exposure {
    /// Mean luma inside the content box.
    pub(crate) mean: f32,
    /// Standard deviation of luma inside the content box.
    pub(crate) spread: f32,
    /// Share of pixels brighter than 235.
    pub(crate) bright: f32,
    /// Entropy of the luma histogram in 64 steps, in bits (0 to 6): a plain colour has none.
    pub(crate) entropy: f32,
}

pub(crate) fn measure(whole: &Plane<u8>, content: &Plane<u8>) -> Exposure {
    let histogram = histogram(content);
    let count = content.data.len().max(1) as f64;
    let moment = |power: i32| {
        histogram
            .iter()
            .enumerate()
            .map(|(v, n)| (v as f64).powi(power) * f64::from(*n))
            .sum::<f64>()
            / count
    };
    let mean = moment(1);
    let whole_histogram = self::histogram(whole);
    let whole_count = whole.data.len().max(1) as f64;
    let quarters: Vec<u32> = whole_histogram
        .chunks_exact(4)
        .map(|bins| bins.iter().sum())
        .collect();
    Exposure {
        mean: mean as f32,
        spread: (moment(2) - mean * mean).max(0.0).sqrt() as f32,
        bright: (f64::from(whole_histogram[236..].iter().sum::<u32>()) / whole_count) as f32,
        entropy: entropy(&quarters),
    }
}

/// Of so many samples of each kind, in bits.
pub(super) fn entropy(counts: &[u32]) -> f32 {
    let all = f64::from(counts.iter().sum::<u32>().max(1));
    let shares = counts.iter().filter(|count| **count > 0);
    let shares = shares.map(|count| f64::from(*count) / all);
    shares.map(|share| -share * share.log2()).sum::<f64>() as f32
}

fn histogram(plane: &Plane<u8>) -> [u32; 256] {
    let mut bins = [0; 256];
    for value in &plane.data {
        bins[usize::from(*value)] += 1;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_plain_picture_has_no_spread_and_no_entropy() {
        let grey = samples::luma(|_, _| 90).y;
        let plain = measure(&grey, &grey);
        assert_eq!(
            (plain.mean, plain.spread, plain.entropy, plain.bright),
            (90.0, 0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn half_black_half_white_has_one_bit() {
        let halves = samples::luma(|x, _| if x < samples::WIDTH / 2 { 0 } else { 255 }).y;
        let both = measure(&halves, &halves);
        assert!(
            (both.entropy - 1.0).abs() < 1e-4
                && (both.bright - 0.5).abs() < 1e-4
                && (both.spread - 127.5).abs() < 0.1,
            "{both:?}"
        );
    }
}
