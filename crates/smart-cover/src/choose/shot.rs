//! Shots and scenes: where the picture is cut, and which shots show the same thing again.

use std::ops::Range;

use super::{looks::Looks, quality::Quality};
use crate::{decode::Frame, feature::likeness};

/// Frames further apart than this in seconds are not neighbours.
const GAP: f64 = 0.7;
/// A cut changes the picture at least this much (mean luma difference at 64 × 36) …
const CUT: f32 = 6.0;
/// … or, where little light is spread thinly (night, writing on a dark screen), at least this much and nearly all structure …
const CUT_DIM: f32 = 1.5;
const UNLIKE: f32 = 0.5;
/// … and this many times more than the picture changes just before and after.
const CUT_RATIO: f32 = 3.0;
/// Steps of luma and of each colour in a palette, and how much of it a cut exchanges at least.
const STEPS: usize = 16;
const REPAINTED: f32 = 0.15;
/// Without a cut, a picture this far in looks from where the shot began is another one: a pan, a slow dissolve, a visitor.
const DRIFTED: f32 = 1.1;
/// A take goes on after so many seconds that were seen badly without a cut …
const WAVER: f64 = 0.3;
/// … and after so many in which there was nothing to see, such as a flash, when what comes after looks like what was before.
const BLINK: f64 = 0.8;
const BLINK_LOOKS: f32 = 0.8;
/// Shots closer in looks than this show the same scene,
const SAME_LOOKS: f32 = 0.45;
/// … and so do those not much further apart whose places agree in structure.
const SAME_STRUCTURE: (f32, f32) = (0.90, 0.75);
/// … or that have so much of their lit ground in common, in the same places: a head before a wall with and without a caption.
const SAME_GROUND: f32 = 0.55;
/// Pages and screens share their ground, so that looks say little: with this much even ground …
const DRAWN: f32 = 0.8;
/// … and so many hard edges among all: writing has three tenths and more, somebody before an even wall a sixth at most.
const WRITTEN: f32 = 0.2;
/// A frame that differs less than this from one beside it stands still.
const STANDING: f32 = 0.1;
/// … and with this much when it stands still, pictures on it or not …
const SLIDE: f32 = 0.5;
/// … what is on the ground has to agree so far, place by place, however faint: a bright clock in the corner outweighs no page.
const SAME_WRITING: f32 = 0.68;
/// Most shots of a scene that a new one is compared with.
const LEADERS: usize = 6;

/// Which shot and which scene each frame of the pool belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shots {
    /// Per frame of the pool: what lies between two cuts.
    pub(crate) take: Vec<usize>,
    /// Per frame of the pool: a take, or the part of it in which the picture stays much the same.
    pub(crate) shot: Vec<usize>,
    /// Per frame of the pool.
    pub(crate) scene: Vec<usize>,
    /// How many scenes there are.
    pub(crate) scenes: usize,
    /// Per frame of the pool: seconds to the nearer end of its shot, where the end is a cut.
    pub(crate) inside: Vec<f64>,
}

impl Shots {
    /// Splits the pool at cuts, gaps, unusable frames and drift, then gathers shots into scenes.
    ///
    /// `visits` says that who comes before a standing background is what counts, so that the background makes no scene.
    pub(crate) fn find(
        frames: &[Frame],
        quality: &[Quality],
        cuts: &[bool],
        pool: &[usize],
        looks: &Looks,
        visits: bool,
    ) -> Self {
        let (mut take, mut shot) = (
            Vec::with_capacity(pool.len()),
            Vec::with_capacity(pool.len()),
        );
        let (mut takes, mut current, mut start) = (0, 0, 0);
        // Frames that were left out at either end bound a shot as well, and so does the end of the file: the last frame may be a leftover.
        let before_all = pool
            .first()
            .and_then(|first| Some((first.checked_sub(1)?, *first)));
        let mut edges: Vec<(f64, f64)> = before_all
            .map(|(out, first)| (frames[out].time, frames[first].time))
            .into_iter()
            .collect();
        for (k, frame) in pool.iter().enumerate() {
            if let Some(before) = k.checked_sub(1).map(|b| pool[b]) {
                let apart = frames[*frame].time - frames[before].time > GAP;
                let cut = cuts[before..*frame].iter().any(|c| *c);
                let between = &quality[before + 1..*frame];
                let junk = between.iter().any(|q| q.value < 0.2);
                let span = frames[*frame].time - frames[before].time;
                let waver = !cut && span < WAVER && !between.iter().any(Quality::shows_nothing);
                let blink = span < BLINK && looks.distance(k - 1, k) < BLINK_LOOKS;
                let swung = between.iter().any(|q| q.flies);
                let goes_on = junk && (waver || blink) && !swung;
                let drifted = looks.distance(start, k) > DRIFTED;
                let turned =
                    is_slide(frames, *frame) && differ_on_the_ground(frames, pool[start], *frame);
                if cut || junk {
                    edges.push((frames[before].time, frames[*frame].time));
                }
                takes += usize::from(apart || turned || (cut || junk) && !goes_on);
                if apart || cut || junk || drifted || turned {
                    current += 1;
                    start = k;
                }
            }
            take.push(takes);
            shot.push(current);
        }
        edges.extend(pool.last().map(|last| (frames[*last].time, f64::INFINITY)));
        let inside = pool
            .iter()
            .map(|k| inside(frames[*k].time, &edges))
            .collect();
        let (scene, scenes) = scenes(frames, quality, pool, looks, &shot, visits);
        Self {
            take,
            shot,
            scene,
            scenes,
            inside,
        }
    }

