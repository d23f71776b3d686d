//! From measured frames to the chosen ones: reject, score, spread, deduplicate.

mod again;
mod card;
pub(crate) mod crowd;
mod deck;
pub(crate) mod duplicate;
pub(crate) mod exchange;
pub(crate) mod eyes;
#[cfg(test)]
pub(crate) mod film;
pub(crate) mod flight;
pub(crate) mod leftover;
pub(crate) mod looks;
pub(crate) mod motion;
pub(crate) mod onset;
pub(crate) mod pull;
pub(crate) mod quality;
pub(crate) mod roll;
pub(crate) mod shot;
pub(crate) mod slide;
pub(crate) mod snow;
pub(crate) mod spread;
pub(crate) mod sweep;
pub(crate) mod transition;
mod used;
pub(crate) mod visit;

use crate::decode::Frame;
use quality::Quality;

/// A chosen frame, by its place in the list of frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    pub(crate) frame: usize,
    /// 0 to 1.
    pub(crate) score: f32,
}

/// All that was decided about the frames.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) quality: Vec<Quality>,
    pub(crate) chosen: Vec<Choice>,
    /// Scene of each frame that was in the running.
    pub(crate) scenes: Vec<Option<usize>>,
    /// Take of each of them, where two pictures of one take can be duplicates by their outline.
    pub(crate) takes: Vec<Option<usize>>,
    /// What each frame is worth as the first cover, 0 to 1.
    pub(crate) worth: Vec<f32>,
    /// Frames that were chosen, and those with open eyes that took their place.
    pub(crate) shut: Vec<(usize, usize)>,
}

/// How far a value is on its way from where it says nothing to where it is sure, 0 to 1; the way may lead down.
fn ramp(value: f32, none: f32, sure: f32) -> f32 {
    ((value - none) / (sure - none)).clamp(0.0, 1.0)
}

