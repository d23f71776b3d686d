//! The pictures themselves: how many, how large, which way up, which colours, and whether they differ.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use smart_cover::{Cancel, Cover, CoverError, Fit, Format, Options, Tools, pick_from};

use crate::clips::{Folder, Seen, bikes};

#[track_caller]
fn near(colour: [u8; 3], wanted: [u8; 3], tolerance: u8) {
    assert!(
        colour
            .iter()
            .zip(wanted)
            .all(|(a, b)| a.abs_diff(b) <= tolerance),
        "{colour:?} is not about {wanted:?}"
    );
}

#[test]
fn five_covers_of_a_real_clip_are_five_bright_different_pictures() {
    let folder = Folder::new();
    let picked = folder.pick(&bikes(), &Options::new().count(5).width(320));
    let seen: Vec<Seen> = picked
        .covers
        .iter()
        .map(|cover| Seen::of(&cover.file))
        .collect();
    assert_eq!(
        folder.left(),
        (0..5).map(|k| format!("cover-{k}.jpg")).collect::<Vec<_>>()
    );
    for (k, picture) in seen.iter().enumerate() {
        assert_eq!(
            (picture.width, picture.height, picture.codec.as_str()),
            (320, 136, "mjpeg")
        );
        assert!(picture.brightness() > 30.0);
        assert!(
            seen[..k]
                .iter()
                .all(|other| picture.difference(other) > 8.0),
            "cover {k} repeats another"
        );
    }
    assert!(
        picked
            .covers
            .windows(2)
            .all(|pair| pair[0].score >= pair[1].score)
    );
    assert!(
        picked
            .covers
            .iter()
            .all(|cover| (0.0..10.0).contains(&cover.time) && (0.0..=1.0).contains(&cover.score))
    );
}

#[test]
fn the_same_covers_come_again_on_any_number_of_threads() {
    let folder = Folder::new();
    let runs: Vec<_> = [1, 2, 4]
        .map(|threads| {
            let picked = folder.pick(&bikes(), &Options::new().count(4).threads(threads));
            picked
                .covers
                .iter()
                .map(|cover| {
                    (
                        cover.time,
                        cover.score,
                        std::fs::read(&cover.file).expect("a cover"),
                    )
                })
                .collect::<Vec<_>>()
        })
        .into();
    assert!(runs[0] == runs[1] && runs[1] == runs[2]);
}

#[test]
fn a_clip_that_begins_black_has_no_black_cover() {
    let folder = Folder::new();
    let clip = folder.make("-f lavfi -i color=black:s=640x272:r=25:d=3 -i BIKES -filter_complex [0:v][1:v]concat -c:v libx264 -preset ultrafast black.mp4");
    for cover in folder.pick(&clip, &Options::new().count(4)).covers {
        assert!(
            cover.time >= 3.0 && Seen::of(&cover.file).brightness() > 30.0,
            "{cover:?}"
        );
    }
}

#[test]
fn a_portrait_clip_stored_sideways_is_upright() {
    let folder = Folder::new();
    // Red on top as displayed: stored turned, with the display matrix that turns it back.
    folder.make("-f lavfi -i testsrc2=s=180x320:r=25:d=2,drawbox=w=180:h=80:color=red:t=fill,transpose=1 -c:v libx264 -pix_fmt yuv420p stored.mp4");
    let clip = folder.make("-i DIR/stored.mp4 -c copy -metadata:s:v:0 rotate=90 portrait.mp4");
    let picked = folder.pick(&clip, &Options::new().count(1).format(Format::Png));
    let seen = Seen::of(&picked.covers[0].file);
    assert_eq!((seen.width, seen.height), (180, 320));
    near(seen.at(8, 0), [254, 0, 0], 30);
}

