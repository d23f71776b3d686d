//! Kinds of files, each made small: what is chosen of them, and that the written picture is what the file shows at that time.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use smart_cover::{Candidate, Format, Options, PassedOver, Picked};

use crate::clips::{Folder, Seen, real};

const X264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// Whether each cover is what ffmpeg shows when it decodes the file up to the cover's time.
#[track_caller]
fn shows_what_it_says(folder: &Folder, clip: &Path, picked: &Picked) {
    for cover in &picked.covers {
        let frame = folder.make(&format!(
            "-i {} -vf select='gte(t,{:.4})' -frames:v 1 -update 1 then.png",
            clip.display(),
            cover.time - 0.002
        ));
        let difference = Seen::of(&frame).difference(&Seen::of(&cover.file));
        assert!(difference < 6.0, "{cover:?} differs by {difference}");
    }
}

fn grey(file: &Path, width: usize) -> Vec<Vec<i32>> {
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .expect("ffmpeg is installed");
    let rows = ran.stdout.chunks_exact(width);
    rows.map(|row| row.iter().map(|v| i32::from(*v)).collect())
        .collect()
}

#[test]
fn a_video_of_one_key_frame_gives_covers_of_all_its_shots() {
    let folder = Folder::new();
    let clip = folder.make(&format!(
        "-i BIKES {X264} -x264-params keyint=infinite:scenecut=0 one-key.mp4"
    ));
    let picked = folder.pick(&clip, &Options::new().count(5).delete_duplicates(true));
    assert_eq!(picked.covers.len(), 5);
    shows_what_it_says(&folder, &clip, &picked);
}

#[test]
fn what_is_looked_at_in_reduced_size_is_written_in_full() {
    let folder = Folder::new();
    for coded in [
        "mpeg2video -q:v 3 r.mpg",
        "mpeg2video -q:v 3 r.ts",
        "mpeg4 -q:v 3 r.mp4",
        "mjpeg -pix_fmt yuvj420p -q:v 3 r.mov",
    ] {
        let clip = folder.make(&format!("-i BIKES -vf scale=1280:544 -c:v {coded}"));
        let options = Options::new().count(5).delete_duplicates(true);
        let picked = folder.pick(&clip, &options);
        assert_eq!(picked.covers.len(), 5, "{coded}");
        assert_eq!(
            (picked.covers[0].width, picked.covers[0].height),
            (1280, 544)
        );
        shows_what_it_says(&folder, &clip, &picked);
    }
}

#[test]
fn times_hold_where_frames_last_differently_long() {
    let folder = Folder::new();
    let clip = folder.make(&format!(
        "-i BIKES -vf select='lt(n,70)+not(mod(n,6))' -fps_mode vfr {X264} uneven.mp4"
    ));
    let picked = folder.pick(&clip, &Options::new().count(4));
    assert_eq!(picked.covers.len(), 4);
    shows_what_it_says(&folder, &clip, &picked);
}

#[test]
fn a_stream_whose_clock_jumps_back_or_that_has_none_gives_its_covers() {
    let folder = Folder::new();
    let once = folder.make(&format!("-i BIKES -t 4 {X264} once.ts"));
    let twice = folder.file("twice.ts");
    let bytes = std::fs::read(once).expect("a stream");
    std::fs::write(&twice, [bytes.as_slice(), bytes.as_slice()].concat()).expect("a file");
    let bare = folder.make(&format!("-i BIKES -t 4 {X264} bare.h264"));
    for clip in [twice, bare] {
        let picked = folder.pick(&clip, &Options::new().count(3));
        assert_eq!(picked.covers.len(), 3, "{}", clip.display());
        for cover in picked.covers {
            assert!(Seen::of(&cover.file).brightness() > 30.0, "{cover:?}");
        }
    }
}

#[test]
fn a_moving_gif_and_an_old_format_give_covers_of_their_size() {
    let folder = Folder::new();
    for name in ["moving.gif", "old.avi", "old.mpg", "free.ogv", "free.webm"] {
        let clip = folder.make(&format!("-i BIKES -t 4 -an -r 25 -vf scale=240:102 {name}"));
        let picked = folder.pick(&clip, &Options::new().count(2).format(Format::Png));
        assert_eq!(picked.covers.len(), 2, "{name}");
        let seen = Seen::of(&picked.covers[0].file);
        assert_eq!((seen.width, seen.height), (240, 102), "{name}");
    }
}