/// Chooses at most `count` frames, best first.
///
/// `dense` says that neighbouring frames follow each other closely enough to tell transitions and motion.
pub(crate) fn choose(
    frames: &[Frame],
    count: usize,
    delete_duplicates: bool,
    dense: bool,
) -> Decision {
    let cuts = shot::cuts(frames);
    let quality = quality::judge(frames, &cuts, dense);
    let spread = spread::spread(frames, &quality, &cuts, count, delete_duplicates, dense);
    Decision {
        quality,
        chosen: spread.chosen,
        scenes: spread.scenes,
        takes: spread.takes,
        worth: spread.worth,
        shut: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{film, *};
    use crate::{decode, feature::samples, plane::Picture};

    #[test]
    fn each_scene_gets_a_cover_before_any_gets_two() {
        let frames =
            film::of([film::scene(0, 60), film::scene(1, 15), film::scene(2, 15)].concat());
        let decision = choose(&frames, 3, false, true);
        let mut scenes: Vec<_> = decision
            .chosen
            .iter()
            .map(|c| decision.scenes[c.frame])
            .collect();
        scenes.sort();
        scenes.dedup();
        assert_eq!(scenes.len(), 3, "{:?}", decision.chosen);
    }

    #[test]
    fn of_pictures_as_good_the_one_farther_in_looks_comes_first() {
        let coloured = |tint: u8| {
            let mut picture = film::scene(1, 1).remove(0);
            picture.u.data.fill(128 - tint);
            picture.v.data.fill(128 + tint);
            vec![picture; 20]
        };
        let first = |films: [Vec<Picture>; 3]| {
            let decision = choose(&film::of(films.concat()), 2, false, true);
            decision.chosen[1].frame / 20
        };
        assert_eq!(first([film::scene(0, 20), coloured(0), coloured(50)]), 2);
        assert_eq!(first([film::scene(0, 20), coloured(50), coloured(0)]), 1);
    }

    #[test]
    fn of_a_standing_scene_the_crispest_moment_is_taken_wherever_it_is() {
        let (scene, soft) = (film::scene(0, 1).remove(0), samples::blurred(1));
        let of = |share: f32, count| vec![film::mix(&scene, &soft, share); count];
        let film = [of(0.3, 50), of(0.0, 5), of(0.3, 60)].concat();
        let chosen = choose(&film::of(film), 1, false, true).chosen;
        assert!((50..55).contains(&chosen[0].frame), "{chosen:?}");
    }

    #[test]
    fn the_last_frame_before_the_picture_moves_is_none_of_its_standing_ones() {
        let soft = film::mix(&film::scene(0, 1)[0], &samples::blurred(1), 0.2);
        let pan =
            |k: usize| samples::luma(move |x, y| samples::scene((x + 8 * k) % samples::WIDTH, y));
        let film = [vec![soft; 12], (0..20).map(pan).collect()].concat();
        let decision = choose(&film::of(film), 1, false, true);
        let chosen = decision.chosen[0].frame;
        assert!(chosen < 12, "{chosen}");
    }

    #[test]
    fn where_fewer_covers_may_come_no_weak_one_does() {
        let dim = film::mix(&film::plain(0, 1)[0], &film::scene(1, 1)[0], 0.14);
        let frames = film::of([film::scene(0, 40), vec![dim; 20]].concat());
        let of = |delete_duplicates| choose(&frames, 2, delete_duplicates, true);
        let (few, all) = (of(true), of(false));
        let counts = (few.chosen.len(), all.chosen.len());
        assert_eq!(counts, (1, 2), "{:?} {:?}", all.chosen, all.quality[50]);
    }

    #[test]
    fn a_scene_that_comes_back_counts_once() {
        let frames = film::of(
            [
                film::scene(0, 20),
                film::scene(1, 20),
                film::scene(0, 20),
                film::scene(1, 20),
            ]
            .concat(),
        );
        assert_eq!(choose(&frames, 4, true, true).chosen.len(), 2);
        assert_eq!(choose(&frames, 4, false, true).chosen.len(), 4);
    }

    #[test]
    fn black_and_white_are_no_covers_while_there_is_a_picture() {
        let frames =
            film::of([film::plain(0, 40), film::scene(0, 10), film::plain(255, 40)].concat());
        let chosen = choose(&frames, 1, false, true).chosen;
        assert!((40..50).contains(&chosen[0].frame), "{chosen:?}");
    }

    #[test]
    fn where_nothing_is_good_the_least_bad_is_taken() {
        let frames = film::of(film::plain(0, 20));
        assert_eq!(choose(&frames, 2, false, true).chosen.len(), 2);
    }

    #[test]
    fn a_scene_that_was_taken_soft_comes_before_another_scene_twice() {
        let soft = vec![samples::blurred(2); 30];
        let frames = film::of([film::scene(1, 60), soft].concat());
        let decision = choose(&frames, 2, false, true);
        let blur = |k: usize| {
            let factors = &decision.quality[k].factors;
            factors.iter().any(|(r, _)| *r == quality::Reason::Blur)
        };
        assert!(blur(75) && !blur(30), "{:?}", decision.quality[75]);
        let mut of_soft = decision.chosen.iter().map(|c| c.frame >= 60);
        assert_eq!((of_soft.next(), of_soft.next()), (Some(false), Some(true)));
    }

    #[test]
    fn a_pan_too_fast_to_see_is_no_cover_even_where_all_is_soft() {
        let soft = samples::blurred(1);
        let smear = |by: usize| {
            let at = |x: usize, y: usize| u32::from(soft.y.data[y * samples::WIDTH + x]);
            samples::luma(|x, y| {
                let sum: u32 = (0..15).map(|k| at((x + by + k) % samples::WIDTH, y)).sum();
                (sum / 15) as u8
            })
        };
        let pan = (0..10).map(|k| smear(12 * k)).collect();
        let frames = film::of([vec![soft.clone(); 20], pan, vec![soft.clone(); 20]].concat());
        let (seen, focus_alone) = (
            choose(&frames, 1, false, true).quality,
            choose(&frames, 1, false, false).quality,
        );
        assert!(seen[10].value > 0.9, "{seen:?}");
        assert!(seen[22..28].iter().all(|q| q.value < 0.1), "{seen:?}");
        // Its focus would have let it pass.
        assert!(focus_alone[22..28].iter().all(|q| q.value > 0.5));
    }

    /// A figure drawn on pale ground.
    fn figure(left: usize) -> Picture {
        samples::luma(move |x, y| {
            let inside = (left..left + 24).contains(&x) && (30..62).contains(&y);
            if inside { 60 } else { 240 }
        })
    }

    /// A page: dark strokes on a pale even ground.
    fn page() -> Picture {
        samples::luma(|x, y| {
            let (column, line) = (x % 4, y % 12);
            if (16..120).contains(&x)
                && line < 4
                && column < 2
                && samples::noise(x / 4, y / 12) > 60
            {
                40
            } else {
                240
            }
        })
    }

    #[test]
    fn a_page_comes_after_all_pictures_and_before_any_twice() {
        let pages = || vec![page(); 60];
        let film = [
            pages(),
            film::scene(0, 12),
            pages(),
            film::scene(1, 4),
            pages(),
        ]
        .concat();
        let frames = film::of(film);
        let is_page = |c: &Choice| frames[c.frame].features.exposure.mean > 200.0;
        let of = |count| choose(&frames, count, true, true).chosen;
        assert!(!of(2).iter().any(is_page), "{:?}", of(2));
        let three: Vec<bool> = of(3).iter().map(is_page).collect();
        assert_eq!(three, [false, false, true]);
    }

    #[test]
    fn a_card_is_no_cover_while_there_is_a_picture() {
        let card = samples::luma(|x, y| {
            let logo = (60..100).contains(&x) && (40..52).contains(&y) && (x / 4 + y / 4) % 2 == 0;
            if logo { 20 } else { 100 + y as u8 }
        });
        let cards = || vec![card.clone(); 25];
        let frames = film::of([cards(), film::scene(0, 30), cards()].concat());
        let decision = choose(&frames, 3, false, true);
        let in_scene = |c: &Choice| (25..55).contains(&c.frame);
        assert_eq!(decision.chosen.len(), 3);
        assert!(
            decision.chosen.iter().all(in_scene),
            "{:?}",
            decision.chosen
        );
        let reasons = &decision.quality[10].factors;
        assert!(reasons.iter().any(|(r, _)| *r == quality::Reason::Title));
    }

    #[test]
    fn a_page_of_names_on_shaded_ground_is_no_cover_while_there_is_a_picture() {
        let names = samples::luma(|x, y| {
            let letter = (30..130).contains(&x) && y % 12 < 5 && x % 4 < 2 && y / 12 % 3 > 0;
            let ground = if y > 60 { 30 } else { 70 };
            if letter { 220 } else { ground }
        });
        let frames = film::of([vec![names; 40], film::scene(0, 30)].concat());
        let decision = choose(&frames, 2, false, true);
        assert!(decision.chosen.iter().all(|c| c.frame >= 40));
        assert!(
            decision.quality[20].value < 0.1,
            "{:?}",
            decision.quality[20]
        );
    }

    #[test]
    fn where_pages_are_all_there_is_they_lose_nothing_by_it() {
        let frames = film::of(vec![page(); 40]);
        let decision = choose(&frames, 1, true, true);
        let factors = &decision.quality[20].factors;
        assert!(
            !factors.iter().any(|(r, _)| *r == quality::Reason::Title),
            "{factors:?}"
        );
    }

    #[test]
    fn where_all_is_drawn_on_pale_ground_figures_are_pictures_and_empty_ground_is_none() {
        let frames = film::of(
            [
                vec![figure(20); 15],
                film::plain(240, 10),
                vec![figure(100); 15],
            ]
            .concat(),
        );
        let decision = choose(&frames, 2, true, true);
        let value = |k: usize| decision.quality[k].value;
        assert!(value(8) > 0.3 && value(32) > 0.3 && value(20) < 0.05);
        assert_eq!(decision.chosen.len(), 2);
        // A flash over a scene has no hard edges left, and stays too bright.
        let scene = film::scene(0, 1).remove(0);
        let flash = film::mix(&film::plain(252, 1)[0], &scene, 0.12);
        let flashed = choose(
            &film::of([vec![scene; 20], vec![flash; 3]].concat()),
            1,
            true,
            true,
        );
        assert!(flashed.quality[21].value < 0.1, "{:?}", flashed.quality[21]);
    }

    #[test]
    fn a_caption_makes_no_other_scene() {
        let head = |caption: bool, by: usize| {
            samples::luma(move |x, y| match (x, y) {
                (10..90, 62..84) if caption => 235,
                (50..110, 20..90) => samples::scene(x + by, y),
                _ => 90 + (x / 8) as u8,
            })
        };
        let cutaway = || film::scene(1, 8);
        let talk = |caption: bool| (0..30).map(|k| head(caption, k % 3)).collect::<Vec<_>>();
        let frames = film::of([talk(false), cutaway(), talk(true)].concat());
        let decision = choose(&frames, 2, true, true);
        assert_eq!(decision.scenes[10], decision.scenes[50]);
        let mut of_cutaway = decision.chosen.iter().map(|c| (30..38).contains(&c.frame));
        assert_eq!(of_cutaway.clone().filter(|c| *c).count(), 1);
        assert!(!of_cutaway.next().unwrap_or(true));
    }

    #[test]
    fn words_are_no_cover_among_drawings() {
        let words = samples::luma(|x, y| {
            let letter = (30..130).contains(&x) && (40..54).contains(&y) && x % 7 < 4;
            if letter { 50 } else { 240 }
        });
        let film = [vec![words; 40], vec![figure(20); 12], vec![figure(100); 12]];
        let decision = choose(&film::of(film.concat()), 2, false, true);
        assert!(decision.chosen.iter().all(|c| c.frame >= 40));
        assert!(decision.quality[20].value < 0.1 && decision.quality[45].value > 0.3);
    }

    #[test]
    fn slides_with_one_frame_around_different_pictures_are_not_alike_and_a_moving_head_is() {
        let slide = |picture: usize, by: usize| {
            samples::luma(move |x, y| {
                let inside = (10..90).contains(&x) && (14..74).contains(&y);
                match inside {
                    true if picture == 0 => samples::scene(x + by, y) / 2,
                    true => samples::scene(150 - x - by, 88 - y) / 2,
                    false => 240,
                }
            })
        };
        let standing = film::of([vec![slide(0, 0); 20], vec![slide(1, 0); 20]].concat());
        assert_eq!(choose(&standing, 4, true, true).chosen.len(), 2);
        // What moves is judged by the whole picture.
        let alike = |frames: &[decode::Frame]| duplicate::alike(frames, 10, 30).is_some();
        let moving: Vec<Picture> = (0..40).map(|k| slide(k / 20, k % 2)).collect();
        assert_eq!((alike(&standing), alike(&film::of(moving))), (false, true));
    }

    #[test]
    fn a_take_goes_on_after_a_flash_and_ends_where_another_scene_follows_it() {
        let flash = || film::plain(255, 4);
        let frames = film::of(
            [
                film::scene(0, 15),
                flash(),
                film::scene(0, 15),
                flash(),
                film::scene(1, 15),
            ]
            .concat(),
        );
        let cuts = shot::cuts(&frames);
        let quality = quality::judge(&frames, &cuts, true);
        let pool: Vec<usize> = (0..frames.len())
            .filter(|k| quality[*k].value > 0.2)
            .collect();
        let looks = looks::Looks::new(&frames, &pool);
        let shots = shot::Shots::find(&frames, &quality, &cuts, &pool, &looks, false);
        let take =
            |frame: usize| shots.take[pool.iter().position(|k| *k == frame).expect("in the pool")];
        assert_eq!(take(7), take(26));
        assert_ne!(take(26), take(45));
    }

    #[test]
    fn night_stays_a_picture() {
        let dark = |k: usize| film::mix(&film::plain(0, 1)[0], &film::scene(k, 1)[0], 0.3);
        let frames = film::of([vec![dark(0); 20], film::plain(0, 20)].concat());
        let decision = choose(&frames, 1, false, true);
        assert!(
            decision.quality[10].value > 0.3 && decision.quality[30].value < 0.05,
            "{:?}",
            decision.quality[10]
        );
    }

    #[test]
    fn scores_never_rise_from_cover_to_cover_in_what_they_add() {
        let frames =
            film::of([film::scene(0, 30), film::scene(1, 30), film::scene(2, 30)].concat());
        let chosen = choose(&frames, 6, false, true).chosen;
        assert_eq!(chosen.len(), 6);
        assert!(
            chosen.windows(2).all(|pair| pair[0].score >= pair[1].score),
            "{chosen:?}"
        );
    }
}
