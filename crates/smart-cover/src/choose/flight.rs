//! The camera in flight: fast moving frames with far less detail than what comes before and after them, without a cut between.

use super::{ramp, shot};
use crate::{decode::Frame, feature::likeness};

/// How far to each side, in seconds, the picture is looked for that the camera left or came to.
const REACH: f64 = 2.5;
/// Less than this share of the detail that both sides show is in flight …
const LOST: f32 = 0.5;
/// … for certain; up to this share the certainty falls to nothing.
const KEPT: f32 = 0.65;
/// What changes less than this in a second (mean luma difference at 64 × 36) is slow enough to be seen.
const FAST: f32 = 100.0;

/// 0 for a frame that stands or moves slowly or is as crisp as one side of it, up to 1 for one in flight.
///
/// Blur is judged against the whole video elsewhere; a soft video or a soft arrival leaves room there for smear to pass.
/// Detail is compared within an uncut take only, so that a plain shot between two detailed ones stays what it is.
/// Where the take is cut within reach on one side, the other side alone says what is crisp: a swing may begin or end with a jump.
pub(crate) fn flights(frames: &[Frame], cuts: &[bool]) -> Vec<f32> {
    let speed: Vec<f32> = frames
        .windows(2)
        .zip(cuts)
        .map(|(pair, cut)| {
            if *cut {
                return 0.0;
            }
            let seconds = (pair[1].time - pair[0].time).max(0.01) as f32;
            likeness::difference(&pair[0].features.look.thumb, &pair[1].features.look.thumb)
                / seconds
        })
        .collect();
    let detail = |k: usize| frames[k].features.sharpness.detail;
    (0..frames.len())
        .map(|at| {
            let speed_here = at
                .checked_sub(1)
                .map_or(0.0, |k| speed[k])
                .max(speed.get(at).copied().unwrap_or(0.0));
            if speed_here < FAST {
                return 0.0;
            }
            let (before, after) = shot::beside(frames, cuts, at, REACH);
            let before = before.map(detail).fold(0.0, f32::max);
            let after = after.map(detail).fold(0.0, f32::max);
            let [cut_before, cut_after] = cut_within(frames, cuts, at);
            let crisp = match (cut_before, cut_after) {
                (true, false) => after,
                (false, true) => before,
                _ => before.min(after),
            };
            let kept = detail(at) / crisp.max(0.01);
            ramp(kept, KEPT, LOST)
        })
        .collect()
}

/// Whether a cut is in reach before and after a frame.
fn cut_within(frames: &[Frame], cuts: &[bool], at: usize) -> [bool; 2] {
    let near = |k: usize| (frames[k].time - frames[at].time).abs() <= REACH;
    [
        (0..at).rev().take_while(|k| near(*k)).any(|k| cuts[k]),
        (at..cuts.len()).take_while(|k| near(*k)).any(|k| cuts[k]),
    ]
}

#[cfg(test)]
mod tests {
    use super::flights;
    use crate::{
        choose::{film, looks::Looks, quality, shot},
        decode::Frame,
        feature::samples::{self, WIDTH},
        plane::Picture,
    };

    fn of(frames: &[Frame]) -> Vec<f32> {
        flights(frames, &shot::cuts(frames))
    }

    /// The scene smeared along its rows, `by` to the side.
    fn smeared(by: usize) -> Picture {
        samples::luma(move |x, y| {
            let sum: u32 = (0..24)
                .map(|k| u32::from(samples::scene((x + by + k) % samples::WIDTH, y)))
                .sum();
            (sum / 24) as u8
        })
    }

    fn through(middle: Vec<Picture>) -> Vec<f32> {
        of(&film::of(
            [film::scene(0, 12), middle, film::scene(0, 12)].concat(),
        ))
    }

    #[test]
    fn smear_between_two_crisp_views_is_flight() {
        let flight = through((0..10).map(|k| smeared(12 * k)).collect());
        assert!(flight[14..20].iter().all(|f| *f > 0.9), "{flight:?}");
        assert!(flight[..11].iter().all(|f| *f == 0.0), "{flight:?}");
        assert!(flight[23..].iter().all(|f| *f == 0.0), "{flight:?}");
    }

