//! Fades and dissolves: frames that are a mix of what was before and what comes after.

use super::{exchange::exchanges, onset, ramp};
use crate::{
    decode::Frame,
    feature::{likeness, sums::sums},
};

/// Reach to each side, in seconds.
const SPANS: [f64; 2] = [0.25, 0.45];

/// Seconds around a transition in which frames are not trusted.
const MARGIN: f64 = 0.4;

/// How far a mix is on its way from one picture to the other; closer to either it is taken for that one.
pub(super) const UNDER_WAY: std::ops::Range<f32> = 0.12..0.88;

/// Two frames that correlate more than this show the same picture …
const SAME_PICTURE: f32 = 0.97;
/// … which is whole with this share of the other's contrast, and in a fade for certain with that.
const WHOLE: f32 = 0.9;
const FADED: f32 = 0.75;
/// Above this share of the other's spread (and a little for rounding) no picture can have lost contrast and correlate with it.
const LESS: f32 = 1.001 * WHOLE / SAME_PICTURE;

/// In so many seconds to either side a frame on its way changes by this share of the whole way at least; evenly it would be three times as much.
const BESIDE: f64 = 0.2;
const STANDS: f32 = 0.05;

/// Pictures with as much contrast that correlate so much are one that goes on: from surely not to surely.
const LIKE: (f32, f32) = (0.80, 0.90);

/// 0 for a frame of its own, up to 1 for a mix of its neighbours.
pub(crate) fn mixes(frames: &[Frame]) -> Vec<f32> {
    let mut mixed: Vec<f32> = exchanges(frames)
        .into_iter()
        .enumerate()
        .map(|(k, exchange)| {
            SPANS
                .iter()
                .map(|span| mix(frames, k, *span))
                .fold(exchange, f32::max)
        })
        .collect();
    onset::follow(frames, &mut mixed);
    let spreads: Vec<f32> = frames
        .iter()
        .map(|frame| likeness::mean_and_spread(&frame.features.look.thumb).1)
        .collect();
    (0..frames.len())
        .map(|k| mixed[k].max(beside(frames, &mixed, k)))
        .enumerate()
        // What is pale by itself says nothing of its neighbours: it may be a flash.
        .map(|(k, mixed)| mixed.max(paler(frames, &spreads, k)))
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

/// The frames at least so many seconds before and after one, where there are some not much further away.
pub(super) fn around(frames: &[Frame], at: usize, span: f64) -> Option<(&Frame, &Frame)> {
    let here = frames[at].time;
    let before = frames[..at]
        .iter()
        .rev()
        .find(|f| here - f.time >= span - 0.04)?;
    let after = frames[at + 1..]
        .iter()
        .find(|f| f.time - here >= span - 0.04)?;
    (after.time - before.time <= 4.0 * span + 0.3).then_some((before, after))
}

/// The share by which a frame is on its way between two others; none where it stands.
pub(super) fn on_its_way(share: f32, frames: &[Frame], at: usize, ends: (&Frame, &Frame)) -> f32 {
    if share > 0.0 && stands(frames, at, ends) {
        0.0
    } else {
        share
    }
}

/// Whether a frame stands while what is before and what is after it are far apart: between two transitions, or just beside one.
fn stands(frames: &[Frame], at: usize, (before, after): (&Frame, &Frame)) -> bool {
    let apart =
        |a: &Frame, b: &Frame| likeness::difference(&a.features.look.thumb, &b.features.look.thumb);
    around(frames, at, BESIDE).is_some_and(|(earlier, later)| {
        let changes = apart(earlier, &frames[at]).min(apart(&frames[at], later));
        changes < STANDS * apart(before, after)
    })
}

fn mix(frames: &[Frame], at: usize, span: f64) -> f32 {
    let Some((before, after)) = around(frames, at, span) else {
        return 0.0;
    };
    let (a, b, c) = (
        &before.features.look.thumb,
        &after.features.look.thumb,
        &frames[at].features.look.thumb,
    );
    let apart = likeness::difference(a, b);
    if apart < 5.0 {
        return 0.0;
    }
    let [product, square] = sums([a, b, c], |[a, b, c]| {
        [(b - a) * (c - a), (b - a) * (b - a)]
    });
    let share = (product / (square + 1e-3)).clamp(0.0, 1.0);
    let [left] = sums([a, b, c], |[a, b, c]| [(a + share * (b - a) - c).abs()]);
    let left = left / c.len().max(1) as f32;
    if UNDER_WAY.contains(&share) && left < 0.16 * apart + 0.4 {
        (apart / 10.0).min(1.0) * (1.0 - goes_on(a, b))
    } else {
        0.0
    }
}

/// How surely two pictures are one that goes on, in another light or with somebody who moved, and neither of them a fade of the other.
fn goes_on(a: &[f32], b: &[f32]) -> f32 {
    let (agreement, contrast) = likeness::agreement(a, b);
    if (WHOLE * agreement..agreement / WHOLE).contains(&contrast) {
        ramp(agreement, LIKE.0, LIKE.1)
    } else {
        0.0
    }
}

/// A fade is the picture of a neighbour with less contrast: known too where a cut or the edge of a window hides the other side.
fn paler(frames: &[Frame], spreads: &[f32], at: usize) -> f32 {
    let near = |k: &usize| (frames[*k].time - frames[at].time).abs() < SPANS[1];
    let before = (0..at).rev().take_while(near);
    let after = (at + 1..frames.len()).take_while(near);
    let thumb = |k: usize| &frames[k].features.look.thumb;
    before
        .chain(after)
        // One picture with less contrast spreads less: of most neighbours this says enough.
        .filter(|k| spreads[at] < LESS * spreads[*k])
        .map(|k| lost(thumb(at), thumb(k)))
        .fold(0.0, f32::max)
}

/// How surely one picture is the other with less contrast, 0 to 1.
fn lost(thumb: &[f32], clear: &[f32]) -> f32 {
    let (agreement, contrast) = likeness::agreement(thumb, clear);
    if agreement < SAME_PICTURE {
        return 0.0;
    }
    ramp(contrast, WHOLE, FADED)
}

#[cfg(test)]
mod tests {
    use super::mixes;
    use crate::{choose::film, feature::samples};

    #[test]
    fn a_fade_is_known_at_the_edge_of_what_was_seen() {
        let (black, scene) = (film::plain(0, 1), film::scene(0, 1));
        let rising = (5..11).map(|k| film::mix(&black[0], &scene[0], k as f32 / 11.0));
        let mixed = mixes(&film::of(rising.chain(film::scene(0, 14))));
        assert!(mixed[0] > 0.9 && mixed[1] > 0.9, "{mixed:?}");
        assert!(mixed[16..].iter().all(|share| *share == 0.0), "{mixed:?}");
    }

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
    fn a_light_that_changes_is_no_mix() {
        let lit = |k: usize| samples::luma(|x, y| samples::scene(x, y) / 2 + 2 * k as u8);
        let film = (0..50_usize).map(|k| lit(k.clamp(15, 35)));
        let mixed = mixes(&film::of(film));
        assert!(mixed.iter().all(|share| *share == 0.0), "{mixed:?}");
    }

    #[test]
    fn a_shot_between_two_cuts_is_none() {
        let other = film::scene(2, 1);
        let mixed = with_between(|_| other[0].clone());
        assert!(mixed.iter().all(|share| *share == 0.0), "{mixed:?}");
    }
}
