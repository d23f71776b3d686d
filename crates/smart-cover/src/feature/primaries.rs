//! Pure colours: generators of test pictures fill the frame with red, yellow, green, cyan, blue and magenta, as no camera sees them together.

use crate::plane::Picture;

/// Distance from grey of both colour differences together from which on a colour is pure; bars of three quarters have 80 and more.
const PURE: f32 = 70.0;
/// Degrees by which matrices and rounding move a hue.
const OFF: f32 = 14.0;
/// Red, yellow, green, cyan, blue and magenta as angles of the colour differences, between those of BT.601 and BT.709.
const HUES: [f32; 6] = [106.0, 173.5, 230.5, 286.0, 353.5, 50.5];
/// So many of them have their part …
const MOST_HUES: usize = 5;
/// … of at least so much of the picture.
const PART: f32 = 0.03;

/// The share of a picture in pure colours, where nearly all six are there; else 0.
pub(crate) fn measure(picture: &Picture) -> f32 {
    let mut counts = [0_u32; HUES.len()];
    for (u, v) in picture.u.data.iter().zip(&picture.v.data) {
        let [u, v] = [u, v].map(|c| f32::from(*c) - 128.0);
        if u * u + v * v < PURE * PURE {
            continue;
        }
        let angle = v.atan2(u).to_degrees();
        let off = |hue: f32| ((angle - hue + 540.0).rem_euclid(360.0) - 180.0).abs();
        if let Some(k) = HUES.iter().position(|hue| off(*hue) < OFF) {
            counts[k] += 1;
        }
    }
    let size = picture.u.data.len().max(1) as f32;
    let shares = counts.map(|count| count as f32 / size);
    if shares.iter().filter(|share| **share > PART).count() < MOST_HUES {
        return 0.0;
    }
    shares.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        choose::{choose, film},
        feature::samples::{self, HEIGHT, WIDTH},
        plane::Plane,
    };

    /// Bars of so many of the pure colours of BT.601, at a share of their strength.
    fn bars(count: usize, strength: f32) -> Picture {
        let pure = [
            (-38.0, 112.0),
            (-112.0, 18.0),
            (-74.0, -94.0),
            (38.0, -112.0),
            (112.0, -18.0),
            (74.0, 94.0),
        ];
        let plane = |of: fn((f32, f32)) -> f32| {
            let bar = |k: usize| k % (WIDTH / 2) * count / (WIDTH / 2);
            let at = |k: usize| (128.0 + strength * of(pure[bar(k)])) as u8;
            Plane::new(
                WIDTH / 2,
                HEIGHT / 2,
                (0..WIDTH * HEIGHT / 4).map(at).collect(),
            )
        };
        Picture {
            u: plane(|c| c.0),
            v: plane(|c| c.1),
            ..samples::luma(samples::scene)
        }
    }

    #[test]
    fn a_test_picture_has_nearly_all_pure_colours_and_no_scene_has() {
        for strength in [0.75, 1.0] {
            assert!(measure(&bars(6, strength)) > 0.95, "{strength}");
        }
        // A blue wall, a flag of four colours, bright clothes.
        assert_eq!(measure(&bars(1, 1.0)), 0.0);
        assert_eq!(measure(&bars(4, 1.0)), 0.0);
        assert_eq!(measure(&bars(6, 0.5)), 0.0);
        assert_eq!(measure(&samples::luma(samples::scene)), 0.0);
    }

    #[test]
    fn a_generated_picture_with_something_that_moves_is_no_cover() {
        let generated = |k: usize| {
            let line = move |x: usize, y: usize| {
                let shade = [82, 210, 145, 170, 41, 107][x * 6 / WIDTH];
                if (x + y + 3 * k) % 90 < 4 { 250 } else { shade }
            };
            Picture {
                y: samples::luma(line).y,
                ..bars(6, 1.0)
            }
        };
        let moving = |from: usize| (from..from + 30).map(generated).collect::<Vec<_>>();
        let frames = film::of([moving(0), film::scene(0, 12), moving(50)].concat());
        assert!(frames[5].features.pattern.repetition < 0.5);
        let chosen = choose(&frames, 2, false, true).chosen;
        assert!(
            chosen.iter().all(|c| (30..42).contains(&c.frame)),
            "{chosen:?}"
        );
    }
}