#[test]
fn an_attached_picture_is_no_video_and_of_several_videos_the_first_counts() {
    let folder = Folder::new();
    folder.make("-f lavfi -i color=red:s=300x300 -frames:v 1 art.jpg");
    let art = "-disposition:v attached_pic";
    let song = folder.make(&format!(
        "-f lavfi -i sine=d=2 -i DIR/art.jpg -map 0:a -map 1:v -c:a aac -c:v copy {art} song.m4a"
    ));
    let refused = folder
        .try_pick(&song, &Options::new())
        .expect_err("no video");
    assert_eq!(refused.code(), "no_video_stream", "{refused}");
    let both = folder.make("-i DIR/art.jpg -i BIKES -map 0:v -map 1:v -c copy -disposition:v:0 attached_pic -disposition:v:1 default both.mp4");
    let small =
        format!("-i BIKES -f lavfi -i testsrc2=s=320x240:d=3 -map 0:v -map 1:v {X264} two.mkv");
    for clip in [both, folder.make(&small)] {
        let picked = folder.pick(&clip, &Options::new().count(2));
        assert_eq!(
            (picked.covers[0].width, picked.covers[0].height),
            (640, 272)
        );
    }
}

#[test]
fn interlaced_motion_has_no_comb_teeth() {
    let folder = Folder::new();
    let clip = folder.make("-i BIKES -t 4 -vf crop=480:270,scroll=h=0.03,fps=50,tinterlace=interleave_top,fieldorder=tff -c:v mpeg2video -b:v 8M -flags +ilme+ildct -r 25 woven.ts");
    let picked = folder.pick(&clip, &Options::new().count(3).format(Format::Png));
    for cover in &picked.covers {
        let rows = grey(&cover.file, 480);
        let apart = |step: usize| -> i64 {
            let pairs = rows.iter().zip(rows.iter().skip(step));
            pairs
                .flat_map(|(a, b)| a.iter().zip(b).map(|(x, y)| i64::from((x - y).abs())))
                .sum()
        };
        // Teeth make every second row alike and neighbours differ.
        assert!(apart(1) < apart(2), "{} {}", apart(1), apart(2));
    }
}

/// A clip of HDR in that transfer curve, of a source in BT.709 whose white is reference white.
#[track_caller]
fn hdr(folder: &Folder, source: &str, transfer: &str, name: &str) -> PathBuf {
    folder.make(&format!(
        "{source} -vf setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020:t={transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le \
         -c:v libx265 -preset ultrafast -color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc -x265-params log-level=error {name}.mp4"
    ))
}

#[test]
fn hdr_is_shown_as_an_ordinary_screen_would_show_it() {
    let folder = Folder::new();
    let source = "-f lavfi -i color=0xB0B0B0:s=320x180:r=10:d=1,drawbox=w=160:h=180:color=0x405060:t=fill,noise=alls=4:allf=t,format=yuv420p";
    for (name, transfer) in [("pq", "smpte2084"), ("hlg", "arib-std-b67")] {
        let clip = hdr(&folder, source, transfer, name);
        let seen = Seen::of(&folder.pick(&clip, &Options::new().count(1)).covers[0].file);
        for (column, wanted) in [(3, [0x40, 0x50, 0x60]), (12, [0xB0, 0xB0, 0xB0])] {
            let shown = seen.at(column, 4);
            let near = shown.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 30);
            assert!(near, "{name}: {shown:?} is not about {wanted:?}");
        }
    }
}

