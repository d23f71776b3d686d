//! What the container says about the video, asked of `ffprobe` under limits.

use std::{ffi::OsString, io::Read, path::Path};

use serde::Deserialize;

use crate::{
    error::{CoverError, ToolStatus},
    options::{Limits, Tools},
    program::{self, Watch},
    sniff::{self, Sniffed},
};

/// More JSON than this comes only from a file made to do harm.
const JSON_BYTES: u64 = 4 << 20;
/// Probing decodes at most a frame or two; it needs less room than the work itself.
const PROBE_MEMORY: u64 = 1 << 30;

/// Facts about the file and its first real video stream (an attached cover picture is none).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MediaInfo {
    /// The container's short names, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Length in seconds; none where the container does not say.
    pub duration: Option<f64>,
    /// Seconds by which the container's own clock is ahead of the displayed one.
    pub start: f64,
    /// How many streams of all kinds there are.
    pub streams: usize,
    /// Index of the video stream that the covers come from.
    pub stream: usize,
    /// Codec, such as `h264`.
    pub codec: String,
    /// Stored width in pixels.
    pub width: u32,
    /// Stored height in pixels.
    pub height: u32,
    /// Shape of a stored pixel, width by height; 1 for square ones.
    pub pixel_aspect: f64,
    /// Quarter turns to show it upright, in degrees (0, 90, 180, 270), counted as the display matrix does.
    pub rotation: u32,
    /// Frames per second on average; 0 where unknown.
    pub frame_rate: f64,
    /// Frames in the stream, where the container counts them.
    pub frames: Option<u64>,
    /// Sample layout, such as `yuv420p10le`.
    pub pixel_format: String,
    /// Whether fields are interleaved (`tt`, `bb`, `tb`, `bt` in ffprobe's words).
    pub interlaced: bool,
    /// Matrix coefficients, such as `bt709`; empty where unsaid.
    pub color_space: String,
    /// Transfer curve, such as `smpte2084`; empty where unsaid.
    pub color_transfer: String,
    /// Primaries, such as `bt2020`; empty where unsaid.
    pub color_primaries: String,
    /// `tv` or `pc`; empty where unsaid.
    pub color_range: String,
}