#[test]
fn sizes_are_exact_for_one_side_the_other_or_both() {
    let folder = Folder::new();
    let still = folder.make("-i BIKES -t 0.2 -c:v libx264 -preset ultrafast short.mp4");
    for (options, size) in [
        (Options::new(), (640, 272)),
        (Options::new().width(333), (333, 142)),
        (Options::new().height(129), (304, 129)),
        (Options::new().width(201).height(301), (201, 301)),
        (
            Options::new().width(201).height(301).fit(Fit::Crop),
            (201, 301),
        ),
        (
            Options::new().width(201).height(301).fit(Fit::Pad),
            (201, 301),
        ),
    ] {
        let formats = [Format::Jpg, Format::Png, Format::Webp];
        for format in if size.0 == 201 {
            &formats[..]
        } else {
            &formats[..1]
        } {
            let format = *format;
            let picked = folder.pick(&still, &options.clone().count(1).format(format));
            let seen = Seen::of(&picked.covers[0].file);
            assert_eq!((seen.width, seen.height), size, "{options:?}");
            assert_eq!((picked.covers[0].width, picked.covers[0].height), size);
            assert_eq!(
                seen.codec,
                match format {
                    Format::Jpg => "mjpeg",
                    Format::Png => "png",
                    Format::Webp => "webp",
                }
            );
        }
    }
}

#[test]
fn odd_sizes_and_wide_pixels_are_shown_as_a_player_shows_them() {
    let folder = Folder::new();
    let odd =
        folder.make("-f lavfi -i testsrc2=s=162x92:r=10:d=1,format=yuv444p,crop=161:91 -c:v libx264 -pix_fmt yuv444p odd.mp4");
    let seen = Seen::of(&folder.pick(&odd, &Options::new().count(1)).covers[0].file);
    assert_eq!((seen.width, seen.height), (161, 91));
    let wide = folder.make("-f lavfi -i testsrc2=s=720x576:r=10:d=1,setsar=64/45 -c:v libx264 -pix_fmt yuv420p wide.mkv");
    let seen = Seen::of(&folder.pick(&wide, &Options::new().count(1)).covers[0].file);
    assert_eq!((seen.width, seen.height), (1024, 576));
}

#[test]
fn colours_are_right_whatever_matrix_and_range_the_video_has() {
    let folder = Folder::new();
    let source = "-f lavfi -i color=0xC04020:s=320x180:r=10:d=1,drawbox=w=160:h=180:color=0x2060A0:t=fill,noise=alls=6:allf=t,format=rgb24";
    for (name, colours) in [
        (
            "601",
            "-vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p -colorspace smpte170m -color_range tv -c:v libx264",
        ),
        (
            "709",
            "-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709 -color_range tv -c:v libx264",
        ),
        (
            "709-full",
            "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p -colorspace bt709 -color_range pc -c:v libx264",
        ),
        (
            "2020-10bit",
            "-vf scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le -colorspace bt2020nc -color_range tv -c:v libx264",
        ),
    ] {
        let clip = folder.make(&format!("{source} {colours} {name}.mp4"));
        for format in [Format::Jpg, Format::Png, Format::Webp] {
            let seen = Seen::of(
                &folder
                    .pick(&clip, &Options::new().count(1).format(format))
                    .covers[0]
                    .file,
            );
            near(seen.at(3, 4), [0x20, 0x60, 0xA0], 12);
            near(seen.at(12, 4), [0xC0, 0x40, 0x20], 12);
        }
    }
}

#[test]
fn an_ffmpeg_without_zimg_writes_the_same_pictures() {
    let folder = Folder::new();
    let script = folder.file("ffmpeg");
    let text = "#!/bin/sh\ncase \"$*\" in *zscale*) echo 'No such filter: zscale' >&2; exit 1;; esac\nexec ffmpeg \"$@\"\n";
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a program");
    let found = Tools::find().expect("ffmpeg is installed");
    let without = Tools {
        ffmpeg: script,
        ffprobe: found.ffprobe,
    };
    let clip = folder
        .make("-i BIKES -t 4 -vf scale=out_color_matrix=bt709 -colorspace bt709 -c:v libx264 -preset ultrafast hd.mp4");
    let options = Options::new().count(3).width(480);
    let covers = |options: &Options| -> Vec<(f64, Seen)> {
        let picked = folder.pick(&clip, options);
        let seen = |cover: &Cover| (cover.time, Seen::of(&cover.file));
        picked.covers.iter().map(seen).collect()
    };
    let (with, without) = (covers(&options), covers(&options.clone().tools(without)));
    assert_eq!((with.len(), without.len()), (3, 3));
    for (a, b) in with.iter().zip(&without) {
        assert!(
            (a.0 - b.0).abs() < 1e-9 && a.1.difference(&b.1) < 1.0,
            "{} {} {}",
            a.0,
            b.0,
            a.1.difference(&b.1)
        );
    }
}