    /// Where in the pool each take lies, in order.
    pub(super) fn takes(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut end = 0;
        self.take.chunk_by(|a, b| a == b).map(move |take| {
            let start = end;
            end += take.len();
            start..end
        })
    }
}

fn inside(time: f64, edges: &[(f64, f64)]) -> f64 {
    let next = edges.partition_point(|(before, _)| *before < time);
    let ahead = edges
        .get(next)
        .map_or(f64::INFINITY, |(before, _)| before - time);
    let behind = next
        .checked_sub(1)
        .and_then(|k| edges.get(k))
        .map_or(f64::INFINITY, |(_, after)| time - after);
    ahead.min(behind).max(0.0)
}

/// Whether most of a frame is even ground, as in pages, screens and drawings.
pub(super) fn is_drawn(frame: &Frame) -> bool {
    let pattern = &frame.features.pattern;
    pattern.even > DRAWN && pattern.hard > WRITTEN
}

/// How far what is on the ground of two frames agrees, where that ground says nothing of them.
///
/// That holds for pages, screens and drawings, and for slides with pictures: those stand still, as no head before a wall ever does.
pub(super) fn on_the_ground(frames: &[Frame], a: usize, b: usize) -> Option<f32> {
    let thumb = |k: usize| frames[k].features.look.thumb.as_slice();
    are_pages(frames, a, b).then(|| likeness::beyond_ground(thumb(a), thumb(b)))
}

fn are_pages(frames: &[Frame], a: usize, b: usize) -> bool {
    is_drawn(&frames[a]) && is_drawn(&frames[b]) || is_slide(frames, a) && is_slide(frames, b)
}

/// Whether two frames are pages that differ.
pub(super) fn differ_on_the_ground(frames: &[Frame], a: usize, b: usize) -> bool {
    on_the_ground(frames, a, b).is_some_and(|same| same < SAME_WRITING)
}

fn is_slide(frames: &[Frame], k: usize) -> bool {
    let thumb = |k: usize| frames[k].features.look.thumb.as_slice();
    let stands =
        |other: &Frame| likeness::difference(thumb(k), &other.features.look.thumb) < STANDING;
    let before = k.checked_sub(1).and_then(|b| frames.get(b));
    frames[k].features.pattern.even > SLIDE
        && before.into_iter().chain(frames.get(k + 1)).any(stands)
}

/// The frames of an uncut take before and after one, nearest first, at most so many seconds away.
pub(super) fn beside<'a>(
    frames: &'a [Frame],
    cuts: &'a [bool],
    at: usize,
    reach: f64,
) -> (
    impl Iterator<Item = usize> + 'a,
    impl Iterator<Item = usize> + 'a,
) {
    let here = frames[at].time;
    let before = (0..at)
        .rev()
        .take_while(move |k| here - frames[*k].time <= reach && !cuts[*k]);
    let after = (at + 1..frames.len())
        .take_while(move |k| frames[*k].time - here <= reach && !cuts[*k - 1]);
    (before, after)
}