impl MediaInfo {
    /// Size as displayed, before rounding: pixels made square, turned upright.
    #[must_use]
    pub fn display_size(&self) -> (f64, f64) {
        let (width, height) = (
            f64::from(self.width) * self.pixel_aspect,
            f64::from(self.height),
        );
        if self.rotation % 180 == 90 {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Whether the transfer curve is that of HDR (PQ or HLG).
    #[must_use]
    pub fn is_hdr(&self) -> bool {
        matches!(self.color_transfer.as_str(), "smpte2084" | "arib-std-b67")
    }

    /// Whether pixels carry a transparency value.
    #[must_use]
    pub fn has_alpha(&self) -> bool {
        let format = self.pixel_format.as_str();
        [
            "yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16", "pal8",
        ]
        .iter()
        .any(|prefix| format.starts_with(prefix))
    }

    /// Frames in the file, counted or estimated.
    #[must_use]
    pub(crate) fn frame_estimate(&self) -> Option<f64> {
        let counted = self.frames.map(|frames| frames as f64);
        let timed = self
            .duration
            .filter(|_| self.frame_rate > 0.0)
            .map(|duration| duration * self.frame_rate);
        counted.or(timed)
    }
}

/// The arguments every child gets before `-i`: no network, no further files, bounded pictures and streams.
pub(crate) fn safety(sniffed: &Sniffed, limits: &Limits) -> Vec<OsString> {
    let mut safe: Vec<OsString> = [
        "-protocol_whitelist",
        "file,pipe",
        "-format_whitelist",
        sniff::DEMUXERS,
        "-max_pixels",
    ]
    .map(OsString::from)
    .into();
    safe.push(limits.pixels.min(i32::MAX as u64).to_string().into());
    safe.push("-max_streams".into());
    safe.push(limits.streams.to_string().into());
    if let Some(demuxer) = sniffed.demuxer {
        safe.extend(["-f".into(), demuxer.into()]);
    }
    safe
}

/// The file as ffmpeg should be told it: never mistaken for an option or another protocol.
pub(crate) fn file_argument(path: &Path) -> Result<OsString, CoverError> {
    let absolute = std::path::absolute(path).map_err(|e| CoverError::io("cannot find", path, e))?;
    let mut argument = OsString::from("file:");
    argument.push(absolute);
    Ok(argument)
}

pub(crate) fn probe(
    watch: &Watch<'_>,
    tools: &Tools,
    path: &Path,
    sniffed: &Sniffed,
) -> Result<MediaInfo, CoverError> {
    let limits = Limits {
        memory: watch.limits.memory.min(PROBE_MEMORY),
        ..watch.limits.clone()
    };
    let watch = Watch {
        limits: &limits,
        deadline: watch.deadline,
        cancel: watch.cancel,
    };
    let mut arguments: Vec<OsString> = ["-hide_banner", "-v", "error", "-threads", "1"]
        .map(OsString::from)
        .into();
    arguments.extend(safety(sniffed, &limits));
    arguments.extend(["-show_streams", "-show_format", "-of", "json", "-i"].map(OsString::from));
    arguments.push(file_argument(path)?);
    let read = |out: &mut dyn Read| {
        let mut json = Vec::new();
        out.take(JSON_BYTES).read_to_end(&mut json)?;
        Ok(json)
    };
    let ended = program::run(&watch, &tools.ffprobe, &arguments, read, |_| true)?;
    if ended.stderr.contains("not on whitelist") || ended.stderr.contains("not in whitelist") {
        let format = refused_format(&ended.stderr);
        return Err(if sniff::NAMES_FILES.contains(&format.as_str()) {
            CoverError::RefusedFormat { format }
        } else {
            CoverError::NotMedia {
                reason: format!("`{format}` is no format that holds a video"),
            }
        });
    }
    let document: Document = serde_json::from_slice(&ended.value).unwrap_or_default();
    if ended
        .stderr
        .contains("Number of streams exceeds max_streams")
    {
        return Err(CoverError::LimitExceeded {
            what: "streams",
            value: document.streams.len() as u64 + 1,
            limit: limits.streams.into(),
        });
    }
    if let Some(pixels) = too_large(&ended.stderr) {
        return Err(CoverError::LimitExceeded {
            what: "pixels per frame",
            value: pixels,
            limit: limits.pixels,
        });
    }
    let (Some(format), true) = (&document.format, ended.status.success()) else {
        return match ToolStatus::from(ended.status) {
            ToolStatus::Exit(_) => Err(CoverError::NotMedia {
                reason: reason(&ended.stderr),
            }),
            _ => Err(ended.failure(&tools.ffprobe)),
        };
    };
    let info = read_document(&document, format, sniffed.bytes)?;
    let pixels = u64::from(info.width) * u64::from(info.height);
    if pixels > limits.pixels {
        return Err(CoverError::LimitExceeded {
            what: "pixels per frame",
            value: pixels,
            limit: limits.pixels,
        });
    }
    Ok(info)
}

fn read_document(
    document: &Document,
    format: &FormatSection,
    bytes: u64,
) -> Result<MediaInfo, CoverError> {
    let is_picture =
        |s: &&StreamSection| s.disposition.attached_pic == 0 && s.disposition.timed_thumbnails == 0;
    let videos = || {
        document
            .streams
            .iter()
            .filter(|s| s.codec_type == "video")
            .filter(is_picture)
    };
    let stream = videos()
        .find(|s| s.width > 0 && s.height > 0)
        .or_else(|| videos().next());
    let Some(stream) = stream else {
        return Err(CoverError::NoVideoStream {
            streams: document.streams.len(),
        });
    };
    if stream.width == 0
        || stream.height == 0
        || stream.width > i64::from(u16::MAX)
        || stream.height > i64::from(u16::MAX)
    {
        return Err(CoverError::NoFrames);
    }
    let number = |text: &Option<String>| {
        text.as_deref()
            .and_then(|t| t.parse::<f64>().ok())
            .filter(|n| n.is_finite())
    };
    let turn = stream
        .side_data_list
        .iter()
        .filter_map(|side| side.rotation)
        .next_back()
        .unwrap_or(0.0);
    let rate = [&stream.avg_frame_rate, &stream.r_frame_rate]
        .into_iter()
        .filter_map(|text| ratio(text.as_deref()?, '/'))
        .find(|rate| *rate > 0.0);
    Ok(MediaInfo {
        container: format.format_name.clone().unwrap_or_default(),
        bytes,
        duration: number(&format.duration)
            .or_else(|| number(&stream.duration))
            .filter(|d| *d > 0.0 && credible(format, bytes, *d, rate)),
        start: number(&format.start_time).unwrap_or(0.0),
        streams: document.streams.len(),
        stream: stream.index,
        codec: stream.codec_name.clone().unwrap_or_default(),
        width: u32::try_from(stream.width).unwrap_or(0),
        height: u32::try_from(stream.height).unwrap_or(0),
        pixel_aspect: stream
            .sample_aspect_ratio
            .as_deref()
            .and_then(|text| ratio(text, ':'))
            .filter(|r| (0.05..=20.0).contains(r))
            .unwrap_or(1.0),
        rotation: ((turn / 90.0).round() as i64).rem_euclid(4) as u32 * 90,
        frame_rate: rate.unwrap_or(0.0),
        frames: number(&stream.nb_frames)
            .filter(|n| *n >= 1.0)
            .map(|n| n as u64),
        pixel_format: stream.pix_fmt.clone().unwrap_or_default(),
        interlaced: matches!(
            stream.field_order.as_deref(),
            Some("tt" | "bb" | "tb" | "bt")
        ),
        color_space: known(&stream.color_space),
        color_transfer: known(&stream.color_transfer),
        color_primaries: known(&stream.color_primaries),
        color_range: known(&stream.color_range),
    })
}

/// Whether a file of so many bytes can last so long: time stamps that jump make a transport stream of seconds look like one of a day,
/// but each of its frames takes a packet at least.
fn credible(format: &FormatSection, bytes: u64, duration: f64, rate: Option<f64>) -> bool {
    const PACKET: f64 = 188.0;
    let transport = format.format_name.as_deref() == Some("mpegts");
    !transport || duration * rate.unwrap_or(0.0) * PACKET <= bytes as f64
}

fn known(word: &Option<String>) -> String {
    word.clone().filter(|w| w != "unknown").unwrap_or_default()
}

fn ratio(text: &str, separator: char) -> Option<f64> {
    let (above, below) = text.split_once(separator)?;
    let (above, below) = (above.parse::<f64>().ok()?, below.parse::<f64>().ok()?);
    (above > 0.0 && below > 0.0).then_some(above / below)
}

/// The name in ffmpeg's "Format not on whitelist 'x'" or "Protocol 'x' not on whitelist".
fn refused_format(stderr: &str) -> String {
    let line = stderr
        .lines()
        .find(|l| l.contains("whitelist"))
        .unwrap_or_default();
    line.split(['\'', '"'])
        .nth(1)
        .filter(|name| name.len() < 40)
        .unwrap_or("unknown")
        .to_owned()
}

/// The pixels in ffmpeg's "Picture size 640x272 exceeds specified max pixel count".
fn too_large(stderr: &str) -> Option<u64> {
    let (before, _) = stderr.split_once(" exceeds specified max pixel count")?;
    let (width, height) = before.rsplit(' ').next()?.split_once('x')?;
    width.parse::<u64>().ok()?.checked_mul(height.parse().ok()?)
}

fn reason(stderr: &str) -> String {
    if stderr.contains("moov atom not found") {
        return "its index is missing, so the file is cut off or no video at all".into();
    }
    let line = stderr
        .lines()
        .rev()
        .find(|l| !l.trim().is_empty())
        .unwrap_or("no known format");
    // ffprobe ends with "<path>: <reason>"; the path is known to the caller.
    line.rsplit(": ").next().unwrap_or(line).to_owned()
}

#[derive(Debug, Default, Deserialize)]
struct Document {
    #[serde(default)]
    streams: Vec<StreamSection>,
    format: Option<FormatSection>,
}

#[derive(Debug, Deserialize)]
struct FormatSection {
    format_name: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
}

#[derive(Debug, Deserialize)]
struct StreamSection {
    index: usize,
    #[serde(default)]
    codec_type: String,
    codec_name: Option<String>,
    #[serde(default)]
    width: i64,
    #[serde(default)]
    height: i64,
    sample_aspect_ratio: Option<String>,
    pix_fmt: Option<String>,
    field_order: Option<String>,
    color_range: Option<String>,
    color_space: Option<String>,
    color_transfer: Option<String>,
    color_primaries: Option<String>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    nb_frames: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Debug, Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
    #[serde(default)]
    timed_thumbnails: u8,
}

#[derive(Debug, Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(stream: &str) -> Result<MediaInfo, CoverError> {
        let text = format!(
            r#"{{"streams":[{stream}],"format":{{"format_name":"mov","duration":"4.0"}}}}"#
        );
        let document: Document = serde_json::from_str(&text).expect("JSON");
        let format = document.format.as_ref().expect("a format");
        read_document(&document, format, 1)
    }

