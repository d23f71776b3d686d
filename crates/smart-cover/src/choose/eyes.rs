//! Of a moment that shows somebody, the frame in which their eyes are open.

use super::{Decision, duplicate, quality::percentile};
use crate::{
    decode::Frame,
    face::{Face, Faces},
    plane::Picture,
    source,
};

/// Seconds around a chosen frame in which another may take its place.
const MOMENT: f64 = 1.0;
/// Most frames of a moment that are looked at.
const MOST: usize = 8;
/// Eyes may be shut below this share of how wide the wider quarter of the moment shows them. The measure is a rough one,
/// open eyes fall below it now and then; then one good frame takes the place of another.
const SHUT: f32 = 0.96;
/// The frame that takes the place has at least this share of the quality and of the worth …
const AS_GOOD: f32 = 0.85;
/// … and of the detail.
const AS_CRISP: f32 = 0.9;

/// Gives the place of each chosen frame in which eyes seem shut to one of the same moment with open ones, as good otherwise.
///
/// `threads` look at several covers at once, and say the same however many they are.
pub(crate) fn open(frames: &[Frame], decision: &mut Decision, threads: usize) {
    let faces = Faces::load();
    let largest = |picture: &Picture| {
        let found = faces.find(picture).into_iter();
        found.max_by(|a, b| a.height.total_cmp(&b.height))
    };
    open_with(&largest, frames, decision, threads);
}

/// `largest` finds the largest face of a picture.
fn open_with(
    largest: &(impl Fn(&Picture) -> Option<Face> + Sync),
    frames: &[Frame],
    decision: &mut Decision,
    threads: usize,
) {
    let covers: Vec<usize> = (0..decision.chosen.len()).collect();
    let wider = source::parallel(threads, &covers, |cover| {
        Ok(wider(largest, frames, decision, *cover))
    });
    for (cover, to) in wider.unwrap_or_default().into_iter().enumerate() {
        // Others may have moved meanwhile.
        if let Some(to) = to.filter(|to| is_apart(frames, decision, cover, *to)) {
            decision.shut.push((decision.chosen[cover].frame, to));
            decision.chosen[cover].frame = to;
        }
    }
}

/// What a frame shows of its largest face.
struct Seen {
    frame: usize,
    eyes: f32,
    cut_off: bool,
}

/// The frame that should take the place of a cover.
fn wider(
    largest: &impl Fn(&Picture) -> Option<Face>,
    frames: &[Frame],
    decision: &Decision,
    cover: usize,
) -> Option<usize> {
    let at = decision.chosen[cover].frame;
    let see = |frame: usize| -> Option<Seen> {
        let picture = frames[frame].picture.as_deref()?;
        let face = largest(picture)?;
        Some(Seen {
            frame,
            eyes: face.eyes?,
            cut_off: face.cut_off(picture.y.width, picture.y.height),
        })
    };
    let moment = moment(frames, decision, cover);
    // The picture of the chosen frame may not have been kept; then its nearest neighbour stands for it.
    let away = |k: &usize| (frames[*k].time - frames[at].time).abs();
    let nearest = moment
        .iter()
        .copied()
        .min_by(|a, b| away(a).total_cmp(&away(b)));
    let kept = frames[at].picture.is_some().then_some(at);
    let here = see(kept.or(nearest)?)?;
    let every = moment.len().div_ceil(MOST).max(1);
    let others = moment
        .into_iter()
        .step_by(every)
        .filter(|k| *k != here.frame);
    let seen: Vec<Seen> = others.filter_map(see).collect();
    let mut widths: Vec<f32> = seen.iter().map(|s| s.eyes).collect();
    let wide = percentile(&mut widths, 0.75);
    if seen.is_empty() || here.eyes >= SHUT * wide {
        return None;
    }
    let worth = |s: &Seen| decision.worth[s.frame];
    seen.into_iter()
        .filter(|s| s.eyes >= wide && (here.cut_off || !s.cut_off))
        .max_by(|a, b| worth(a).total_cmp(&worth(b)).then(b.frame.cmp(&a.frame)))
        .map(|s| s.frame)
}

