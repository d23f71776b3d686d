//! Distance in looks between frames: the layout of light and colour.

use crate::{
    decode::Frame,
    feature::{likeness::LAYOUT, sums::sums},
};

/// Weight of luma and both colours.
const WEIGHT: [f32; 3] = [1.0, 1.4, 1.95];
/// How much of the exposure's drift is taken out of the plain reading.
const DRIFT: f32 = 0.7;
/// Frames from which the video's own spread is taken.
const WHITEN_SAMPLES: usize = 400;

/// Two readings of each layout, whose distances are added: colours and their places less exposure drift, and the same
/// whitened by the video's own spread, so that visitors before a fixed camera differ.
#[derive(Debug)]
pub(crate) struct Looks {
    plain: Vec<Vec<f32>>,
    white: Vec<Vec<f32>>,
}

impl Looks {
    pub(crate) fn new(frames: &[Frame], pool: &[usize]) -> Self {
        let plain = layouts(frames, pool, DRIFT);
        let mut white = layouts(frames, pool, 1.0);
        whiten(&mut white);
        Self { plain, white }
    }

    /// 0 for equal frames; about 0.5 within a scene in motion; above 1 for unrelated pictures.
    pub(crate) fn distance(&self, a: usize, b: usize) -> f32 {
        let root = (LAYOUT as f32).sqrt();
        apart(&self.plain[a], &self.plain[b]) / root / 22.0
            + 0.35 * apart(&self.white[a], &self.white[b]) / root
    }
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    let [sum] = sums([a, b], |[x, y]| [(x - y) * (x - y)]);
    sum.sqrt()
}

fn layouts(frames: &[Frame], pool: &[usize], drift: f32) -> Vec<Vec<f32>> {
    pool.iter()
        .map(|k| {
            let layout = &frames[*k].features.look.layout;
            let mean = layout.iter().step_by(3).sum::<f32>() / (LAYOUT / 3) as f32;
            layout
                .iter()
                .enumerate()
                .map(|(i, v)| {
                    if i % 3 == 0 {
                        v - drift * mean
                    } else {
                        v * WEIGHT[i % 3]
                    }
                })
                .collect()
        })
        .collect()
}

/// Divides each number of the layout by its spread over the video.
fn whiten(rows: &mut [Vec<f32>]) {
    let every = rows.len().div_ceil(WHITEN_SAMPLES).max(1);
    let sampled: Vec<&Vec<f32>> = rows.iter().step_by(every).collect();
    let count = sampled.len().max(1) as f32;
    let means: Vec<f32> = (0..LAYOUT)
        .map(|i| sampled.iter().map(|r| r[i]).sum::<f32>() / count)
        .collect();
    let spreads: Vec<f32> = (0..LAYOUT)
        .map(|i| {
            (sampled
                .iter()
                .map(|r| (r[i] - means[i]).powi(2))
                .sum::<f32>()
                / count)
                .sqrt()
        })
        .collect();
    let usual = spreads.iter().sum::<f32>() / LAYOUT as f32;
    for row in rows {
        for (i, value) in row.iter_mut().enumerate() {
            *value = (*value - means[i]) / spreads[i].max(2.0 + 0.35 * usual);
        }
    }
}
