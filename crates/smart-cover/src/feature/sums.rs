//! Sums over places of pictures in a fixed order that runs on vectors: the order of a plain sum does not allow that.

use std::array::from_fn;

const LANES: usize = 8;

/// Several sums of what `of` makes of each place of all planes, which are equally long; the same on every machine.
pub(crate) fn sums<const PLANES: usize, const SUMS: usize>(
    planes: [&[f32]; PLANES],
    of: impl Fn([f32; PLANES]) -> [f32; SUMS],
) -> [f32; SUMS] {
    let length = planes.iter().map(|plane| plane.len()).min().unwrap_or(0);
    let planes = planes.map(|plane| plane[..length].as_chunks::<LANES>());
    let mut lanes = [[0.0_f32; LANES]; SUMS];
    for k in 0..length / LANES {
        let rows = planes.map(|(whole, _)| whole[k]);
        let terms: [[f32; SUMS]; LANES] = from_fn(|lane| of(rows.map(|row| row[lane])));
        for (sum, lanes) in lanes.iter_mut().enumerate() {
            for (lane, term) in lanes.iter_mut().zip(&terms) {
                *lane += term[sum];
            }
        }
    }
    for k in 0..length % LANES {
        let terms = of(planes.map(|(_, rest)| rest[k]));
        for (lanes, term) in lanes.iter_mut().zip(terms) {
            lanes[k] += term;
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}

/// The sum of terms that are never negative; infinite as soon as it is more than `enough`.
pub(crate) fn sum_up_to(terms: impl Iterator<Item = f32>, enough: f32) -> f32 {
    let mut sum = 0.0;
    for term in terms {
        sum += term;
        if sum > enough {
            return f32::INFINITY;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{sum_up_to, sums};

    #[test]
    fn a_sum_ends_where_it_is_too_much() {
        let mut taken = 0;
        let mut up_to = |enough| {
            let terms = [1.0, 2.0, 3.0].into_iter().inspect(|_| taken += 1);
            sum_up_to(terms, enough)
        };
        assert_eq!((up_to(6.0), up_to(2.5)), (6.0, f32::INFINITY));
        assert_eq!(taken, 3 + 2);
    }

    #[test]
    fn every_place_counts_once_whatever_the_length() {
        for length in [0_u8, 1, 7, 8, 9, 27] {
            let a: Vec<f32> = (0..length).map(f32::from).collect();
            let b = vec![2.0; a.len()];
            let [products, count] = sums([&a, &b], |[a, b]| [a * b, 1.0]);
            let length = f32::from(length);
            assert_eq!((products, count), (length * (length - 1.0), length));
        }
    }
}
