//! How good each frame is by itself, relative to what the video has to offer.

use super::{flight, leftover, pull, ramp, roll, snow, transition};
use crate::{decode::Frame, feature::Features};

/// Why a frame lost quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Darker than the video's own idea of a picture.
    Dark,
    /// Washed out or white.
    Bright,
    /// Hardly any contrast.
    Flat,
    /// Very few shades: a plain colour or a card.
    Plain,
    /// Edges in one direction only: bars, smear.
    OneWay,
    /// Static.
    Noise,
    /// Rows and columns repeat: test bars, slates.
    Repeating,
    /// Out of focus, or the camera in flight.
    Blur,
    /// Title card, credits, or a page of text beside pictures.
    Title,
    /// Part of a fade or dissolve.
    Transition,
    /// The decoder reported damage.
    Damaged,
    /// A few frames of another shot at the beginning or the end of the file.
    Leftover,
}

impl Reason {
    /// A few words for people, such as `too dark`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Dark => "too dark",
            Self::Bright => "too bright",
            Self::Flat => "hardly any contrast",
            Self::Plain => "very few shades",
            Self::OneWay => "edges in one direction only",
            Self::Noise => "static",
            Self::Repeating => "test pattern",
            Self::Blur => "blurred",
            Self::Title => "title, credits or text",
            Self::Transition => "fade or dissolve",
            Self::Damaged => "damaged",
            Self::Leftover => "left over from another shot",
        }
    }
}

/// Quality of one frame, 0 to 1, and the factors below 1 that made it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Quality {
    pub(crate) value: f32,
    pub(crate) factors: Vec<(Reason, f32)>,
    /// Whether the camera is in flight from one picture to another.
    pub(super) flies: bool,
}

impl Quality {
    /// Whether there is nothing to see, rather than something seen badly.
    pub(super) fn shows_nothing(&self) -> bool {
        let badly = |reason| matches!(reason, Reason::Blur | Reason::Transition | Reason::Damaged);
        let left: f32 = self
            .factors
            .iter()
            .filter(|(reason, _)| !badly(*reason))
            .map(|(_, factor)| factor)
            .product();
        left < 0.2
    }

    /// Leaves at most so much of a frame that is surely a title, and all of one that is surely none.
    fn title(&mut self, sure: f32, most: f32) {
        let left = most / self.value.max(most);
        self.times(Reason::Title, 1.0 - sure * (1.0 - left));
    }

    fn times(&mut self, reason: Reason, factor: f32) {
        self.value *= factor;
        if factor < 0.98 {
            self.factors.push((reason, factor));
        }
    }
}

/// What a title is worth beside pictures.
const TITLE: f32 = 0.25;
/// The most that a card (a page of text, or a few words or a logo on any plain ground) is worth beside pictures: it is no cover.
const CARD: f32 = 0.08;
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

/// What a frame is worth whose whole shot is soft: less than any crisp one, more than showing a scene twice.
const SOFT: f32 = 0.45;
/// A shot shorter than this in seconds is not soft but in flight.
const SOFT_LONG: f64 = 0.3;
/// Softer than this share of what counts as crisp nothing is to be recognised.
const SOFT_LEAST: f32 = 0.4;
/// Soft in one direction only is smear.
const SOFT_EVEN: f32 = 0.55;

/// What is left of a few frames of another shot at either end of the file.
const LEFT: f32 = 0.1;

/// What static keeps.
const SNOW: f32 = 0.04;