/// Whether the picture is cut between each frame and the next.
pub(super) fn cuts(frames: &[Frame]) -> Vec<bool> {
    let pairs = |of: &dyn Fn(&Frame, &Frame) -> f32| -> Vec<f32> {
        frames.windows(2).map(|w| of(&w[0], &w[1])).collect()
    };
    let thumb = |f: &Frame| f.features.look.thumb.clone();
    let change =
        pairs(&|a, b| likeness::difference(&a.features.look.thumb, &b.features.look.thumb));
    let palettes: Vec<Palette> = frames.iter().map(Palette::of).collect();
    let repaint: Vec<f32> = palettes.windows(2).map(|w| w[0].exchanged(&w[1])).collect();
    (0..change.len())
        .map(|k| {
            let other = || likeness::structure(&thumb(&frames[k]), &thumb(&frames[k + 1])) < UNLIKE;
            let stands_out = change[k] > CUT_RATIO * usual(&change, k);
            let jumps = stands_out && (change[k] > CUT || change[k] > CUT_DIM && other());
            jumps
                || (change[k] > CUT
                    && repaint[k] > REPAINTED
                    && repaint[k] > CUT_RATIO * usual(&repaint, k))
        })
        .collect()
}

/// The usual change around a place: the median of the livelier side, because the calmer may be a still.
fn usual(change: &[f32], k: usize) -> f32 {
    let median = |range: Range<usize>| {
        let mut near: Vec<f32> = range.filter_map(|j| change.get(j).copied()).collect();
        near.sort_by(f32::total_cmp);
        near.get(near.len() / 2).copied().unwrap_or(0.0)
    };
    median(k.saturating_sub(4)..k).max(median(k + 1..k + 5))
}

/// Shares of steps each of luma and both colours over the cells of a layout, colours in finer steps.
///
/// A moving camera changes every place at once, but hardly which shades and colours there are.
pub(super) struct Palette([f32; 3 * STEPS]);

impl Palette {
    pub(super) fn of(frame: &Frame) -> Self {
        let layout = &frame.features.look.layout;
        let mut shares = [0.0; 3 * STEPS];
        let weight = 3.0 / layout.len().max(3) as f32;
        for (k, value) in layout.iter().enumerate() {
            let (bank, fine) = (k % 3, if k % 3 == 0 { 16.0 } else { 6.0 });
            let step = if bank == 0 {
                value / fine
            } else {
                (value - 128.0) / fine + 8.0
            }
            .clamp(0.0, 14.999);
            let part = step.fract();
            shares[bank * STEPS + step as usize] += weight * (1.0 - part);
            shares[bank * STEPS + step as usize + 1] += weight * part;
        }
        Self(shares)
    }

    /// How much of it is exchanged in another, 0 to 1.
    fn exchanged(&self, other: &Self) -> f32 {
        self.banks(other).sum::<f32>() / 3.0
    }

    /// How much is exchanged of what differs most: luma, u or v, 0 to 1.
    pub(super) fn other_shades(&self, other: &Self) -> f32 {
        self.banks(other).fold(0.0, f32::max)
    }

    fn banks(&self, other: &Self) -> impl Iterator<Item = f32> {
        let pairs = self.0.chunks(STEPS).zip(other.0.chunks(STEPS));
        pairs.map(|(a, b)| likeness::difference(a, b) * STEPS as f32 / 2.0)
    }
}

/// Gathers shots that look alike, longest and best first; returns the scene of each frame and how many there are.
fn scenes(
    frames: &[Frame],
    quality: &[Quality],
    pool: &[usize],
    looks: &Looks,
    shot: &[usize],
    visits: bool,
) -> (Vec<usize>, usize) {
    let count = shot.last().map_or(0, |last| last + 1);
    let mut bounds = vec![(usize::MAX, 0); count];
    for (k, s) in shot.iter().enumerate() {
        bounds[*s] = (bounds[*s].0.min(k), k);
    }
    // Three frames stand for a shot: near its start, its middle and near its end.
    let samples: Vec<[usize; 3]> = bounds
        .iter()
        .map(|(first, last)| [1, 3, 5].map(|sixth| first + (last - first) * sixth / 6))
        .collect();
    let thumb = |k: usize| frames[pool[k]].features.look.thumb.as_slice();
    let alike = |a: usize, b: usize| {
        let near = looks.distance(a, b);
        if are_pages(frames, pool[a], pool[b]) {
            return near < SAME_STRUCTURE.0 && !differ_on_the_ground(frames, pool[a], pool[b]);
        }
        let layout = |k: usize| frames[pool[k]].features.look.layout.as_slice();
        near < SAME_LOOKS
            || !visits && likeness::common_ground(layout(a), layout(b)) > SAME_GROUND
            || (near < SAME_STRUCTURE.0
                && likeness::structure(thumb(a), thumb(b)) > SAME_STRUCTURE.1)
    };
    let same = |a: usize, b: usize| {
        samples[a]
            .iter()
            .any(|x| samples[b].iter().any(|y| alike(*x, *y)))
    };
    let weights: Vec<f32> = bounds
        .iter()
        .map(|(first, last)| (*first..=*last).map(|k| quality[pool[k]].value).sum())
        .collect();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let mut scene_of = vec![0; count];
    let mut members: Vec<Vec<usize>> = Vec::new();
    for s in order {
        let scene = members
            .iter()
            .position(|shots| shots.iter().take(LEADERS).any(|leader| same(s, *leader)))
            .unwrap_or(members.len());
        if scene == members.len() {
            members.push(Vec::new());
        }
        members[scene].push(s);
        scene_of[s] = scene;
    }
    (shot.iter().map(|s| scene_of[*s]).collect(), members.len())
}

