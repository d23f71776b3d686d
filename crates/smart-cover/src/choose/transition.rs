//! Fades and dissolves: frames that are a mix of what was before and what comes after.

use crate::{decode::Frame, feature::likeness};

/// Reach to each side, in seconds.
const SPANS: [f64; 2] = [0.25, 0.45];

/// Seconds around a transition in which frames are not trusted.
const MARGIN: f64 = 0.4;

/// 0 for a frame of its own, up to 1 for a mix of its neighbours.
pub(crate) fn mixes(frames: &[Frame]) -> Vec<f32> {
    let mixed: Vec<f32> = (0..frames.len())
        .map(|k| {
            SPANS
                .iter()
                .map(|span| mix(frames, k, *span))
                .fold(0.0, f32::max)
        })
        .collect();
    (0..frames.len())
        .map(|k| mixed[k].max(beside(frames, &mixed, k)))
        .collect()
}

/// The head and tail of a transition lack a neighbour to be a mix of; being close to the rest of it gives them away.
fn beside(frames: &[Frame], mixed: &[f32], at: usize) -> f32 {
    let here = frames[at].time;
    let ahead = (at + 1..frames.len()).take_while(|k| frames[*k].time - here < MARGIN);
    let behind = (0..at)
        .rev()
        .take_while(|k| here - frames[*k].time < MARGIN);
    ahead
        .chain(behind)
        .map(|k| mixed[k] * 0.6 * (1.0 - ((frames[k].time - here).abs() / MARGIN) as f32))
        .fold(0.0, f32::max)
}

fn mix(frames: &[Frame], at: usize, span: f64) -> f32 {
    let here = &frames[at];
    let before = frames[..at]
        .iter()
        .rev()
        .find(|f| here.time - f.time >= span - 0.04);
    let after = frames[at + 1..]
        .iter()
        .find(|f| f.time - here.time >= span - 0.04);
    let (Some(before), Some(after)) = (before, after) else {
        return 0.0;
    };
    if after.time - before.time > 4.0 * span + 0.3 {
        return 0.0;
    }
    let (a, b, c) = (
        &before.features.look.thumb,
        &after.features.look.thumb,
        &here.features.look.thumb,
    );
    let apart = likeness::difference(a, b);
    if apart < 5.0 {
        return 0.0;
    }
    let (mut product, mut square) = (0.0_f32, 1e-3_f32);
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        product += (b - a) * (c - a);
        square += (b - a) * (b - a);
    }
    let share = (product / square).clamp(0.0, 1.0);
    let left: f32 = a
        .iter()
        .zip(b)
        .zip(c)
        .map(|((a, b), c)| (a + share * (b - a) - c).abs())
        .sum::<f32>()
        / c.len().max(1) as f32;
    if (0.12..0.88).contains(&share) && left < 0.16 * apart + 0.4 {
        (apart / 10.0).min(1.0)
    } else {
        0.0
    }
}
