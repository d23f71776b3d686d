//! The numbers of a network, out of the file they are kept in.

/// How one tensor of a weights file is turned back into numbers: each byte times `scale` plus `least`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) scale: f64,
    pub(super) least: f64,
}

/// A weights file: one byte a weight, tensor after tensor in the order of `scales`.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    bytes: &'a [u8],
    scales: &'a [Scale],
}

impl<'a> Weights<'a> {
    pub(super) fn new(bytes: &'a [u8], scales: &'a [Scale]) -> Self {
        Self { bytes, scales }
    }

    /// The next tensor, which has so many weights; those the file lacks are 0.
    pub(super) fn take(&mut self, count: usize) -> Vec<f32> {
        let (bytes, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        let mut values = match self.scales.split_first() {
            Some((Scale { scale, least }, rest)) => {
                self.scales = rest;
                let value = |byte: &u8| (f64::from(*byte) * scale + least) as f32;
                bytes.iter().map(value).collect()
            }
            None => Vec::new(),
        };
        values.resize(count, 0.0);
        values
    }

    /// Whether everything was taken.
    #[cfg(test)]
    pub(super) fn used_up(&self) -> bool {
        self.bytes.is_empty() && self.scales.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_bytes_times_scale_plus_least() {
        let scales = [(0.5, -1.0), (2.0, 0.0)].map(|(scale, least)| Scale { scale, least });
        let mut file = Weights::new(&[0, 2, 4, 3], &scales);
        assert_eq!(file.take(3), [-1.0, 0.0, 1.0]);
        assert!(!file.used_up());
        assert_eq!(file.take(2), [6.0, 0.0], "what is missing is 0");
        assert!(file.used_up());
    }
}
