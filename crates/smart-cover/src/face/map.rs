//! What lies between two layers: maps whose pixels lie row after row with the channels of each side by side.

/// One side of a map of which the far end may all be alike: `kept` of its `full` lines are held, and those left out equal the last one held.
///
/// The detector wants a square, so nearly half of its input is black; this way that half costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) kept: usize,
    pub(super) full: usize,
}

impl Side {
    pub(super) fn whole(full: usize) -> Self {
        Self { kept: full, full }
    }

    /// `used` lines, and black ones after them.
    pub(super) fn padded(used: usize, full: usize) -> Self {
        let kept = (used + 1).min(full);
        Self { kept, full }
    }

    /// After a convolution over three lines that adds none at the ends.
    pub(super) fn narrowed(self) -> Self {
        let full = self.full.saturating_sub(2);
        Self {
            kept: self.kept.min(full),
            full,
        }
    }

    /// After a convolution over three lines with one of zeros added at each end.
    pub(super) fn convolved(self) -> Self {
        Self::padded(self.kept, self.full)
    }

    /// After every second line was taken, or the larger of two.
    pub(super) fn halved(self) -> Self {
        let full = self.full.div_ceil(2);
        Self {
            kept: (self.kept.saturating_sub(1).div_ceil(2) + 1).min(full),
            full,
        }
    }
}

/// The values between two layers. One pixel is added on the left, two on the right, and rows are asked for with one line above them, so that a convolution meets no border.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) width: Side,
    pub(super) height: Side,
    pub(super) channels: usize,
    data: Vec<f32>,
    /// What lies outside: a row of zeros.
    outside: Vec<f32>,
}

impl Map {
    const MARGIN: usize = 3;

    pub(super) fn new(width: Side, height: Side, channels: usize) -> Self {
        let stride = (width.kept + Self::MARGIN) * channels;
        Self {
            width,
            height,
            channels,
            data: vec![0.0; stride * height.kept],
            outside: vec![0.0; stride],
        }
    }

    fn stride(&self) -> usize {
        (self.width.kept + Self::MARGIN) * self.channels
    }

    /// Lets `fill` write the pixels of a row that is held.
    pub(super) fn write(&mut self, y: usize, fill: impl FnOnce(&mut [f32])) {
        let (stride, channels, width) = (self.stride(), self.channels, self.width);
        let Some(row) = self.data.get_mut(y * stride..(y + 1) * stride) else {
            return;
        };
        let end = (width.kept + 1) * channels;
        fill(&mut row[channels..end]);
        if width.kept < width.full && width.kept > 0 {
            row.copy_within(end - channels..end, end);
            row.copy_within(end - channels..end, end + channels);
        }
    }

    /// A row with its margins; 0 is the one above the first.
    pub(super) fn bordered(&self, y: usize) -> &[f32] {
        let stride = self.stride();
        let held = match y.checked_sub(1) {
            Some(y) if y >= self.height.kept && self.height.kept < self.height.full => {
                self.height.kept.checked_sub(1)
            }
            y => y,
        };
        held.and_then(|y| self.data.get(y * stride..(y + 1) * stride))
            .unwrap_or(&self.outside)
    }

    /// The pixels of a row, and the two behind them.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        self.bordered(y + 1)
            .get(self.channels..)
            .unwrap_or_default()
    }
}
