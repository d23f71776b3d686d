//! The layers of the two networks, over maps whose pixels lie row after row with the channels of each side by side.

use std::ops::Range;

use super::{map::Map, weights::Weights};

/// Outputs that are computed together: their sums for two pixels fit the registers of any x86-64.
const BLOCK: usize = 16;

/// A convolution over single pixels (or over the patches of [`patches`]): every output is a weighted sum of all inputs.
#[derive(Debug)]
pub(super) struct Pointwise {
    inputs: usize,
    /// A multiple of [`BLOCK`]; those that were added are 0.
    pub(super) outputs: usize,
    /// Blocks of outputs, and in each block input after input.
    weights: Vec<[f32; BLOCK]>,
    bias: Vec<[f32; BLOCK]>,
}

impl Pointwise {
    pub(super) fn load(file: &mut Weights<'_>, inputs: usize, outputs: usize) -> Self {
        let weights = file.take(inputs * outputs);
        Self::new(inputs, outputs, &weights, &file.take(outputs))
    }

    /// From weights that lie input after input.
    fn new(inputs: usize, outputs: usize, weights: &[f32], bias: &[f32]) -> Self {
        let blocks = 0..outputs.div_ceil(BLOCK);
        let block = |values: &[f32], block: usize| {
            let mut some = [0.0; BLOCK];
            let values = values.iter().skip(block * BLOCK);
            some.iter_mut().zip(values).for_each(|(to, v)| *to = *v);
            some
        };
        Self {
            inputs,
            outputs: blocks.len() * BLOCK,
            weights: blocks
                .clone()
                .flat_map(|k| weights.chunks(outputs).map(move |row| block(row, k)))
                .collect(),
            bias: blocks.map(|k| block(bias, k)).collect(),
        }
    }

    /// Whether the inputs count for nothing, as in one layer of the landmarks.
    fn is_constant(&self) -> bool {
        self.weights.iter().flatten().all(|weight| *weight == 0.0)
    }

    /// Writes the outputs of as many pixels as there are, one pixel after the other, each value passed through `shape`.
    pub(super) fn apply(&self, pixels: &[f32], out: &mut [f32], shape: impl Fn(f32) -> f32) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let end = (pixels.len() / inputs * outputs).min(out.len());
        let out = &mut out[..end];
        for (k, (weights, bias)) in self.weights.chunks(inputs).zip(&self.bias).enumerate() {
            let mut twos = pixels.chunks_exact(2 * inputs);
            let mut to = out.chunks_exact_mut(2 * outputs);
            for (two, to) in twos.by_ref().zip(to.by_ref()) {
                let mut sums = [[0.0; BLOCK]; 2];
                sum_of_two(two, weights, bias, &mut sums);
                for (sums, to) in sums.into_iter().zip(to.chunks_exact_mut(outputs)) {
                    put(sums, &mut to[k * BLOCK..], &shape);
                }
            }
            let rest = to.into_remainder().chunks_exact_mut(outputs);
            for (pixel, to) in twos.remainder().chunks_exact(inputs).zip(rest) {
                let mut sums = [0.0; BLOCK];
                sum_of_one(pixel, weights, bias, &mut sums);
                put(sums, &mut to[k * BLOCK..], &shape);
            }
        }
    }
}

fn put(sums: [f32; BLOCK], to: &mut [f32], shape: impl Fn(f32) -> f32) {
    if let Some(to) = to.first_chunk_mut() {
        *to = sums.map(shape);
    }
}

// Kept out of line: mixed with the loops around it, the compiler no longer sees vectors in it.
#[inline(never)]
fn sum_of_two(
    pixels: &[f32],
    weights: &[[f32; BLOCK]],
    bias: &[f32; BLOCK],
    sums: &mut [[f32; BLOCK]; 2],
) {
    let (a, b) = pixels.split_at(weights.len());
    let [mut p, mut q] = [*bias; 2];
    for ((w, a), b) in weights.iter().zip(a).zip(b) {
        for k in 0..BLOCK {
            p[k] += a * w[k];
        }
        for k in 0..BLOCK {
            q[k] += b * w[k];
        }
    }
    *sums = [p, q];
}

