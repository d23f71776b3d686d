//! Spreads the covers over what the video shows: each next one is good, of another scene, and far in looks from those before.

use super::{
    Choice,
    crowd::Crowd,
    duplicate::{Bond, duplicates},
    looks::Looks,
    quality::{Quality, percentile},
    shot::{self, Shots},
    used::{SAME_SCENE, SAME_SHOT, Used},
    visit,
};
use crate::decode::Frame;

/// Distance in looks within which frames belong to one moment.
pub(crate) const MOMENT: f32 = 0.45;
/// … and within which the crispest of them may stand in for another of its shot.
const STANDS_IN: f32 = 0.7;
/// Distance in looks from which on frames count as wholly different.
const APART: f32 = 1.1;
/// Pages that agree by no more than this in what stands on them count as wholly different.
const OTHER_PAGE: f32 = 0.55;
/// What is added to the worth of a frame that is twice as far from all covers: the same figure from elsewhere is wholly different, too, but another place more so.
const FARTHER: f32 = 0.45;
/// … and before a fixed camera less, as all of its pictures are of one place.
const FARTHER_VISITOR: f32 = 0.3;
/// The power to which the worth of the later covers is taken: they are there to show something else, and a fair picture of that will do.
/// Before a fixed camera all looks much alike, and worth is what tells a visitor from nobody.
const NEXT: f32 = 0.6;
/// Where fewer covers may come, none does that is worth less than this share of the first one.
const WEAK: f32 = 0.15;
/// … and of a scene that has a cover, than this.
const WEAK_AGAIN: f32 = 0.35;
/// Most frames that are compared.
const MOST: usize = 1700;
/// The power to which crispness counts among frames that look the same.
const CRISP: f32 = 8.0;
/// … of which only those count that are nearly as good, as calm and as far from any transition as the one they would stand in for.
const AS_GOOD: f32 = 0.85;

pub(crate) struct Spread {
    pub(crate) chosen: Vec<Choice>,
    /// Scene of each frame that was in the running.
    pub(crate) scenes: Vec<Option<usize>>,
    /// Take of each of them, where two pictures of one take can be duplicates by their outline.
    pub(crate) takes: Vec<Option<usize>>,
    /// What each frame is worth as the first cover, 0 to 1.
    pub(crate) worth: Vec<f32>,
}

pub(crate) fn spread(
    frames: &[Frame],
    quality: &[Quality],
    cuts: &[bool],
    count: usize,
    delete_duplicates: bool,
    dense: bool,
) -> Spread {
    let pool = pool(quality);
    let mut scenes = vec![None; frames.len()];
    let mut takes = vec![None; frames.len()];
    let mut worth = vec![0.0; frames.len()];
    if pool.is_empty() {
        return Spread {
            chosen: Vec::new(),
            scenes,
            takes,
            worth,
        };
    }
    let looks = Looks::new(frames, &pool);
    let interest = if dense { visit::interest(frames) } else { None };
    let shots = Shots::find(frames, quality, cuts, &pool, &looks, interest.is_some());
    let crowd = Crowd::new(
        frames,
        quality,
        &pool,
        &looks,
        &shots,
        dense,
        interest.as_deref(),
    );
    let mut field = Field {
        frames,
        pool: &pool,
        looks: &looks,
        shots: &shots,
        crowd: &crowd,
        chosen: Vec::new(),
    };
    field.greedy(count, delete_duplicates);
    if !delete_duplicates {
        field.fill(quality, count.min(frames.len()));
    }
    for (k, frame) in pool.iter().enumerate() {
        scenes[*frame] = Some(shots.scene[k]);
        takes[*frame] = (!crowd.visits).then_some(shots.take[k]);
        worth[*frame] = crowd.worth[k];
    }
    let chosen = field
        .chosen
        .into_iter()
        .map(|(k, score)| Choice {
            frame: pool[k],
            score: score.clamp(0.0, 1.0),
        })
        .collect();
    Spread {
        chosen,
        scenes,
        takes,
        worth,
    }
}

