//! Faces: where they are, how sure that is, and how wide their eyes are open.

mod detector;
mod landmarks;
mod map;
mod network;
mod rgb;
mod weights;

use std::sync::LazyLock;

use self::{
    detector::{Detector, Found},
    landmarks::Landmarks,
    rgb::{Area, Rgb},
};
use crate::plane::Picture;

/// Eyes are looked at from this share of the height of the picture on; smaller ones are a few pixels.
const LEAST_HEIGHT: f32 = 0.12;
/// Share of a face that may lie beyond the border: boxes are rough.
const MOST_BEYOND: f32 = 0.08;

/// A face in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Face {
    /// Pixels of the picture; below 0 where the face reaches beyond it.
    pub(crate) left: f32,
    /// Pixels of the picture; below 0 where the face reaches beyond it.
    pub(crate) top: f32,
    /// Pixels of the picture.
    pub(crate) width: f32,
    /// Pixels of the picture.
    pub(crate) height: f32,
    /// How sure: above 0.5, up to 1.
    pub(crate) score: f32,
    /// Mean opening of both eyes by their width: 0 shut, about 0.3 wide open. None for a face too small to tell.
    pub(crate) eyes: Option<f32>,
}

impl Face {
    /// Whether a part of the face lies beyond the border of its picture.
    pub(crate) fn cut_off(&self, width: usize, height: usize) -> bool {
        let beyond = |start: f32, size: f32, end: usize| {
            (-start).max(start + size - end as f32) > MOST_BEYOND * size
        };
        beyond(self.left, self.width, width) || beyond(self.top, self.height, height)
    }
}

/// The networks that find faces.
#[derive(Debug)]
pub(crate) struct Faces {
    detector: Detector,
    landmarks: Landmarks,
}

static FACES: LazyLock<Faces> = LazyLock::new(|| Faces {
    detector: Detector::load(include_bytes!("../../weights/tiny_face_detector.bin")),
    landmarks: Landmarks::load(include_bytes!("../../weights/face_landmark_68_tiny.bin")),
});

impl Faces {
    /// Unpacked once for the whole process.
    pub(crate) fn load() -> &'static Self {
        &FACES
    }

    /// The faces of a picture, the surest first.
    pub(crate) fn find(&self, picture: &Picture) -> Vec<Face> {
        let rgb = Rgb::new(picture);
        if rgb.width == 0 || rgb.height == 0 {
            return Vec::new();
        }
        let found = self.detector.find(&rgb);
        found.iter().map(|found| self.face(&rgb, found)).collect()
    }

    fn face(&self, picture: &Rgb, found: &Found) -> Face {
        let large = found.height >= LEAST_HEIGHT * picture.height as f32;
        let area = inside(found, picture.width, picture.height).filter(|_| large);
        Face {
            left: found.left,
            top: found.top,
            width: found.width,
            height: found.height,
            score: found.score,
            eyes: area.map(|area| self.landmarks.eyes(picture, area)),
        }
    }
}

/// The part of a face that is in the picture, in whole pixels; none when there is no such part.
fn inside(face: &Found, width: usize, height: usize) -> Option<Area> {
    let part = |start: f32, size: f32, full: usize| {
        let from = start.max(0.0);
        let size = (start + size - from).min(full as f32 - from);
        (size >= 1.0).then_some((from as usize, size as usize))
    };
    let (left, width) = part(face.left, face.width, width)?;
    let (top, height) = part(face.top, face.height, height)?;
    Some(Area {
        left,
        top,
        width,
        height,
    })
}

#[cfg(test)]
mod samples {
    use crate::plane::{Picture, Plane};

    fn grey(width: usize, height: usize, luma: impl Fn(usize, usize) -> u8) -> Picture {
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let data = (0..width * height).map(|k| luma(k % width, k / width));
        let colour = Plane::new(half_width, half_height, vec![128; half_width * half_height]);
        Picture {
            y: Plane::new(width, height, data.collect()),
            u: colour.clone(),
            v: colour,
        }
    }

    fn waves(x: usize, y: usize) -> u8 {
        ((x * x + 3 * y * y + x * y) % 251) as u8
    }