/// Frames that could stand for a cover: of the same scene and moment, alike, as good, and like no other cover.
fn moment(frames: &[Frame], decision: &Decision, cover: usize) -> Vec<usize> {
    let at = decision.chosen[cover].frame;
    let here = &frames[at];
    let detail = |k: usize| frames[k].features.sharpness.detail;
    let first = frames.partition_point(|f| f.time < here.time - MOMENT);
    let frames_near = (first..frames.len()).take_while(|k| frames[*k].time <= here.time + MOMENT);
    frames_near
        .filter(|k| {
            *k != at
                && frames[*k].picture.is_some()
                && decision.scenes[*k].is_some()
                && decision.scenes[*k] == decision.scenes[at]
                && decision.quality[*k].value >= AS_GOOD * decision.quality[at].value
                && decision.worth[*k] >= AS_GOOD * decision.worth[at]
                && detail(*k) >= AS_CRISP * detail(at)
                && duplicate::alike(frames, *k, at).is_some()
                && is_apart(frames, decision, cover, *k)
        })
        .collect()
}

/// Whether a frame in the place of a cover would be no other cover, and like none that is not like it already.
fn is_apart(frames: &[Frame], decision: &Decision, cover: usize, frame: usize) -> bool {
    let here = decision.chosen[cover].frame;
    let others = decision.chosen.iter().enumerate();
    others.filter(|(n, _)| *n != cover).all(|(_, other)| {
        let alike = |frame| duplicate::alike(frames, frame, other.frame).is_some();
        other.frame != frame && (!alike(frame) || alike(here))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::choose::{choose, film};

    /// Sees one large face whose eyes are as wide as the first sample of u says; none from 100 on.
    fn marked(picture: &Picture) -> Option<Face> {
        let eyes = f32::from(picture.u.data[0]) / 100.0;
        (eyes < 1.0).then_some(Face {
            left: 40.0,
            top: 10.0,
            width: 50.0,
            height: 60.0,
            score: 0.9,
            eyes: Some(eyes),
        })
    }

    /// A film of one scene with eyes as wide as given in hundredths.
    fn film(eyes: &[u8], covers: usize) -> (Vec<Frame>, Decision) {
        let pictures = film::scene(0, eyes.len());
        let mut frames = film::of(pictures.clone());
        for ((frame, mut picture), eyes) in frames.iter_mut().zip(pictures).zip(eyes) {
            picture.u.data[0] = *eyes;
            frame.picture = Some(Arc::new(picture));
        }
        let decision = choose(&frames, covers, false, true);
        (frames, decision)
    }

    fn opened(eyes: &[u8]) -> (usize, usize) {
        let (frames, mut decision) = film(eyes, 1);
        let before = decision.chosen[0].frame;
        open_with(&marked, &frames, &mut decision, 2);
        (before, decision.chosen[0].frame)
    }

    #[test]
    fn shut_eyes_give_way_to_open_ones() {
        let (chosen, _) = opened(&[30; 40]);
        let mut eyes = [30; 40];
        eyes[chosen..=chosen + 1].fill(8);
        let (before, after) = opened(&eyes);
        assert_eq!(before, chosen);
        assert!(after > chosen + 1, "{after}");
    }

    #[test]
    fn open_eyes_stay_and_so_does_what_shows_nobody() {
        let (before, after) = opened(&[30; 40]);
        assert_eq!(before, after);
        let (before, after) = opened(&[200; 40]);
        assert_eq!(before, after);
    }

    #[test]
    fn no_two_covers_take_the_same_frame() {
        let (_, decision) = film(&[30; 8], 2);
        let mut eyes = [30; 8];
        for choice in &decision.chosen {
            eyes[choice.frame] = 8;
        }
        let (frames, mut decision) = film(&eyes, 2);
        open_with(&marked, &frames, &mut decision, 2);
        let mut chosen: Vec<usize> = decision.chosen.iter().map(|c| c.frame).collect();
        assert!(!decision.shut.is_empty(), "{chosen:?}");
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), 2, "{chosen:?}");
    }

    #[test]
    fn narrow_eyes_that_never_open_wider_stay() {
        let (before, after) = opened(&[12; 40]);
        assert_eq!(before, after);
    }
}
