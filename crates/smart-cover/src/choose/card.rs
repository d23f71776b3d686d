//! Cards: pages, words and logos on even ground, and what they are worth in a video.

use super::{deck, quality::Quality, ramp};
use crate::{decode::Frame, feature::Features};

/// What a title is worth beside pictures.
pub(super) const TITLE: f32 = 0.25;
/// The most that a card (a page of text, or a few words or a logo on any plain ground) is worth beside pictures: it is no cover.
pub(super) const CARD: f32 = 0.08;
/// … and where the video is little else: less than any scene, more than showing one twice.
const PAGE: f32 = 0.18;
/// With this share of cards among all that is shown, they are what the video is about.
const MOSTLY_CARDS: f32 = 0.8;
/// Ground that is lit and even, from none of a card to surely one; with fewer marks than these on it, from none of a card to surely one.
const CARD_GROUND: (f32, f32) = (0.55, 0.65);
const CARD_MARKS: (f32, f32) = (0.080, 0.066);
/// Edges that are less often hard than this are of something seen through haze or far away, not drawn …
const CARD_HARD: (f32, f32) = (0.17, 0.24);
/// … where contrast is as low as this; a pale word on a pale sky has more.
const CARD_SPREAD: f32 = 12.0;
/// With this share of even pixels and so much detail on the rest, it is a page, whatever the share of marks.
const PAGE_EVEN: f32 = 0.85;
const PAGE_DETAIL: f32 = 5.0;
/// Even ground of any light, few marks, most of them hard, and rows that cross writing: a page of names on a shaded ground.
const PAPER_EVEN: (f32, f32) = (0.42, 0.52);
const PAPER_MARKS: (f32, f32) = (0.30, 0.25);
const PAPER_HARD: (f32, f32) = (0.42, 0.50);

/// Before ground of one strong colour, as it is filmed to be cut out, a share of the picture with so many shades and so many
/// colours (in bits), from surely none to surely something filmed: what is drawn or written has fewer.
const KEYED_SHARE: (f32, f32) = (0.02, 0.04);
const KEYED_SHADES: (f32, f32) = (4.0, 4.6);
const KEYED_COLOURS: (f32, f32) = (3.6, 4.4);

/// On so much even ground, with so many hard edges and so much contrast, it is a drawing: bars leave less ground, and what is washed out has no such edges.
const FIGURE_GROUND: f32 = 0.85;
const FIGURE_HARD: f32 = 0.45;
const FIGURE_SPREAD: f32 = 18.0;
/// Even ground and rows that cross writing, from none of a title to surely one.
const WORDS_GROUND: (f32, f32) = (0.75, 0.85);
const WORDS: (f32, f32) = (0.5, 0.65);
/// With this share of drawings among all that is shown, they are what the video is about.
const DRAWINGS: f32 = 0.15;

/// What each frame is of all that is written or drawn rather than filmed.
pub(super) struct Pages {
    /// A page that stays, or one of its kind.
    pub(super) slides: Vec<bool>,
    /// Writing on black, where most of it does not stay.
    pub(super) titles: Vec<bool>,
    /// How surely it is a card, 0 to 1; slides are.
    pub(super) cards: Vec<f32>,
}

impl Pages {
    pub(super) fn of(frames: &[Frame]) -> Self {
        let slides = deck::slides(frames);
        let each = || frames.iter().zip(&slides);
        Self {
            titles: each()
                .map(|(frame, slide)| frame.features.text.title && !slide)
                .collect(),
            cards: each()
                .map(|(frame, slide)| if *slide { 1.0 } else { card(frame) })
                .collect(),
            slides,
        }
    }
}

/// Whether it is a drawing on even ground that leaves much of the ground free.
pub(super) fn is_figure(f: &Features) -> bool {
    f.pattern.ground > FIGURE_GROUND
        && f.pattern.hard > FIGURE_HARD
        && f.exposure.spread > FIGURE_SPREAD
}

fn along(value: f32, (none, sure): (f32, f32)) -> f32 {
    ramp(value, none, sure)
}

/// How surely a frame shows words on even ground and no drawing, 0 to 1.
pub(super) fn words(f: &Features) -> f32 {
    along(f.pattern.ground, WORDS_GROUND) * along(f.text.writing, WORDS)
}

/// Whether a video without photographed pictures has drawings: then words alone are titles there, too.
pub(super) fn is_drawn_film(frames: &[Frame], light: &[Quality], pages: &Pages) -> bool {
    let shown = shown(light, pages);
    let is_drawing = |k: &&usize| {
        let f = &frames[**k].features;
        is_figure(f) && words(f) < 0.5
    };
    shown.iter().filter(is_drawing).count() as f32 > DRAWINGS * shown.len() as f32
}

/// How surely a frame is a card, 0 to 1.
fn card(frame: &Frame) -> f32 {
    let (pattern, detail) = (&frame.features.pattern, frame.features.sharpness.detail);
    let page = pattern.even > PAGE_EVEN && detail > PAGE_DETAIL;
    let bare = if page {
        1.0
    } else {
        along(pattern.marks, CARD_MARKS)
    };
    let pale = frame.features.exposure.spread < CARD_SPREAD;
    let drawn = if pale {
        along(pattern.hard, CARD_HARD)
    } else {
        1.0
    };
    let blank = along(pattern.ground, CARD_GROUND) * bare * drawn;
    let written = along(pattern.even, PAPER_EVEN)
        * along(pattern.marks, PAPER_MARKS)
        * along(pattern.hard, PAPER_HARD)
        * along(frame.features.text.writing, WORDS);
    blank.max(written) * (1.0 - keyed(&frame.features))
}

/// How surely a frame shows something filmed before ground to be cut out, 0 to 1.
pub(super) fn keyed(f: &Features) -> f32 {
    along(f.keyed.share, KEYED_SHARE)
        * along(f.keyed.shades, KEYED_SHADES)
        * along(f.keyed.colours, KEYED_COLOURS)
}

/// The most that cards are worth in this video.
pub(super) fn worth(light: &[Quality], pages: &Pages) -> f32 {
    let shown = shown(light, pages);
    let carded = shown.iter().filter(|k| pages.cards[**k] > 0.5).count();
    if carded as f32 > MOSTLY_CARDS * shown.len() as f32 {
        PAGE
    } else {
        CARD
    }
}

/// The frames that show anything.
fn shown(light: &[Quality], pages: &Pages) -> Vec<usize> {
    (0..light.len())
        .filter(|k| light[*k].value > 0.05 || pages.titles[*k])
        .collect()
}

/// Titles and credits are no covers while there are pictures; where writing is all there is, as in a recorded terminal, it is the content.
pub(super) fn title_factor(frames: &[Frame], light: &[Quality], pages: &Pages) -> f32 {
    const ENOUGH: f32 = 0.10;
    let drawn = |f: &Frame| f.features.pattern.even > 0.6 && f.features.exposure.entropy < 3.2;
    let shown = shown(light, pages).len();
    let pictures = (0..frames.len())
        .filter(|k| light[*k].value > 0.3 && pages.cards[*k] < 0.5)
        .filter(|k| !pages.titles[*k] && !drawn(&frames[*k]))
        .count();
    let share = pictures as f32 / shown.max(1) as f32;
    TITLE + (0.9 - TITLE) * (1.0 - share / ENOUGH).max(0.0)
}