    /// Something without a face.
    pub(super) fn pattern() -> Picture {
        grey(320, 180, waves)
    }

    /// The same, higher than wide.
    pub(super) fn upright() -> Picture {
        grey(180, 320, waves)
    }

    pub(super) fn plain(width: usize, height: usize) -> Picture {
        grey(width, height, |_, _| 90)
    }

    /// A drawn face whose eyes are open by so many pixels each way.
    pub(super) fn drawn(open: f64) -> Picture {
        grey(320, 180, |x, y| {
            let mut luma = 90.0 + x as f64 * 0.1;
            let mut put = |shade: f64, cx: f64, cy: f64, rx: f64, ry: f64| {
                let (a, b) = ((x as f64 - cx) / rx, (y as f64 - cy) / ry);
                luma += (shade - luma) * ((1.15 - a * a - b * b) / 0.3).clamp(0.0, 1.0);
            };
            put(60.0, 160.0, 80.0, 44.0, 56.0);
            put(185.0, 160.0, 92.0, 36.0, 48.0);
            for cx in [145.0, 175.0] {
                put(80.0, cx, 74.0, 10.0, 2.5);
                put(110.0, cx, 83.0, 8.0, 5.0);
                put(225.0, cx, 83.0, 7.0, open);
                put(30.0, cx, 83.0, 3.0, open);
            }
            put(130.0, 160.0, 103.0, 7.0, 3.0);
            put(165.0, 154.0, 95.0, 2.0, 12.0);
            put(95.0, 160.0, 118.0, 14.0, 4.0);
            luma as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_face_is_found_as_by_the_original() {
        for (open, expected) in [
            (4.0, [109.947, 54.515, 93.437, 93.176, 0.85598, 0.32460]),
            (0.5, [118.647, 58.897, 87.990, 87.742, 0.72897, 0.28496]),
        ] {
            let faces = Faces::load().find(&samples::drawn(open));
            let [face] = faces[..] else {
                panic!("{faces:?}");
            };
            let box_ = [face.left, face.top, face.width, face.height];
            let far = |(a, b): (f32, f32)| (a - b).abs() > 0.05;
            assert!(!box_.into_iter().zip(expected).any(far), "{face:?}");
            assert!((face.score - expected[4]).abs() < 1e-3, "{face:?}");
            let eyes = face.eyes.unwrap_or_default();
            assert!((eyes - expected[5]).abs() < 2e-3, "{face:?}");
        }
    }

    #[test]
    fn there_are_no_faces_where_there_are_none() {
        for picture in [
            samples::pattern(),
            samples::upright(),
            samples::plain(320, 180),
            samples::plain(1, 1),
            samples::plain(2, 700),
            samples::plain(0, 0),
        ] {
            assert_eq!(Faces::load().find(&picture), []);
        }
    }

    fn face(left: f32, top: f32) -> Face {
        Face {
            left,
            top,
            width: 50.0,
            height: 60.0,
            score: 0.9,
            eyes: None,
        }
    }

    #[test]
    fn a_face_is_cut_off_where_much_of_it_lies_beyond_the_border() {
        assert!(!face(0.0, 0.0).cut_off(320, 180));
        assert!(!face(-3.9, 124.7).cut_off(320, 180));
        assert!(face(-4.1, 60.0).cut_off(320, 180));
        assert!(face(100.0, -5.0).cut_off(320, 180));
        assert!(face(274.2, 60.0).cut_off(320, 180));
        assert!(face(100.0, 124.9).cut_off(320, 180));
    }

    #[test]
    fn landmarks_get_the_part_inside_the_picture() {
        let found = |left: f32, width: f32| Found {
            left,
            top: 10.6,
            width,
            height: 20.0,
            score: 0.9,
        };
        let area = inside(&found(-5.5, 30.0), 100, 25).map(|a| (a.left, a.top, a.width, a.height));
        assert_eq!(area, Some((0, 10, 24, 14)));
        assert_eq!(inside(&found(99.5, 30.0), 100, 25), None);
    }
}
