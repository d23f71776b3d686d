//! Spreads the covers over what the video shows: each next one is good, and far in looks from those before.

use super::{
    Choice,
    quality::{Quality, percentile},
};
use crate::{
    decode::Frame,
    feature::likeness::{self, LAYOUT},
};

/// Two covers alike by more than this (structural similarity of their luma at 64 × 36) are duplicates.
pub(crate) const DUPLICATE: f32 = 0.72;
/// Distance in looks within which frames belong to one moment.
const MOMENT: f32 = 0.45;
/// Distance in looks within which frames show the same thing.
const SAME: f32 = 0.60;
/// Distance in looks from which on frames count as wholly different.
const APART: f32 = 1.1;
/// Most frames among which all distances are taken.
const MOST: usize = 1700;

pub(crate) fn spread(
    frames: &[Frame],
    quality: &[Quality],
    count: usize,
    delete_duplicates: bool,
    dense: bool,
) -> Vec<Choice> {
    let pool = pool(quality);
    if pool.is_empty() {
        return Vec::new();
    }
    let space = Space::new(frames, &pool);
    let crowd = Crowd::new(frames, quality, &pool, &space, dense);
    let mut chosen = greedy(frames, &pool, &space, &crowd, count, delete_duplicates);
    if !delete_duplicates {
        fill(
            frames,
            quality,
            &pool,
            &space,
            &mut chosen,
            count.min(frames.len()),
        );
    }
    chosen
}

/// Places of the frames that may become covers; the least bad ones when none is good.
fn pool(quality: &[Quality]) -> Vec<usize> {
    let best = quality.iter().map(|q| q.value).fold(0.0, f32::max);
    let floor = if best > 0.05 { 0.05 } else { best - 1e-9 };
    let mut pool: Vec<usize> = (0..quality.len())
        .filter(|k| quality[*k].value > floor || quality[*k].value >= best)
        .collect();
    if pool.len() > MOST {
        let every = pool.len() as f64 / MOST as f64;
        pool = (0..MOST)
            .map(|k| pool[(k as f64 * every) as usize])
            .collect();
    }
    pool
}

/// Distances in looks between the frames of the pool.
struct Space {
    distances: Vec<f32>,
    size: usize,
}

impl Space {
    /// Two readings of the layout are added: colours and their places less exposure drift, and the same
    /// whitened by the video's own spread, so that visitors before a fixed camera differ.
    fn new(frames: &[Frame], pool: &[usize]) -> Self {
        const WEIGHT: [f32; 3] = [1.0, 1.4, 1.95];
        let layouts = |keep: f32| -> Vec<Vec<f32>> {
            pool.iter()
                .map(|k| {
                    let layout = &frames[*k].features.look.layout;
                    let mean = layout.iter().step_by(3).sum::<f32>() / (LAYOUT / 3) as f32;
                    layout
                        .iter()
                        .enumerate()
                        .map(|(i, v)| {
                            if i % 3 == 0 {
                                v - keep * mean
                            } else {
                                v * WEIGHT[i % 3]
                            }
                        })
                        .collect()
                })
                .collect()
        };
        let base = layouts(0.7);
        let mut white = layouts(1.0);
        whiten(&mut white);
        let size = pool.len();
        let root = (LAYOUT as f32).sqrt();
        let apart = |a: &[f32], b: &[f32]| {
            a.iter()
                .zip(b)
                .map(|(x, y)| (x - y) * (x - y))
                .sum::<f32>()
                .sqrt()
                / root
        };
        let mut distances = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..i {
                let d = apart(&base[i], &base[j]) / 22.0 + 0.35 * apart(&white[i], &white[j]);
                distances[i * size + j] = d;
                distances[j * size + i] = d;
            }
        }
        Self { distances, size }
    }

    fn row(&self, k: usize) -> &[f32] {
        &self.distances[k * self.size..][..self.size]
    }
}

