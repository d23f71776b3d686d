//! Filter chains that make stored frames into pictures as a viewer sees them.

use crate::probe::MediaInfo;

/// Interleaved fields are woven into one frame without comb teeth; progressive frames pass untouched.
pub(crate) const DEINTERLACE: &str = "bwdif=mode=send_frame:deint=interlaced";

/// The matrix by which the stored colours are to be read. Where the file does not say, the convention of players holds: BT.709 for HD, BT.601 below.
pub(crate) fn matrix(info: &MediaInfo) -> &'static str {
    match info.color_space.as_str() {
        "bt709" => "bt709",
        "bt470bg" | "smpte170m" => "bt601",
        "fcc" => "fcc",
        "smpte240m" => "smpte240m",
        "bt2020nc" | "bt2020c" => "bt2020",
        _ if info.width >= 1280 || info.height > 576 => "bt709",
        _ => "bt601",
    }
}

/// Brings PQ and HLG pictures into the range and primaries of an ordinary screen: reference white (203 nits) stays white, highlights are rolled off.
/// Full range, BT.709.
pub(crate) fn tone_map(info: &MediaInfo) -> Option<String> {
    if !info.is_hdr() {
        return None;
    }
    let or = |word: &str, default: &str| {
        if word.is_empty() || word == "reserved" {
            default.to_owned()
        } else {
            word.to_owned()
        }
    };
    let (matrix, primaries, input_range) = (
        or(&info.color_space, "bt2020nc"),
        or(&info.color_primaries, "bt2020"),
        or(&info.color_range, "tv"),
    );
    Some(format!(
        "zscale=tin={}:min={matrix}:pin={primaries}:rin={input_range}:t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:param=0.9,\
zscale=t=bt709:m=bt709:r=pc,format=yuv444p",
        info.color_transfer
    ))
}

/// Transparent parts are shown black, as players do; otherwise whatever colour hides behind them would appear.
pub(crate) fn flatten(info: &MediaInfo) -> Option<&'static str> {
    info.has_alpha()
        .then_some("format=gbrap,premultiply=inplace=1,format=gbrp")
}