    #[test]
    fn a_transport_stream_is_not_longer_than_its_packets() {
        let text = r#"{"streams":[{"index":0,"codec_type":"video","width":640,"height":360,"avg_frame_rate":"25/1"}],
            "format":{"format_name":"mpegts","duration":"86462.9"}}"#;
        let document: Document = serde_json::from_str(text).expect("JSON");
        let format = document.format.as_ref().expect("a format");
        let duration = |bytes| {
            let info = read_document(&document, format, bytes);
            info.expect("a video").duration
        };
        assert_eq!(duration(2_051_080), None);
        assert_eq!(duration(2_000_000_000), Some(86462.9));
    }

    #[test]
    fn display_size_squares_pixels_and_turns_upright() {
        let wide = info(r#"{"index":0,"codec_type":"video","width":720,"height":576,"sample_aspect_ratio":"64:45"}"#).expect("a video");
        assert_eq!(wide.display_size(), (1024.0, 576.0));
        let turned = info(r#"{"index":0,"codec_type":"video","width":854,"height":480,"side_data_list":[{"rotation":-90}]}"#).expect("a video");
        assert_eq!(
            (turned.rotation, turned.display_size()),
            (270, (480.0, 854.0))
        );
    }

    #[test]
    fn a_cover_picture_is_no_video() {
        let error = info(r#"{"index":0,"codec_type":"video","width":9,"height":9,"disposition":{"attached_pic":1}}"#).expect_err("no video");
        assert_eq!(error.code(), "no_video_stream");
    }

    #[test]
    fn a_ratio_without_meaning_counts_as_square() {
        let odd = info(r#"{"index":0,"codec_type":"video","width":10,"height":10,"sample_aspect_ratio":"0:1","avg_frame_rate":"0/0"}"#).expect("a video");
        assert_eq!((odd.pixel_aspect, odd.frame_rate), (1.0, 0.0));
    }
}
