//! How wide eyes are open: the "68 point tiny" landmarks of face-api, on the part of a picture that holds a face.

use super::{
    map::{Map, Side},
    network::{Pointwise, Separable, Step, in_bands, patches, positive},
    rgb::{Area, Rgb},
    weights::{Scale, Weights},
};

/// One scale per tensor, as the manifest beside the weights gives them.
#[rustfmt::skip]
const SCALES: [Scale; 28] = [
    Scale { scale: 0.008194216092427571, least: -0.9423348506291708 }, // dense0/conv0/filters
    Scale { scale: 0.006839508168837603, least: -0.8412595047670252 }, // dense0/conv0/bias
    Scale { scale: 0.009194007106855804, least: -1.2779669878529567 }, // dense0/conv1/depthwise_filter
    Scale { scale: 0.0036026100317637128, least: -0.3170296827952067 }, // dense0/conv1/pointwise_filter
    Scale { scale: 0.000740380117706224, least: -0.06367269012273527 }, // dense0/conv1/bias
    Scale { scale: 1.0, least: 0.0 }, // dense0/conv2/depthwise_filter
    Scale { scale: 1.0, least: 0.0 }, // dense0/conv2/pointwise_filter
    Scale { scale: 0.0037702228508743585, least: -0.6220867703942692 }, // dense0/conv2/bias
    Scale { scale: 0.0033707996209462483, least: -0.421349952618281 }, // dense1/conv0/depthwise_filter
    Scale { scale: 0.014611541991140328, least: -1.8556658328748217 }, // dense1/conv0/pointwise_filter
    Scale { scale: 0.002832523046755323, least: -0.30307996600281956 }, // dense1/conv0/bias
    Scale { scale: 0.006593170586754294, least: -0.6329443763284123 }, // dense1/conv1/depthwise_filter
    Scale { scale: 0.012215249211180444, least: -1.6001976466646382 }, // dense1/conv1/pointwise_filter
    Scale { scale: 0.002384825547536214, least: -0.3028728445370992 }, // dense1/conv1/bias
    Scale { scale: 0.005859645441466687, least: -0.7617539073906693 }, // dense1/conv2/depthwise_filter
    Scale { scale: 0.013121426806730382, least: -1.7845140457153321 }, // dense1/conv2/pointwise_filter
    Scale { scale: 0.0032247188044529336, least: -0.46435950784122243 }, // dense1/conv2/bias
    Scale { scale: 0.002659512618008782, least: -0.32977956463308894 }, // dense2/conv0/depthwise_filter
    Scale { scale: 0.015499923743453681, least: -1.9839902391620712 }, // dense2/conv0/pointwise_filter
    Scale { scale: 0.0032450980999890497, least: -0.522460794098237 }, // dense2/conv0/bias
    Scale { scale: 0.005911862382701799, least: -0.792189559282041 }, // dense2/conv1/depthwise_filter
    Scale { scale: 0.021025861478319356, least: -2.2077154552235325 }, // dense2/conv1/pointwise_filter
    Scale { scale: 0.00349616945958605, least: -0.46149436866535865 }, // dense2/conv1/bias
    Scale { scale: 0.008104994250278847, least: -1.013124281284856 }, // dense2/conv2/depthwise_filter
    Scale { scale: 0.029337059282789044, least: -3.5791212325002633 }, // dense2/conv2/pointwise_filter
    Scale { scale: 0.0038808938334969913, least: -0.4230174278511721 }, // dense2/conv2/bias
    Scale { scale: 0.014016061670639936, least: -1.8921683255363912 }, // fc/weights
    Scale { scale: 0.0029505149698724935, least: 0.088760145008564 }, // fc/bias
];

/// Red, green and blue that count as 0.
const MEAN: [f32; 3] = [122.782, 117.001, 104.298];
/// Side of the input in pixels; halved by each of three blocks.
const SIDE: usize = 112;
/// Channels between the blocks.
const CHANNELS: [usize; 3] = [32, 64, 128];
const POINTS: usize = 68;
/// First of six points of each eye: outer or inner corner, two on the upper lid, the other corner, two on the lower lid.
const EYES: [usize; 2] = [36, 42];

/// A layer and two more whose results are added to its own.
#[derive(Debug)]
struct Block {
    second: Separable,
    third: Separable,
}

#[derive(Debug)]
pub(super) struct Landmarks {
    first: Pointwise,
    narrower: [Separable; 2],
    blocks: [Block; 3],
    last: Pointwise,
}

impl Landmarks {
    pub(super) fn load(bytes: &[u8]) -> Self {
        Self::read(&mut Weights::new(bytes, &SCALES))
    }