/// Divides each number of the layout by its spread over the video.
fn whiten(rows: &mut [Vec<f32>]) {
    let count = rows.len().max(1) as f32;
    let mean = |rows: &[Vec<f32>], i: usize| rows.iter().map(|r| r[i]).sum::<f32>() / count;
    let means: Vec<f32> = (0..LAYOUT).map(|i| mean(rows, i)).collect();
    let spreads: Vec<f32> = (0..LAYOUT)
        .map(|i| (rows.iter().map(|r| (r[i] - means[i]).powi(2)).sum::<f32>() / count).sqrt())
        .collect();
    let usual = spreads.iter().sum::<f32>() / LAYOUT as f32;
    for row in rows {
        for (i, value) in row.iter_mut().enumerate() {
            *value = (*value - means[i]) / spreads[i].max(2.0 + 0.35 * usual);
        }
    }
}

/// What the frames around and alike say about each frame of the pool.
struct Crowd {
    worth: Vec<f32>,
    /// For the choice within one moment.
    moment: Vec<f32>,
    near: Vec<std::ops::Range<usize>>,
}

impl Crowd {
    fn new(
        frames: &[Frame],
        quality: &[Quality],
        pool: &[usize],
        space: &Space,
        dense: bool,
    ) -> Self {
        let times: Vec<f64> = pool.iter().map(|k| frames[*k].time).collect();
        let near: Vec<std::ops::Range<usize>> = times
            .iter()
            .map(|t| {
                times.partition_point(|x| *x < t - 1.0)..times.partition_point(|x| *x <= t + 1.0)
            })
            .collect();
        let mut gaps: Vec<f32> = frames
            .windows(2)
            .map(|w| (w[1].time - w[0].time) as f32)
            .collect();
        let gap = if gaps.is_empty() {
            1.0
        } else {
            percentile(&mut gaps, 0.5)
        };
        let motion = motion(frames, dense);
        let detail = |k: usize| frames[pool[k]].features.sharpness.detail;
        let (mut worth, mut moment) = (Vec::new(), Vec::new());
        for k in 0..pool.len() {
            let row = space.row(k);
            let lasting = near[k].clone().filter(|j| row[*j] < MOMENT).count() as f32 * gap;
            let steady = if dense { (lasting / 0.8).min(1.0) } else { 1.0 };
            let mass =
                (row.iter().filter(|d| **d < SAME).count() as f32 / pool.len() as f32).powf(0.12);
            let mut local: Vec<f32> = near[k]
                .clone()
                .filter(|j| row[*j] < SAME)
                .map(detail)
                .collect();
            let crisp = (detail(k) / (percentile(&mut local, 0.95) + 1e-3))
                .clamp(0.0, 1.0)
                .powf(1.5);
            let calm = 1.0 / (1.0 + motion[pool[k]] / 25.0);
            let q = quality[pool[k]].value;
            worth.push(
                q.powf(0.8)
                    * (0.4 + 0.6 * steady)
                    * mass
                    * (0.4 + 0.6 * crisp)
                    * (0.5 + 0.5 * calm),
            );
            moment.push(q * crisp * calm * (0.25 + 0.75 * steady));
        }
        Self {
            worth,
            moment,
            near,
        }
    }
}

/// Change of luma against the calmer of both neighbours.
fn motion(frames: &[Frame], dense: bool) -> Vec<f32> {
    if !dense || frames.len() < 3 {
        return vec![0.0; frames.len()];
    }
    let steps: Vec<f32> = frames
        .windows(2)
        .map(|w| likeness::difference(&w[0].features.look.thumb, &w[1].features.look.thumb))
        .collect();
    (0..frames.len())
        .map(|k| {
            let before = k.checked_sub(1).and_then(|b| steps.get(b));
            let after = steps.get(k);
            before
                .into_iter()
                .chain(after)
                .copied()
                .fold(f32::INFINITY, f32::min)
        })
        .collect()
}

