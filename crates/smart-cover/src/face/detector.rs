//! Where faces are: the "tiny face detector" of face-api, a small YOLO over a black-padded square.

use super::{
    map::{Map, Side},
    network::{Pointwise, Separable, Step, in_bands, larger_of_four, leaky, patches},
    rgb::Rgb,
    weights::{Scale, Weights},
};

/// One scale per tensor, as the manifest beside the weights gives them.
#[rustfmt::skip]
const SCALES: [Scale; 19] = [
    Scale { scale: 0.009007044399485869, least: -1.2069439495311063 }, // conv0/filters
    Scale { scale: 0.005263455241334205, least: -0.9211046672334858 }, // conv0/bias
    Scale { scale: 0.004001977630690033, least: -0.5042491814669441 }, // conv1/depthwise_filter
    Scale { scale: 0.013836609615999109, least: -1.411334180831909 }, // conv1/pointwise_filter
    Scale { scale: 0.0015159862590771096, least: -0.30926119685173037 }, // conv1/bias
    Scale { scale: 0.002666276225856706, least: -0.317286870876948 }, // conv2/depthwise_filter
    Scale { scale: 0.015265831292844286, least: -1.6792414422128714 }, // conv2/pointwise_filter
    Scale { scale: 0.0020280554598453, least: -0.37113414915168985 }, // conv2/bias
    Scale { scale: 0.006100742489683862, least: -0.8907084034938438 }, // conv3/depthwise_filter
    Scale { scale: 0.016276211832083907, least: -2.0508026908425725 }, // conv3/pointwise_filter
    Scale { scale: 0.003394414279975143, least: -0.7637432129944072 }, // conv3/bias
    Scale { scale: 0.006716050119961009, least: -0.8059260143953211 }, // conv4/depthwise_filter
    Scale { scale: 0.021875603993733724, least: -2.8875797271728514 }, // conv4/pointwise_filter
    Scale { scale: 0.0041141652009066415, least: -0.8187188749804216 }, // conv4/bias
    Scale { scale: 0.008423839597141042, least: -0.9013508368940915 }, // conv5/depthwise_filter
    Scale { scale: 0.030007277283014035, least: -3.8709387695088107 }, // conv5/pointwise_filter
    Scale { scale: 0.008402082966823203, least: -1.4871686851277068 }, // conv5/bias
    Scale { scale: 0.028336129469030042, least: -4.675461362389957 }, // conv8/filters
    Scale { scale: 0.002268134028303857, least: -0.41053225912299807 }, // conv8/bias
];

/// Red, green and blue that count as 0.
const MEAN: [f32; 3] = [117.001, 114.697, 97.404];
/// Channels between the layers.
const CHANNELS: [usize; 6] = [16, 32, 64, 128, 256, 512];
/// Pixels of the input that one cell of the output stands for.
const CELL: usize = 32;
/// Least side of the input; smaller pictures are enlarged to it.
const LEAST_SIDE: usize = 288;
/// Width and height in cells of the faces each cell proposes.
const ANCHORS: [(f32, f32); 5] = [
    (1.603231, 2.094468),
    (6.041143, 7.080126),
    (2.882459, 3.518061),
    (4.266906, 5.178857),
    (9.041765, 10.66308),
];
/// Numbers per proposal: middle, size, score.
const NUMBERS: usize = 5;
/// Proposals with at most this score are none.
const LEAST_SCORE: f32 = 0.5;
/// Of two proposals that overlap by more than this share of their union, the better is kept.
const MOST_OVERLAP: f32 = 0.4;

/// A rectangle around a face, in pixels of the picture; may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    /// How sure: above 0.5, up to 1.
    pub(super) score: f32,
}

impl Found {
    /// Shared area as a share of the area of both together.
    fn overlap(&self, other: &Self) -> f32 {
        let shared = |a: f32, a_size: f32, b: f32, b_size: f32| {
            ((a + a_size).min(b + b_size) - a.max(b)).max(0.0)
        };
        let both = shared(self.left, self.width, other.left, other.width)
            * shared(self.top, self.height, other.top, other.height);
        both / (self.width * self.height + other.width * other.height - both)
    }
}

#[derive(Debug)]
pub(super) struct Detector {
    first: Pointwise,
    middle: Vec<Separable>,
    last: Pointwise,
}

impl Detector {
    pub(super) fn load(bytes: &[u8]) -> Self {
        Self::read(&mut Weights::new(bytes, &SCALES))
    }

