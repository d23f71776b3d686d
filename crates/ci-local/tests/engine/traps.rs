//! Files that name other files and addresses, or have no end: none of what they name is reached.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ci_local::{Config, Engine};

use super::clips::{clip, make};
use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

/// A video of one loud colour: a cover that shows it has read the file that nobody may read.
fn secret() -> Vec<u8> {
    let source = "color=c=0xff00ff:size=320x180:rate=10:duration=2";
    make(
        &[
            "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-g", "5",
        ],
        "mp4",
    )
}

/// The mean red, green and blue of a picture.
fn colour(picture: &Path) -> [u8; 3] {
    let shown = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(picture)
        .args([
            "-vf",
            "scale=1:1:flags=area",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-",
        ])
        .output()
        .unwrap();
    shown.stdout.try_into().unwrap()
}

fn is_secret([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green < 60 && blue > 200
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), &kind[..], content].concat()
}

/// A list of boxes with the one at the end of `path` replaced; the sizes of those around it follow.
fn replaced(boxes: &[u8], path: &[&[u8; 4]], with: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), boxes);
    while let Some((head, _)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let (this, after) = rest.split_at(length);
        match path.split_first() {
            Some((first, [])) if head[4..] == first[..] => out.extend(boxed(first, with)),
            Some((first, deeper)) if head[4..] == first[..] => {
                out.extend(boxed(first, &replaced(&this[8..], deeper, with)));
            }
            _ => out.extend(this),
        }
        rest = after;
    }
    out
}

/// The secret's index without its pictures: they are said to be in the file at `path`, by a
/// Macintosh alias as QuickTime wrote them.
fn elsewhere(secret: &[u8], path: &str) -> Vec<u8> {
    let mut alias = vec![0; 4];
    alias.extend([0; 10 + 1 + 27 + 12 + 1 + 63 + 16]);
    alias.extend([0, 0, 0, 0]);
    alias.extend([0; 16]);
    alias.extend([0, 2]);
    alias.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
    alias.extend(path.bytes());
    alias.extend(vec![0; path.len() % 2]);
    alias.extend([0xff, 0xff, 0, 0]);
    let content = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(b"alis", &alias)].concat();
    let path: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"];
    let named = replaced(secret, &path, &content);
    let pictures = secret.windows(4).position(|four| four == b"mdat").unwrap();
    let index = secret.windows(4).position(|four| four == b"moov").unwrap();
    replaced(&named, &[b"mdat"], &vec![0; index - pictures - 8])
}

/// A video with subtitles that want a font, and with the font.
fn subtitled() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (video, lines) = (folder.path().join("v.mp4"), folder.path().join("s.ass"));
    std::fs::write(&video, clip()).unwrap();
    std::fs::write(
        &lines,
        "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n\
         Style: Default,../../../etc/passwd,20\n[Events]\nFormat: Layer, Start, End, Style, Text\n\
         Dialogue: 0,0:00:00.00,0:00:02.00,Default,{\\fnfile:///etc/passwd}hello\n",
    )
    .unwrap();
    let font = folder.path().join("evil.ttf");
    std::fs::write(&font, vec![0xff; 5000]).unwrap();
    let paths = [&video, &lines, &font].map(|path| path.to_str().unwrap());
    make(
        &[
            "-i",
            paths[0],
            "-i",
            paths[1],
            "-c:v",
            "copy",
            "-c:s",
            "ass",
            "-attach",
            paths[2],
            "-metadata:s:t",
            "mimetype=application/x-truetype-font",
        ],
        "mkv",
    )
}