#[inline(never)]
fn sum_of_one(
    pixel: &[f32],
    weights: &[[f32; BLOCK]],
    bias: &[f32; BLOCK],
    sums: &mut [f32; BLOCK],
) {
    let mut held = *bias;
    for (x, w) in pixel.iter().zip(weights) {
        for k in 0..BLOCK {
            held[k] += x * w[k];
        }
    }
    *sums = held;
}

/// Where a convolution over 3x3 pixels takes its input from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Around every pixel, zeros outside.
    Every,
    /// Around every second pixel from the second on (the border that TensorFlow calls "same" for even sides).
    Second,
    /// From every pixel to the right and down, nothing outside.
    Inside,
}

impl Step {
    /// Row or column, counted with the margin, of the first of three lines for output line `at`.
    fn first(self, at: usize) -> usize {
        match self {
            Self::Every => at,
            Self::Second => 2 * at + 1,
            Self::Inside => at + 1,
        }
    }
}

/// Every 3x3 patch of a row of output of a map of three channels, its 9 pixels one after the other.
pub(super) fn patches(input: &Map, step: Step, y: usize, out: &mut [f32]) {
    const ROW: usize = 3 * 3;
    let first = step.first(y);
    let rows = [first, first + 1, first + 2].map(|y| input.bordered(y));
    for (x, patch) in out.as_chunks_mut::<{ 3 * ROW }>().0.iter_mut().enumerate() {
        let from = step.first(x) * 3;
        for (to, row) in patch.as_chunks_mut::<ROW>().0.iter_mut().zip(rows) {
            if let Some(pixels) = row.get(from..).and_then(<[f32]>::first_chunk) {
                *to = *pixels;
            }
        }
    }
}

/// A convolution over 3x3 pixels, each channel by itself, and then one over single pixels.
#[derive(Debug)]
pub(super) struct Separable {
    /// Nine times the weights of all channels.
    depthwise: Vec<f32>,
    pub(super) pointwise: Pointwise,
}

impl Separable {
    pub(super) fn load(file: &mut Weights<'_>, inputs: usize, outputs: usize) -> Self {
        Self {
            depthwise: file.take(9 * inputs),
            pointwise: Pointwise::load(file, inputs, outputs),
        }
    }

    /// Every row of output without an activation, for input of the same size.
    pub(super) fn rows(&self, input: &Map, mut take: impl FnMut(usize, &[f32])) {
        let (width, height) = (input.width.kept, input.height.kept);
        if self.pointwise.is_constant() {
            let row = self.pointwise.bias.as_flattened().repeat(width);
            (0..height).for_each(|y| take(y, &row));
            return;
        }
        let row = width * self.pointwise.outputs;
        let gather = |y: usize, out: &mut [f32]| self.deepen(input, Step::Every, y, out);
        in_bands(
            &self.pointwise,
            width,
            height,
            gather,
            |v| v,
            |rows, values| {
                rows.zip(values.chunks_exact(row))
                    .for_each(|(y, values)| take(y, values));
            },
        );
    }

    /// The channel by channel part of one row of output.
    pub(super) fn deepen(&self, input: &Map, step: Step, y: usize, out: &mut [f32]) {
        let channels = input.channels;
        let first = step.first(y);
        let rows = [first, first + 1, first + 2].map(|y| input.bordered(y));
        let mut weights = self.depthwise.chunks_exact(channels);
        let weights: [&[f32]; 9] = std::array::from_fn(|_| weights.next().unwrap_or_default());
        for (x, out) in out.chunks_exact_mut(channels).enumerate() {
            let from = step.first(x) * channels;
            let pixels: [&[f32]; 9] = std::array::from_fn(|k| {
                let from = from + k % 3 * channels;
                rows[k / 3].get(from..from + channels).unwrap_or_default()
            });
            nine(out, pixels, weights);
        }
    }
}

