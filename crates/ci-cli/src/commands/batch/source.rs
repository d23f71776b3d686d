//! The lines of a batch as they come: a thread reads them, so that a slow writer keeps no job from being followed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use crate::failure::Failure;

/// The longest line. A job takes some hundred bytes.
const LONGEST: usize = 1 << 20;
/// Lines that are read ahead.
const AHEAD: usize = 64;

type Line = io::Result<Vec<u8>>;

pub(super) struct Source(mpsc::Receiver<Line>);

impl Source {
    /// A file, or stdin.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let (give, lines) = mpsc::channel(AHEAD);
        let Some(path) = file else {
            std::thread::spawn(move || read(io::stdin().lock(), &give));
            return Ok(Self(lines));
        };
        let refused = |error: &dyn std::fmt::Display| {
            Failure::bad_input(format!("cannot read {}: {error}", path.display()))
        };
        let file = File::open(path).map_err(|error| refused(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(refused(&"it is a folder"));
        }
        std::thread::spawn(move || read(BufReader::new(file), &give));
        Ok(Self(lines))
    }

    /// The next line with its end; nothing behind the last one.
    pub(super) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Line>> {
        self.0.poll_recv(cx)
    }
}

/// Reads to the end, to the first failure, or until nobody listens.
fn read(mut source: impl BufRead, give: &mpsc::Sender<Line>) {
    loop {
        let mut line = Vec::new();
        let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
        let read = source.by_ref().take(most).read_until(b'\n', &mut line);
        let line = match read {
            Ok(0) => return,
            Ok(length) if length > LONGEST => {
                let long = format!("it is longer than {LONGEST} bytes");
                Err(io::Error::new(io::ErrorKind::InvalidData, long))
            }
            Ok(_) => Ok(line),
            Err(error) => Err(error),
        };
        let last = line.is_err();
        if give.blocking_send(line).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Line> {
        let (give, mut lines) = mpsc::channel(AHEAD);
        read(bytes, &give);
        drop(give);
        std::iter::from_fn(|| lines.try_recv().ok()).collect()
    }

    #[test]
    fn lines_come_one_by_one_and_one_without_end_is_refused_before_it_fills_memory() {
        let read = lines(b"a\n\nb");
        let read: Vec<_> = read.into_iter().map(|line| line.expect("read")).collect();
        assert_eq!(read, [&b"a\n"[..], b"\n", b"b"]);
        let mut long = vec![b' '; LONGEST + 2];
        long.extend(b"\nnext\n");
        let read = lines(&long);
        assert_eq!(read.len(), 1);
        assert!(
            read[0]
                .as_ref()
                .is_err_and(|error| error.to_string().contains("longer"))
        );
    }
}
