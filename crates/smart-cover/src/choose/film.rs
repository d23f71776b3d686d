//! Films made of synthetic pictures, for the tests of the choice.
use crate::{
    decode::Frame,
    feature::{self, samples},
    plane::Picture,
};

/// Seconds between frames.
pub(crate) const STEP: f64 = 0.08;

/// Frames one after the other out of their pictures.
pub(crate) fn of(pictures: impl IntoIterator<Item = Picture>) -> Vec<Frame> {
    let frame = |(k, picture): (usize, Picture)| Frame {
        time: k as f64 * STEP,
        key: false,
        interlaced: false,
        damaged: false,
        features: feature::measure(&picture),
        picture: None,
    };
    pictures.into_iter().enumerate().map(frame).collect()
}

/// So many frames of one of several scenes that look nothing alike.
pub(crate) fn scene(which: usize, frames: usize) -> Vec<Picture> {
    let at = move |x: usize, y: usize| match which {
        0 => samples::scene(x, y),
        1 => 255 - samples::scene(samples::WIDTH - 1 - x, y),
        _ => {
            samples::scene(x, samples::HEIGHT - 1 - y) / 2
                + if (x / 20 + y / 20).is_multiple_of(2) {
                    90
                } else {
                    10
                }
        }
    };
    vec![samples::luma(at); frames]
}

/// So many frames of one shade.
pub(crate) fn plain(shade: u8, frames: usize) -> Vec<Picture> {
    vec![samples::luma(|_, _| shade); frames]
}

/// A dark screen: dim writing that begins in another column on each page, and a bright clock that goes on.
pub(crate) fn screen(page: usize, hand: usize) -> Picture {
    samples::luma(move |x, y| match (x, y) {
        (110..150, 50..84) => 250 - 200 * u8::from(x == 112 + hand),
        (x, 4..80) if (6 + page..40 + 25 * page).contains(&x) => {
            20 + 45 * u8::from(x / 2 % 3 != page && y / 4 % 2 == page % 2)
        }
        _ => 20,
    })
}

/// What a camera sees that moved by so many pixels to the side, over soft shapes.
pub(crate) fn view(by: usize) -> Picture {
    samples::luma(move |x, y| {
        let (fx, fy) = ((x + by) as f32 / 9.0, y as f32 / 7.0);
        (128.0 + 60.0 * fx.sin() + 50.0 * (fx * 0.37 + fy).cos()) as u8
    })
}

/// A mix of two pictures.
pub(crate) fn mix(a: &Picture, b: &Picture, share: f32) -> Picture {
    samples::luma(|x, y| {
        let at = |p: &Picture| f32::from(p.y.data[y * samples::WIDTH + x]);
        (at(a) * (1.0 - share) + at(b) * share) as u8
    })
}
