//! Videos for the tests: a few real clips, and short ones made on the spot by ffmpeg's generators.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use smart_cover::{Cancel, CoverError, Options, Picked, pick};
use tempfile::TempDir;

/// Six shots of a street with bicycles.
pub(crate) fn bikes() -> PathBuf {
    real("bikes.mp4")
}

/// A real clip; what it shows and its licence are beside it.
pub(crate) fn real(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}

/// A folder for one test, with a place for covers.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("covers")).expect("a folder for covers");
        Self(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn covers(&self) -> PathBuf {
        self.file("covers")
    }

    /// Runs ffmpeg with these words; the last is the name of the file that it makes.
    #[track_caller]
    pub(crate) fn make(&self, words: &str) -> PathBuf {
        let mut words: Vec<String> = words
            .split_whitespace()
            .map(|word| {
                word.replace("BIKES", &bikes().to_string_lossy())
                    .replace("DIR", &self.0.path().to_string_lossy())
            })
            .collect();
        let made = self.file(&words.pop().expect("a name"));
        let ran = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(&words)
            .arg(&made)
            .output()
            .expect("ffmpeg is installed");
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        made
    }

    #[track_caller]
    pub(crate) fn pick(&self, video: &Path, options: &Options) -> Picked {
        self.try_pick(video, options).expect("covers")
    }

    pub(crate) fn try_pick(&self, video: &Path, options: &Options) -> Result<Picked, CoverError> {
        pick(video, options, &self.covers(), &mut |_| {}, &Cancel::new())
    }

    /// Names of what lies in the folder of covers.
    pub(crate) fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.covers()).expect("the folder of covers");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// What ffmpeg sees in a picture file: codec, width, height and grey values at 32 × 18.
pub(crate) struct Seen {
    pub(crate) codec: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Red, green and blue at 16 × 9.
    pub(crate) rgb: Vec<[u8; 3]>,
}

impl Seen {
    #[track_caller]
    pub(crate) fn of(file: &Path) -> Self {
        let run = |program: &str, words: &[&str]| {
            let ran = Command::new(program)
                .args(words)
                .output()
                .expect("ffmpeg is installed");
            assert!(
                ran.status.success(),
                "{}",
                String::from_utf8_lossy(&ran.stderr)
            );
            ran.stdout
        };
        let name = file.to_string_lossy();
        let shape = run(
            "ffprobe",
            &[
                "-v",
                "error",
                "-show_entries",
                "stream=codec_name,width,height",
                "-of",
                "csv=p=0",
                &name,
            ],
        );
        let shape = String::from_utf8_lossy(&shape).into_owned();
        let parts: Vec<&str> = shape.trim().split(',').collect();
        let bytes = run(
            "ffmpeg",
            &[
                "-v",
                "error",
                "-i",
                &name,
                "-vf",
                "scale=16:9:flags=area",
                "-pix_fmt",
                "rgb24",
                "-f",
                "rawvideo",
                "-",
            ],
        );
        let rgb = bytes.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        Self {
            codec: parts[0].into(),
            width: parts[1].parse().expect("a width"),
            height: parts[2].parse().expect("a height"),
            rgb,
        }
    }

    pub(crate) fn brightness(&self) -> f64 {
        self.rgb
            .iter()
            .flatten()
            .map(|v| f64::from(*v))
            .sum::<f64>()
            / (3 * self.rgb.len()) as f64
    }

    pub(crate) fn difference(&self, other: &Self) -> f64 {
        let pairs = self.rgb.iter().flatten().zip(other.rgb.iter().flatten());
        pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / (3 * self.rgb.len()) as f64
    }

    /// Colour of the cell at a column of 16 and a row of 9.
    pub(crate) fn at(&self, column: usize, row: usize) -> [u8; 3] {
        self.rgb[row * 16 + column]
    }
}
