//! Properties of a medium as a finished job reports them; every leaf is text, as the service types it.

use serde::{Deserialize, Serialize};

/// Properties of a medium. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MediaInfo {
    /// The container.
    #[serde(deserialize_with = "crate::read::container")]
    pub format: Option<MediaFormat>,
    /// The streams in it.
    #[serde(deserialize_with = "crate::read::container")]
    pub stream: Option<MediaStream>,
}

/// The streams of a medium; an empty element is no stream. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MediaStream {
    /// Pictures.
    pub video: Vec<VideoStream>,
    /// Sound.
    pub audio: Vec<AudioStream>,
    /// Text.
    pub subtitle: Vec<SubtitleStream>,
}

/// The container of a medium. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MediaFormat {
    /// Number of streams.
    pub num_stream: Option<String>,
    /// Number of programs.
    pub num_program: Option<String>,
    /// Short name of the container.
    pub format_name: Option<String>,
    /// Full name of the container.
    pub format_long_name: Option<String>,
    /// Start in seconds.
    pub start_time: Option<String>,
    /// Length in seconds.
    pub duration: Option<String>,
    /// Kilobits per second.
    pub bitrate: Option<String>,
    /// Bytes.
    pub size: Option<String>,
}

/// A stream of pictures. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct VideoStream {
    /// Position of the stream in the container.
    pub index: Option<String>,
    /// Short name of the codec.
    pub codec_name: Option<String>,
    /// Full name of the codec.
    pub codec_long_name: Option<String>,
    /// Time base of the codec.
    pub codec_time_base: Option<String>,
    /// Tag of the codec, readable.
    pub codec_tag_string: Option<String>,
    /// Tag of the codec, hexadecimal.
    pub codec_tag: Option<String>,
    /// Colour primaries.
    pub color_primaries: Option<String>,
    /// Colour range.
    pub color_range: Option<String>,
    /// Colour transfer.
    pub color_transfer: Option<String>,
    /// Profile of the codec.
    pub profile: Option<String>,
    /// Height in pixels.
    pub height: Option<String>,
    /// Width in pixels.
    pub width: Option<String>,
    /// Whether there are B frames: `1` or `0` by the page, `2` in a sample.
    pub has_b_frame: Option<String>,
    /// Number of reference frames.
    pub ref_frames: Option<String>,
    /// Aspect ratio of a sample.
    pub sar: Option<String>,
    /// Aspect ratio of the picture.
    pub dar: Option<String>,
    /// Pixel format.
    pub pix_format: Option<String>,
    /// Order of the fields.
    pub field_order: Option<String>,
    /// Level of the codec.
    pub level: Option<String>,
    /// Frames per second.
    pub fps: Option<String>,
    /// Mean frames per second.
    pub avg_fps: Option<String>,
    /// Time base of the stream.
    pub timebase: Option<String>,
    /// Start in seconds.
    pub start_time: Option<String>,
    /// Length in seconds.
    pub duration: Option<String>,
    /// Kilobits per second.
    pub bitrate: Option<String>,
    /// Number of frames.
    pub num_frames: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Rotation in degrees.
    pub rotation: Option<String>,
}

/// A stream of sound. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct AudioStream {
    /// Position of the stream in the container.
    pub index: Option<String>,
    /// Short name of the codec.
    pub codec_name: Option<String>,
    /// Full name of the codec.
    pub codec_long_name: Option<String>,
    /// Time base of the codec.
    pub codec_time_base: Option<String>,
    /// Tag of the codec, readable.
    pub codec_tag_string: Option<String>,
    /// Tag of the codec, hexadecimal.
    pub codec_tag: Option<String>,
    /// Format of a sample.
    pub sample_fmt: Option<String>,
    /// Samples per second.
    pub sample_rate: Option<String>,
    /// Number of channels.
    pub channel: Option<String>,
    /// Layout of the channels.
    pub channel_layout: Option<String>,
    /// Time base of the stream.
    pub timebase: Option<String>,
    /// Start in seconds.
    pub start_time: Option<String>,
    /// Length in seconds.
    pub duration: Option<String>,
    /// Kilobits per second.
    pub bitrate: Option<String>,
    /// Language.
    pub language: Option<String>,
}

/// A stream of text. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SubtitleStream {
    /// Position of the stream in the container.
    pub index: Option<String>,
    /// Language.
    pub language: Option<String>,
}