/// State and code of the job that takes covers from a file.
async fn outcome(engine: &Engine, name: &str) -> (String, String) {
    let id = submit(engine, body(name, "", "")).await;
    let done = describe(engine, &id).await;
    for cover in engine.covers_of(&id).await.unwrap() {
        let picture = engine
            .folder()
            .join("buckets")
            .join(BUCKET)
            .join(&cover.object);
        let shown = colour(&picture);
        assert!(
            !is_secret(shown),
            "{name}: a cover shows the secret: {shown:?}"
        );
    }
    (
        done.element("State").to_owned(),
        done.element("Code").to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_names_is_not_reached() {
    let engine = with_clip(Config::ephemeral().job_deadline(Duration::from_secs(60))).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trap = format!("http://{}/trap", listener.local_addr().unwrap());
    let outside = tempfile::tempdir().unwrap();
    let folder = engine.folder().join("buckets").join(BUCKET);
    let hidden = outside.path().join("secret.mp4");
    std::fs::write(&hidden, secret()).unwrap();
    std::fs::write(folder.join("secret.mp4"), secret()).unwrap();
    let hidden = hidden.to_str().unwrap();

    // The trap is one: told to follow such names, ffmpeg reads the other file.
    let alias = outside.path().join("alias.mov");
    std::fs::write(&alias, elsewhere(&secret(), hidden)).unwrap();
    let followed = outside.path().join("followed.png");
    let ran = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-enable_drefs",
            "1",
            "-use_absolute_path",
            "1",
            "-i",
        ])
        .args([
            alias.as_os_str(),
            "-frames:v".as_ref(),
            "1".as_ref(),
            followed.as_os_str(),
        ])
        .output()
        .unwrap();
    assert!(
        is_secret(colour(&followed)),
        "the alias leads nowhere: {ran:?}"
    );

    let text = |text: &str| text.to_owned().into_bytes();
    let svg = format!(
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"320\" height=\"180\"><image xlink:href=\"{trap}\" width=\"320\" height=\"180\"/>\
         <image xlink:href=\"file://{hidden}\" width=\"320\" height=\"180\"/></svg>"
    );
    let imf = format!(
        "<?xml version=\"1.0\"?><CompositionPlaylist xmlns=\"http://www.smpte-ra.org/schemas/2067-3/2016\">\
         <Id>urn:uuid:{trap}</Id></CompositionPlaylist>"
    );
    let list = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"{trap}\"\n#EXT-X-MAP:URI=\"{hidden}\"\n#EXTINF:2,\nsecret.mp4\n#EXT-X-ENDLIST\n"
    );
    let failed = [
        (
            "alias.mov",
            elsewhere(&secret(), hidden),
            "an mp4 whose data reference names another file",
        ),
        (
            "key.mp4",
            text(&list),
            "HLS with key and map elsewhere, called mp4",
        ),
        (
            "bom.mp4",
            text(&format!("\u{feff}{list}")),
            "the same behind a byte order mark",
        ),
        (
            "blank.mp4",
            text(&format!("\n\n{list}")),
            "the same behind blank lines",
        ),
        (
            "concat.mov",
            text(&format!("ffconcat version 1.0\nfile '{hidden}'\n")),
            "ffconcat, called mov",
        ),
        (
            "bare.mp4",
            text(&format!("file '{hidden}'\nfile '{hidden}'\n")),
            "ffconcat without its first line",
        ),
        (
            "subfile.mp4",
            text(&format!(
                "#EXTM3U\n#EXTINF:1,\nsubfile,,start,0,end,9999,,:{hidden}\n"
            )),
            "HLS through the protocol subfile",
        ),
        (
            "concatp.mp4",
            text(&format!("#EXTM3U\n#EXTINF:1,\nconcat:{trap}|{hidden}\n")),
            "HLS through the protocol concat",
        ),
        ("svg.mp4", text(&svg), "SVG that draws a URL and a file"),
        ("imf.mp4", text(&imf), "an IMF composition"),
        (
            "vobsub.mp4",
            text(
                "# VobSub index file, v7\nsize: 320x180\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n",
            ),
            "a VobSub index",
        ),
        (
            "pls.mp4",
            text(&format!("[playlist]\nFile1={trap}\nNumberOfEntries=1\n")),
            "a PLS playlist",
        ),
        (
            "asx.mp4",
            text(&format!(
                "<asx version=\"3.0\"><entry><ref href=\"{trap}\"/></entry></asx>"
            )),
            "an ASX playlist",
        ),
        ("empty.mp4", Vec::new(), "no bytes"),
        ("one.mp4", vec![0], "one byte"),
    ];
    for (name, bytes, what) in failed {
        std::fs::write(folder.join(name), bytes).unwrap();
        let (state, code) = outcome(&engine, name).await;
        println!("| {what} | {state} `{code}` |");
        let harmless = [
            "RefusedFormat",
            "InvalidMedia",
            "NoVideoStream",
            "DecodeFailed",
        ];
        assert!(
            state == "Failed" && harmless.contains(&code.as_str()),
            "{name}: {state} {code}"
        );
    }
    // Harmless as they are taken: the covers show the video itself.
    let years = ["-vf", "setpts=N*31536000/TB", "-fps_mode", "passthrough"];
    let source = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=10:duration=1",
    ];
    let looping = [&source[..], &["-loop", "0"]].concat();
    let taken = [
        (
            "styled.mkv",
            subtitled(),
            "styled subtitles and a broken font in it",
        ),
        (
            "years.mkv",
            make(&[&source[..], &years].concat(), "mkv"),
            "ten frames over nine years",
        ),
        (
            "loop.gif",
            make(&looping, "gif"),
            "a GIF that repeats for ever",
        ),
        (
            "concat:secret.mp4|secret.mp4",
            clip().to_vec(),
            "a key that is a protocol",
        ),
        ("-i", clip().to_vec(), "a key that is an option"),
    ];
    for (name, bytes, what) in taken {
        std::fs::write(folder.join(name), bytes).unwrap();
        let (state, code) = outcome(&engine, name).await;
        println!("| {what} | {state} `{code}` |");
        assert_eq!(state, "Success", "{name}: {code}");
    }
    let touched = std::future::poll_fn(|context| {
        std::task::Poll::Ready(listener.poll_accept(context).is_ready())
    })
    .await;
    assert!(!touched, "an input reached the network");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_no_object() {
    let engine = with_clip(Config::ephemeral()).await;
    let folder = engine.folder().join("buckets").join(BUCKET);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.mp4"), "secret").unwrap();
    let pipe = folder.join("pipe.mp4");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
    };
    link(Path::new("/dev/zero"), "endless.mp4");
    link(&outside.path().join("secret.mp4"), "link.mp4");
    link(outside.path(), "door");
    link(&folder.join("loop.mp4"), "loop.mp4");
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket.mp4")).unwrap();
    for key in [
        "pipe.mp4",
        "endless.mp4",
        "link.mp4",
        "door/secret.mp4",
        "loop.mp4",
        "socket.mp4",
        "door",
        "in",
    ] {
        let object = format!("{COS}/{key}");
        assert_eq!(
            call(&engine, "GET", &object, "").await.refusal(),
            (404, "NoSuchKey"),
            "{key}"
        );
        let job = call(&engine, "POST", &format!("{CI}/jobs"), body(key, "", "")).await;
        assert_eq!(job.refusal(), (400, "ResourceNotFound"), "{key}");
    }
    let listed = ok(call(&engine, "GET", &format!("{COS}/"), "").await);
    assert_eq!(listed.elements("Key"), ["in/clip.mp4"]);
    // Nothing is written through a link either.
    let through = call(&engine, "PUT", &format!("{COS}/door/new.mp4"), "x").await;
    assert_eq!(through.refusal(), (409, "PathConflict"));
    assert!(!outside.path().join("new.mp4").exists());
    ok(call(&engine, "PUT", &format!("{COS}/link.mp4"), "mine").await);
    let kept = std::fs::read_to_string(outside.path().join("secret.mp4")).unwrap();
    assert_eq!(kept, "secret", "the link was replaced, not followed");
    engine.shutdown().await;
}
