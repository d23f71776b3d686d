//! Runs one job: the video is looked at, covers are put into the output bucket, the end is recorded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smart_cover::{Cancel, CoverError, Format, Limits, Options, Tools};

use super::{ending, synthetic};
use crate::config::Media;
use crate::handlers;
use crate::objects::{Digests, Found, Key, ObjectError};
use crate::shared::Shared;
use crate::spec::{CoverRecord, CoverSpec};
use crate::store::jobs::{Ending, JobRow};

/// What the blocking part of a job gives back.
pub(super) struct Work {
    pub(super) ending: Ending,
    /// The files that were placed, with their checksums.
    pub(super) placed: Vec<(Key, Found, Digests)>,
}

/// Runs a claimed job to its end.
pub(super) async fn run(shared: Arc<Shared>, job: JobRow) {
    let began = Instant::now();
    let cancel = shared
        .running()
        .get(&job.id)
        .map(|running| running.cancel.clone())
        .unwrap_or_default();
    let work = {
        let (shared, job, cancel) = (Arc::clone(&shared), job.clone(), cancel.clone());
        tokio::task::spawn_blocking(move || work(&shared, &job, &cancel))
    };
    let work = work.await.unwrap_or_else(|error| {
        tracing::error!(%error, job = job.id, "a worker stopped");
        fail(
            "InternalError",
            "the work stopped for a reason inside the engine",
        )
    });
    shared
        .metrics
        .job_millis
        .add(u64::try_from(began.elapsed().as_millis()).unwrap_or(0));
    ending::record(&shared, &job, work, &cancel).await;
    shared.running().remove(&job.id);
    shared.announce(&job.id);
    shared.work.notify_one();
}

/// What a cover is before it is in its bucket.
pub(super) struct Picture {
    pub(super) file: PathBuf,
    pub(super) time: Option<f64>,
    pub(super) score: Option<f64>,
    pub(super) width: u32,
    pub(super) height: u32,
}

fn work(shared: &Shared, job: &JobRow, cancel: &Cancel) -> Work {
    let folder = shared.objects.scratch();
    let done = make(shared, job, &folder, cancel);
    let _ = std::fs::remove_dir_all(&folder);
    done.unwrap_or_else(|work| *work)
}

fn make(shared: &Shared, job: &JobRow, folder: &Path, cancel: &Cancel) -> Result<Work, Box<Work>> {
    let boxed = |code: &str, message: String| Box::new(fail(code, &message));
    let input = Key::parse(&job.input)
        .map_err(|error| boxed("InvalidObjectName", error.to_string()))
        .and_then(|key| {
            shared
                .objects
                .find(&job.bucket, &key)
                .map_err(|error| match error {
                    ObjectError::Absent => boxed(
                        "ResourceNotFound",
                        format!("the input {} is gone", job.input),
                    ),
                    error => boxed("ResourceDownloadFailed", error.to_string()),
                })
        })?;
    std::fs::create_dir_all(folder)
        .map_err(|error| boxed("OutputFailed", format!("no scratch folder: {error}")))?;
    let spec = job.spec.cover();
    let pictures = match shared.config.media {
        Media::Synthetic => synthetic::pictures(&spec, folder)
            .map_err(|error| boxed("OutputFailed", error.to_string()))?,
        Media::Ffmpeg => pick(shared, &input.path, &spec, folder, cancel)
            .map_err(|error| boxed(code(&error), chain(&error)))?,
    };
    if cancel.is_cancelled() {
        return Err(boxed("Cancelled", "the job was stopped".to_owned()));
    }
    place(shared, job, pictures).map_err(|error| boxed("OutputFailed", error))
}

