//! What has a cover already, and what that leaves of the worth of others.

use super::{again::seen_again, shot::Shots};

/// What a frame is worth whose scene has a cover already, while other scenes have none.
pub(super) const SAME_SCENE: f32 = 0.25;
/// … or whose take has one, although the picture has become another meanwhile …
const SAME_TAKE: f32 = 0.25;
/// … and, beside that, whose very shot has one.
pub(super) const SAME_SHOT: f32 = 0.4;

/// Which takes, shots and scenes have a cover.
pub(super) struct Used {
    takes: Vec<bool>,
    shots: Vec<bool>,
    scenes: Vec<bool>,
}

impl Used {
    pub(super) fn new(shots: &Shots) -> Self {
        let count = |of: &[usize]| of.last().map_or(0, |last| last + 1);
        Self {
            takes: vec![false; count(&shots.take)],
            shots: vec![false; count(&shots.shot)],
            scenes: vec![false; shots.scenes],
        }
    }

    pub(super) fn add(&mut self, shots: &Shots, k: usize) {
        for take in seen_again(shots, k) {
            self.takes[take] = true;
        }
        self.shots[shots.shot[k]] = true;
        self.scenes[shots.scene[k]] = true;
    }

    /// Whether frame k's very shot has a cover, and what that and its scene leave of its worth.
    pub(super) fn factor(&self, shots: &Shots, k: usize) -> (bool, f32) {
        let shot = self.shots[shots.shot[k]];
        let wider = if self.scenes[shots.scene[k]] {
            SAME_SCENE
        } else if self.takes[shots.take[k]] {
            SAME_TAKE
        } else {
            1.0
        };
        (shot, if shot { wider * SAME_SHOT } else { wider })
    }
}

#[cfg(test)]
mod tests {
    use super::{SAME_TAKE, Shots, Used};

    #[test]
    fn a_take_whose_beginning_comes_back_has_a_cover_there_as_well() {
        let of = |parts: [usize; 4]| (0..16).map(|k| parts[k / 4]).collect::<Vec<_>>();
        let shots = Shots {
            take: of([0, 0, 1, 2]),
            shot: of([0, 1, 2, 3]),
            scene: of([0, 1, 2, 0]),
            scenes: 3,
            ..Shots::default()
        };
        let mut used = Used::new(&shots);
        used.add(&shots, 15);
        let factors = [4, 8].map(|k| used.factor(&shots, k));
        assert_eq!(factors, [(false, SAME_TAKE), (false, 1.0)]);
    }
}
