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

#[cfg(test)]
mod tests {
    use super::mixes;
    use crate::choose::film;

    fn with_between(between: impl Fn(f32) -> crate::plane::Picture) -> Vec<f32> {
        let (a, b) = (film::scene(0, 20), film::scene(1, 20));
        let middle: Vec<_> = (1..14).map(|k| between(k as f32 / 14.0)).collect();
        mixes(&film::of([a, middle, b].concat()))
    }

    #[test]
    fn a_dissolve_is_a_mix_of_what_is_before_and_after() {
        let (a, b) = (film::scene(0, 1), film::scene(1, 1));
        let mixed = with_between(|share| film::mix(&a[0], &b[0], share));
        assert!(mixed[26] > 0.8, "{mixed:?}");
        assert!(mixed[5] == 0.0 && mixed[48] == 0.0, "{mixed:?}");
    }

    #[test]
    fn a_shot_between_two_cuts_is_none() {
        let other = film::scene(2, 1);
        let mixed = with_between(|_| other[0].clone());
        assert!(mixed.iter().all(|share| *share == 0.0), "{mixed:?}");
    }
}
