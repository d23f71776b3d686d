//! A figure filmed before ground of one strong colour, to be cut out: the ground is as even as a card's, the figure has
//! many shades and many colours, and what is drawn or written on such ground has few.

use super::exposure::entropy;
use crate::plane::Picture;

/// Distance from grey of both colour differences together from which on a colour is strong: green and blue screens have 80 and more.
const STRONG: f32 = 60.0;
/// Least share of the picture that the ground has, and distance from its colour up to which a sample is ground.
const GROUND: f32 = 0.35;
const NEAR: i32 = 20;
/// Colours are counted in squares of this side.
const SIDE: usize = 8;
const SQUARES: usize = 256 / SIDE;

/// What stands before ground of one strong colour; all 0 where there is no such ground.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Keyed {
    /// Share of the picture.
    pub(crate) share: f32,
    /// Entropy of its luma in 64 steps, in bits.
    pub(crate) shades: f32,
    /// Entropy of its colours in squares of 8 steps, in bits.
    pub(crate) colours: f32,
}

pub(crate) fn measure(picture: &Picture) -> Keyed {
    let none = Keyed::default();
    let (u, v) = (&picture.u, &picture.v);
    let size = u.data.len().max(1) as f32;
    let square = |u: u8, v: u8| usize::from(u) / SIDE * SQUARES + usize::from(v) / SIDE;
    let colours = || u.data.iter().copied().zip(v.data.iter().copied());
    let mut counts = vec![0_u32; SQUARES * SQUARES];
    for (u, v) in colours() {
        counts[square(u, v)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    // Noise may spread the ground over four squares, but hardly more evenly than this.
    if (most as f32) < GROUND / 4.0 * size {
        return none;
    }
    let Some(ground) = mean_of(colours().filter(|(u, v)| counts[square(*u, *v)] == most)) else {
        return none;
    };
    let from_grey = ground.map(|c| (c - 128) as f32);
    if from_grey[0].hypot(from_grey[1]) < STRONG {
        return none;
    }
    let mut colour_counts = vec![0_u32; SQUARES * SQUARES];
    let mut shade_counts = [0_u32; 64];
    for (k, (u, v)) in colours().enumerate() {
        let off = [i32::from(u) - ground[0], i32::from(v) - ground[1]];
        if off[0] * off[0] + off[1] * off[1] <= NEAR * NEAR {
            continue;
        }
        colour_counts[square(u, v)] += 1;
        let (x, y) = (k % picture.u.width, k / picture.u.width);
        if let Some(luma) = picture.y.data.get(2 * y * picture.y.width + 2 * x) {
            shade_counts[usize::from(*luma) / 4] += 1;
        }
    }
    let share = colour_counts.iter().sum::<u32>() as f32 / size;
    if share > 1.0 - GROUND {
        return none;
    }
    Keyed {
        share,
        shades: entropy(&shade_counts),
        colours: entropy(&colour_counts),
    }
}

fn mean_of(colours: impl Iterator<Item = (u8, u8)>) -> Option<[i32; 2]> {
    let (mut sums, mut count) = ([0_i64; 2], 0_i64);
    for (u, v) in colours {
        sums[0] += i64::from(u);
        sums[1] += i64::from(v);
        count += 1;
    }
    (count > 0).then(|| sums.map(|sum| (sum / count) as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        choose::{choose, film},
        feature::samples::{self, HEIGHT, WIDTH},
        plane::Plane,
    };

    /// Something in the middle of pure green: luma and colour differences by place.
    fn on_green(at: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let inside = |x: usize, y: usize| (70..90).contains(&x) && (24..64).contains(&y);
        let of = |x: usize, y: usize| {
            if inside(x, y) {
                at(x, y)
            } else {
                [150, 50, 35]
            }
        };
        let half = |which: usize| {
            let places = (0..HEIGHT / 2).flat_map(|y| (0..WIDTH / 2).map(move |x| (2 * x, 2 * y)));
            let data = places.map(|(x, y)| of(x, y)[which]).collect();
            Plane::new(WIDTH / 2, HEIGHT / 2, data)
        };
        Picture {
            u: half(1),
            v: half(2),
            ..samples::luma(|x, y| of(x, y)[0])
        }
    }

    fn figure(by: usize) -> Picture {
        on_green(move |x, y| {
            let shade = samples::scene(x + by, y);
            let colour = |k: usize| 90 + ((x + by) / k * 7 + y) as u8 % 70;
            [shade, colour(3), colour(5)]
        })
    }

    fn words() -> Picture {
        on_green(|x, y| {
            if x % 5 < 2 && y % 10 < 7 {
                [235, 128, 128]
            } else {
                [150, 50, 35]
            }
        })
    }

    #[test]
    fn a_figure_before_green_has_shades_and_colours_and_words_have_few() {
        let (figure, words) = (measure(&figure(0)), measure(&words()));
        assert!(
            figure.share > 0.05 && figure.shades > 4.3 && figure.colours > 4.4,
            "{figure:?}"
        );
        assert!(words.share > 0.01 && words.colours < 2.0, "{words:?}");
        let grey = measure(&samples::luma(samples::scene));
        assert_eq!(grey, Keyed::default());
    }

    #[test]
    fn a_figure_before_green_is_a_cover_beside_pictures_and_words_are_none() {
        let filmed = || (0..20).map(figure).collect::<Vec<_>>();
        let films = [film::scene(0, 20), filmed(), film::scene(1, 20)];
        let chosen = |middle: Vec<Picture>| {
            let [first, _, last] = films.clone();
            let frames = film::of([first, middle, last].concat());
            choose(&frames, 3, false, true).chosen
        };
        let in_middle = |c: &crate::choose::Choice| (20..40).contains(&c.frame);
        assert!(chosen(filmed()).iter().any(in_middle));
        assert!(!chosen(vec![words(); 20]).iter().any(in_middle));
    }
}
