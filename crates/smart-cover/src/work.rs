//! The stages in order: sniff, probe, look, choose, render.

use std::{path::Path, time::Instant};

use crate::{
    cancel::Cancel,
    choose::{self, Choice, Decision},
    decode::{self, Frame, Look, Skip, Source},
    error::CoverError,
    options::{Options, Tools},
    picked::{Candidate, Cover, Picked, Progress},
    probe::{self, MediaInfo},
    program::Watch,
    render::{self, Wanted},
    sample, sniff,
};

/// Picks covers of `video` and writes them into the folder `out`, which must exist.
///
/// Blocks until done. Covers are written under temporary names and renamed when whole, as `cover-0.jpg`, `cover-1.jpg`, … best first;
/// files of those names are replaced. On failure nothing is left behind.
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
    options.check()?;
    let sniffed = sniff::sniff(video)?;
    let tools = options.tools.clone().map_or_else(Tools::find, Ok)?;
    let watch = Watch {
        limits: &options.limits,
        deadline: Instant::now() + options.limits.time,
        cancel,
    };
    let info = probe::probe(&watch, &tools, video, &sniffed)?;
    progress(Progress::Probed);
    let source = Source {
        tools: &tools,
        file: probe::file_argument(video)?,
        sniffed: &sniffed,
        info: &info,
        threads: options.thread_count(),
    };
    let (frames, dense) = look(&watch, &source, options, progress)?;
    if frames.is_empty() {
        return Err(CoverError::NoFrames);
    }
    let decision = choose::choose(
        &frames,
        options.count.into(),
        options.delete_duplicates,
        dense,
    );
    progress(Progress::Chosen {
        covers: decision.chosen.len(),
    });
    let covers = write(
        &watch,
        &source,
        options,
        &frames,
        &decision.chosen,
        out,
        progress,
    )?;
    let candidates = candidates(&frames, &decision);
    Ok(Picked {
        covers,
        media: info,
        candidates,
    })
}

/// Looks at the whole when that is cheap, else at key frames and then around the best of them.
fn look(
    watch: &Watch<'_>,
    source: &Source<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Vec<Frame>, bool), CoverError> {
    let mut seen = |time: f64| {
        if let Some(duration) = source.info.duration {
            progress(Progress::Looking {
                done: (time / duration).clamp(0.0, 1.0),
            });
        }
    };
    if let Some(first) = sample::first_look(source.info) {
        return Ok((decode::look(watch, source, first, &mut seen)?, true));
    }
    let keys = decode::look(
        watch,
        source,
        Look {
            skip: Skip::NonKey,
            step: 0.0,
            window: None,
        },
        &mut seen,
    )?;
    if keys.len() < 2 * usize::from(options.count) {
        let every = Look {
            skip: Skip::NonReference,
            step: 0.16,
            window: None,
        };
        return Ok((decode::look(watch, source, every, &mut seen)?, true));
    }
    Ok((keys, false))
}

fn write(
    watch: &Watch<'_>,
    source: &Source<'_>,
    options: &Options,
    frames: &[Frame],
    chosen: &[Choice],
    out: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Cover>, CoverError> {
    let folder = tempfile::Builder::new()
        .prefix(".covers-")
        .tempdir_in(out)
        .map_err(|e| CoverError::io("cannot write into", out, e))?;
    let extension = options.format.extension();
    let (width, height) = render::size(source.info, options);
    let mut covers: Vec<Cover> = Vec::new();
    for choice in chosen {
        progress(Progress::Rendering {
            done: covers.len(),
            of: chosen.len(),
        });
        let frame = &frames[choice.frame];
        let name = format!("cover-{}.{extension}", covers.len());
        let file = folder.path().join(&name);
        let wanted = Wanted {
            time: frame.time,
            interlaced: frame.interlaced,
            spacing: spacing(source.info),
            thumb: &frame.features.look.thumb,
        };
        let right = render::render(watch, source, options, &wanted, &file)?;
        let bytes = file.metadata().map_or(0, |about| about.len());
        // A wrong picture is worse than one picture less, unless it would be the only one.
        if bytes > 0 && (right || chosen.len() == 1) {
            covers.push(Cover {
                file: out.join(&name),
                time: frame.time,
                score: choice.score.into(),
                width,
                height,
                bytes,
            });
        }
    }
    if covers.is_empty() {
        return Err(CoverError::NoFrames);
    }
    for cover in &covers {
        let from = folder
            .path()
            .join(cover.file.file_name().unwrap_or_default());
        std::fs::rename(&from, &cover.file)
            .map_err(|e| CoverError::io("cannot write", &cover.file, e))?;
    }
    Ok(covers)
}

fn spacing(info: &MediaInfo) -> f64 {
    if info.frame_rate > 0.0 {
        1.0 / info.frame_rate
    } else {
        0.04
    }
}

fn candidates(frames: &[Frame], decision: &Decision) -> Vec<Candidate> {
    frames
        .iter()
        .zip(&decision.quality)
        .enumerate()
        .map(|(k, (frame, quality))| Candidate {
            time: frame.time,
            quality: quality.value.into(),
            reasons: quality
                .factors
                .iter()
                .map(|(reason, factor)| (*reason, f64::from(*factor)))
                .collect(),
            scene: decision.scenes[k],
            cover: decision.chosen.iter().position(|c| c.frame == k),
            mean: frame.features.exposure.mean.into(),
            contrast: frame.features.exposure.spread.into(),
            detail: frame.features.sharpness.detail.into(),
            even: frame.features.pattern.even.into(),
            focus: frame.features.sharpness.focus.into(),
        })
        .collect()
}