    #[test]
    fn a_camera_that_stands_out_of_focus_is_none() {
        let softer = [1, 2, 3, 4, 4, 4, 3, 2, 1].map(|radius| vec![samples::blurred(radius); 2]);
        let frames = film::of([film::scene(0, 6), softer.concat(), film::scene(0, 6)].concat());
        let detail = |k: usize| frames[k].features.sharpness.detail;
        assert!(detail(14) < 0.5 * detail(3));
        let flight = of(&frames);
        assert!(flight[12..18].iter().all(|f| *f == 0.0), "{flight:?}");
    }

    #[test]
    fn a_plainer_place_that_passes_slowly_is_none() {
        // There and back, so that neither end is a cut.
        let way = [0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0];
        let flight = through(way.map(|by| smeared(6 * by)).to_vec());
        assert!(flight[13..23].iter().all(|f| *f == 0.0), "{flight:?}");
    }

    #[test]
    fn a_plain_moving_shot_between_two_cuts_is_none() {
        let brighter = |by: usize| {
            let low = smeared(by);
            samples::luma(|x, y| low.y.data[y * samples::WIDTH + x].saturating_add(60))
        };
        let flight = through((0..10).map(|k| brighter(12 * k)).collect());
        assert!(flight.iter().all(|f| *f == 0.0), "{flight:?}");
    }

    /// What a camera sees that swings from one picture to another in so many frames, mixed along its way over `soft` pixels.
    fn swing(from: &Picture, to: &Picture, frames: usize, soft: usize) -> Vec<Picture> {
        let at = |x: usize, y: usize| {
            let (of, x) = if x < WIDTH {
                (from, x)
            } else {
                (to, x - WIDTH)
            };
            usize::from(of.y.data[y * WIDTH + x.min(WIDTH - 1)])
        };
        let seen = |k: usize| {
            let by = (k + 1) * WIDTH / (frames + 1);
            samples::luma(|x, y| {
                let along = (0..soft).map(|s| at(x + by + s, y)).sum::<usize>();
                (along / soft) as u8
            })
        };
        (0..frames).map(seen).collect()
    }

    #[test]
    fn a_swing_of_two_seconds_is_in_flight_to_its_end() {
        let (a, b) = (film::scene(0, 12), film::scene(2, 12));
        let between = swing(&a[0], &b[0], 26, 24);
        let frames = film::of([a, between, b].concat());
        let flown = flights(&frames, &vec![false; frames.len() - 1]);
        assert!(flown[14..36].iter().all(|f| *f > 0.5), "{flown:?}");
        assert!(flown[..11].iter().chain(&flown[39..]).all(|f| *f == 0.0));
    }

    #[test]
    fn a_swing_that_begins_or_ends_with_a_jump_is_in_flight_and_a_shot_between_two_cuts_is_not() {
        let (a, b) = (film::scene(0, 12), film::scene(2, 12));
        let between = swing(&a[0], &b[0], 20, 24);
        let frames = film::of([a, between, b].concat());
        let flown = |jumps: &[usize]| {
            let cuts: Vec<bool> = (0..frames.len() - 1).map(|k| jumps.contains(&k)).collect();
            flights(&frames, &cuts)[15..29].to_vec()
        };
        for jumps in [&[11][..], &[31]] {
            assert!(
                flown(jumps).iter().all(|f| *f > 0.5),
                "{jumps:?}: {:?}",
                flown(jumps)
            );
        }
        assert!(flown(&[11, 31]).iter().all(|f| *f == 0.0));
    }

    #[test]
    fn a_short_swing_ends_a_take_and_is_no_cover() {
        let (a, b) = (film::scene(0, 10), film::scene(2, 10));
        let between = swing(&a[0], &b[0], 2, 40);
        let frames = film::of([a, between, b].concat());
        let none = vec![false; frames.len() - 1];
        let quality = quality::judge(&frames, &none, true);
        let pool: Vec<usize> = (0..frames.len())
            .filter(|k| quality[*k].value >= 0.12)
            .collect();
        assert!(pool.iter().all(|k| !(10..12).contains(k)), "{pool:?}");
        let looks = Looks::new(&frames, &pool);
        let shots = shot::Shots::find(&frames, &quality, &none, &pool, &looks, false);
        assert_ne!(shots.take.first(), shots.take.last());
    }
}