#[test]
fn a_large_hdr_picture_is_put_together_of_its_strips_in_order() {
    let folder = Folder::new();
    let source = "-f lavfi -i color=0xB0B0B0:s=1920x1080:r=5:d=1,drawbox=y=270:h=270:color=0x306090:t=fill,drawbox=y=810:h=270:color=0x405060:t=fill,noise=alls=4:allf=t,format=yuv420p";
    let clip = hdr(&folder, source, "arib-std-b67", "large");
    for format in [Format::Jpg, Format::Png] {
        let options = Options::new().count(1).format(format);
        let seen = Seen::of(&folder.pick(&clip, &options).covers[0].file);
        assert_eq!((seen.width, seen.height), (1920, 1080));
        for (row, wanted) in [
            (1, [0xB0, 0xB0, 0xB0]),
            (3, [0x30, 0x60, 0x90]),
            (5, [0xB0, 0xB0, 0xB0]),
            (8, [0x40, 0x50, 0x60]),
        ] {
            let shown = seen.at(8, row);
            let near = shown.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 30);
            assert!(near, "{format:?} {row}: {shown:?} is not about {wanted:?}");
        }
    }
}

#[test]
fn what_is_transparent_is_black_whatever_hides_behind() {
    let folder = Folder::new();
    let clip = folder.make("-f lavfi -i testsrc2=s=320x180:r=10:d=1,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lt(X,160),0,255)' -c:v png -pix_fmt rgba clear.mov");
    let seen = Seen::of(&folder.pick(&clip, &Options::new().count(1)).covers[0].file);
    assert!(seen.at(3, 4).iter().all(|v| *v < 16), "{:?}", seen.at(3, 4));
    assert!(seen.brightness() > 20.0);
}

#[test]
fn a_night_scene_is_chosen_before_black_and_stays_dark() {
    let folder = Folder::new();
    let clip = folder.make(&format!("-f lavfi -i color=black:s=640x272:r=25:d=3 -i BIKES -filter_complex [1:v]lutyuv=y=16+(val-16)*0.15[n];[0:v][n]concat {X264} night.mp4"));
    for cover in folder.pick(&clip, &Options::new().count(3)).covers {
        let brightness = Seen::of(&cover.file).brightness();
        assert!(
            cover.time >= 3.0 && (4.0..60.0).contains(&brightness),
            "{cover:?} {brightness}"
        );
    }
}

#[test]
fn before_a_fixed_camera_the_visitor_is_the_first_cover() {
    let folder = Folder::new();
    let clip = folder.make(&format!("-i BIKES -f lavfi -i color=0xC03020:s=90x150:r=10 -filter_complex [0:v]fps=10,trim=end_frame=1,loop=-1:1:0,setpts=N/10/TB,noise=alls=3:allf=t[room];[room][1:v]overlay=x='60+80*(t-15)':y=90:enable='between(t,15,20)':shortest=1 -t 40 {X264} door.mp4"));
    let first = &folder.pick(&clip, &Options::new().count(1)).covers[0];
    assert!((15.0..=20.2).contains(&first.time), "{first:?}");
}

#[test]
fn a_real_camera_in_a_room_gives_its_visitors() {
    let folder = Folder::new();
    let options = Options::new().count(2).delete_duplicates(true);
    let covers = folder.pick(&real("room.mp4"), &options).covers;
    let first = &covers[0];
    assert!(
        (7.0..=19.3).contains(&first.time) || (23.1..=30.0).contains(&first.time),
        "{first:?}"
    );
    for rest in &covers[1..] {
        assert!(rest.score < 0.2 * first.score, "{rest:?} and {first:?}");
    }
}

#[test]
fn a_blink_gives_way_to_open_eyes_even_where_it_is_crisper() {
    let folder = Folder::new();
    let still = |from: &str, frame: u32, frames: u32, then: &str| {
        let end = frame + 1;
        format!(
            "[{from}]trim=start_frame={frame}:end_frame={end},{then}loop={frames}:1:0,setpts=N/25/TB"
        )
    };
    let (before, shut, after) = (
        still("a", 97, 20, ""),
        still("b", 92, 12, "unsharp=3:3:0.2,"),
        still("c", 97, 20, ""),
    );
    let clip = folder.make(&format!(
        "-i {} -filter_complex [0:v]split=3[a][b][c];{before}[x];{shut}[y];{after}[z];[x][y][z]concat=n=3 {X264} blink.mp4",
        real("carphone.mp4").display()
    ));
    let options = Options::new().count(1).explain(true);
    let picked = folder.pick(&clip, &options);
    let is_shut = |time: f64| (0.84..=1.36).contains(&time);
    assert!(!is_shut(picked.covers[0].time), "{:?}", picked.covers);
    let gave_way = |c: &&Candidate| c.passed_over == Some(PassedOver::EyesShut { cover: 0 });
    let blink = picked.candidates.iter().find(gave_way).expect("a blink");
    assert!(is_shut(blink.time), "{blink:?}");
}