#[test]
fn more_covers_than_scenes_are_filled_up_or_left_out_as_asked() {
    let folder = Folder::new();
    let clip = folder.make("-i BIKES -t 1.2 -c:v libx264 -preset ultrafast one-shot.mp4");
    assert_eq!(folder.pick(&clip, &Options::new().count(4)).covers.len(), 4);
    let distinct = folder
        .pick(&clip, &Options::new().count(4).delete_duplicates(true))
        .covers
        .len();
    assert!((1..4).contains(&distinct), "{distinct}");
}

#[test]
fn a_picture_file_and_a_video_of_one_frame_give_one_cover() {
    let folder = Folder::new();
    for name in ["still.jpg", "still.png", "still.gif", "still.mp4"] {
        let clip = folder.make(&format!(
            "-i BIKES -frames:v 1 -pix_fmt {} {name}",
            if name.ends_with("png") {
                "rgb24"
            } else if name.ends_with("gif") {
                "pal8"
            } else {
                "yuvj420p"
            }
        ));
        let picked = folder.pick(&clip, &Options::new().count(3));
        assert_eq!(
            (picked.covers.len(), picked.covers[0].time),
            (1, 0.0),
            "{name}"
        );
    }
}

#[test]
fn a_video_of_few_frames_gives_all_of_them() {
    let folder = Folder::new();
    for (frames, container) in [(2, "mp4"), (3, "mkv"), (7, "ts")] {
        let clip = folder.make(&format!(
            "-i BIKES -frames:v {frames} -c:v libx264 -preset ultrafast -bf 2 few-{frames}.{container}"
        ));
        let picked = folder.pick(&clip, &Options::new().count(10));
        assert_eq!(picked.covers.len(), frames, "{container}");
    }
}

#[test]
fn candidates_tell_why_they_were_passed_over() {
    let folder = Folder::new();
    let clip = folder.make("-f lavfi -i color=black:s=640x272:r=25:d=2 -i BIKES -filter_complex [0:v][1:v]concat -c:v libx264 -preset ultrafast black.mp4");
    let picked = folder.pick(&clip, &Options::new().count(2));
    let black = picked
        .candidates
        .iter()
        .find(|c| c.time < 1.0)
        .expect("a black frame");
    assert!(
        black.quality < 0.05
            && black
                .reasons
                .iter()
                .any(|(reason, _)| *reason == smart_cover::Reason::Dark),
        "{black:?}"
    );
    assert_eq!(
        picked
            .candidates
            .iter()
            .filter(|c| c.cover.is_some())
            .count(),
        2
    );
}

#[test]
fn a_reader_gives_the_covers_of_the_file_and_leaves_nothing_else() {
    let folder = Folder::new();
    let options = Options::new().count(2);
    let of_file = folder.pick(&bikes(), &options).covers;
    let mut video = std::fs::File::open(bikes()).expect("the clip");
    let picked = pick_from(
        &mut video,
        &options,
        &folder.covers(),
        &mut |_| {},
        &Cancel::new(),
    );
    assert_eq!(picked.expect("covers").covers, of_file);
    assert_eq!(folder.left(), ["cover-0.jpg", "cover-1.jpg"]);
}

#[test]
fn reading_stops_when_cancelled() {
    let folder = Folder::new();
    let cancel = Cancel::new();
    cancel.cancel();
    // Without an end: only the switch can stop it.
    let mut endless = std::io::repeat(0);
    let picked = pick_from(
        &mut endless,
        &Options::new(),
        &folder.covers(),
        &mut |_| {},
        &cancel,
    );
    assert!(matches!(picked, Err(CoverError::Cancelled)), "{picked:?}");
    assert_eq!(folder.left(), [""; 0]);
}
