//! One plane of samples and the few operations the measures need.

/// A rectangle of numbers, row after row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Plane<T> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<T>,
}

impl<T: Copy + Into<f32>> Plane<T> {
    pub(crate) fn new(width: usize, height: usize, data: Vec<T>) -> Self {
        debug_assert_eq!(data.len(), width * height);
        Self {
            width,
            height,
            data,
        }
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &[T]> + ExactSizeIterator {
        self.data.chunks_exact(self.width.max(1))
    }

    /// The part from `left`, `top` of the given size.
    pub(crate) fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let mut data = Vec::with_capacity(width * height);
        for row in self.rows().skip(top).take(height) {
            data.extend_from_slice(row.get(left..left + width).unwrap_or_default());
        }
        Self::new(width, height, data)
    }

    /// Mean of the samples.
    pub(crate) fn mean(&self) -> f32 {
        let sum: f64 = self
            .rows()
            .map(|row| f64::from(row.iter().map(|v| (*v).into()).sum::<f32>()))
            .sum();
        (sum / self.data.len().max(1) as f64) as f32
    }

    /// Scaled down by averaging areas, fractional borders counted by their share. Never scales up: small sides are kept by repetition.
    pub(crate) fn shrink(&self, width: usize, height: usize) -> Plane<f32> {
        let columns = spans(self.width, width);
        let mut data = Vec::with_capacity(width * height);
        // Rows first: whole rows are added on vectors, and few are left to be averaged across.
        let mut sum = vec![0.0_f32; self.width];
        for span in spans(self.height, height) {
            sum.fill(0.0);
            for (y, weight) in span.weights() {
                for (sum, value) in sum.iter_mut().zip(&self.data[y * self.width..]) {
                    *sum += weight * (*value).into();
                }
            }
            data.extend(columns.iter().map(|span| span.average(|x| sum[x])));
        }
        Plane::new(width, height, data)
    }
}

/// Which source samples make up one target sample.
struct Span {
    first: usize,
    weights: Vec<f32>,
}

impl Span {
    fn average(&self, at: impl Fn(usize) -> f32) -> f32 {
        self.weights
            .iter()
            .enumerate()
            .map(|(k, weight)| weight * at(self.first + k))
            .sum()
    }

    fn weights(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.weights
            .iter()
            .enumerate()
            .map(|(k, weight)| (self.first + k, *weight))
    }
}

fn spans(from: usize, to: usize) -> Vec<Span> {
    let ratio = from as f64 / to.max(1) as f64;
    (0..to)
        .map(|k| {
            let (start, end) = (k as f64 * ratio, (k + 1) as f64 * ratio);
            let first = (start as usize).min(from.saturating_sub(1));
            let last = ((end - 1e-9) as usize).clamp(first, from.saturating_sub(1));
            let share = |x: usize| {
                ((end.min(x as f64 + 1.0) - start.max(x as f64)).max(0.0) / ratio) as f32
            };
            let mut weights: Vec<f32> = (first..=last).map(share).collect();
            let sum: f32 = weights.iter().sum();
            if sum > 0.0 {
                weights.iter_mut().for_each(|w| *w /= sum);
            }
            Span { first, weights }
        })
        .collect()
}

/// A small picture as the decoder gives it: full-range luma, and two colour planes of half size around 128.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) y: Plane<u8>,
    pub(crate) u: Plane<u8>,
    pub(crate) v: Plane<u8>,
}

impl Picture {
    /// Bytes of one picture in the pipe.
    pub(crate) fn bytes(width: usize, height: usize) -> usize {
        width * height + 2 * width.div_ceil(2) * height.div_ceil(2)
    }

    /// Splits the bytes of one picture; none when there are too few.
    pub(crate) fn from_bytes(width: usize, height: usize, bytes: &[u8]) -> Option<Self> {
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let (y, rest) = bytes.split_at_checked(width * height)?;
        let (u, rest) = rest.split_at_checked(half_width * half_height)?;
        let (v, _) = rest.split_at_checked(half_width * half_height)?;
        Some(Self {
            y: Plane::new(width, height, y.to_vec()),
            u: Plane::new(half_width, half_height, u.to_vec()),
            v: Plane::new(half_width, half_height, v.to_vec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_averages_areas_with_fractional_borders() {
        let plane = Plane::new(3, 1, vec![0_u8, 30, 90]);
        let half = plane.shrink(2, 1);
        assert!(
            (half.data[0] - 10.0).abs() < 1e-3 && (half.data[1] - 70.0).abs() < 1e-3,
            "{half:?}"
        );
    }

    #[test]
    fn shrinking_keeps_the_mean() {
        let data: Vec<u8> = (0..35 * 21).map(|k| (k * 7 % 251) as u8).collect();
        let plane = Plane::new(35, 21, data);
        assert!((plane.mean() - plane.shrink(16, 9).mean()).abs() < 0.5);
    }

    #[test]
    fn a_picture_needs_all_its_bytes() {
        assert!(Picture::from_bytes(3, 3, &[0; 17]).is_some());
        assert!(Picture::from_bytes(3, 3, &[0; 16]).is_none());
        assert_eq!(Picture::bytes(3, 3), 17);
    }
}
