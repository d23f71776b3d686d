//! All stages in one call, and what is told of them afterwards.

use std::{path::Path, sync::PoisonError};

use crate::{
    cancel::Cancel,
    choose::{
        Choice, Decision,
        duplicate::{Bond, duplicates},
        quality::percentile,
    },
    decode::Frame,
    error::CoverError,
    explain::Thumbnail,
    options::Options,
    picked::{Candidate, Cover, PassedOver, Picked, Progress},
    probe::MediaInfo,
    render::{self, Render, Wanted},
    stages::Video,
};

/// Picks covers of `video` and writes them into the folder `out`, which must exist.
///
/// Blocks until done. Covers are written under temporary names and renamed when whole, as `cover-0.jpg`, `cover-1.jpg`, … best first;
/// files of those names are replaced. On failure nothing is left behind. The stages one by one are in [`Video`].
///
/// # Errors
/// Every variant of [`CoverError`] says what is wrong with the input, the options, the tools or the machine.
pub fn pick(
    video: &Path,
    options: &Options,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Picked, CoverError> {
    let video = Video::open(video, options, cancel)?;
    progress(Progress::Probed);
    let looked = video.look(&mut |done| progress(Progress::Looking { done }))?;
    let chosen = looked.choose(options.count, options.delete_duplicates);
    progress(Progress::Chosen {
        covers: chosen.decision.chosen.len(),
    });
    let covers = video.write(&chosen, out)?;
    progress(Progress::Rendered {
        covers: covers.len(),
    });
    let candidates = candidates(
        &looked.sample.frames,
        &chosen.decision,
        &covers,
        options.explain,
    );
    Ok(Picked {
        covers,
        media: video.info,
        candidates,
    })
}

/// Renders into a temporary folder and moves what is whole to its place.
pub(crate) fn write(
    work: &Render<'_>,
    frames: &[Frame],
    chosen: &[Choice],
    out: &Path,
) -> Result<Vec<Cover>, CoverError> {
    let folder = tempfile::Builder::new()
        .prefix(".covers-")
        .tempdir_in(out)
        .map_err(|e| CoverError::io("cannot write into", out, e))?;
    let spacing = spacing(work.source.info);
    let starts = starts(frames);
    let group = |time: f64| starts.partition_point(|start| *start <= time);
    let wanted: Vec<Wanted<'_>> = chosen
        .iter()
        .enumerate()
        .map(|(k, choice)| {
            let frame = &frames[choice.frame];
            let file = folder
                .path()
                .join(format!("{k}.{}", work.options.format.extension()));
            Wanted {
                time: frame.time,
                group: group(frame.time),
                interlaced: frame.interlaced,
                spacing,
                thumb: &frame.features.look.thumb,
                file,
            }
        })
        .collect();
    let right = work.all(&wanted)?;
    let (width, height) = render::size(work.source.info, work.options);
    let mut covers: Vec<Cover> = Vec::new();
    for ((wanted, choice), right) in wanted.iter().zip(chosen).zip(right) {
        let bytes = wanted.file.metadata().map_or(0, |about| about.len());
        // A wrong picture is worse than one picture less, unless it would be the only one.
        if bytes == 0 || !(right || chosen.len() == 1) {
            continue;
        }
        let file = out.join(format!(
            "cover-{}.{}",
            covers.len(),
            work.options.format.extension()
        ));
        std::fs::rename(&wanted.file, &file)
            .map_err(|e| CoverError::io("cannot write", &file, e))?;
        covers.push(Cover {
            file,
            time: wanted.time,
            score: choice.score.into(),
            width,
            height,
            bytes,
        });
    }
    if covers.is_empty() {
        let failure = work
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        return Err(failure.unwrap_or(CoverError::NoFrames));
    }
    Ok(covers)
}

/// Times of the frames before which another key frame may lie than before the frame ahead of them:
/// key frames, and the first frame of each window, because nothing is known of what lies between windows.
fn starts(frames: &[Frame]) -> Vec<f64> {
    let mut gaps: Vec<f32> = frames
        .windows(2)
        .map(|pair| (pair[1].time - pair[0].time) as f32)
        .collect();
    let usual = f64::from(percentile(&mut gaps, 0.5));
    let unseen = 1.0 + 4.0 * usual;
    let apart = |k: usize| k == 0 || frames[k].time - frames[k - 1].time > unseen;
    (0..frames.len())
        .filter(|k| frames[*k].key || apart(*k))
        .map(|k| frames[k].time)
        .collect()
}

fn spacing(info: &MediaInfo) -> f64 {
    if info.frame_rate > 0.0 {
        1.0 / info.frame_rate
    } else {
        0.04
    }
}

fn candidates(
    frames: &[Frame],
    decision: &Decision,
    covers: &[Cover],
    explain: bool,
) -> Vec<Candidate> {
    // A chosen frame that could not be written is no cover.
    let cover_at = |time: f64| covers.iter().position(|c| (c.time - time).abs() < 1e-9);
    let written: Vec<(usize, usize)> = frames
        .iter()
        .enumerate()
        .filter_map(|(k, frame)| Some((cover_at(frame.time)?, k)))
        .collect();
    frames
        .iter()
        .zip(&decision.quality)
        .enumerate()
        .map(|(k, (frame, quality))| {
            let cover = cover_at(frame.time);
            let running = explain && cover.is_none() && decision.scenes[k].is_some();
            Candidate {
                thumbnail: explain.then(|| Thumbnail::of(&frame.features.look)),
                time: frame.time,
                quality: quality.value.into(),
                worth: decision.worth[k].into(),
                reasons: quality
                    .factors
                    .iter()
                    .map(|(reason, factor)| (*reason, f64::from(*factor)))
                    .collect(),
                scene: decision.scenes[k],
                cover,
                passed_over: running.then(|| passed_over(frames, decision, &written, k)),
                mean: frame.features.exposure.mean.into(),
                contrast: frame.features.exposure.spread.into(),
                detail: frame.features.sharpness.detail.into(),
                even: frame.features.pattern.even.into(),
                focus: frame.features.sharpness.focus.into(),
            }
        })
        .collect()
}

/// Why frame k is none of the covers, given as their numbers and frames.
fn passed_over(
    frames: &[Frame],
    decision: &Decision,
    written: &[(usize, usize)],
    k: usize,
) -> PassedOver {
    let shut = decision.shut.iter().find(|(from, _)| *from == k);
    let open = shut.and_then(|(_, to)| written.iter().find(|(_, at)| at == to));
    if let Some((cover, _)) = open {
        return PassedOver::EyesShut { cover: *cover };
    }
    let nearest = written
        .iter()
        .filter_map(|(cover, at)| {
            let (scenes, takes) = (&decision.scenes, &decision.takes);
            let same_scene = scenes[k].is_some() && scenes[k] == scenes[*at];
            let bond = Bond::of(same_scene, [takes[k], takes[*at]]);
            Some((*cover, duplicates(frames, k, *at, bond)?))
        })
        .max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((cover, similarity)) = nearest {
        return PassedOver::Alike {
            cover,
            similarity: similarity.into(),
        };
    }
    written
        .iter()
        .find(|(_, at)| decision.scenes[*at] == decision.scenes[k])
        .map_or(PassedOver::OthersAddedMore, |(cover, _)| {
            PassedOver::SceneHasCover { cover: *cover }
        })
}

#[cfg(test)]
mod tests {
    use super::starts;
    use crate::choose::film;

    #[test]
    fn a_window_starts_anew_where_nothing_was_seen_before_it() {
        let mut frames = film::of(film::scene(0, 12));
        frames[2].key = true;
        for frame in &mut frames[6..] {
            frame.time += 30.0;
        }
        let expected = [0, 2, 6].map(|k| frames[k].time);
        assert_eq!(starts(&frames), expected);
    }
}
