//! Titles and credits: thin, colourless, bright strokes on a plain dark ground, and rows that cross writing on any ground.

use crate::plane::{Picture, Plane};

const DARK: u8 = 40;
const LIT: u8 = 96;
/// Luma difference of both sides from which on a row meets the edge of a stroke.
const STROKE: u8 = 30;
/// A row crosses writing when it meets at least this many edges of strokes, half of them at most this far apart at the width of a small picture.
pub(crate) const STROKES: usize = 8;
const STROKE_APART: usize = 9;

/// What of the picture is writing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Text {
    /// True for title cards and credits on black.
    pub(crate) title: bool,
    /// Share of the rows with anything on them that cross writing: most of them on a title, fewer than half of a drawing.
    pub(crate) writing: f32,
    /// How many edges of strokes each row meets: lines of writing are known again by them wherever they stand.
    pub(crate) strokes: Vec<u8>,
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
    let (writing, strokes) = writing(y);
    Text {
        title: dark > 0.80 && lit > 0.0 && lit < 0.16 && colour(picture) < 6.0,
        writing,
        strokes,
    }
}

/// The share of rows that cross writing, and how many edges of strokes each row meets: those that rise and those that fall in turn.
fn writing(plane: &Plane<u8>) -> (f32, Vec<u8>) {
    let (mut with_edges, mut written) = (0_u32, 0_u32);
    let mut strokes = Vec::with_capacity(plane.height);
    let mut edges: Vec<usize> = Vec::new();
    for row in plane.rows() {
        edges.clear();
        let mut rising = None;
        for (x, (left, right)) in row.iter().zip(row.iter().skip(2)).enumerate() {
            let up = right > left;
            if left.abs_diff(*right) > STROKE && rising != Some(up) {
                rising = Some(up);
                edges.push(x);
            }
        }
        with_edges += u32::from(edges.len() > 1);
        if edges.len() >= STROKES {
            let near = |pair: &&[usize]| pair[1] - pair[0] <= STROKE_APART;
            let close = edges.windows(2).filter(near).count();
            written += u32::from(2 * close >= edges.len() - 1);
        }
        strokes.push(u8::try_from(edges.len()).unwrap_or(u8::MAX));
    }
    (written as f32 / with_edges.max(1) as f32, strokes)
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
    fn rows_cross_writing_on_a_title_and_not_in_a_figure() {
        let title = measure(&samples::luma(|x, y| {
            let letter = (20..140).contains(&x) && (40..52).contains(&y);
            if letter && x % 6 < 3 { 40 } else { 230 }
        }));
        let figure = measure(&samples::luma(|x, y| {
            let (dx, dy) = (x.abs_diff(80), y.abs_diff(45));
            let rings = dx * dx + dy * dy < 1600 && (dx * dx + dy * dy) / 400 % 2 == 0;
            if rings { 40 } else { 230 }
        }));
        assert!(title.writing > 0.9, "{title:?}");
        assert!(figure.writing < 0.1, "{figure:?}");
        assert!(title.strokes[45] > 30 && title.strokes[20] == 0);
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
