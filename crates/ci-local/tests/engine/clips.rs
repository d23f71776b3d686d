//! Tiny videos made on the spot by ffmpeg's test generators.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Two seconds of moving pictures, 320 by 180.
pub(crate) fn clip() -> &'static [u8] {
    static CLIP: OnceLock<Vec<u8>> = OnceLock::new();
    CLIP.get_or_init(|| {
        make(
            &[
                "-f",
                "lavfi",
                "-i",
                "testsrc2=size=320x180:rate=10:duration=2",
                "-pix_fmt",
                "yuv420p",
                "-g",
                "5",
            ],
            "mp4",
        )
    })
}

/// A second of sound without pictures.
pub(crate) fn sound() -> Vec<u8> {
    make(&["-f", "lavfi", "-i", "sine=duration=1"], "m4a")
}

/// Red, green and blue of each pixel; a wrong checksum within the picture is a failure.
#[track_caller]
pub(crate) fn pixels(picture: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.png"), folder.path().join("out"));
    std::fs::write(&from, picture).unwrap();
    let from = from.to_str().unwrap();
    run(
        &[
            "-err_detect",
            "crccheck+explode",
            "-i",
            from,
            "-pix_fmt",
            "rgb24",
            "-f",
            "rawvideo",
        ],
        &to,
    );
    std::fs::read(to).unwrap()
}

#[track_caller]
pub(crate) fn make(arguments: &[&str], ext: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip").with_extension(ext);
    run(arguments, &file);
    std::fs::read(file).unwrap()
}

#[track_caller]
fn run(arguments: &[&str], file: &Path) {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(arguments)
        .arg(file)
        .output()
        .expect("ffmpeg is needed for these tests: apt-get install ffmpeg");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}
