//! From decoded frames to pictures: which frames, their colours, their size, their encoding.

use super::{Stretch, Wanted};
use crate::{
    feature::likeness::THUMB,
    filter,
    options::{Fit, Format, Options},
    probe::MediaInfo,
    source::Source,
};

/// Layouts of 8 bit that zimg reads as they are.
const PLAIN: [&str; 6] = [
    "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p",
];

/// How the frames of one video become pictures.
pub(super) struct Picture<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) options: &'a Options,
    /// Whether only filters that every ffmpeg has may be used.
    pub(super) plain: bool,
}

impl Picture<'_> {
    /// The chains of input k: its frames come out one after another, whole in `[cover<k>]` and small in `[copy<k>]`.
    ///
    /// They take one way, because every filter and encoder keeps room for its pictures until the end: at 4K and in HDR 350 MB for each way.
    pub(super) fn graph(&self, k: usize, stretch: &Stretch<'_>) -> String {
        let stream = self.source.info.stream;
        let (width, height) = THUMB;
        // The copy to compare leaves before anything is cut off or added.
        format!(
            "[{k}:{stream}]{},split[full{k}][small{k}];[small{k}]scale={width}:{height}:flags=area:out_range=pc,format=gray,setsar=1[copy{k}];[full{k}]{}[cover{k}];",
            self.frames(stretch),
            self.shape()
        )
    }

    /// The wanted frames alone, progressive, without transparency and in the range of an ordinary screen.
    fn frames(&self, stretch: &Stretch<'_>) -> String {
        let info = self.source.info;
        let mut filters = Vec::new();
        if let [one] = stretch.frames.as_slice()
            && stretch.woven
        {
            // Before the selection: weaving needs the frames around.
            filters.push(format!(
                "select='gte(t,{:.6})'",
                one.time - stretch.start - 4.0 * one.spacing.max(0.04)
            ));
            filters.push(filter::DEINTERLACE.to_owned());
        }
        filters.push(each(&stretch.frames, stretch.start));
        filters.extend(filter::flatten(info).map(str::to_owned));
        filters.extend(filter::tone_map(info).map(|map| in_strips(&map, info)));
        filters.join(",")
    }

    /// From frames to pictures of the size and the colours of the format.
    fn shape(&self) -> String {
        let (info, options) = (self.source.info, self.options);
        let (width, height) = size(info, options);
        let matrix = if info.is_hdr() {
            "bt709"
        } else {
            filter::matrix(info)
        };
        if let Some(shape) = self.fast(matrix, width, height) {
            return shape;
        }
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
        let way = format!(
            "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp:threads={}",
            self.threads()
        );
        let aspect = info.display_size().0 / info.display_size().1;
        // Cutting and padding happen in RGB: planes of half size would round odd sizes.
        let shaping = |inner: fn(f64, f64) -> f64, then: String| {
            let (inner_width, inner_height) = around(aspect, width, height, inner);
            format!(
                "scale={inner_width}:{inner_height}:{way}{from},format=rgb24,{then},scale={way}{to},format={pixels},setsar=1"
            )
        };
        match options.fit {
            Fit::Stretch => {
                format!("scale={width}:{height}:{way}{from}{to},format={pixels},setsar=1")
            }
            Fit::Crop => shaping(f64::max, format!("crop={width}:{height}")),
            Fit::Pad => shaping(
                f64::min,
                format!("pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"),
            ),
        }
    }

    /// Where the matrix changes, swscale goes by RGB, which takes four times as long as zimg does for the same picture
    /// (0.31 against 0.07 s of CPU time for a 4K JPEG). Not every ffmpeg has zimg.
    fn fast(&self, matrix: &str, width: u32, height: u32) -> Option<String> {
        let (info, options) = (self.source.info, self.options);
        let range = match options.format {
            Format::Jpg => "pc",
            Format::Webp => "tv",
            Format::Png => return None,
        };
        let even = width.is_multiple_of(2) && height.is_multiple_of(2);
        let known = info.is_hdr() || PLAIN.contains(&info.pixel_format.as_str());
        let from = match matrix {
            "bt709" => "709",
            "bt2020" => "2020_ncl",
            _ => return None,
        };
        let stretched = matches!(options.fit, Fit::Stretch);
        (!self.plain && even && known && stretched).then(|| {
            let pixels = if range == "pc" { "yuvj420p" } else { "yuv420p" };
            format!(
                "zscale=w={width}:h={height}:f=lanczos:min={from}:m=170m:r={range}:threads={},format={pixels},setsar=1",
                self.threads()
            )
        })
    }

    /// Whether any of the filters is one that an ffmpeg may lack.
    pub(super) fn is_fast(&self) -> bool {
        self.shape().starts_with("zscale")
    }

    /// Children that work one after another have all threads for themselves.
    fn threads(&self) -> usize {
        let (workers, threads) = self.source.crew();
        if workers == 1 { threads } else { 1 }
    }
}

/// For each wanted frame the first that is shown then or later, and after the last the end.
fn each(frames: &[&Wanted<'_>], start: f64) -> String {
    // Variable 0 counts those that have come. When all have, nothing is waited for: the next one closes the input.
    let due: Vec<String> = frames
        .iter()
        .enumerate()
        .map(|(k, wanted)| {
            let tolerance = (wanted.spacing * 0.25).clamp(0.0005, 0.004);
            format!("{:.6}*eq(ld(0),{k})", wanted.time - start - tolerance)
        })
        .collect();
    format!(
        "select='if(gte(t,{}),st(0,ld(0)+1),0)',trim=end_frame={},settb=1,setpts=N",
        due.join("+"),
        frames.len()
    )
}

/// Most rows of a strip.
const ROWS: u32 = 300;
/// Stored pixels up to which a picture is mapped whole.
const WHOLE: u64 = 1_000_000;

/// Light is computed in floating point, 12 bytes for each pixel at three places. A large picture passes through in strips, one after the other:
/// no filter of `map` looks at a pixel's neighbours, but that the chroma of the outermost rows is not blended with that of the next strip.
fn in_strips(map: &str, info: &MediaInfo) -> String {
    let upright = info.rotation.is_multiple_of(180);
    let height = if upright { info.height } else { info.width };
    let large = u64::from(info.width) * u64::from(info.height) > WHOLE;
    let strips = (2..=64).find(|n| height / n <= ROWS && height.is_multiple_of(2 * n));
    match strips {
        Some(n) if large => format!("untile=1x{n},{map},tile=1x{n}"),
        _ => map.to_owned(),
    }
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

/// The size with the video's own shape that covers (`max`) or fits into (`min`) the wanted one.
fn around(aspect: f64, width: u32, height: u32, pick: fn(f64, f64) -> f64) -> (u32, u32) {
    let scale = pick(f64::from(width) / aspect, f64::from(height));
    let (w, h) = ((scale * aspect).round() as u32, scale.round() as u32);
    (w.max(1), h.max(1))
}

pub(super) fn encoder(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jpg => &["-c:v", "mjpeg", "-q:v", "2", "-huffman", "optimal"],
        Format::Png => &["-c:v", "png", "-pred", "mixed"],
        Format::Webp => &["-c:v", "libwebp", "-quality", "90"],
    }
}
