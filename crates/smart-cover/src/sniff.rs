//! First look at the file, before any other program sees it: playlists and the like are refused by their first bytes.
//!
//! A second line of defence stands behind this one: ffmpeg is told the demuxers it may use, and none of them opens further files.

use std::{fs::File, io::Read, path::Path};

use crate::error::CoverError;

const HEAD: u64 = 4096;

/// Demuxers that read one file and nothing else. Lists, playlists, descriptions and image sequences are not here.
pub(crate) const DEMUXERS: &str = "mov,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,asf,ogg,gif,apng,nut,mxf,mxf_opatom,\
dv,gxf,wtv,rm,rl2,swf,h264,hevc,m4v,vc1,obu,av1,ivf,h261,h263,dirac,cavsvideo,yuv4mpegpipe,mjpeg,mjpeg_2000,ingenient,\
dhav,nsv,roq,smk,bink,flic,4xm,film_cpk,thp,ea,ifv,lvf,ivr,pva,mpegtsraw,lmlm4,\
png_pipe,jpeg_pipe,jpegls_pipe,j2k_pipe,jpegxl_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif_pipe,ppm_pipe,pgm_pipe,pbm_pipe,pam_pipe,\
qoi_pipe,exr_pipe,dpx_pipe,psd_pipe,sgi_pipe,pcx_pipe,sunrast_pipe,dds_pipe,\
mp3,aac,flac,wav,w64,aiff,au,amr,ac3,eac3,dts,truehd,caf,ape,tta,wv,mpc,mpc8,opus,aa,aax,spdif,voc,dsf,adts";

/// Demuxers that open further files, by ffmpeg's names.
pub(crate) const NAMES_FILES: [&str; 14] = [
    "hls",
    "applehttp",
    "concat",
    "dash",
    "image2",
    "image2pipe",
    "sdp",
    "rtsp",
    "rtp",
    "imf",
    "vobsub",
    "webm_dash_manifest",
    "lavfi",
    "smoothstreaming",
];

/// What the first bytes allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sniffed {
    /// The demuxer to use, where ffmpeg would otherwise take one that may read other files.
    pub(crate) demuxer: Option<&'static str>,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
}

/// Reads the head of the file and refuses what is empty or names other files.
pub(crate) fn sniff(path: &Path) -> Result<Sniffed, CoverError> {
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            CoverError::NoSuchFile { path: path.into() }
        }
        _ => CoverError::io("cannot read", path, e),
    })?;
    if !about.is_file() {
        return Err(CoverError::NoSuchFile { path: path.into() });
    }
    if about.len() == 0 {
        return Err(CoverError::NotMedia {
            reason: "the file is empty".into(),
        });
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(|e| CoverError::io("cannot read", path, e))?;
    if let Some(format) = names_other_files(&head) {
        return Err(CoverError::RefusedFormat {
            format: format.into(),
        });
    }
    Ok(Sniffed {
        demuxer: single_image(&head),
        bytes: about.len(),
    })
}

fn names_other_files(head: &[u8]) -> Option<&'static str> {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let starts = |word: &str| {
        text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word.as_bytes())
    };
    let has = |word: &str| {
        text.windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    if starts("#EXTM3U") || starts("#EXT-X-") {
        Some("m3u8 playlist")
    } else if starts("ffconcat") {
        Some("ffconcat list")
    } else if starts("<") && has("<MPD") {
        Some("DASH manifest")
    } else if starts("<") && has("<SmoothStreamingMedia") {
        Some("smooth streaming manifest")
    } else if starts("<")
        && (has("<AssetMap")
            || has("<CompositionPlaylist")
            || has("<smil")
            || has("<asx")
            || has("<svg"))
    {
        Some("XML that names other files")
    } else if starts("v=0\r\n") || starts("v=0\n") {
        Some("session description")
    } else if starts("[playlist]")
        || starts("[Reference]")
        || starts("rtsptext")
        || starts("RTSPtextRTSP://")
    {
        Some("playlist")
    } else if starts("file ") || starts("file\t") {
        Some("concat list")
    } else {
        None
    }
}

/// JPEG files are claimed by the demuxer for numbered sequences, which reads whatever files match.
fn single_image(head: &[u8]) -> Option<&'static str> {
    head.starts_with(b"\xff\xd8\xff").then_some("jpeg_pipe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_name_other_files_are_known_by_their_first_bytes() {
        for text in [
            "#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd\n",
            "\u{feff}#EXTM3U\n",
            "\n\n#extm3u\n",
            "ffconcat version 1.0\nfile x.mp4\n",
            "<?xml version=\"1.0\"?>\n<MPD type=\"static\"></MPD>",
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
            "[playlist]\nFile1=x\n",
            "file 'x.mp4'\n",
        ] {
            assert!(names_other_files(text.as_bytes()).is_some(), "{text:?}");
        }
        assert_eq!(names_other_files(b"\0\0\0\x20ftypisom"), None);
        assert_eq!(names_other_files(b"<html>"), None);
    }

    #[test]
    fn an_empty_file_and_a_folder_are_told_apart_from_a_missing_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let empty = folder.path().join("empty.mp4");
        File::create(&empty).expect("a file");
        assert_eq!(sniff(&empty).expect_err("empty").code(), "not_media");
        assert_eq!(
            sniff(folder.path()).expect_err("a folder").code(),
            "no_such_file"
        );
        assert_eq!(
            sniff(&folder.path().join("none"))
                .expect_err("nothing")
                .code(),
            "no_such_file"
        );
    }
}
