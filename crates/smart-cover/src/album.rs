//! The pictures themselves, of as many frames as may be kept: faces are looked for only after the choice.

use std::sync::Arc;

use crate::plane::Picture;

/// Pictures kept of one pass: 35 MB at the size of analysis.
const MOST: usize = 400;

/// Keeps every picture of a short pass, and evenly fewer of a longer one.
#[derive(Debug)]
pub(crate) struct Album {
    pictures: Vec<Option<Arc<Picture>>>,
    kept: usize,
    every: usize,
    most: usize,
}

impl Default for Album {
    fn default() -> Self {
        Self::of(MOST)
    }
}

impl Album {
    fn of(most: usize) -> Self {
        Self {
            pictures: Vec::new(),
            kept: 0,
            every: 1,
            most,
        }
    }

    pub(crate) fn add(&mut self, picture: Picture) {
        let wanted = self.pictures.len().is_multiple_of(self.every);
        self.pictures.push(wanted.then(|| Arc::new(picture)));
        self.kept += usize::from(wanted);
        if self.kept > self.most {
            self.every *= 2;
            for (k, picture) in self.pictures.iter_mut().enumerate() {
                if !k.is_multiple_of(self.every) {
                    *picture = None;
                }
            }
            self.kept = self.pictures.len().div_ceil(self.every);
        }
    }

    /// One for each picture that was added.
    pub(crate) fn into_pictures(self) -> Vec<Option<Arc<Picture>>> {
        self.pictures
    }
}

#[cfg(test)]
mod tests {
    use super::Album;
    use crate::feature::samples;

    fn kept(pictures: usize) -> Vec<usize> {
        let mut album = Album::of(8);
        for _ in 0..pictures {
            album.add(samples::luma(|_, _| 0));
        }
        let pictures = album.into_pictures();
        (0..pictures.len())
            .filter(|k| pictures[*k].is_some())
            .collect()
    }

    #[test]
    fn a_short_pass_is_kept_whole_and_a_longer_one_evenly() {
        assert_eq!(kept(8), (0..8).collect::<Vec<_>>());
        assert_eq!(kept(9), [0, 2, 4, 6, 8]);
        assert_eq!(kept(35), [0, 8, 16, 24, 32]);
    }
}