    fn read(file: &mut Weights<'_>) -> Self {
        let first = Pointwise::load(file, 9 * 3, CHANNELS[0]);
        let middle = CHANNELS
            .windows(2)
            .map(|pair| Separable::load(file, pair[0], pair[1]))
            .collect();
        let last = Pointwise::load(file, CHANNELS[5], ANCHORS.len() * NUMBERS);
        Self {
            first,
            middle,
            last,
        }
    }

    /// The faces of a picture, the surest first.
    pub(super) fn find(&self, picture: &Rgb) -> Vec<Found> {
        let longest = picture.width.max(picture.height);
        let side = ((longest + CELL / 2) / CELL * CELL).max(LEAST_SIDE);
        let grid = self.grid(&picture.square(picture.whole(), side, false, MEAN));
        let used = |size: usize| {
            (size as f32 * (side as f32 / longest as f32))
                .round()
                .max(1.0)
        };
        let cell_width = CELL as f32 * picture.width as f32 / used(picture.width);
        let cell_height = CELL as f32 * picture.height as f32 / used(picture.height);
        let mut found = Vec::new();
        for y in 0..grid.height.kept {
            let cells = grid.row(y).chunks_exact(grid.channels);
            for (x, cell) in cells.take(grid.width.kept).enumerate() {
                found.extend(proposals(cell, x, y, cell_width, cell_height));
            }
        }
        best(found)
    }

    /// The proposals of all cells.
    fn grid(&self, input: &Map) -> Map {
        let (mut width, mut height) = (input.width.narrowed(), input.height.narrowed());
        let mut map = pooled(width, height, &self.first, |y, out| {
            patches(input, Step::Inside, y, out);
        });
        for (k, layer) in self.middle.iter().enumerate() {
            (width, height) = (map.width.convolved(), map.height.convolved());
            let gather = |y: usize, out: &mut [f32]| layer.deepen(&map, Step::Every, y, out);
            map = if k + 1 < self.middle.len() {
                pooled(width, height, &layer.pointwise, gather)
            } else {
                plain(width, height, &layer.pointwise, gather)
            };
        }
        self.proposed(&map)
    }

    /// The last layer, over the larger of each cell and the next to the right and down.
    fn proposed(&self, map: &Map) -> Map {
        let (width, height) = (map.width, map.height);
        let last = height.kept.saturating_sub(1);
        let mut cells = vec![0.0; width.kept * map.channels];
        let mut out = Map::new(width, height, self.last.outputs);
        for y in 0..height.kept {
            let (here, below) = (map.row(y), map.row((y + 1).min(last)));
            larger_of_four(here, below, width.kept, map.channels, 1, &mut cells);
            out.write(y, |to| self.last.apply(&cells, to, |v| v));
        }
        out
    }
}

fn plain(
    width: Side,
    height: Side,
    layer: &Pointwise,
    gather: impl FnMut(usize, &mut [f32]),
) -> Map {
    let mut out = Map::new(width, height, layer.outputs);
    let row = width.kept * layer.outputs;
    in_bands(
        layer,
        width.kept,
        height.kept,
        gather,
        leaky,
        |rows, values| {
            for (y, values) in rows.zip(values.chunks_exact(row)) {
                out.write(y, |to| to.copy_from_slice(values));
            }
        },
    );
    out
}

/// A layer and then the largest of every two by two pixels.
fn pooled(
    width: Side,
    height: Side,
    layer: &Pointwise,
    gather: impl FnMut(usize, &mut [f32]),
) -> Map {
    let mut out = Map::new(width.halved(), height.halved(), layer.outputs);
    let row = width.kept * layer.outputs;
    in_bands(
        layer,
        width.kept,
        height.kept,
        gather,
        leaky,
        |rows, values| {
            let at = |y: usize| &values[(y.min(rows.end - 1) - rows.start) * row..][..row];
            let end = if rows.end == height.kept {
                out.height.kept
            } else {
                rows.end / 2
            };
            for y in rows.start / 2..end {
                let (above, below) = (at(2 * y), at(2 * y + 1));
                out.write(y, |to| {
                    larger_of_four(above, below, width.kept, layer.outputs, 2, to);
                });
            }
        },
    );
    out
}

