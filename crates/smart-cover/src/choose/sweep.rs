//! Fronts that pass over the picture once: wipes from any side, across a corner or out of the middle, also where both pictures move.

use std::sync::LazyLock;

use super::{motion::unmoved, quality::percentile};
use crate::{decode::Frame, feature::likeness::THUMB};

/// Strips that a picture is cut into along each way a front may go.
const STRIPS: usize = 24;
/// Seconds of the windows in which one is looked for, half of which lie over the next.
const WINDOWS: [f64; 2] = [1.2, 2.4];
/// Frames farther apart than this in seconds do not tell when a strip changed.
const GAP: f64 = 0.25;
/// A strip that the front passes changes by at least this much from one frame to the next (mean luma) …
const CHANGED: f32 = 9.0;
/// … and by so many times what it usually does.
const OUTSTANDING: f32 = 2.5;
/// So many of the strips have to change one after the other.
const PASSED: f32 = 0.6;
/// How far in frames a strip may be off its turn.
const OFF: f64 = 1.3;
/// The front is on its way for so many frames at least.
const SHORTEST: f64 = 4.0;
/// With less than this left of the change when every block may come from elsewhere in the frame before (median over the way),
/// the camera moves: the edge of a house passes like a front.
const MOVED: f32 = 0.22;
/// Of the way, what counts as being under it: at the ends nearly all is one picture.
const UNDER_WAY: std::ops::Range<f64> = 0.06..0.94;

/// How much each strip changes from one frame to the next (mean luma), for each way.
type Changes = [[f32; STRIPS]; 5];

/// Whether each frame shows a front on its way.
pub(super) fn sweeps(frames: &[Frame]) -> Vec<bool> {
    let changes: Vec<Changes> = frames.windows(2).map(change).collect();
    let mut swept = vec![false; frames.len()];
    // What is left of the change before a frame when blocks may come from elsewhere; asked for rarely, and by several windows then.
    let mut left: Vec<Option<f32>> = vec![None; frames.len()];
    for length in WINDOWS {
        let mut first = 0;
        while first + 1 < frames.len() {
            let last = last_of_window(frames, first, length);
            if last - first >= SHORTEST as usize {
                for front in (0..WAYS.len()).filter_map(|way| front(way, &changes[first..last])) {
                    let passed: Vec<usize> = (first + 1..=last)
                        .filter(|k| front.passes(k - first))
                        .collect();
                    if !is_carried(frames, &passed, &mut left) {
                        passed.into_iter().for_each(|k| swept[k] = true);
                    }
                }
            }
            let half = frames[first].time + length / 2.0;
            let next = (first + 1..last).find(|k| frames[*k].time >= half);
            first = next.unwrap_or(last.max(first + 1));
        }
    }
    swept
}

/// Whether a front only seems to pass these frames because the camera moves.
fn is_carried(frames: &[Frame], passed: &[usize], left: &mut [Option<f32>]) -> bool {
    let thumb = |k: usize| &frames[k].features.look.thumb;
    let mut shares: Vec<f32> = passed
        .iter()
        .map(|k| *left[*k].get_or_insert_with(|| unmoved(thumb(k - 1), thumb(*k))))
        .collect();
    percentile(&mut shares, 0.5) < MOVED
}

fn last_of_window(frames: &[Frame], first: usize, length: f64) -> usize {
    let mut last = first;
    while last + 1 < frames.len()
        && frames[last + 1].time - frames[last].time <= GAP
        && frames[last + 1].time - frames[first].time <= length
    {
        last += 1;
    }
    last
}

/// A front in places of a window: the strip k is passed at `from + each * k`.
struct Front {
    from: f64,
    each: f64,
}

impl Front {
    /// Whether it is on its way in this frame of the window.
    fn passes(&self, frame: usize) -> bool {
        let way = (frame as f64 - 0.5 - self.from) / self.each / (STRIPS - 1) as f64;
        UNDER_WAY.contains(&way)
    }
}

/// Which strip each place of the small luma lies in, for each way that a front may go.
static WAYS: LazyLock<[Vec<usize>; 5]> = LazyLock::new(|| {
    let (width, height) = THUMB;
    let strips = |way: fn(f32, f32) -> f32| {
        let places = (0..width * height).map(|k| {
            let x = ((k % width) as f32 + 0.5) / width as f32;
            let y = ((k / width) as f32 + 0.5) / height as f32;
            ((way(x, y) * STRIPS as f32) as usize).min(STRIPS - 1)
        });
        places.collect()
    };
    [
        strips(|x, _| x),
        strips(|_, y| y),
        strips(|x, y| (x + y) / 2.0),
        strips(|x, y| (x + 1.0 - y) / 2.0),
        strips(|x, y| {
            // A circle on the screen, out to the corners.
            let (across, down) = ((x - 0.5) * 16.0, (y - 0.5) * 9.0);
            across.hypot(down) / 8.0_f32.hypot(4.5)
        }),
    ]
});

/// How many places each strip of each way has.
static SIZES: LazyLock<Changes> = LazyLock::new(|| {
    std::array::from_fn(|way| {
        let mut sizes = [0.0; STRIPS];
        WAYS[way].iter().for_each(|strip| sizes[*strip] += 1.0);
        sizes
    })
});

fn change(pair: &[Frame]) -> Changes {
    let thumb = |k: usize| pair[k].features.look.thumb.iter();
    let places: Vec<f32> = thumb(0).zip(thumb(1)).map(|(a, b)| (a - b).abs()).collect();
    std::array::from_fn(|way| {
        let mut sums = [0.0_f32; STRIPS];
        for (strip, change) in WAYS[way].iter().zip(&places) {
            sums[*strip] += change;
        }
        std::array::from_fn(|strip| sums[strip] / SIZES[way][strip].max(1.0))
    })
}