fn greedy(
    frames: &[Frame],
    pool: &[usize],
    space: &Space,
    crowd: &Crowd,
    count: usize,
    delete_duplicates: bool,
) -> Vec<Choice> {
    let time = |k: usize| frames[pool[k]].time;
    let span = (time(pool.len() - 1) - time(0)).max(1e-3);
    let mut alive = vec![true; pool.len()];
    let mut chosen: Vec<(usize, f32)> = Vec::new();
    while chosen.len() < count {
        let value = |k: usize| {
            let mut value = crowd.worth[k];
            if !chosen.is_empty() {
                let looks = chosen
                    .iter()
                    .map(|(c, _)| space.row(k)[*c])
                    .fold(f32::INFINITY, f32::min);
                let seconds = chosen
                    .iter()
                    .map(|(c, _)| (time(k) - time(*c)).abs())
                    .fold(f64::INFINITY, f64::min);
                value *= (looks / APART).min(1.0).powi(3);
                value *= 0.6 + 0.4 * (seconds / (span / (2.0 * count as f64))).min(1.0) as f32;
            }
            value
        };
        let Some((best, value)) = (0..pool.len())
            .filter(|k| alive[*k])
            .map(|k| (k, value(k)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        else {
            break;
        };
        if value < 0.015 && !chosen.is_empty() {
            break;
        }
        let same: Vec<usize> = crowd.near[best]
            .clone()
            .filter(|j| space.row(best)[*j] < MOMENT)
            .collect();
        let crispest = same
            .iter()
            .copied()
            .max_by(|a, b| crowd.moment[*a].total_cmp(&crowd.moment[*b]).then(b.cmp(a)))
            .unwrap_or(best);
        for k in same.into_iter().chain([best]) {
            alive[k] = false;
        }
        if delete_duplicates
            && chosen
                .iter()
                .any(|(c, _)| alike(frames, pool[crispest], pool[*c]) > DUPLICATE)
        {
            continue;
        }
        chosen.push((crispest, value));
    }
    chosen
        .into_iter()
        .map(|(k, value)| Choice {
            frame: pool[k],
            score: value.clamp(0.0, 1.0),
        })
        .collect()
}

fn alike(frames: &[Frame], a: usize, b: usize) -> f32 {
    likeness::similarity(
        &frames[a].features.look.thumb,
        &frames[b].features.look.thumb,
    )
}

/// Fills the count with good frames far away in time and looks from those chosen.
fn fill(
    frames: &[Frame],
    quality: &[Quality],
    pool: &[usize],
    space: &Space,
    chosen: &mut Vec<Choice>,
    count: usize,
) {
    let mut details: Vec<f32> = pool
        .iter()
        .map(|k| frames[*k].features.sharpness.detail)
        .collect();
    let top = percentile(&mut details, 0.8);
    let length =
        frames.last().map_or(0.0, |f| f.time) - frames.first().map_or(0.0, |f| f.time) + 1e-6;
    let place = |frame: usize| pool.binary_search(&frame).ok();
    while chosen.len() < count {
        let everything: Vec<usize> = (0..frames.len()).collect();
        let free = |from: &[usize]| -> Vec<usize> {
            from.iter()
                .copied()
                .filter(|k| chosen.iter().all(|c| c.frame != *k))
                .collect()
        };
        let mut open = free(pool);
        if open.is_empty() {
            open = free(&everything);
        }
        let value = |k: usize| {
            let f = &frames[k];
            let seconds = chosen
                .iter()
                .map(|c| (frames[c.frame].time - f.time).abs())
                .fold(f64::INFINITY, f64::min)
                / length;
            let looks = place(k).map_or(0.0, |p| {
                chosen
                    .iter()
                    .filter_map(|c| place(c.frame))
                    .map(|c| space.row(p)[c])
                    .fold(f32::INFINITY, f32::min)
                    .min(10.0)
            });
            (quality[k].value + 0.01)
                * (0.05 + seconds as f32)
                * (0.2 + looks)
                * (f.features.sharpness.detail / (top + 1e-3)).clamp(0.05, 1.0)
        };
        let Some(best) = open
            .into_iter()
            .max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a)))
        else {
            break;
        };
        let floor = chosen.last().map_or(1.0, |c| c.score);
        chosen.push(Choice {
            frame: best,
            score: (value(best)).clamp(0.0, floor),
        });
    }
}