/// What a cell proposes, its size given in pixels of the picture.
fn proposals(
    cell: &[f32],
    x: usize,
    y: usize,
    cell_width: f32,
    cell_height: f32,
) -> impl Iterator<Item = Found> {
    let numbers = cell.as_chunks::<NUMBERS>().0;
    let each = numbers.iter().zip(ANCHORS);
    each.filter_map(move |([across, down, wide, high, sure], anchor)| {
        let score = sigmoid(*sure);
        let (width, height) = (
            wide.exp() * anchor.0 * cell_width,
            high.exp() * anchor.1 * cell_height,
        );
        (score > LEAST_SCORE).then(|| Found {
            left: (x as f32 + sigmoid(*across)) * cell_width - width / 2.0,
            top: (y as f32 + sigmoid(*down)) * cell_height - height / 2.0,
            width,
            height,
            score,
        })
    })
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// The surest first, without those that overlap a surer one.
fn best(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Found> = Vec::new();
    for face in found {
        if kept
            .iter()
            .all(|better| better.overlap(&face) <= MOST_OVERLAP)
        {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    const WEIGHTS: &[u8] = include_bytes!("../../weights/tiny_face_detector.bin");

    #[test]
    fn the_weights_fill_all_layers() {
        let mut file = Weights::new(WEIGHTS, &SCALES);
        let _ = Detector::read(&mut file);
        assert!(file.used_up());
    }

    #[test]
    fn proposals_are_those_of_the_original() {
        let rgb = Rgb::new(&samples::pattern());
        let input = rgb.square(rgb.whole(), 320, false, MEAN);
        let grid = Detector::load(WEIGHTS).grid(&input);
        // Cells across and down, and their numbers 0, 7, 14 and 24.
        for (x, y, expected) in [
            (0, 0, [1.3258, 0.0306, -14.2750, -26.8491]),
            (4, 2, [-0.7576, -0.1009, -8.1174, -19.2311]),
            (9, 5, [-1.8170, -0.0122, -13.4213, -26.6441]),
            (3, 6, [0.0274, -0.0434, -9.0086, -15.2302]),
        ] {
            let cell = &grid.row(y)[x * grid.channels..][..25];
            let got = [0, 7, 14, 24].map(|k| cell[k]);
            let far = |(a, b): (f32, f32)| (a - b).abs() > 1e-3;
            assert!(!got.into_iter().zip(expected).any(far), "{x} {y}: {got:?}");
        }
    }

    #[test]
    fn a_picture_higher_than_wide_is_treated_alike() {
        // Turning the black to the right must give what holding the whole square gives.
        let rgb = Rgb::new(&samples::upright());
        let cut = rgb.square(rgb.whole(), 320, false, MEAN);
        let whole = Side::whole(320);
        let mut full = Map::new(whole, whole, 3);
        for y in 0..320 {
            full.write(y, |to| {
                let black = MEAN.map(|mean| -mean / 255.0);
                to.as_chunks_mut().0.fill(black);
                let held = cut.width.kept * 3;
                to[..held].copy_from_slice(&cut.row(y)[..held]);
            });
        }
        let detector = Detector::load(WEIGHTS);
        let (cut, full) = (detector.grid(&cut), detector.grid(&full));
        assert!(cut.width.kept < full.width.kept);
        for y in 0..10 {
            let inner = 6 * cut.channels;
            for (a, b) in cut.row(y)[..inner].iter().zip(full.row(y)) {
                assert!((a - b).abs() < 1e-3, "{y}: {a} {b}");
            }
        }
    }

    fn square(left: f32, size: f32, score: f32) -> Found {
        Found {
            left,
            top: 0.0,
            width: size,
            height: size,
            score,
        }
    }

    #[test]
    fn of_two_that_overlap_much_the_surer_is_kept() {
        let (low, high, apart) = (
            square(0.0, 10.0, 0.6),
            square(2.0, 10.0, 0.9),
            square(8.0, 10.0, 0.7),
        );
        assert!((low.overlap(&high) - 80.0 / 120.0).abs() < 1e-6);
        assert_eq!(best(vec![low, high, apart]), [high, apart]);
        assert_eq!(low.overlap(&square(20.0, 5.0, 0.5)), 0.0);
    }

    #[test]
    fn a_cell_proposes_faces_around_its_middle() {
        let mut cell = [0.0; 25];
        cell[4] = 3.0;
        cell[9] = -0.1;
        for k in [14, 19, 24] {
            cell[k] = -9.0;
        }
        let found: Vec<Found> = proposals(&cell, 2, 1, 32.0, 32.0).collect();
        let [face] = found[..] else {
            panic!("{found:?}");
        };
        assert!(
            (face.left + face.width / 2.0 - 80.0).abs() < 1e-3,
            "{face:?}"
        );
        assert!(
            (face.top + face.height / 2.0 - 48.0).abs() < 1e-3,
            "{face:?}"
        );
        assert!((face.width - 1.603231 * 32.0).abs() < 1e-3, "{face:?}");
        assert!((face.score - 0.952574).abs() < 1e-5, "{face:?}");
    }
}