/// Nine products summed for each channel, of which there must be a multiple of 16.
#[inline(never)]
fn nine(out: &mut [f32], pixels: [&[f32]; 9], weights: [&[f32]; 9]) {
    const WIDE: usize = 16;
    let pixels = pixels.map(|p| p.as_chunks::<WIDE>().0);
    let weights = weights.map(|w| w.as_chunks::<WIDE>().0);
    for (c, out) in out.as_chunks_mut::<WIDE>().0.iter_mut().enumerate() {
        let mut sums = [0.0; WIDE];
        for (pixels, weights) in pixels.iter().zip(&weights) {
            if let (Some(pixels), Some(weights)) = (pixels.get(c), weights.get(c)) {
                for k in 0..WIDE {
                    sums[k] += pixels[k] * weights[k];
                }
            }
        }
        *out = sums;
    }
}

/// The largest of each value and its neighbours to the right, below and between, for every `step`th pixel; pixels beyond the end count as the last.
pub(super) fn larger_of_four(
    above: &[f32],
    below: &[f32],
    width: usize,
    channels: usize,
    step: usize,
    out: &mut [f32],
) {
    let last = width.saturating_sub(1);
    for (x, out) in out.chunks_exact_mut(channels).enumerate() {
        let (left, right) = ((step * x).min(last), (step * x + 1).min(last));
        let pixel = |row: &'_ [f32], x: usize| x * channels..((x + 1) * channels).min(row.len());
        let (a, b) = (&above[pixel(above, left)], &above[pixel(above, right)]);
        let (c, d) = (&below[pixel(below, left)], &below[pixel(below, right)]);
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out = larger(larger(*a, *b), larger(*c, *d));
        }
    }
}

/// `f32::max` without its care for what is no number, which costs vectors.
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The activation of the detector.
pub(super) fn leaky(value: f32) -> f32 {
    larger(value, 0.1 * value)
}

/// The activation of the landmarks.
pub(super) fn positive(value: f32) -> f32 {
    larger(value, 0.0)
}

/// Fewer pixels at once would load the weights of a wide layer too often.
const MANY: usize = 64;