/// Places of the frames that may become covers; the least bad ones when none is good.
fn pool(quality: &[Quality]) -> Vec<usize> {
    let best = quality.iter().map(|q| q.value).fold(0.0, f32::max);
    let floor = if best > 0.4 { 0.12 } else { best * 0.3 };
    let mut pool: Vec<usize> = (0..quality.len())
        .filter(|k| quality[*k].value >= floor)
        .collect();
    if pool.len() > MOST {
        let every = pool.len() as f64 / MOST as f64;
        pool = (0..MOST)
            .map(|k| pool[(k as f64 * every) as usize])
            .collect();
    }
    pool
}

struct Field<'a> {
    frames: &'a [Frame],
    pool: &'a [usize],
    looks: &'a Looks,
    shots: &'a Shots,
    crowd: &'a Crowd,
    /// Place in the pool and score.
    chosen: Vec<(usize, f32)>,
}

impl Field<'_> {
    fn time(&self, k: usize) -> f64 {
        self.frames[self.pool[k]].time
    }

    fn greedy(&mut self, count: usize, delete_duplicates: bool) {
        let size = self.pool.len();
        let span = (self.time(size - 1) - self.time(0)).max(1e-3);
        let mut alive = vec![true; size];
        // Distance in looks, seconds and scenes to the chosen ones, kept up as they come.
        let mut nearest = vec![(f32::INFINITY, f64::INFINITY); size];
        let mut used = Used::new(self.shots);
        while self.chosen.len() < count {
            let value = |k: usize| {
                let (looks, seconds) = nearest[k];
                let mut value = self.crowd.worth[k];
                if !self.chosen.is_empty() {
                    if !self.crowd.visits {
                        value = value.powf(NEXT);
                    }
                    let (again, factor) = used.factor(self.shots, k);
                    value *= (looks / APART).min(1.0).powf(if again { 3.0 } else { 1.5 });
                    value *= 0.6 + 0.4 * (seconds / (span / (2.0 * count as f64))).min(1.0) as f32;
                    value *= factor;
                }
                value
            };
            // It says which comes first, not how good it is.
            let farther = |k: usize| {
                let (looks, _) = nearest[k];
                let most = if self.crowd.visits {
                    FARTHER_VISITOR
                } else {
                    FARTHER
                };
                1.0 + most * (looks / APART - 1.0).clamp(0.0, 1.0)
            };
            let best = (0..size)
                .filter(|k| alive[*k])
                .map(|k| (k, value(k), farther(k)))
                .max_by(|a, b| (a.1 * a.2).total_cmp(&(b.1 * b.2)).then(b.0.cmp(&a.0)));
            let Some((best, value, _)) = best else { break };
            if value < 0.015 * SAME_SCENE * SAME_SHOT && !self.chosen.is_empty() {
                break;
            }
            let crispest = self.crispest(best, &alive);
            for one in [best, crispest] {
                for k in self.crowd.near[one].clone() {
                    alive[k] &= !self.is_like(one, k, MOMENT);
                }
            }
            let like = |(chosen, _): &(usize, f32)| self.alike(crispest, *chosen);
            if delete_duplicates && (self.is_weak(crispest) || self.chosen.iter().any(like)) {
                continue;
            }
            // What is told is in the measure of the first cover.
            let plain = if self.chosen.is_empty() || self.crowd.visits {
                value
            } else {
                value * self.crowd.worth[best].powf(1.0 - NEXT)
            };
            let least = self.chosen.last().map_or(1.0, |(_, score)| *score);
            self.chosen.push((crispest, plain.min(least)));
            used.add(self.shots, crispest);
            let at = self.time(crispest);
            for (k, near) in nearest.iter_mut().enumerate() {
                near.0 = near.0.min(self.apart(k, crispest));
                near.1 = near.1.min((self.frames[self.pool[k]].time - at).abs());
            }
        }
    }

    /// The distance in looks, and of pages, which share their ground, no less than their writing says.
    fn apart(&self, a: usize, b: usize) -> f32 {
        let looks = self.looks.distance(a, b);
        if looks > APART {
            return looks;
        }
        let same = shot::on_the_ground(self.frames, self.pool[a], self.pool[b]);
        let written = |same: f32| APART * ((1.0 - same) / (1.0 - OTHER_PAGE)).min(1.0);
        same.map_or(looks, |same| looks.max(written(same)))
    }

    /// Whether frame k by itself is next to nothing beside the first cover, or little in a scene that has a cover.
    /// A page beside pictures is, and comes all the same.
    fn is_weak(&self, k: usize) -> bool {
        let worth = |k: usize| self.crowd.worth[k];
        let first = self.chosen.first().map_or(0.0, |(k, _)| worth(*k));
        let shown = |(chosen, _): &(usize, f32)| self.shots.scene[*chosen] == self.shots.scene[k];
        let again = !self.crowd.visits && self.chosen.iter().any(shown);
        again && worth(k) < WEAK_AGAIN * first
            || worth(k) < WEAK * first && !shot::is_drawn(&self.frames[self.pool[k]])
    }

    /// Whether frame k is of the same shot as another and closer to it in looks than `within`.
    fn is_like(&self, other: usize, k: usize, within: f32) -> bool {
        self.shots.shot[k] == self.shots.shot[other] && self.looks.distance(other, k) < within
    }

    /// The crispest calm frame of those of its shot that look like `best`, however far away.
    fn crispest(&self, best: usize, alive: &[bool]) -> usize {
        let crispness = |k: usize| {
            let sharpness = &self.frames[self.pool[k]].features.sharpness;
            // Before a fixed camera the energy is that of the room.
            if self.crowd.visits {
                sharpness.detail
            } else {
                (sharpness.detail * sharpness.energy).sqrt()
            }
        };
        let like: Vec<usize> = (0..self.pool.len())
            .filter(|k| {
                let same =
                    || !shot::differ_on_the_ground(self.frames, self.pool[best], self.pool[*k]);
                let as_good = self.crowd.moment[*k] >= AS_GOOD * self.crowd.moment[best];
                alive[*k] && as_good && self.is_like(best, *k, STANDS_IN) && same()
            })
            .collect();
        let mut all: Vec<f32> = like.iter().map(|k| crispness(*k)).collect();
        let top = percentile(&mut all, 0.95) + 1e-3;
        let crisp = |k: usize| (crispness(k) / top).min(1.0).powf(CRISP) * self.crowd.moment[k];
        like.into_iter()
            .max_by(|a, b| crisp(*a).total_cmp(&crisp(*b)).then(b.cmp(a)))
            .unwrap_or(best)
    }

    fn alike(&self, a: usize, b: usize) -> bool {
        let (shots, pool) = (self.shots, self.pool);
        // Before a fixed camera the outline is that of the room, whoever comes by.
        let takes = [a, b].map(|k| (!self.crowd.visits).then_some(shots.take[k]));
        let bond = Bond::of(shots.scene[a] == shots.scene[b], takes);
        duplicates(self.frames, pool[a], pool[b], bond).is_some()
    }

    /// Fills the count with good frames far away in time and looks from those chosen.
    fn fill(&mut self, quality: &[Quality], count: usize) {
        let detail = |k: usize| self.frames[self.pool[k]].features.sharpness.detail;
        let mut details: Vec<f32> = (0..self.pool.len()).map(detail).collect();
        let top = percentile(&mut details, 0.8);
        let length = self.time(self.pool.len() - 1) - self.time(0) + 1e-6;
        let mut used = Used::new(self.shots);
        self.chosen
            .iter()
            .for_each(|(k, _)| used.add(self.shots, *k));
        while self.chosen.len() < count.min(self.pool.len()) {
            let value = |k: usize| {
                let seconds = self
                    .chosen
                    .iter()
                    .map(|(c, _)| (self.time(*c) - self.time(k)).abs())
                    .fold(f64::INFINITY, f64::min)
                    / length;
                let looks = self
                    .chosen
                    .iter()
                    .map(|(c, _)| self.looks.distance(k, *c))
                    .fold(10.0, f32::min);
                // A second picture of a good moment is better than a first one of a bad moment.
                (quality[self.pool[k]].value.powi(2) + 0.01)
                    * (0.05 + seconds as f32)
                    * (0.2 + looks)
                    * (detail(k) / (top + 1e-3)).clamp(0.05, 1.0)
                    * used.factor(self.shots, k).1.max(0.3)
            };
            let open = (0..self.pool.len())
                .filter(|k| self.chosen.iter().all(|(c, _)| c != k))
                .map(|k| (k, value(k)));
            let Some((best, value)) = open.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            else {
                break;
            };
            let floor = self.chosen.last().map_or(1.0, |c| c.1);
            self.chosen.push((best, value.clamp(0.0, floor)));
            used.add(self.shots, best);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{APART, Crowd, Field, Looks, MOMENT, Shots};
    use crate::{
        choose::{choose, film, quality},
        feature::samples,
    };

    #[test]
    fn pages_are_as_far_apart_as_their_writing_is_and_a_page_from_itself_is_not() {
        let frames = film::of([(0, 1), (0, 9), (1, 9), (1, 12)].map(|(p, h)| film::screen(p, h)));
        let (pool, none) = ([0, 1, 2, 3], [false; 3]);
        let quality = quality::judge(&frames, &none, true);
        let looks = Looks::new(&frames, &pool);
        let shots = Shots::find(&frames, &quality, &none, &pool, &looks, false);
        let crowd = Crowd::new(&frames, &quality, &pool, &looks, &shots, true, None);
        let field = Field {
            frames: &frames,
            pool: &pool,
            looks: &looks,
            shots: &shots,
            crowd: &crowd,
            chosen: Vec::new(),
        };
        assert!(looks.distance(1, 2) < 0.7, "{}", looks.distance(1, 2));
        assert!(field.apart(1, 2) > 0.9 * APART, "{}", field.apart(1, 2));
        assert!(field.apart(0, 1) < MOMENT && field.apart(2, 3) < MOMENT);
    }

    #[test]
    fn little_of_a_scene_that_has_a_cover_does_not_come_where_fewer_may() {
        let again = |length: usize| {
            let other = samples::luma(|x, y| samples::scene(x + 6, y + 3));
            let film = [
                film::scene(0, 40),
                film::scene(1, 40),
                vec![other; length],
                film::scene(1, 20),
            ];
            choose(&film::of(film.concat()), 3, true, true).chosen.len()
        };
        assert_eq!((again(20), again(3)), (3, 2));
    }

    #[test]
    fn a_crisper_frame_stands_in_though_the_light_has_changed_a_little() {
        let sharp = film::scene(0, 1).remove(0);
        let soft = film::mix(&sharp, &samples::blurred(1), 0.5);
        let crisp = samples::luma(|x, y| match (x, y) {
            (..70, ..) => samples::scene(x, y) + 45,
            _ => samples::scene(x, y),
        });
        let steps = (0..=20).map(|k| film::mix(&soft, &crisp, k as f32 / 20.0));
        let film = [
            vec![soft.clone(); 120],
            steps.collect(),
            vec![crisp.clone(); 14],
        ]
        .concat();
        let frames = film::of(film);
        let decision = choose(&frames, 1, false, true);
        let (worth, chosen) = (decision.worth, decision.chosen[0].frame);
        assert!(worth[60] > worth[chosen], "{} {}", worth[60], worth[chosen]);
        let apart = Looks::new(&frames, &[60, chosen]).distance(0, 1);
        assert!(apart > MOMENT, "{chosen}: {apart}");
    }

    #[test]
    fn a_crisper_frame_that_is_much_less_calm_does_not_stand_in() {
        let soft = film::mix(&film::scene(0, 1)[0], &samples::blurred(1), 0.15);
        let shaken = |k: usize| samples::luma(move |x, y| samples::scene(x + k % 2 * 3, y));
        let film = [vec![soft; 30], (0..6).map(shaken).collect()].concat();
        let chosen = choose(&film::of(film), 1, false, true).chosen[0].frame;
        assert!(chosen < 30, "{chosen}");
    }
}
