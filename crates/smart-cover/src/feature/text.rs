//! Titles and credits: thin, colourless, bright strokes on a plain dark ground.

use crate::plane::Picture;

const DARK: u8 = 40;
const LIT: u8 = 96;

/// Whether the picture is writing on a dark ground.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Text {
    /// True for title cards and credits on black.
    pub(crate) title: bool,
}

pub(crate) fn measure(picture: &Picture) -> Text {
    let y = &picture.y;
    let count = y.data.len().max(1) as f32;
    let share = |of: fn(u8) -> bool| {
        let rows = y.rows();
        let sum: u32 = rows
            .map(|row| row.iter().map(|value| u32::from(of(*value))).sum::<u32>())
            .sum();
        sum as f32 / count
    };
    let (dark, lit) = (share(|value| value < DARK), share(|value| value > LIT));
    Text {
        title: dark > 0.80 && lit > 0.0 && lit < 0.16 && colour(picture) < 6.0,
    }
}

/// Mean distance from grey of what is lit.
fn colour(picture: &Picture) -> f32 {
    let (mut colour, mut tinted) = (0_u32, 0_u32);
    for (row_index, row) in picture.y.rows().enumerate() {
        let half = (row_index / 2).min(picture.u.height.saturating_sub(1)) * picture.u.width;
        for (x, _) in row.iter().enumerate().filter(|(_, value)| **value > LIT) {
            let at = half + (x / 2).min(picture.u.width.saturating_sub(1));
            colour += u32::from(picture.u.data[at].abs_diff(128))
                + u32::from(picture.v.data[at].abs_diff(128));
            tinted += 2;
        }
    }
    colour as f32 / tinted.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn lines(x: usize, y: usize) -> u8 {
        if (40..120).contains(&x) && (30..60).contains(&y) && (x % 6) < 2 && (y % 10) < 6 {
            220
        } else {
            6
        }
    }

    #[test]
    fn strokes_on_black_are_a_title() {
        assert!(measure(&samples::luma(lines)).title);
    }

    #[test]
    fn a_dark_coloured_scene_is_no_title() {
        let mut coloured = samples::luma(lines);
        coloured.v.data.fill(170);
        assert!(!measure(&coloured).title);
        assert!(!measure(&samples::luma(samples::scene)).title);
        assert!(!measure(&samples::luma(|_, _| 0)).title);
    }
}