/// Runs a layer over a few rows at a time, so that what lies between stays in the cache: `gather` lays out the inputs of a row, `take` gets an even number of rows (or the last) of shaped outputs.
pub(super) fn in_bands(
    layer: &Pointwise,
    width: usize,
    height: usize,
    mut gather: impl FnMut(usize, &mut [f32]),
    shape: impl Fn(f32) -> f32,
    mut take: impl FnMut(Range<usize>, &[f32]),
) {
    let rows = (2 * MANY.div_ceil(2 * width.max(1))).min(height);
    let mut inputs = vec![0.0; rows * width * layer.inputs];
    let mut outputs = vec![0.0; rows * width * layer.outputs];
    for start in (0..height).step_by(rows.max(1)) {
        let band = start..(start + rows).min(height);
        let row = (width * layer.inputs).max(1);
        for (y, inputs) in band.clone().zip(inputs.chunks_exact_mut(row)) {
            gather(y, inputs);
        }
        let pixels = band.len() * width;
        let outputs = &mut outputs[..pixels * layer.outputs];
        layer.apply(&inputs[..pixels * layer.inputs], outputs, &shape);
        take(band, outputs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::map::Side;

    /// A map of one value a pixel in each of its equal channels.
    fn map(rows: &[&[f32]], channels: usize, width: Side, height: Side) -> Map {
        let mut map = Map::new(width, height, channels);
        for (y, row) in rows.iter().enumerate() {
            map.write(y, |to| {
                for (to, value) in to.chunks_exact_mut(channels).zip(*row) {
                    to.fill(*value);
                }
            });
        }
        map
    }

    /// A layer over three by three pixels, each counted as often as `counts` says, and then passed on as it is.
    fn separable(counts: [f32; 9]) -> Separable {
        const CHANNELS: usize = 16;
        let same = |k: usize| f32::from(u8::from(k / CHANNELS == k % CHANNELS));
        let weights: Vec<f32> = (0..CHANNELS * CHANNELS).map(same).collect();
        Separable {
            depthwise: counts.iter().flat_map(|c| [*c; CHANNELS]).collect(),
            pointwise: Pointwise::new(CHANNELS, CHANNELS, &weights, &[0.0; CHANNELS]),
        }
    }

    fn first_channel(values: &[f32]) -> Vec<f32> {
        values.iter().step_by(16).copied().collect()
    }

    #[test]
    fn every_output_is_a_weighted_sum_of_all_inputs() {
        // Two inputs, three outputs: a + 10 b + 1, 2 a - b, b - 1.
        let layer = Pointwise::new(2, 3, &[1.0, 2.0, 0.0, 10.0, -1.0, 1.0], &[1.0, 0.0, -1.0]);
        let mut out = vec![9.0; 3 * layer.outputs];
        layer.apply(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut out, |v| v);
        let three: Vec<&[f32]> = out.chunks(layer.outputs).map(|pixel| &pixel[..3]).collect();
        assert_eq!(
            three,
            [[22.0, 0.0, 1.0], [44.0, 2.0, 3.0], [66.0, 4.0, 5.0]]
        );
        layer.apply(&[1.0, 2.0], &mut out, |v| -v);
        assert_eq!(out[..3], [-22.0, 0.0, -1.0]);
    }

    #[test]
    fn a_convolution_sees_zeros_outside_a_whole_map() {
        let (two, three) = (Side::whole(2), Side::whole(3));
        let map = map(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]], 16, three, two);
        let mut rows = Vec::new();
        separable([1.0, 0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 100.0])
            .rows(&map, |_, row| rows.push(first_channel(row)));
        assert_eq!(rows, [[510.0, 620.0, 30.0], [40.0, 51.0, 62.0]]);
    }

    #[test]
    fn what_is_left_out_equals_the_last_line_that_is_held() {
        let sides = Side { kept: 2, full: 6 };
        let cut = map(&[&[1.0, 2.0], &[3.0, 4.0]], 16, sides, sides);
        let layer = separable([1.0; 9]);
        let mut out = vec![0.0; 3 * 16];
        layer.deepen(&cut, Step::Every, 2, &mut out);
        // The first column has zeros on its left.
        assert_eq!(first_channel(&out), [21.0, 33.0, 36.0]);
        assert_eq!(sides.convolved(), Side { kept: 3, full: 6 });
        assert_eq!(sides.halved(), Side { kept: 2, full: 3 });
        assert_eq!(Side::whole(5).halved(), Side::whole(3));
    }

    #[test]
    fn every_second_pixel_begins_at_the_first_and_ends_outside() {
        let four = Side::whole(4);
        let rows: [&[f32]; 4] = [&[1.0, 2.0, 3.0, 4.0]; 4];
        let map = map(&rows, 16, four, four);
        let mut out = vec![0.0; 2 * 16];
        separable([1.0; 9]).deepen(&map, Step::Second, 0, &mut out);
        assert_eq!(first_channel(&out), [18.0, 21.0]);
        separable([1.0; 9]).deepen(&map, Step::Second, 1, &mut out);
        assert_eq!(first_channel(&out), [12.0, 14.0], "one row is outside");
    }

    #[test]
    fn patches_are_three_by_three_pixels() {
        let three = Side::whole(3);
        let map = map(
            &[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], &[7.0, 8.0, 9.0]],
            3,
            three,
            three,
        );
        let mut out = vec![0.0; 27];
        patches(&map, Step::Inside, 0, &mut out);
        let firsts: Vec<f32> = out.iter().step_by(3).copied().collect();
        assert_eq!(firsts, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    }

    #[test]
    fn the_larger_of_four_stops_at_the_border() {
        let (above, below) = ([1.0, 5.0, 2.0], [3.0, 0.0, -1.0]);
        let mut out = [0.0; 2];
        larger_of_four(&above, &below, 3, 1, 2, &mut out);
        assert_eq!(out, [5.0, 2.0]);
        let mut out = [0.0; 3];
        larger_of_four(&above, &below, 3, 1, 1, &mut out);
        assert_eq!(out, [5.0, 5.0, 2.0]);
    }

    #[test]
    fn activations() {
        assert_eq!((leaky(2.0), leaky(-2.0)), (2.0, -0.2));
        assert_eq!((positive(2.0), positive(-2.0)), (2.0, 0.0));
    }
}