#[test]
fn a_recorded_screen_gives_pages_and_no_two_of_one() {
    const PAGES: [(f64, f64); 4] = [(3.2, 9.2), (10.4, 18.2), (19.4, 25.1), (28.5, 36.1)];
    let folder = Folder::new();
    let options = Options::new().count(3).delete_duplicates(true);
    let covers = folder.pick(&real("screen.mp4"), &options).covers;
    let page = |time: f64| PAGES.iter().position(|(a, b)| (*a..=*b).contains(&time));
    let mut pages: Vec<_> = covers.iter().map(|c| page(c.time)).collect();
    pages.sort_unstable();
    pages.dedup();
    assert!(pages.len() == 3 && !pages.contains(&None), "{covers:?}");
}

#[test]
fn fades_bars_and_flat_colours_are_passed_over() {
    let folder = Folder::new();
    let clip = folder.make(&format!("-i BIKES -f lavfi -i smptebars=s=640x272:r=25:d=3 -f lavfi -i color=0x2040C0:s=640x272:r=25:d=3 -filter_complex [0:v]trim=2.6:4.6,setpts=PTS-STARTPTS,fade=in:0:15,fade=out:35:15[v];[1:v]setsar=1[b];[v]setsar=1[w];[b][w][2:v]concat=n=3 {X264} junk.mp4"));
    for cover in folder.pick(&clip, &Options::new().count(2)).covers {
        assert!((3.3..=4.7).contains(&cover.time), "{cover:?}");
    }
}

#[test]
fn a_file_of_eleven_minutes_is_sought_in_and_gives_distinct_covers() {
    let folder = Folder::new();
    let list = folder.file("list");
    let bikes = crate::clips::bikes();
    std::fs::write(&list, format!("file '{}'\n", bikes.display()).repeat(66)).expect("a list");
    let clip = folder.make("-f concat -safe 0 -i DIR/list -c copy long.mp4");
    let picked = folder.pick(
        &clip,
        &Options::new().count(5).delete_duplicates(true).width(320),
    );
    assert_eq!(picked.covers.len(), 5);
    // Ten seconds of the same all the time: reading it through would show 8000 frames.
    assert!(
        picked.candidates.len() < 1000,
        "{}",
        picked.candidates.len()
    );
    let seen: Vec<Seen> = picked.covers.iter().map(|c| Seen::of(&c.file)).collect();
    for (k, picture) in seen.iter().enumerate() {
        assert!(
            seen[..k]
                .iter()
                .all(|other| picture.difference(other) > 8.0)
        );
    }
}

#[test]
fn where_all_key_frames_are_black_a_long_file_is_not_decoded_whole() {
    let folder = Folder::new();
    let piece = folder.make(&format!(
        "-i BIKES -vf trim=4.4:9.4,setpts=PTS-STARTPTS,fade=in:0:10 {X264} -g 9999 -sc_threshold 0 piece.mp4"
    ));
    let list = folder.file("list");
    std::fs::write(&list, format!("file '{}'\n", piece.display()).repeat(150)).expect("a list");
    let clip = folder.make("-f concat -safe 0 -i DIR/list -c copy black-keys.mp4");
    let picked = folder.pick(&clip, &Options::new().count(3).width(320));
    assert_eq!(picked.covers.len(), 3);
    assert!(
        picked.covers.iter().all(|c| c.time % 5.0 > 0.4),
        "{picked:?}"
    );
    assert!(
        picked.candidates.len() < 1000,
        "{}",
        picked.candidates.len()
    );
}
