//! Pages of words that stay: the slides of a talk, not the titles of a film.

use super::card::words;
use crate::{
    decode::Frame,
    feature::{Features, likeness},
};

/// Mean difference of luma up to which a page is still the same.
const SAME_PAGE: f32 = 0.5;
/// A title is read in fewer seconds than this.
const STAYS: f64 = 12.0;

/// Whether each frame is of a page that stays, or writes on black as most such pages do.
pub(super) fn slides(frames: &[Frame]) -> Vec<bool> {
    let mut slides = vec![false; frames.len()];
    let mut start = 0;
    for end in 1..=frames.len() {
        let page = &frames[start].features;
        let same = |other: &Frame| {
            likeness::difference(&page.look.thumb, &other.features.look.thumb) < SAME_PAGE
        };
        if frames.get(end).is_some_and(same) {
            continue;
        }
        let stays = frames[end - 1].time - frames[start].time >= STAYS;
        slides[start..end].fill(stays && is_page(page));
        start = end;
    }
    // Writing on black is of one kind throughout: titles, a terminal, or slides.
    let dark = || (0..frames.len()).filter(|k| frames[*k].features.text.title);
    let staying = dark().filter(|k| slides[*k]).count();
    let of_slides = 2 * staying > dark().count();
    dark().for_each(|k| slides[k] = of_slides);
    slides
}

fn is_page(f: &Features) -> bool {
    f.text.title || words(f) > 0.5
}

#[cfg(test)]
mod tests {
    use super::slides;
    use crate::{
        choose::{choose, film},
        feature::samples,
        plane::Picture,
    };

    /// So many lines of words on dark or pale ground, from another place on for another number.
    fn page(lines: usize, ground: u8, ink: u8) -> Picture {
        samples::luma(move |x, y| {
            let written = (130 - 25 * lines..130).contains(&x) && y > 8 && y / 12 <= lines;
            let letter = y % 12 < 5 && samples::noise(x / 2, y / 2 + lines) > 110;
            if written && letter { ink } else { ground }
        })
    }

    fn long(page: &Picture) -> Vec<Picture> {
        vec![page.clone(); 160]
    }

    fn brief(page: &Picture) -> Vec<Picture> {
        vec![page.clone(); 100]
    }

    #[test]
    fn a_page_that_stays_is_a_slide_and_a_shorter_one_or_a_picture_is_none() {
        let pale = page(4, 242, 30);
        let film = [long(&pale), film::scene(0, 160), brief(&pale)].concat();
        let slides = slides(&film::of(film));
        assert!(slides[..160].iter().all(|slide| *slide));
        assert!(!slides[160..].contains(&true));
    }

    #[test]
    fn writing_on_black_is_slides_where_most_of_it_stays_and_none_where_most_does_not() {
        let [a, b, c] = [2, 3, 4].map(|lines| page(lines, 16, 230));
        let most = slides(&film::of([long(&a), brief(&b)].concat()));
        assert!(most.iter().all(|slide| *slide));
        let least = slides(&film::of([long(&a), brief(&b), brief(&c)].concat()));
        assert!(!least.contains(&true));
    }

    #[test]
    fn the_slides_of_a_talk_are_covers_like_its_pictures() {
        for (ground, ink) in [(16, 230), (242, 30)] {
            let film = [
                long(&page(4, ground, ink)),
                film::scene(0, 12),
                long(&page(3, ground, ink)),
                film::scene(1, 12),
            ]
            .concat();
            let frames = film::of(film);
            let chosen = choose(&frames, 4, true, true).chosen;
            let of = |range: std::ops::Range<usize>| {
                chosen.iter().filter(|c| range.contains(&c.frame)).count()
            };
            let each = [of(0..160), of(160..172), of(172..332), of(332..344)];
            assert_eq!(each, [1; 4], "on {ground}: {chosen:?}");
        }
    }

    #[test]
    fn beside_many_pictures_slides_are_cards_on_dark_ground_as_on_pale() {
        for (ground, ink) in [(26, 230), (242, 30)] {
            // A word or two that leave most of the page free, and one full of them.
            let few = samples::luma(move |x, y| {
                let written = (20..60).contains(&x) && (20..26).contains(&y);
                if written && samples::noise(x / 2, y / 2) > 110 {
                    ink
                } else {
                    ground
                }
            });
            for page in [few, page(4, ground, ink)] {
                let film = [long(&page), film::scene(0, 160), film::scene(1, 160)].concat();
                let quality = choose(&film::of(film), 2, true, true).quality;
                let value = quality[80].value;
                assert!((0.05..0.09).contains(&value), "{:?}", quality[80]);
            }
        }
    }

    #[test]
    fn a_logo_that_stays_is_a_card_as_well() {
        let logo = samples::luma(|x, y| {
            let disc = x.abs_diff(80).pow(2) + y.abs_diff(45).pow(2) < 300;
            if disc { 220 } else { 30 }
        });
        let film = [long(&logo), film::scene(0, 160)].concat();
        let quality = choose(&film::of(film), 2, true, true).quality;
        assert!(quality[80].value < 0.09, "{:?}", quality[80]);
    }
}