/// Judges all frames of a video; `cuts` as [`super::shot::cuts`] finds them.
pub(crate) fn judge(frames: &[Frame], cuts: &[bool], dense: bool) -> Vec<Quality> {
    let mut all: Vec<Quality> = light(frames);
    let focus = focus_floor(frames, &all);
    let cards: Vec<f32> = frames.iter().map(card).collect();
    let title = title_factor(frames, &all, &cards);
    let pictures = title < 2.0 * TITLE;
    let most = card_worth(frames, &all, &cards);
    let drawn = !pictures && is_drawn_film(frames, &all);
    let none = || vec![0.0; frames.len()];
    let (mixes, flights, pulls) = if dense {
        (
            transition::mixes(frames),
            flight::flights(frames, cuts),
            pull::pulls(frames, cuts),
        )
    } else {
        (none(), none(), none())
    };
    let soft = soft(frames, &all, cuts, &mixes, focus);
    for (k, (quality, frame)) in all.iter_mut().zip(frames).enumerate() {
        let f = &frame.features;
        let focused = in_focus(f.sharpness.focus, focus).clamp(0.04, 1.0);
        let stands = 1.0 - 0.96 * flights[k].max(pulls[k]);
        quality.flies = flights[k] > 0.5;
        quality.times(Reason::Blur, focused.max(soft[k]).min(stands));
        if f.text.title {
            quality.times(Reason::Title, title);
        } else if pictures {
            quality.title(cards[k], most);
        } else if drawn {
            quality.title(words(f), CARD);
        }
        if frame.damaged {
            quality.times(Reason::Damaged, 0.03);
        }
    }
    if dense {
        for k in leftover::leftovers(frames, cuts) {
            all[k].times(Reason::Leftover, LEFT);
        }
        for (quality, snow) in all.iter_mut().zip(snow::snows(frames)) {
            quality.times(Reason::Noise, if snow { SNOW } else { 1.0 });
        }
    }
    if pictures && dense {
        for (quality, rolls) in all.iter_mut().zip(roll::rolls(frames, cuts)) {
            quality.title(rolls, most);
        }
    }
    for (quality, mix) in all.iter_mut().zip(mixes) {
        quality.times(Reason::Transition, 0.08 + 0.92 * (1.0 - mix).powf(1.5));
    }
    all
}

/// 1 for a focus that counts as crisp, 0 and less from seven tenths of it on.
fn in_focus(focus: f32, crisp: f32) -> f32 {
    (focus - 0.70 * crisp) / (0.30 * crisp)
}

/// What softness leaves of each frame of a shot that is soft from end to end, and so was taken that way; 0 elsewhere.
///
/// A shot ends at a cut, in a transition and where there is nothing to see.
fn soft(frames: &[Frame], light: &[Quality], cuts: &[bool], mixes: &[f32], crisp: f32) -> Vec<f32> {
    let mut soft = vec![0.0; frames.len()];
    let mut start = 0;
    for end in 1..=frames.len() {
        let broken = |k: usize| light[k].value < 0.2 || mixes[k] > 0.5;
        let ends = end == frames.len() || cuts[end - 1] || broken(end - 1) != broken(end);
        if !ends {
            continue;
        }
        let take = start..end;
        start = end;
        if frames[end - 1].time - frames[take.start].time < SOFT_LONG {
            continue;
        }
        let mut focus: Vec<f32> = take
            .clone()
            .filter(|k| light[*k].value > 0.3)
            .map(|k| frames[k].features.sharpness.focus)
            .collect();
        let own = percentile(&mut focus, 0.9);
        if own >= crisp || own < SOFT_LEAST * crisp {
            continue;
        }
        for k in take {
            let sharpness = &frames[k].features.sharpness;
            if sharpness.evenness > SOFT_EVEN {
                soft[k] = SOFT * in_focus(sharpness.focus, own).clamp(0.5, 1.0);
            }
        }
    }
    soft
}

fn light(frames: &[Frame]) -> Vec<Quality> {
    let mut lit: Vec<f32> = frames
        .iter()
        .map(|f| &f.features)
        .filter(|f| f.exposure.spread > 5.0 && f.sharpness.detail > 0.35)
        .map(|f| f.exposure.mean)
        .collect();
    let usual = if lit.is_empty() {
        128.0
    } else {
        percentile(&mut lit, 0.5)
    };
    let low = (0.45 * usual).min(26.0);
    frames
        .iter()
        .map(|frame| {
            let f = &frame.features;
            let e = &f.exposure;
            let mut q = Quality {
                value: 1.0,
                ..Quality::default()
            };
            // A slide or a page: pale, but full of strokes; or a figure drawn on pale ground.
            let strokes = f.sharpness.detail > 5.0 && e.spread > 6.0;
            let figure = is_figure(f);
            let page = figure || strokes && f.pattern.repetition < 0.7;
            q.times(
                Reason::Dark,
                ((e.mean - 0.3 * low) / (0.7 * low + 1e-6)).clamp(0.0, 1.0),
            );
            let bright = ((252.0 - e.mean) / 25.0).clamp(0.0, 1.0)
                * (1.0 - (e.bright - 0.55) / 0.4).clamp(0.0, 1.0);
            q.times(Reason::Bright, bright.max(if page { 0.7 } else { 0.02 }));
            q.times(Reason::Flat, ((e.spread - 3.0) / 12.0).clamp(0.0, 1.0));
            let shades = ((e.entropy - 0.4) / 2.2).clamp(0.02, 1.0);
            q.times(
                Reason::Plain,
                shades
                    .max(if page && !f.text.title { 0.6 } else { 0.0 })
                    .max(keyed(f)),
            );
            q.times(
                Reason::OneWay,
                if f.sharpness.balance < 0.10 {
                    0.05
                } else if f.sharpness.balance < 0.28 {
                    0.6
                } else {
                    1.0
                },
            );
            q.times(Reason::Noise, if f.pattern.noise { SNOW } else { 1.0 });
            q.times(
                Reason::Repeating,
                if f.pattern.repetition > 0.80 && !figure || generated(f) {
                    0.03
                } else {
                    1.0
                },
            );
            q
        })
        .collect()
}