#[cfg(test)]
mod tests {
    use super::{Looks, Shots, cuts, differ_on_the_ground, is_drawn};
    use crate::{
        choose::{film, quality},
        feature::{likeness, samples},
    };

    #[test]
    fn a_cut_is_found_where_it_is() {
        let cuts = cuts(&film::of([film::scene(0, 12), film::scene(1, 12)].concat()));
        assert_eq!(
            cuts.iter()
                .enumerate()
                .filter(|(_, cut)| **cut)
                .map(|(k, _)| k)
                .collect::<Vec<_>>(),
            [11]
        );
    }

    #[test]
    fn what_is_left_out_at_either_end_bounds_a_shot_as_a_cut_does() {
        let frames = film::of([film::plain(0, 5), film::scene(0, 10), film::plain(0, 5)].concat());
        let quality = quality::judge(&frames, &cuts(&frames), true);
        let inside = |pool: Vec<usize>| {
            let looks = Looks::new(&frames, &pool);
            Shots::find(&frames, &quality, &cuts(&frames), &pool, &looks, false).inside
        };
        let scene = inside((5..15).collect());
        assert_eq!((scene[0], scene[9]), (0.0, 0.0));
        assert!((scene[3] - 3.0 * film::STEP).abs() < 1e-6);
        let whole = inside((0..20).collect());
        assert_eq!((whole[0] > 0.2, whole[19]), (true, 0.0));
    }

    #[test]
    fn screens_are_told_by_their_dim_writing_beside_a_bright_clock() {
        let frames = film::of([
            film::screen(0, 1),
            film::screen(0, 9),
            film::screen(1, 9),
            film::screen(1, 12),
        ]);
        assert!(frames.iter().all(is_drawn));
        let thumb = |k: usize| frames[k].features.look.thumb.as_slice();
        assert!(likeness::structure(thumb(1), thumb(2)) > 0.6);
        let differ: Vec<bool> = (0..3)
            .map(|k| differ_on_the_ground(&frames, k, k + 1))
            .collect();
        assert_eq!(differ, [false, true, false]);
    }

    #[test]
    fn somebody_before_an_even_wall_is_no_page() {
        let pose = |arm: usize| {
            samples::luma(move |x, y| {
                let near = |cx: f32, cy: f32, width: f32, height: f32| {
                    let (dx, dy) = ((x as f32 - cx) / width, (y as f32 - cy) / height);
                    (-(dx * dx + dy * dy)).exp()
                };
                let body = near(80.0, 50.0, 6.0, 16.0).max(near(70.0, arm as f32, 14.0, 4.0));
                (150.0 - 110.0 * body) as u8
            })
        };
        let frames = film::of([pose(36), pose(50)]);
        assert!(
            frames
                .iter()
                .all(|f| f.features.pattern.even > super::DRAWN),
            "{:?}",
            frames[0].features.pattern
        );
        assert!(!frames.iter().any(is_drawn));
        assert!(!differ_on_the_ground(&frames, 0, 1));
    }

    #[test]
    fn a_page_that_turns_begins_another_take_though_no_cut_is_seen() {
        let frames = film::of((0..24).map(|k| film::screen(k / 12, 9)));
        let (pool, none): (Vec<usize>, _) = ((0..24).collect(), vec![false; 23]);
        let quality = quality::judge(&frames, &none, true);
        let looks = Looks::new(&frames, &pool);
        let shots = Shots::find(&frames, &quality, &none, &pool, &looks, false);
        let firsts = |of: &[usize]| (1..24).filter(|k| of[*k] != of[k - 1]).collect::<Vec<_>>();
        assert_eq!(
            (firsts(&shots.take), firsts(&shots.shot)),
            (vec![12], vec![12])
        );
        assert_ne!(shots.scene[0], shots.scene[23]);
    }

    #[test]
    fn a_steady_pan_is_no_cut() {
        let pan = (0..24)
            .map(|k| samples::luma(move |x, y| samples::scene((x + 2 * k) % samples::WIDTH, y)));
        assert!(!cuts(&film::of(pan)).contains(&true));
    }
}
