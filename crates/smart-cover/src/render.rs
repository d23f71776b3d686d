//! The chosen frames at full size: upright, square pixels, right colours, scaled and encoded by ffmpeg.

use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    decode::Source,
    error::CoverError,
    feature::likeness::{self, THUMB},
    filter,
    options::{Fit, Format, Options},
    probe::MediaInfo,
    program::{self, Watch},
};

/// How long before a frame its decoding starts, so that fields and broken indexes have something to stand on.
const LEAD: f64 = 1.0;
/// Files shorter than this are decoded from their start, which cannot miss.
const SHORT: f64 = 8.0;

/// A frame to be written.
pub(crate) struct Wanted<'a> {
    pub(crate) time: f64,
    pub(crate) interlaced: bool,
    /// Least distance to a neighbouring frame, in seconds.
    pub(crate) spacing: f64,
    pub(crate) thumb: &'a [f32],
}

/// Width and height of the covers.
pub(crate) fn size(info: &MediaInfo, options: &Options) -> (u32, u32) {
    let (width, height) = info.display_size();
    let side = |value: f64| (value.round() as u32).max(1);
    match (options.width, options.height) {
        (Some(w), Some(h)) => (w, h),
        (Some(w), None) => (w, side(f64::from(w) * height / width)),
        (None, Some(h)) => (side(f64::from(h) * width / height), h),
        (None, None) => (side(width), side(height)),
    }
}

/// Writes one frame to `file`. True when the picture is the one that was chosen.
///
/// Seeking lies in transport streams and damaged files, so the same run also hands back a small copy to compare;
/// when it differs, the frame is sought once more by decoding from the start.
pub(crate) fn render(
    watch: &Watch<'_>,
    source: &Source<'_>,
    options: &Options,
    wanted: &Wanted<'_>,
    file: &Path,
) -> Result<bool, CoverError> {
    let start = wanted.time - LEAD;
    let short = source
        .info
        .duration
        .is_some_and(|duration| duration <= SHORT);
    if start > 0.0
        && !short
        && write(
            watch,
            source,
            options,
            wanted,
            file,
            Some(start),
            source.threads,
        )?
    {
        return Ok(true);
    }
    write(watch, source, options, wanted, file, None, 1)
}

fn write(
    watch: &Watch<'_>,
    source: &Source<'_>,
    options: &Options,
    wanted: &Wanted<'_>,
    file: &Path,
    start: Option<f64>,
    threads: usize,
) -> Result<bool, CoverError> {
    let before: Vec<OsString> = start.map_or_else(Vec::new, |start| {
        vec!["-ss".into(), format!("{start:.6}").into()]
    });
    let mut arguments = source.input(watch, threads, &before);
    // `-map` belongs to outputs; the graph below names its streams itself.
    arguments.truncate(arguments.len() - 2);
    let at = wanted.time - start.unwrap_or(0.0);
    arguments.extend([
        "-filter_complex".into(),
        graph(source.info, options, wanted, at).into(),
    ]);
    arguments.extend(
        [
            "-map",
            "[cover]",
            "-frames:v",
            "1",
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags:v",
            "+bitexact",
        ]
        .map(OsString::from),
    );
    arguments.extend(encoder(options.format).iter().map(OsString::from));
    arguments.extend(["-f", "image2", "-update", "1", "-y"].map(OsString::from));
    arguments.push(output_argument(file)?);
    arguments.extend(
        [
            "-map",
            "[check]",
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "pipe:1",
        ]
        .map(OsString::from),
    );
    let read = |out: &mut dyn Read| {
        let mut bytes = Vec::new();
        out.take((THUMB.0 * THUMB.1 * 4) as u64)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let ended = program::run(watch, &source.tools.ffmpeg, &arguments, read, |line| {
        line.starts_with('[') || line.contains("rror")
    })?;
    let written = file.metadata().is_ok_and(|about| about.len() > 0);
    let thumb: Vec<f32> = ended.value.iter().map(|v| f32::from(*v)).collect();
    Ok(ended.status.success()
        && written
        && thumb.len() == THUMB.0 * THUMB.1
        && likeness::same_picture(&thumb, wanted.thumb))
}

fn graph(info: &MediaInfo, options: &Options, wanted: &Wanted<'_>, at: f64) -> String {
    let (width, height) = size(info, options);
    let tolerance = (wanted.spacing * 0.25).clamp(0.0005, 0.004);
    let mut filters = Vec::new();
    if wanted.interlaced || info.interlaced {
        // Before the selection: weaving needs the frames around.
        filters.push(format!(
            "select='gte(t,{:.6})'",
            at - 4.0 * wanted.spacing.max(0.04)
        ));
        filters.push(filter::DEINTERLACE.to_owned());
    }
    filters.push(format!("select='gte(t,{:.6})'", at - tolerance));
    filters.extend(filter::flatten(info).map(str::to_owned));
    let mapped = filter::tone_map(info, "tv");
    let matrix = if mapped.is_some() {
        "bt709"
    } else {
        filter::matrix(info)
    };
    filters.extend(mapped);
    // JPEG and WebP are read as BT.601 whatever the video was; JPEG with full range, WebP with limited.
    let (to, pixels) = match options.format {
        Format::Jpg => (":out_color_matrix=bt601:out_range=pc", "yuvj420p"),
        Format::Webp => (":out_color_matrix=bt601:out_range=tv", "yuv420p"),
        Format::Png => ("", "rgb24"),
    };
    let from = if info.has_alpha() {
        String::new()
    } else {
        format!(":in_color_matrix={matrix}")
    };
    let colours = format!("flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp{from}{to}");
    let shape = info.display_size().0 / info.display_size().1;
    let (inner_width, inner_height) = match options.fit {
        Fit::Stretch => (width, height),
        Fit::Crop => around(shape, width, height, f64::max),
        Fit::Pad => around(shape, width, height, f64::min),
    };
    filters.push(format!("scale={inner_width}:{inner_height}:{colours}"));
    match options.fit {
        Fit::Crop => filters.push(format!("crop={width}:{height}:exact=1")),
        Fit::Pad => filters.push(format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2")),
        Fit::Stretch => {}
    }
    filters.push(format!("format={pixels},setsar=1"));
    let (small_width, small_height) = THUMB;
    format!(
        "[0:{}]{},split[cover][copy];[copy]scale={small_width}:{small_height}:flags=area:out_range=pc,format=gray[check]",
        info.stream,
        filters.join(",")
    )
}

/// The size with the video's own shape that covers (`max`) or fits into (`min`) the wanted one.
fn around(shape: f64, width: u32, height: u32, pick: fn(f64, f64) -> f64) -> (u32, u32) {
    let scale = pick(f64::from(width) / shape, f64::from(height));
    let (w, h) = ((scale * shape).round() as u32, scale.round() as u32);
    (w.max(1), h.max(1))
}

fn encoder(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jpg => &["-c:v", "mjpeg", "-q:v", "2", "-huffman", "optimal"],
        Format::Png => &["-c:v", "png", "-pred", "mixed"],
        Format::Webp => &["-c:v", "libwebp", "-quality", "90"],
    }
}

fn output_argument(file: &Path) -> Result<OsString, CoverError> {
    let absolute: PathBuf =
        std::path::absolute(file).map_err(|e| CoverError::io("cannot find", file, e))?;
    let mut argument = OsString::from("file:");
    argument.push(absolute);
    Ok(argument)
}