/// Whether a picture is the work of a generator: mostly pure colours, on even ground.
fn generated(f: &Features) -> bool {
    f.primaries > 0.5 && f.pattern.even > 0.6
}

/// The focus below which a frame counts as blurred: what the video's crisp frames have, so that soft material stays valid.
fn focus_floor(frames: &[Frame], light: &[Quality]) -> f32 {
    let mut crisp: Vec<f32> = frames
        .iter()
        .zip(light)
        .filter(|(_, q)| q.value > 0.3)
        .map(|(f, _)| f.features.sharpness.focus)
        .collect();
    if crisp.is_empty() {
        0.2
    } else {
        (0.62 * percentile(&mut crisp, 0.95)).min(0.24)
    }
}

/// Whether it is a drawing on even ground that leaves much of the ground free.
fn is_figure(f: &Features) -> bool {
    f.pattern.ground > FIGURE_GROUND
        && f.pattern.hard > FIGURE_HARD
        && f.exposure.spread > FIGURE_SPREAD
}

fn along(value: f32, (none, sure): (f32, f32)) -> f32 {
    ramp(value, none, sure)
}

/// How surely a frame shows words on even ground and no drawing, 0 to 1.
fn words(f: &Features) -> f32 {
    along(f.pattern.ground, WORDS_GROUND) * along(f.text.writing, WORDS)
}

/// Whether a video without photographed pictures has drawings: then words alone are titles there, too.
fn is_drawn_film(frames: &[Frame], light: &[Quality]) -> bool {
    let shown = shown(frames, light);
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
fn keyed(f: &Features) -> f32 {
    along(f.keyed.share, KEYED_SHARE)
        * along(f.keyed.shades, KEYED_SHADES)
        * along(f.keyed.colours, KEYED_COLOURS)
}

/// The most that cards are worth in this video.
fn card_worth(frames: &[Frame], light: &[Quality], cards: &[f32]) -> f32 {
    let shown = shown(frames, light);
    let carded = shown.iter().filter(|k| cards[**k] > 0.5).count();
    if carded as f32 > MOSTLY_CARDS * shown.len() as f32 {
        PAGE
    } else {
        CARD
    }
}

/// The frames that show anything.
fn shown(frames: &[Frame], light: &[Quality]) -> Vec<usize> {
    (0..frames.len())
        .filter(|k| light[*k].value > 0.05 || frames[*k].features.text.title)
        .collect()
}

/// Titles and credits are no covers while there are pictures; where writing is all there is, as in a recorded terminal, it is the content.
fn title_factor(frames: &[Frame], light: &[Quality], cards: &[f32]) -> f32 {
    const ENOUGH: f32 = 0.10;
    let drawn = |f: &Frame| f.features.pattern.even > 0.6 && f.features.exposure.entropy < 3.2;
    let shown = shown(frames, light).len();
    let pictures = (0..frames.len())
        .filter(|k| light[*k].value > 0.3 && cards[*k] < 0.5)
        .filter(|k| !frames[*k].features.text.title && !drawn(&frames[*k]))
        .count();
    let share = pictures as f32 / shown.max(1) as f32;
    TITLE + (0.9 - TITLE) * (1.0 - share / ENOUGH).max(0.0)
}

/// The value below which the given share lies, interpolated; 0 of nothing. Their order is lost.
pub(crate) fn percentile(values: &mut [f32], share: f32) -> f32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f32;
    let at = (place as usize).min(last);
    let (_, below, higher) = values.select_nth_unstable_by(at, f32::total_cmp);
    let below = *below;
    let above = higher
        .iter()
        .copied()
        .min_by(f32::total_cmp)
        .unwrap_or(below);
    below + (above - below) * (place - at as f32)
}