fn pick(
    shared: &Shared,
    input: &Path,
    spec: &CoverSpec,
    folder: &Path,
    cancel: &Cancel,
) -> Result<Vec<Picture>, CoverError> {
    let format: Format = spec.format.as_deref().unwrap_or("jpg").parse()?;
    let count = spec.count.unwrap_or(3);
    let mut options = Options::new()
        .count(u8::try_from(count).unwrap_or(u8::MAX))
        .width(spec.width)
        .height(spec.height)
        .format(format)
        .delete_duplicates(spec.delete_duplicates.unwrap_or(false))
        .threads(threads(shared.config.workers))
        .scratch(folder)
        .limits(Limits::default().with_time(shared.config.job_deadline));
    if let Some((ffmpeg, ffprobe)) = &shared.config.ffmpeg {
        options = options.tools(Tools {
            ffmpeg: ffmpeg.clone(),
            ffprobe: ffprobe.clone(),
        });
    }
    let picked = smart_cover::pick(input, &options, folder, &mut |_| {}, cancel)?;
    Ok(picked
        .covers
        .into_iter()
        .map(|cover| Picture {
            file: cover.file,
            time: Some(cover.time),
            score: Some(cover.score),
            width: cover.width,
            height: cover.height,
        })
        .collect())
}

/// Workers share the machine: together they use about one thread for each core.
fn threads(workers: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (cores / workers.max(1)).clamp(1, 4)
}

/// Puts all pictures into the output bucket, or none of them.
fn place(shared: &Shared, job: &JobRow, pictures: Vec<Picture>) -> Result<Work, String> {
    let output = &job.spec.output;
    let mut ready = Vec::new();
    for (number, picture) in pictures.into_iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let name = handlers::jobs::key(&job.spec, number, &job.id, &job.input);
        let key = Key::parse(&name).map_err(|error| format!("{name:?}: {error}"))?;
        let digests = Digests::of_file(&picture.file).map_err(|error| error.to_string())?;
        std::fs::File::open(&picture.file)
            .and_then(|file| file.sync_all())
            .map_err(|error| error.to_string())?;
        ready.push((key, digests, picture));
    }
    let mut placed = Vec::new();
    let mut covers = Vec::new();
    for (key, digests, picture) in ready {
        match shared.objects.place(&picture.file, &output.bucket, &key) {
            Ok(found) => {
                covers.push(CoverRecord {
                    object: key.as_str().to_owned(),
                    time: picture.time,
                    score: picture.score,
                    width: picture.width,
                    height: picture.height,
                    bytes: found.size,
                    md5: digests.md5_hex(),
                });
                placed.push((key, found, digests));
            }
            Err(error) => {
                for (key, ..) in &placed {
                    let _ = shared.objects.remove(&output.bucket, key);
                }
                return Err(format!("{} cannot be written: {error}", key.as_str()));
            }
        }
    }
    Ok(Work {
        ending: Ending::Success(covers),
        placed,
    })
}

fn fail(code: &str, message: &str) -> Work {
    Work {
        ending: Ending::Failed {
            code: code.to_owned(),
            message: message.to_owned(),
        },
        placed: Vec::new(),
    }
}

/// The job's `Code` for each way a video can be no good. The service's own are not documented.
fn code(error: &CoverError) -> &'static str {
    if matches!(error, CoverError::Io { doing, .. } if doing.starts_with("cannot write")) {
        return "OutputFailed";
    }
    match error.code() {
        "ffmpeg_missing" => "FfmpegMissing",
        "no_such_file" => "ResourceNotFound",
        "not_media" | "no_frames" => "InvalidMedia",
        "no_video_stream" => "NoVideoStream",
        "refused_format" => "RefusedFormat",
        "limit_exceeded" => "MediaTooLarge",
        "timed_out" => "JobTimeout",
        "cancelled" => "Cancelled",
        "bad_option" => "InvalidArgument",
        "tool_failed" => "DecodeFailed",
        _ => "InternalError",
    }
}

/// The error with its causes, on one line that a document can hold.
fn chain(error: &CoverError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Long enough for a database that is busy, short enough for a person who waits.
pub(super) const BETWEEN_TRIES: Duration = Duration::from_millis(200);
