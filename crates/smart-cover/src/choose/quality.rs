//! How good each frame is by itself, relative to what the video has to offer.

use super::{
    card::{self, CARD, Pages, TITLE},
    flight, leftover, pull, roll, snow, transition,
};
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

/// What a slide keeps whose words are pale on dark ground: as much as a pale one, which loses for its light as well.
const DARK_PAGE: f32 = 0.42;

/// What static keeps.
const SNOW: f32 = 0.04;

/// Judges all frames of a video; `cuts` as [`super::shot::cuts`] finds them.
pub(crate) fn judge(frames: &[Frame], cuts: &[bool], dense: bool) -> Vec<Quality> {
    let pages = Pages::of(frames);
    let mut all: Vec<Quality> = light(frames, &pages.slides);
    let focus = focus_floor(frames, &all);
    let title = card::title_factor(frames, &all, &pages);
    let pictures = title < 2.0 * TITLE;
    let most = card::worth(&all, &pages);
    let drawn = !pictures && card::is_drawn_film(frames, &all, &pages);
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
        if pages.titles[k] {
            quality.times(Reason::Title, title);
        } else if pictures {
            quality.title(pages.cards[k], most);
        } else if drawn {
            quality.title(card::words(f), CARD);
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

fn light(frames: &[Frame], slides: &[bool]) -> Vec<Quality> {
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
        .zip(slides)
        .map(|(frame, slide)| {
            let f = &frame.features;
            let e = &f.exposure;
            let mut q = Quality {
                value: 1.0,
                ..Quality::default()
            };
            // A slide; a page that is pale, but full of strokes; or a figure drawn on pale ground.
            let strokes = f.sharpness.detail > 5.0 && e.spread > 6.0;
            let figure = card::is_figure(f);
            let page = *slide || figure || strokes && f.pattern.repetition < 0.7;
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
                    .max(match (page, f.text.title) {
                        (true, false) => 0.6,
                        (true, true) if *slide => DARK_PAGE,
                        _ => 0.0,
                    })
                    .max(card::keyed(f)),
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
                if f.pattern.repetition > 0.80 && !(figure || *slide) || generated(f) {
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