/// The front that passes a window along one way, if any.
fn front(way: usize, changes: &[Changes]) -> Option<Front> {
    let turns = turns(way, changes);
    let least = (PASSED * STRIPS as f32) as usize;
    if turns.len() < least {
        return None;
    }
    // Slopes between all pairs; their median does not mind the strips that something else changed.
    let mut slopes: Vec<f32> = Vec::with_capacity(turns.len() * turns.len() / 2);
    for (k, (a, from)) in turns.iter().enumerate() {
        slopes.extend(
            turns[k + 1..]
                .iter()
                .map(|(b, to)| ((to - from) / (b - a)) as f32),
        );
    }
    let each = f64::from(percentile(&mut slopes, 0.5));
    let mut starts: Vec<f32> = turns
        .iter()
        .map(|(strip, turn)| (turn - each * strip) as f32)
        .collect();
    let from = f64::from(percentile(&mut starts, 0.5));
    let in_turn = turns
        .iter()
        .filter(|(strip, turn)| (turn - from - each * strip).abs() <= OFF)
        .count();
    let takes = (each * (STRIPS - 1) as f64).abs();
    (in_turn >= least && takes >= SHORTEST).then_some(Front { from, each })
}

/// The strips that something passes, and when: between which frames they change most by far.
fn turns(way: usize, changes: &[Changes]) -> Vec<(f64, f64)> {
    let turn = |strip: usize| {
        let at = |k: usize| changes[k][way][strip];
        let (most, change) = (0..changes.len())
            .map(|k| (k, at(k)))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        if change < CHANGED {
            return None;
        }
        let mut all: Vec<f32> = (0..changes.len()).map(at).collect();
        let usual = percentile(&mut all, 0.5);
        (change >= OUTSTANDING * usual).then_some((strip as f64, most as f64))
    };
    (0..STRIPS).filter_map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::sweeps;
    use crate::{
        choose::{exchange::exchanges, film},
        feature::samples::{self, HEIGHT, WIDTH},
        plane::Picture,
    };

    /// Frames that the front is on its way.
    const STEPS: usize = 20;

    /// Two pictures that both move, one behind the front that `passed` tells of (how far it is, 0 to 1, and a place).
    fn through(passed: impl Fn(f32, f32, f32) -> bool) -> Vec<Picture> {
        let (before, after) = (film::view, |k: usize| {
            samples::luma(move |x, y| 255 - samples::scene((x + 2 * k) % WIDTH, y) / 2)
        });
        let middle = |k: usize| {
            let (a, b) = (before(2 * k), after(k));
            let way = (k as f32 + 0.5 - 12.0) / STEPS as f32;
            samples::luma(|x, y| {
                let at = (x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32);
                let from = if passed(way, at.0, at.1) { &b } else { &a };
                from.y.data[y * WIDTH + x]
            })
        };
        let first = (0..12).map(|k| before(2 * k));
        let last = (12 + STEPS..24 + STEPS).map(after);
        first
            .chain((12..12 + STEPS).map(middle))
            .chain(last)
            .collect()
    }

    fn assert_seen(pictures: Vec<Picture>) {
        let frames = film::of(pictures);
        let swept = sweeps(&frames);
        assert!(swept[15..9 + STEPS].iter().all(|s| *s), "{swept:?}");
        let exchanged = exchanges(&frames);
        let ends = exchanged[..10].iter().chain(&exchanged[14 + STEPS..]);
        assert!(ends.clone().all(|e| *e == 0.0), "{exchanged:?}");
        assert!(
            exchanged[15..9 + STEPS].iter().all(|e| *e > 0.5),
            "{exchanged:?}"
        );
    }

    #[test]
    fn a_wipe_is_seen_although_both_pictures_move() {
        assert_seen(through(|way, x, _| x < way));
        assert_seen(through(|way, x, _| x > 1.0 - way));
        assert_seen(through(|way, _, y| y < way));
    }

    #[test]
    fn so_is_one_across_a_corner_and_one_out_of_the_middle() {
        assert_seen(through(|way, x, y| (x + y) / 2.0 < way));
        assert_seen(through(|way, x, y| {
            ((x - 0.5) * 16.0).hypot((y - 0.5) * 9.0) < way * 9.2
        }));
    }

    #[test]
    fn somebody_who_passes_leads_nowhere_else() {
        let ground = film::scene(0, 1).remove(0);
        let passing = |k: usize| {
            samples::luma(|x, y| {
                let at = x + 8 * STEPS / 2;
                if (at..at + 40).contains(&(12 * k)) {
                    250
                } else {
                    ground.y.data[y * WIDTH + x]
                }
            })
        };
        let frames = film::of((0..40).map(passing));
        assert!(sweeps(&frames).contains(&true));
        let exchanged = exchanges(&frames);
        assert!(exchanged.iter().all(|e| *e < 0.1), "{exchanged:?}");
    }

    #[test]
    fn the_edge_of_a_house_that_a_camera_passes_is_no_front() {
        let world = |by: usize| {
            samples::luma(move |x, y| {
                let place = x + by;
                let texture = samples::scene(place % WIDTH, y) / 3;
                if place < WIDTH + 80 {
                    texture
                } else {
                    250 - texture
                }
            })
        };
        let film = (0..50_usize).map(|k| world(8 * k.clamp(12, 40)));
        assert!(!sweeps(&film::of(film)).contains(&true));
    }
}
