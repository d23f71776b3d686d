//! What is measured of each small picture; one file per measure.

pub(crate) mod exposure;
pub(crate) mod keyed;
pub(crate) mod likeness;
pub(crate) mod outline;
pub(crate) mod pattern;
pub(crate) mod primaries;
pub(crate) mod sharpness;
pub(crate) mod sums;
pub(crate) mod text;

use crate::plane::{Picture, Plane};

/// Luma above this is not the black of letterbox bars.
const BAR_BLACK: u8 = 28;

/// All measures of one frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Features {
    pub(crate) exposure: exposure::Exposure,
    pub(crate) sharpness: sharpness::Sharpness,
    pub(crate) pattern: pattern::Pattern,
    /// Share in pure colours, where nearly all six are there.
    pub(crate) primaries: f32,
    pub(crate) keyed: keyed::Keyed,
    pub(crate) text: text::Text,
    pub(crate) look: likeness::Look,
}

/// Measures one picture.
pub(crate) fn measure(picture: &Picture) -> Features {
    let content = content_box(&picture.y);
    let sharpness = sharpness::measure(&content);
    Features {
        exposure: exposure::measure(&picture.y, &content),
        pattern: pattern::measure(&content, &sharpness),
        primaries: primaries::measure(picture),
        keyed: keyed::measure(picture),
        text: text::measure(picture),
        look: likeness::measure(picture),
        sharpness,
    }
}

/// The picture without black bars around it; the whole when almost nothing would be left.
fn content_box(y: &Plane<u8>) -> Plane<u8> {
    let lit_rows: Vec<bool> = y
        .rows()
        .map(|row| row.iter().any(|v| *v > BAR_BLACK))
        .collect();
    let mut lit_columns = vec![false; y.width];
    for row in y.rows() {
        for (lit, value) in lit_columns.iter_mut().zip(row) {
            *lit |= *value > BAR_BLACK;
        }
    }
    let extent = |lit: &[bool]| -> Option<(usize, usize)> {
        let enough = lit.iter().filter(|l| **l).count() * 10 >= lit.len() * 3;
        let (first, last) = (lit.iter().position(|l| *l)?, lit.iter().rposition(|l| *l)?);
        (enough && last - first >= 15).then_some((first, last))
    };
    match (extent(&lit_rows), extent(&lit_columns)) {
        (Some((top, bottom)), Some((left, right))) => {
            y.part(left, top, right - left + 1, bottom - top + 1)
        }
        _ => y.clone(),
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Synthetic pictures for the tests of the measures.
    use crate::plane::{Picture, Plane};

    pub(crate) const WIDTH: usize = 160;
    pub(crate) const HEIGHT: usize = 90;

    /// A grey picture whose luma is given per place.
    pub(crate) fn luma(at: impl Fn(usize, usize) -> u8) -> Picture {
        let data = (0..HEIGHT)
            .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
            .map(|(x, y)| at(x, y))
            .collect();
        let grey = || Plane::new(WIDTH / 2, HEIGHT / 2, vec![128; WIDTH * HEIGHT / 4]);
        Picture {
            y: Plane::new(WIDTH, HEIGHT, data),
            u: grey(),
            v: grey(),
        }
    }

    /// Shapes and shades as a scene has them: soft gradients, edges in all directions, some texture.
    pub(crate) fn scene(x: usize, y: usize) -> u8 {
        let (fx, fy) = (x as f32, y as f32);
        let disc = if (fx - 60.0).hypot(fy - 40.0) < 22.0 {
            90.0
        } else {
            0.0
        };
        let house = if (95..135).contains(&x) && (30..80).contains(&y) {
            50.0
        } else {
            0.0
        };
        let texture = ((x * 31 + y * 17) % 13) as f32 * 2.0
            + if (x / 3 + y / 4).is_multiple_of(2) {
                12.0
            } else {
                0.0
            };
        (30.0 + fx * 0.3 + fy * 0.4 + disc + house + texture).clamp(0.0, 255.0) as u8
    }

    /// The scene averaged over squares of side `2 * radius + 1`.
    pub(crate) fn blurred(radius: usize) -> Picture {
        luma(|x, y| {
            let (mut sum, mut count) = (0_u32, 0_u32);
            for yy in y.saturating_sub(radius)..=(y + radius).min(HEIGHT - 1) {
                for xx in x.saturating_sub(radius)..=(x + radius).min(WIDTH - 1) {
                    sum += u32::from(scene(xx, yy));
                    count += 1;
                }
            }
            (sum / count) as u8
        })
    }

    /// Reproducible noise.
    pub(crate) fn noise(x: usize, y: usize) -> u8 {
        let mut h = (x as u32).wrapping_mul(0x9E37_79B9) ^ (y as u32).wrapping_mul(0x85EB_CA6B);
        h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        (h ^ (h >> 12)) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_cut_off_and_a_black_picture_is_kept() {
        let boxed = samples::luma(|x, y| {
            if (20..140).contains(&x) && (10..80).contains(&y) {
                120
            } else {
                5
            }
        });
        let content = content_box(&boxed.y);
        assert_eq!((content.width, content.height), (120, 70));
        let black = content_box(&samples::luma(|_, _| 5).y);
        assert_eq!(
            (black.width, black.height),
            (samples::WIDTH, samples::HEIGHT)
        );
    }
}
