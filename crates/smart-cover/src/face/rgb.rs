//! Colours of a picture, and the square pieces that the networks look at.

use super::map::{Map, Side};
use crate::plane::Picture;

/// Red, green and blue of every pixel, 0 to 255.
#[derive(Debug)]
pub(super) struct Rgb {
    pub(super) width: usize,
    pub(super) height: usize,
    data: Vec<[u8; 3]>,
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Rgb {
    /// BT.601, full range; each colour sample stands for four pixels.
    pub(super) fn new(picture: &Picture) -> Self {
        let (width, height) = (picture.y.width, picture.y.height);
        let mut data = Vec::with_capacity(width * height);
        for (y, luma) in picture.y.rows().enumerate() {
            let half = |plane: &'_ [u8]| {
                let width = width.div_ceil(2);
                y / 2 * width..((y / 2 + 1) * width).min(plane.len())
            };
            let u = picture.u.data.get(half(&picture.u.data));
            let v = picture.v.data.get(half(&picture.v.data));
            let colours = u.unwrap_or_default().iter().zip(v.unwrap_or_default());
            for (luma, (u, v)) in luma.chunks(2).zip(colours) {
                data.extend(luma.iter().map(|y| rgb(*y, *u, *v)));
            }
        }
        data.resize(width * height, [0; 3]);
        Self {
            width,
            height,
            data,
        }
    }

    pub(super) fn whole(&self) -> Area {
        Area {
            left: 0,
            top: 0,
            width: self.width,
            height: self.height,
        }
    }

    fn row(&self, area: Area, y: usize) -> &[[u8; 3]] {
        let from = (area.top + y) * self.width + area.left;
        self.data.get(from..from + area.width).unwrap_or_default()
    }

    /// An area scaled to fit a square of side `full`, black around it, less the mean colour and over 255. With `centred` half of the black comes first.
    pub(super) fn square(&self, area: Area, full: usize, centred: bool, mean: [f32; 3]) -> Map {
        let side = area.width.max(area.height).max(1);
        let columns = Axis::new(area.width, side, full, centred);
        let rows = Axis::new(area.height, side, full, centred);
        let across: Vec<_> = (0..columns.side.kept).map(|x| columns.mix(x)).collect();
        let mut line = vec![[0.0; 3]; side + 1];
        let mut map = Map::new(columns.side, rows.side, 3);
        for y in 0..rows.side.kept {
            let (above, down) = rows.mix(y);
            let pixels = line.iter_mut().skip(columns.before);
            self.blend(area, [above, above + 1].map(|y| rows.used(y)), down, pixels);
            map.write(y, |to| {
                for (to, (left, share)) in to.as_chunks_mut::<3>().0.iter_mut().zip(&across) {
                    let (a, b) = (line[*left], line[*left + 1]);
                    *to = [0, 1, 2].map(|k| (a[k] + (b[k] - a[k]) * share - mean[k]) / 255.0);
                }
            });
        }
        map
    }

    /// A mix of two rows of an area, of which those not in it are black.
    fn blend<'a>(
        &self,
        area: Area,
        rows: [Option<usize>; 2],
        share: f32,
        to: impl Iterator<Item = &'a mut [f32; 3]>,
    ) {
        let black = vec![[0; 3]; area.width];
        let [above, below] = rows.map(|y| y.map_or(&*black, |y| self.row(area, y)));
        for ((to, a), b) in to.zip(above).zip(below) {
            *to = [0, 1, 2].map(|k| {
                let (a, b) = (f32::from(a[k]), f32::from(b[k]));
                a + (b - a) * share
            });
        }
    }
}

fn rgb(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (y, u, v) = (i32::from(y), i32::from(u) - 128, i32::from(v) - 128);
    // 1.402, 0.344136, 0.714136 and 1.772 in 65536ths.
    [91_881 * v, -22_554 * u - 46_802 * v, 116_130 * u]
        .map(|colour| (y + ((colour + 32_768) >> 16)).clamp(0, 255) as u8)
}

/// How one side of a square is filled: `used` lines after `before` black ones, black ones to `from`, all scaled to `side`.
///
/// Lines are mixed as TensorFlow's `resizeBilinear` does without half pixel centres, which the networks were used with.
struct Axis {
    used: usize,
    before: usize,
    from: usize,
    side: Side,
}

impl Axis {
    fn new(used: usize, from: usize, full: usize, centred: bool) -> Self {
        let lines = (used * full).div_ceil(from);
        Self {
            used,
            before: if centred { (from - used) / 2 } else { 0 },
            from,
            side: if centred {
                Side::whole(full)
            } else {
                Side::padded(lines, full)
            },
        }
    }

    /// The line that a line of the square begins with, and the share of the next.
    fn mix(&self, at: usize) -> (usize, f32) {
        let position = at as f32 * (self.from as f32 / self.side.full.max(1) as f32);
        let first = (position as usize).min(self.from - 1);
        // The last line is not mixed with black.
        let share = if first + 1 < self.from {
            position - first as f32
        } else {
            0.0
        };
        (first, share)
    }

    /// Which line of the picture a line is; none for black ones.
    fn used(&self, line: usize) -> Option<usize> {
        line.checked_sub(self.before)
            .filter(|line| *line < self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Plane;

    fn rgb_of(width: usize, height: usize, colours: &[[u8; 3]]) -> Rgb {
        Rgb {
            width,
            height,
            data: colours.to_vec(),
        }
    }

    #[test]
    fn colours_are_full_range_bt601_and_clamped() {
        assert_eq!(rgb(120, 128, 128), [120; 3]);
        assert_eq!(rgb(76, 85, 255), [254, 0, 0]);
        assert_eq!(rgb(255, 255, 128), [255, 211, 255]);
    }

    #[test]
    fn planes_of_odd_sizes_and_lacking_samples_do_no_harm() {
        let picture = Picture {
            y: Plane::new(3, 3, vec![50; 9]),
            u: Plane::new(2, 2, vec![128; 4]),
            v: Plane::new(2, 2, vec![128; 4]),
        };
        assert_eq!(Rgb::new(&picture).data, [[50; 3]; 9]);
        let lacking = Picture {
            u: Plane::default(),
            ..picture
        };
        assert_eq!(Rgb::new(&lacking).data.len(), 9);
    }

    #[test]
    fn a_picture_of_the_right_size_is_only_padded() {
        let rgb = rgb_of(4, 1, &[[51; 3], [102; 3], [153; 3], [255; 3]]);
        let map = rgb.square(rgb.whole(), 4, false, [0.0; 3]);
        assert_eq!(map.height, Side { kept: 2, full: 4 });
        let first: Vec<f32> = map.row(0).iter().step_by(3).copied().take(4).collect();
        assert_eq!(first, [0.2, 0.4, 0.6, 1.0]);
        assert_eq!(map.row(3)[..12], [0.0; 12]);
    }

    #[test]
    fn enlarging_begins_at_the_corner_and_half_of_the_black_comes_first() {
        let rgb = rgb_of(1, 2, &[[0; 3], [255; 3]]);
        let map = rgb.square(rgb.whole(), 4, true, [0.0; 3]);
        let row =
            |y: usize| -> Vec<f32> { map.row(y).iter().step_by(3).copied().take(4).collect() };
        // One column is lacking: none before, one after.
        assert_eq!(row(0), [0.0; 4]);
        assert_eq!(row(1), [0.5, 0.25, 0.0, 0.0]);
        assert_eq!(row(2), [1.0, 0.5, 0.0, 0.0]);
        assert_eq!(row(3), [1.0, 0.5, 0.0, 0.0]);
    }
}
