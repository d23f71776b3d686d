//! What the frames around and alike say about each frame: whether it lasts, whether it is the crispest and calmest of its moment.

use std::ops::Range;

use super::{
    looks::Looks,
    quality::{Quality, percentile},
    shot::{self, Shots},
    spread::MOMENT,
};
use crate::{decode::Frame, feature::likeness};

/// Distance in looks within which frames show the same thing.
const SAME: f32 = 0.60;
/// A frame of less quality than this is a last resort.
const FAIR: f32 = 0.25;
/// Frames against which it is counted how much of the video looks like a frame.
const WITNESSES: usize = 160;
/// What a picture without any of the detail that its take shows elsewhere would keep of its worth.
const SOFTEST: f32 = 0.5;
/// The power to which it counts how full a page or a drawing is beside the fullest of its scene.
const FULLER: f32 = 3.0;

/// Per frame of the pool.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// As a cover by itself.
    pub(crate) worth: Vec<f32>,
    /// Among the frames that look like it, but for how crisp it is.
    pub(crate) moment: Vec<f32>,
    /// The frames within a second.
    pub(crate) near: Vec<Range<usize>>,
    /// Whether visitors before a fixed camera are what counts.
    pub(crate) visits: bool,
}

impl Crowd {
    pub(crate) fn new(
        frames: &[Frame],
        quality: &[Quality],
        pool: &[usize],
        looks: &Looks,
        shots: &Shots,
        dense: bool,
        interest: Option<&[f32]>,
    ) -> Self {
        let times: Vec<f64> = pool.iter().map(|k| frames[*k].time).collect();
        let near: Vec<Range<usize>> = times
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
        let witnesses: Vec<usize> = (0..pool.len())
            .step_by(pool.len().div_ceil(WITNESSES))
            .collect();
        let motion = motion(frames, dense);
        let detail = |k: usize| frames[pool[k]].features.sharpness.detail;
        let (mut worth, mut moment) = (Vec::new(), Vec::new());
        let crispest = of_takes(shots, detail);
        let even = |k: usize| frames[pool[k]].features.pattern.even;
        let fullest = fullest(shots, |k| {
            shot::is_drawn(&frames[pool[k]]).then(|| 1.0 - even(k))
        });
        for k in 0..pool.len() {
            let around: Vec<(usize, f32)> = near[k]
                .clone()
                .filter(|j| shots.shot[*j] == shots.shot[k])
                .map(|j| (j, looks.distance(k, j)))
                .collect();
            let lasting = around.iter().filter(|(_, d)| *d < MOMENT).count() as f32 * gap;
            let steady = if dense { (lasting / 0.8).min(1.0) } else { 1.0 };
            let like = witnesses
                .iter()
                .filter(|w| looks.distance(k, **w) < SAME)
                .count()
                .max(1);
            // Where visits count, the empty scene is what most of the video looks like.
            let mass = if interest.is_some() {
                1.0
            } else {
                (like as f32 / witnesses.len() as f32).powf(0.12)
            };
            let mut local: Vec<f32> = around
                .iter()
                .filter(|(_, d)| *d < SAME)
                .map(|(j, _)| detail(*j))
                .collect();
            let crisp = (detail(k) / (percentile(&mut local, 0.95) + 1e-3))
                .clamp(0.0, 1.0)
                .powf(1.5);
            // A page with more writing is no crisper, but shows more.
            let (of_take, shows) = if shot::is_drawn(&frames[pool[k]]) {
                (1.0, (1.0 - even(k)) / (fullest[shots.scene[k]] + 1e-3))
            } else {
                ((detail(k) / (crispest[k] + 1e-3)).min(1.0), 1.0)
            };
            let [calm, calm_to_both] = motion[pool[k]].map(|motion| 1.0 / (1.0 + motion / 25.0));
            // Labels, encoders and seeks are all a little off at a cut.
            let settled = if dense {
                settled(shots.inside[k] as f32)
            } else {
                1.0
            };
            let seen = interest.map_or(1.0, |interest| 0.2 + 0.8 * interest[pool[k]]);
            let q = quality[pool[k]].value * settled * seen;
            worth.push(
                q.powf(0.8)
                    * (q / FAIR).min(1.0)
                    * (0.4 + 0.6 * steady)
                    * mass
                    * (0.4 + 0.6 * crisp)
                    * (0.5 + 0.5 * calm)
                    * (SOFTEST + (1.0 - SOFTEST) * of_take)
                    * shows.min(1.0).powf(FULLER),
            );
            moment.push(q * calm_to_both * (0.25 + 0.75 * steady));
        }
        Self {
            worth,
            moment,
            near,
            visits: interest.is_some(),
        }
    }
}

/// The detail that the take of each frame of the pool shows where it is crisp.
fn of_takes(shots: &Shots, detail: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut crispest = Vec::with_capacity(shots.take.len());
    for take in shots.takes() {
        let mut details: Vec<f32> = take.clone().map(&detail).collect();
        crispest.resize(take.end, percentile(&mut details, 0.9));
    }
    crispest
}

/// How much of a page, screen or drawing is not ground where each scene has most on it; `shown` says it of those frames of the pool that are drawn.
fn fullest(shots: &Shots, shown: impl Fn(usize) -> Option<f32>) -> Vec<f32> {
    let mut of_scenes = vec![Vec::new(); shots.scenes];
    for (k, scene) in shots.scene.iter().enumerate() {
        of_scenes[*scene].extend(shown(k));
    }
    of_scenes
        .iter_mut()
        .map(|shown| percentile(shown, 0.9))
        .collect()
}

/// Seconds from a cut count: at once because every clock is a little off there, and for longer because pictures take a moment to be complete.
fn settled(inside: f32) -> f32 {
    (0.6 + 0.4 * inside / 0.2).min(1.0) * (0.8 + 0.2 * inside / 0.5).min(1.0)
}

/// Change of luma against the calmer and the livelier of both neighbours.
fn motion(frames: &[Frame], dense: bool) -> Vec<[f32; 2]> {
    if !dense || frames.len() < 3 {
        return vec![[0.0; 2]; frames.len()];
    }
    let steps: Vec<f32> = frames
        .windows(2)
        .map(|w| likeness::difference(&w[0].features.look.thumb, &w[1].features.look.thumb))
        .collect();
    (0..frames.len())
        .map(|k| {
            let before = k.checked_sub(1).and_then(|b| steps.get(b));
            let sides = before.into_iter().chain(steps.get(k)).copied();
            [f32::min, f32::max].map(|of_both| sides.clone().reduce(of_both).unwrap_or(0.0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        choose::{choose, film, shot},
        feature::samples,
    };

    #[test]
    fn of_a_screen_the_fuller_moment_is_worth_more() {
        let written = |rows: usize| {
            samples::luma(move |x, y| {
                let within = (6..40).contains(&x) && (4..rows).contains(&y);
                20 + 90 * u8::from(within && x / 2 % 3 != 0 && y / 4 % 2 == 0)
            })
        };
        let frames = film::of([vec![written(60); 40], vec![written(76); 40]].concat());
        assert!(frames.iter().all(shot::is_drawn));
        let decision = choose(&frames, 1, false, true);
        assert!(decision.scenes[10].is_some() && decision.scenes[10] == decision.scenes[70]);
        let (emptier, fuller) = (decision.worth[10], decision.worth[70]);
        assert!(fuller > 1.2 * emptier, "{fuller} {emptier}");
    }
}