    fn read(file: &mut Weights<'_>) -> Self {
        let block = |file: &mut Weights<'_>, channels: usize| Block {
            second: Separable::load(file, channels, channels),
            third: Separable::load(file, channels, channels),
        };
        let first = Pointwise::load(file, 9 * 3, CHANNELS[0]);
        let block0 = block(file, CHANNELS[0]);
        let narrower1 = Separable::load(file, CHANNELS[0], CHANNELS[1]);
        let block1 = block(file, CHANNELS[1]);
        let narrower2 = Separable::load(file, CHANNELS[1], CHANNELS[2]);
        let block2 = block(file, CHANNELS[2]);
        Self {
            first,
            narrower: [narrower1, narrower2],
            blocks: [block0, block1, block2],
            last: Pointwise::load(file, CHANNELS[2], 2 * POINTS),
        }
    }

    /// Mean opening of both eyes by their width: 0 shut, about 0.3 wide open.
    pub(super) fn eyes(&self, picture: &Rgb, face: Area) -> f32 {
        let points = self.points(picture, face);
        EYES.map(|first| opening(points.get(first..first + 6).unwrap_or_default()))
            .iter()
            .sum::<f32>()
            / EYES.len() as f32
    }

    /// The points across and down, in pixels from the corner of the area.
    fn points(&self, picture: &Rgb, face: Area) -> Vec<[f32; 2]> {
        let input = picture.square(face, SIDE, true, MEAN);
        let half = Side::whole(SIDE / 2);
        let map = layer(half, &self.first, |y, out| {
            patches(&input, Step::Second, y, out);
        });
        let mut map = self.blocks[0].apply(map);
        for (narrower, block) in self.narrower.iter().zip(&self.blocks[1..]) {
            let half = map.width.halved();
            let next = layer(half, &narrower.pointwise, |y, out| {
                narrower.deepen(&map, Step::Second, y, out);
            });
            map = block.apply(next);
        }
        let mut out = vec![0.0; self.last.outputs];
        self.last.apply(&means(&map), &mut out, |v| v);
        let longest = face.width.max(face.height) as f32;
        let border = [face.width, face.height].map(|side| (longest - side as f32) / 2.0);
        let points = out.as_chunks::<2>().0.iter().take(POINTS);
        points
            .map(|[x, y]| [x * longest - border[0], y * longest - border[1]])
            .collect()
    }
}

impl Block {
    fn apply(&self, first: Map) -> Map {
        let (side, channels) = (first.width, first.channels);
        let mut sum = Map::new(side, side, channels);
        let mut second = vec![0.0; side.kept * side.kept * channels];
        let row = side.kept * channels;
        self.second.rows(&first, |y, values| {
            second[y * row..][..row].copy_from_slice(values);
            sum.write(y, |to| {
                for ((to, a), b) in to.iter_mut().zip(first.row(y)).zip(values) {
                    *to = positive(a + b);
                }
            });
        });
        let mut out = first;
        self.third.rows(&sum, |y, values| {
            out.write(y, |to| {
                for ((to, b), c) in to.iter_mut().zip(&second[y * row..]).zip(values) {
                    *to = positive(*to + b + c);
                }
            });
        });
        out
    }
}

/// A layer with its activation, over a square.
fn layer(side: Side, layer: &Pointwise, gather: impl FnMut(usize, &mut [f32])) -> Map {
    let mut out = Map::new(side, side, layer.outputs);
    let row = side.kept * layer.outputs;
    in_bands(
        layer,
        side.kept,
        side.kept,
        gather,
        positive,
        |rows, values| {
            for (y, values) in rows.zip(values.chunks_exact(row)) {
                out.write(y, |to| to.copy_from_slice(values));
            }
        },
    );
    out
}

/// Mean of each channel.
fn means(map: &Map) -> Vec<f32> {
    let mut sums = vec![0.0; map.channels];
    for y in 0..map.height.kept {
        for pixel in map.row(y).chunks_exact(map.channels).take(map.width.kept) {
            sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
        }
    }
    let count = (map.width.kept * map.height.kept).max(1) as f32;
    sums.iter_mut().for_each(|sum| *sum /= count);
    sums
}

/// Distance of the lids by that of the corners.
fn opening(eye: &[[f32; 2]]) -> f32 {
    let [corner, upper, upper2, corner2, lower2, lower] = eye else {
        return 0.0;
    };
    let apart = |a: &[f32; 2], b: &[f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    (apart(upper, lower) + apart(upper2, lower2)) / (2.0 * apart(corner, corner2)).max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    const WEIGHTS: &[u8] = include_bytes!("../../weights/face_landmark_68_tiny.bin");

    #[test]
    fn the_weights_fill_all_layers() {
        let mut file = Weights::new(WEIGHTS, &SCALES);
        let _ = Landmarks::read(&mut file);
        assert!(file.used_up());
    }

    #[test]
    fn points_are_those_of_the_original() {
        let rgb = Rgb::new(&samples::pattern());
        let area = Area {
            left: 40,
            top: 20,
            width: 71,
            height: 90,
        };
        let landmarks = Landmarks::load(WEIGHTS);
        let points = landmarks.points(&rgb, area);
        assert_eq!(points.len(), POINTS);
        for (k, x, y) in [
            (0, 9.869, 33.177),
            (8, 46.255, 74.829),
            (36, 24.499, 29.558),
            (39, 35.763, 29.923),
            (45, 60.411, 29.771),
            (67, 41.434, 57.585),
        ] {
            let far = (points[k][0] - x).hypot(points[k][1] - y);
            assert!(far < 0.005, "{k}: {:?}", points[k]);
        }
        let eyes = landmarks.eyes(&rgb, area);
        assert!((eyes - 0.25697).abs() < 1e-4, "{eyes}");
    }

    #[test]
    fn an_eye_is_as_open_as_its_lids_are_apart() {
        let eye = [
            [0., 0.],
            [3., -2.],
            [7., -2.],
            [10., 0.],
            [7., 2.],
            [3., 2.],
        ];
        assert!((opening(&eye) - 0.4).abs() < 1e-6);
        assert_eq!(opening(&eye[..5]), 0.0);
        assert_eq!(opening(&[[1.0; 2]; 6]), 0.0);
    }
}
