//! Inputs that are no video, or that would reach beyond themselves.

use std::os::unix::ffi::OsStrExt;

use smart_cover::{Cancel, Cover, CoverError, Limits, Options, Tools, pick};

use crate::clips::{Folder, bikes};

#[track_caller]
fn refused(folder: &Folder, name: &str, options: &Options) -> CoverError {
    let error = folder
        .try_pick(&folder.file(name), options)
        .expect_err("no covers");
    assert_eq!(
        folder.left(),
        Vec::<String>::new(),
        "something was left behind"
    );
    error
}

#[test]
fn what_is_no_video_is_named_by_its_kind() {
    let folder = Folder::new();
    std::fs::write(folder.file("empty.mp4"), b"").expect("a file");
    std::fs::write(folder.file("text.mp4"), "this is not a video\n".repeat(500)).expect("a file");
    let half = std::fs::read(bikes()).expect("the clip");
    std::fs::write(folder.file("half.mp4"), &half[half.len() / 2..]).expect("a file");
    folder.make("-f lavfi -i sine=d=1 -c:a aac sound.m4a");
    folder.make("-f lavfi -i sine=d=1 -i BIKES -map 0:a -map 1:v -frames:v 1 -c:a aac -c:v mjpeg -disposition:v:0 attached_pic art.m4a");
    for (name, code) in [
        ("empty.mp4", "not_media"),
        ("text.mp4", "not_media"),
        ("half.mp4", "not_media"),
        ("sound.m4a", "no_video_stream"),
        ("art.m4a", "no_video_stream"),
        ("none.mp4", "no_such_file"),
    ] {
        let error = refused(&folder, name, &Options::new());
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(!error.to_string().contains('\n'), "{name}: {error}");
    }
}

#[test]
fn a_file_cut_in_half_gives_covers_of_what_is_left() {
    let folder = Folder::new();
    let whole = folder.make("-i BIKES -c copy -movflags +faststart whole.mp4");
    let bytes = std::fs::read(whole).expect("the clip");
    let cut = folder.file("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("a file");
    let picked = folder.pick(&cut, &Options::new().count(3));
    assert!(
        picked.covers.iter().all(|cover| cover.time < 7.0),
        "{:?}",
        picked.covers
    );
}

#[test]
fn a_playlist_under_the_name_of_a_video_is_refused_and_nothing_it_names_is_read() {
    let folder = Folder::new();
    let secret = bikes();
    let secret = secret.canonicalize().expect("the clip");
    let lists = [
        (
            "hls.mp4",
            format!(
                "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{}\n#EXT-X-ENDLIST\n",
                secret.display()
            ),
        ),
        (
            "concat.mp4",
            format!("ffconcat version 1.0\nfile '{}'\n", secret.display()),
        ),
        (
            "dash.mp4",
            format!(
                "<?xml version=\"1.0\"?>\n<MPD><BaseURL>{}</BaseURL></MPD>",
                secret.display()
            ),
        ),
        (
            "sdp.mp4",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n".to_owned(),
        ),
    ];
    for (name, text) in lists {
        std::fs::write(folder.file(name), text).expect("a file");
        assert_eq!(
            refused(&folder, name, &Options::new()).code(),
            "refused_format",
            "{name}"
        );
    }
}

#[test]
fn a_name_that_looks_like_an_option_or_a_pattern_is_a_name() {
    let folder = Folder::new();
    for name in ["-i.mp4", "a%03d b.mp4", "concat:x.mp4"] {
        std::fs::copy(bikes(), folder.file(name)).expect("a copy");
        assert_eq!(
            folder
                .pick(&folder.file(name), &Options::new().count(1))
                .covers
                .len(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_folder_that_looks_like_a_pattern_gets_the_covers() {
    let folder = Folder::new();
    let name = std::ffi::OsStr::from_bytes(b"100%d of %%\xff");
    let out = folder.covers().join(name);
    std::fs::create_dir(&out).expect("a folder");
    let options = Options::new().count(3);
    let picked = pick(&bikes(), &options, &out, &mut |_| {}, &Cancel::new()).expect("covers");
    let written = |cover: &Cover| cover.file.starts_with(&out) && cover.file.is_file();
    assert!(picked.covers.len() == 3 && picked.covers.iter().all(written));
    assert_eq!(std::fs::read_dir(&out).expect("the folder").count(), 3);
}

#[test]
fn limits_on_pixels_and_streams_hold() {
    let folder = Folder::new();
    std::fs::copy(bikes(), folder.file("clip.mp4")).expect("a copy");
    let pixels = refused(
        &folder,
        "clip.mp4",
        &Options::new().limits(Limits::default().with_pixels(10_000)),
    );
    assert_eq!(pixels.code(), "limit_exceeded", "{pixels}");
    folder.make("-f lavfi -i testsrc2=s=64x64:r=5:d=1 -map 0:v -map 0:v -map 0:v -map 0:v -c:v mpeg4 many.mkv");
    let streams = refused(
        &folder,
        "many.mkv",
        &Options::new().limits(Limits::default().with_streams(2)),
    );
    assert_eq!(streams.code(), "limit_exceeded", "{streams}");
}

#[test]
fn missing_programs_are_named() {
    let folder = Folder::new();
    std::fs::copy(bikes(), folder.file("clip.mp4")).expect("a copy");
    let tools = Tools {
        ffmpeg: "/nonexistent/ffmpeg".into(),
        ffprobe: "/nonexistent/ffprobe".into(),
    };
    let error = refused(&folder, "clip.mp4", &Options::new().tools(tools));
    assert_eq!(error.code(), "ffmpeg_missing");
    assert!(
        error.to_string().contains("apt-get install ffmpeg"),
        "{error}"
    );
}
