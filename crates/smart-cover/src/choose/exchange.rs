//! Wipes, irises, and dissolves between moving pictures: each place of the frame is on its own way from what was there to what will be.

use super::{motion::unmoved, ramp, shot::Palette, slide::slide, sweep::sweeps, transition};
use crate::{
    decode::Frame,
    feature::likeness::{self, CELLS},
};

/// Reach to each side, in seconds.
pub(super) const SPANS: [f64; 3] = [0.2, 0.4, 0.7];
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

/// A share from which on a frame belongs to a run.
const SURE: f32 = 0.3;
/// Seconds from a run of such frames to the pictures before and after it; a shorter gap does not end it.
const CLEAR: f64 = 0.2;
/// The pictures before and after are this far apart at least, on average over the cells, …
const FAR: f32 = 12.0;
/// … and agree less than this in structure: under an exposure that adapts, they would.
const ALIKE: f32 = 0.3;
/// … and this much of their light, or of one colour, is exchanged: what moves through a frame changes places, but hardly shades.
const OTHER_SHADES: f32 = 0.33;

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
    for (share, swept) in shares.iter_mut().zip(sweeps(frames)) {
        *share = share.max(f32::from(u8::from(swept)));
    }
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
pub(super) fn leads_elsewhere(frames: &[Frame], first: usize, last: usize) -> bool {
    let (begins, ends) = (frames[first].time, frames[last].time);
    let before = frames[..first].iter().rfind(|f| begins - f.time > CLEAR);
    let after = frames[last + 1..].iter().find(|f| f.time - ends > CLEAR);
    let (Some(before), Some(after)) = (before, after) else {
        return true;
    };
    let (from, to) = (&before.features.look, &after.features.look);
    let cells = from.layout.chunks_exact(3).zip(to.layout.chunks_exact(3));
    let way: f32 = cells.map(|(a, b)| Cell::of(a, b, a).way).sum();
    way > FAR * (CELLS.0 * CELLS.1) as f32
        && likeness::structure(&from.thumb, &to.thumb) < ALIKE
        && Palette::of(before).other_shades(&Palette::of(after)) > OTHER_SHADES
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
    let share = ramp(off / way, OFF, ON);
    transition::on_its_way(share, frames, at, (before, after))
}

/// 1 where another picture comes through, 0 where the camera or what it sees moves.
fn unmoving(frames: &[Frame], at: usize) -> f32 {
    let thumb = |k: usize| &frames[k].features.look.thumb;
    let Some((before, after)) = transition::around(frames, at, SPANS[0]) else {
        return 1.0;
    };
    let (before, after) = (&before.features.look.thumb, &after.features.look.thumb);
    let comes = |left: f32| ramp(left, MOVED, EXCHANGED);
    let first = comes(unmoved(before, thumb(at)));
    if first == 1.0 {
        return first;
    }
    first.max(comes(unmoved(thumb(at), after)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{choose::film, feature::samples, plane::Picture};

    fn through(middle: Vec<Picture>) -> Vec<f32> {
        let frames = film::of([film::scene(0, 12), middle, film::scene(1, 12)].concat());
        exchanges(&frames)
    }

    /// From one picture to another behind an edge.
    fn wipe(a: &Picture, b: &Picture) -> Vec<Picture> {
        let at = |p: &Picture, x: usize, y: usize| p.y.data[y * samples::WIDTH + x];
        let step = |k: usize| {
            let edge = k * samples::WIDTH / 12;
            samples::luma(|x, y| at(if x < edge { b } else { a }, x, y))
        };
        (1..12).map(step).collect()
    }

    #[test]
    fn a_wipe_is_an_exchange_of_places() {
        let exchanged = through(wipe(&film::scene(0, 1)[0], &film::scene(1, 1)[0]));
        assert!(exchanged[15..20].iter().all(|e| *e > 0.2), "{exchanged:?}");
        assert!(exchanged[..10].iter().all(|e| *e == 0.0), "{exchanged:?}");
    }

    #[test]
    fn what_keeps_its_shades_is_the_same_picture_with_its_parts_elsewhere() {
        let (here, there) = (
            samples::luma(samples::scene),
            samples::luma(|x, y| samples::scene(samples::WIDTH - 1 - x, samples::HEIGHT - 1 - y)),
        );
        let film = [
            vec![here.clone(); 12],
            wipe(&here, &there),
            vec![there.clone(); 12],
        ];
        let exchanged = exchanges(&film::of(film.concat()));
        assert!(exchanged.iter().all(|e| *e == 0.0), "{exchanged:?}");
    }

    #[test]
    fn a_cut_is_none() {
        let exchanged = through(Vec::new());
        assert!(exchanged.iter().all(|e| *e == 0.0), "{exchanged:?}");
    }

    #[test]
    fn a_pan_is_motion() {
        let frames = film::of((0..40).map(|k| film::view(3 * k)));
        let exchanged = exchanges(&frames);
        assert!(exchanged.iter().all(|e| *e == 0.0), "{exchanged:?}");
        let thumb = |k: usize| &frames[k].features.look.thumb;
        assert!(unmoved(thumb(10), thumb(12)) < MOVED);
    }
}
