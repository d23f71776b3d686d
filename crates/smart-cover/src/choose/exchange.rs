//! Wipes, irises, and dissolves between moving pictures: each place of the frame is on its own way from what was there to what will be.

use super::{slide::slide, transition};
use crate::{
    decode::Frame,
    feature::likeness::{self, CELLS, THUMB},
};

/// Reach to each side, in seconds.
const SPANS: [f64; 3] = [0.2, 0.4, 0.7];
/// A cell changes when luma and colours together move by more than this (0 to 255).
const CHANGED: f32 = 8.0;
/// So many of the cells have to change: a visitor changes fewer.
const MOST_CELLS: f32 = 0.6;
/// How far cells lie off their way, as a share of its length: up to here they are on it …
const ON: f32 = 0.12;
/// … and from here on they are not.
const OFF: f32 = 0.22;
/// What is left of the change when every block may come from elsewhere in the frame before: a moving camera leaves less …
const MOVED: f32 = 0.68;
/// … than this.
const EXCHANGED: f32 = 0.76;
/// Blocks of the small luma that are looked for, and how far to each side.
const BLOCK: (usize, usize) = (16, 12);
const SEARCH: (usize, usize) = (4, 3);

/// A share from which on a frame belongs to a run.
const SURE: f32 = 0.3;
/// Seconds from a run of such frames to the pictures before and after it; a shorter gap does not end it.
const CLEAR: f64 = 0.2;
/// The pictures before and after are this far apart at least, on average over the cells, …
const FAR: f32 = 12.0;
/// … and agree less than this in structure: under an exposure that adapts, they would.
const ALIKE: f32 = 0.3;

/// 0 for a frame of its own, up to 1 for one half way from another picture to a third.
pub(super) fn exchanges(frames: &[Frame]) -> Vec<f32> {
    let mut shares: Vec<f32> = (0..frames.len())
        .map(|at| {
            let reach = SPANS.iter().map(|span| between(frames, at, *span));
            let share = reach.fold(0.0, f32::max);
            let stands = if share > 0.0 {
                share * unmoving(frames, at)
            } else {
                0.0
            };
            stands.max(slide(frames, at))
        })
        .collect();
    let mut start = 0;
    while start < shares.len() {
        let Some(last) = last_of_run(frames, &shares, start) else {
            start += 1;
            continue;
        };
        let run = &mut shares[start..=last];
        if !leads_elsewhere(frames, start, last) {
            run.fill(0.0);
        }
        start = last + 1;
    }
    shares
}

/// The last frame of the run that starts here, over gaps that are short; none where none starts.
fn last_of_run(frames: &[Frame], shares: &[f32], start: usize) -> Option<usize> {
    let mut last = (shares[start] > SURE).then_some(start)?;
    for k in start + 1..shares.len() {
        if frames[k].time - frames[last].time > CLEAR {
            break;
        }
        if shares[k] > SURE {
            last = k;
        }
    }
    Some(last)
}

/// Whether what comes after a run of frames is another picture than what was before.
fn leads_elsewhere(frames: &[Frame], first: usize, last: usize) -> bool {
    let (begins, ends) = (frames[first].time, frames[last].time);
    let before = frames[..first].iter().rfind(|f| begins - f.time > CLEAR);
    let after = frames[last + 1..].iter().find(|f| f.time - ends > CLEAR);
    let (Some(before), Some(after)) = (before, after) else {
        return true;
    };
    let (from, to) = (&before.features.look, &after.features.look);
    let cells = from.layout.chunks_exact(3).zip(to.layout.chunks_exact(3));
    let way: f32 = cells.map(|(a, b)| Cell::of(a, b, a).way).sum();
    way > FAR * (CELLS.0 * CELLS.1) as f32 && likeness::structure(&from.thumb, &to.thumb) < ALIKE
}

fn between(frames: &[Frame], at: usize, span: f64) -> f32 {
    let Some((before, after)) = transition::around(frames, at, span) else {
        return 0.0;
    };
    let (from, to) = (&before.features.look, &after.features.look);
    let here = &frames[at].features.look;
    let (mut way, mut off, mut done, mut changed) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    let cells = from.layout.chunks_exact(3).zip(to.layout.chunks_exact(3));
    for ((a, b), c) in cells.zip(here.layout.chunks_exact(3)) {
        let cell = Cell::of(a, b, c);
        way += cell.way;
        off += cell.off;
        done += cell.way * cell.share;
        changed += f32::from(u8::from(cell.way > CHANGED));
    }
    let few = changed < MOST_CELLS * (CELLS.0 * CELLS.1) as f32;
    let way = way.max(1e-3);
    if few || !transition::UNDER_WAY.contains(&(done / way)) {
        return 0.0;
    }
    ((OFF - off / way) / (OFF - ON)).clamp(0.0, 1.0)
}

