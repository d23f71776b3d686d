//! Pictures as a viewer would get them: decoded by ffmpeg, compared by what they show.

use std::io::Write;
use std::process::{Command, Stdio};

/// A decoded picture, grey.
#[derive(Debug)]
pub struct Picture {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    luma: Vec<u8>,
}

impl Picture {
    /// Decodes the bytes of a jpg, png or webp.
    ///
    /// # Panics
    ///
    /// When ffmpeg cannot: the picture is broken.
    #[must_use]
    #[track_caller]
    pub fn decode(bytes: &[u8]) -> Self {
        // A portable graymap says its own size in a header of text.
        let pgm = ffmpeg(
            &[
                "-i",
                "-",
                "-frames:v",
                "1",
                "-pix_fmt",
                "gray",
                "-c:v",
                "pgm",
                "-f",
                "image2pipe",
                "-",
            ],
            bytes,
        );
        let mut fields = pgm.splitn(4, u8::is_ascii_whitespace);
        assert_eq!(fields.next(), Some(&b"P5"[..]), "ffmpeg writes a graymap");
        let mut number = || -> usize {
            std::str::from_utf8(fields.next().expect("a field"))
                .expect("text")
                .parse()
                .expect("a number")
        };
        let (width, height) = (number(), number());
        let rest = fields.next().expect("pixels");
        let luma = rest.strip_prefix(b"255\n").expect("8 bits").to_vec();
        assert_eq!(luma.len(), width * height);
        Self {
            width,
            height,
            luma,
        }
    }

    /// Mean brightness, 0 to 255.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.luma.iter().map(|&y| f64::from(y)).sum::<f64>() / self.luma.len() as f64
    }

    /// Mean difference to another picture of the same size, 0 to 255.
    ///
    /// # Panics
    ///
    /// When the sizes differ.
    #[must_use]
    pub fn difference(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let pairs = self.luma.iter().zip(&other.luma);
        pairs.map(|(&a, &b)| f64::from(a.abs_diff(b))).sum::<f64>() / self.luma.len() as f64
    }
}

/// Runs ffmpeg with bytes on stdin and returns what it wrote to stdout.
///
/// # Panics
///
/// When it is missing or fails.
#[must_use]
#[track_caller]
pub fn ffmpeg(args: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg starts: `cargo xtask test` installs it");
    let mut pipe = child.stdin.take().expect("a pipe");
    let stdin = stdin.to_vec();
    let feeder = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().expect("ffmpeg ends");
    feeder.join().expect("the feeder ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