/// 1 where another picture comes through, 0 where the camera or what it sees moves.
fn unmoving(frames: &[Frame], at: usize) -> f32 {
    let thumb = |k: usize| &frames[k].features.look.thumb;
    let left = transition::around(frames, at, SPANS[0]).map_or(1.0, |(before, after)| {
        let (before, after) = (&before.features.look.thumb, &after.features.look.thumb);
        unmoved(before, thumb(at)).max(unmoved(thumb(at), after))
    });
    ((left - MOVED) / (EXCHANGED - MOVED)).clamp(0.0, 1.0)
}

/// One cell's way from a to b, and where c is on it: luma and two colours each.
struct Cell {
    /// Length of the way.
    way: f32,
    /// 0 at a, 1 at b.
    share: f32,
    /// How far c lies off the way.
    off: f32,
}

impl Cell {
    fn of(a: &[f32], b: &[f32], c: &[f32]) -> Self {
        let (mut product, mut square) = (0.0_f32, 1e-3_f32);
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            product += (b - a) * (c - a);
            square += (b - a) * (b - a);
        }
        let share = (product / square).clamp(0.0, 1.0);
        let off = a
            .iter()
            .zip(b)
            .zip(c)
            .map(|((a, b), c)| (c - a - share * (b - a)).powi(2))
            .sum::<f32>();
        Self {
            way: square.sqrt(),
            share,
            off: off.sqrt(),
        }
    }
}

/// The share of the change from a to b that is left when each block of b may be taken from its surroundings in a:
/// well below 1 where the camera or what it sees moved, close to 1 where another picture comes through.
pub(super) fn unmoved(a: &[f32], b: &[f32]) -> f32 {
    let (mut still, mut best) = (0.5_f32, 0.5_f32);
    for top in (0..THUMB.1).step_by(BLOCK.1) {
        for left in (0..THUMB.0).step_by(BLOCK.0) {
            still += block(a, b, (left, top), SEARCH);
            let steps = (0..=2 * SEARCH.1).flat_map(|y| (0..=2 * SEARCH.0).map(move |x| (x, y)));
            best += steps
                .map(|step| block(a, b, (left, top), step))
                .fold(f32::INFINITY, f32::min);
        }
    }
    best / still
}

/// Mean difference between a block of b and the one of a that lies a step further, counted from the far corner of the search.
fn block(a: &[f32], b: &[f32], (left, top): (usize, usize), (x, y): (usize, usize)) -> f32 {
    let (width, height) = THUMB;
    // What lies outside the frame is not compared.
    let columns = left.max(SEARCH.0.saturating_sub(x))..(left + BLOCK.0).min(width + SEARCH.0 - x);
    let rows = top.max(SEARCH.1.saturating_sub(y))..(top + BLOCK.1).min(height + SEARCH.1 - y);
    let count = (columns.len() * rows.len()).max(1) as f32;
    let sum: f32 = rows
        .map(|row| {
            let here = &b[row * width..][columns.clone()];
            let there = &a[(row + y - SEARCH.1) * width..]
                [columns.start + x - SEARCH.0..columns.end + x - SEARCH.0];
            here.iter()
                .zip(there)
                .map(|(b, a)| (b - a).abs())
                .sum::<f32>()
        })
        .sum();
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{choose::film, feature::samples, plane::Picture};

    fn through(middle: Vec<Picture>) -> Vec<f32> {
        let frames = film::of([film::scene(0, 12), middle, film::scene(1, 12)].concat());
        exchanges(&frames)
    }

    #[test]
    fn a_wipe_is_an_exchange_of_places() {
        let (a, b) = (film::scene(0, 1), film::scene(1, 1));
        let at = |p: &[Picture], x: usize, y: usize| p[0].y.data[y * samples::WIDTH + x];
        let wipe = (1..12).map(|k| {
            let edge = k * samples::WIDTH / 12;
            samples::luma(|x, y| at(if x < edge { &b } else { &a }, x, y))
        });
        let exchanged = through(wipe.collect());
        assert!(exchanged[15..20].iter().all(|e| *e > 0.2), "{exchanged:?}");
        assert!(exchanged[..10].iter().all(|e| *e == 0.0), "{exchanged:?}");
    }

    #[test]
    fn a_cut_is_none() {
        let exchanged = through(Vec::new());
        assert!(exchanged.iter().all(|e| *e == 0.0), "{exchanged:?}");
    }

    #[test]
    fn a_pan_is_motion() {
        let view = |by: usize| {
            samples::luma(move |x, y| {
                let (fx, fy) = ((x + by) as f32 / 9.0, y as f32 / 7.0);
                (128.0 + 60.0 * fx.sin() + 50.0 * (fx * 0.37 + fy).cos()) as u8
            })
        };
        let frames = film::of((0..40).map(|k| view(3 * k)));
        let exchanged = exchanges(&frames);
        assert!(exchanged.iter().all(|e| *e == 0.0), "{exchanged:?}");
        let thumb = |k: usize| &frames[k].features.look.thumb;
        assert!(unmoved(thumb(10), thumb(12)) < MOVED);
    }
}
