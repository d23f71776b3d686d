//! A connection that knows whether the last byte of the present request was handed over.
//!
//! Nothing is inferred from how an HTTP library reports errors: the bytes themselves are followed, above TLS. What TLS
//! took counts as handed over, which errs on the careful side.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// A byte stream of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How far the writing of a request got.
#[derive(Debug, Default)]
struct Writing {
    /// How much of the empty line that ends the head was seen.
    matched: usize,
    head_done: bool,
    /// Bytes of the body still to come; none when its length is unknown.
    left: Option<u64>,
    /// Nothing may be written any more.
    ended: bool,
    /// When the last byte was handed over, where that can be told.
    complete_at: Option<Instant>,
}

impl Writing {
    fn feed(&mut self, bytes: &[u8]) {
        const END: &[u8; 4] = b"\r\n\r\n";
        let mut rest = bytes;
        while !self.head_done {
            let Some((&byte, tail)) = rest.split_first() else {
                return;
            };
            rest = tail;
            self.matched = match () {
                () if END.get(self.matched) == Some(&byte) => self.matched + 1,
                () if byte == b'\r' => 1,
                () => 0,
            };
            self.head_done = self.matched == END.len();
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(rest.len() as u64);
            if *left == 0 && self.complete_at.is_none() {
                self.complete_at = Some(Instant::now());
            }
        }
    }

    /// Whether the last byte may have gone. A body of unknown length may have ended anywhere.
    fn complete(&self) -> bool {
        self.head_done && self.left.unwrap_or(0) == 0
    }
}

/// What is known about one connection, shared by its owner and the task that drives it.
#[derive(Debug)]
pub(crate) struct Progress {
    opened: Instant,
    /// Milliseconds after `opened` at which bytes last moved.
    moved: AtomicU64,
    in_use: AtomicBool,
    writing: Mutex<Writing>,
}

impl Progress {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            moved: AtomicU64::new(0),
            in_use: AtomicBool::new(true),
            writing: Mutex::default(),
        })
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins, with this many bytes of body if that is known.
    pub(crate) fn begin(&self, body: Option<u64>) {
        *self.writing() = Writing {
            left: body,
            ..Writing::default()
        };
        self.touch();
    }

    /// Ends the writing for good and says whether the last byte may have gone.
    pub(crate) fn conclude(&self) -> bool {
        let mut writing = self.writing();
        writing.ended = true;
        writing.complete()
    }

    /// When the last byte of the request was handed over; nothing before that, or when its length is unknown.
    pub(crate) fn complete_at(&self) -> Option<Instant> {
        self.writing().complete_at
    }

    /// Counts as a sign of life.
    pub(crate) fn touch(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    pub(crate) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// When bytes last moved.
    pub(crate) fn moved_at(&self) -> Instant {
        self.opened + Duration::from_millis(self.moved.load(Ordering::Relaxed))
    }

    pub(crate) fn set_in_use(&self, in_use: bool) {
        self.touch();
        self.in_use.store(in_use, Ordering::Release);
    }

    pub(crate) fn is_in_use(&self) -> bool {
        self.in_use.load(Ordering::Acquire)
    }
}

/// A stream whose writes are followed.
pub(crate) struct Watched {
    io: Box<dyn Stream>,
    progress: Arc<Progress>,
}

impl Watched {
    pub(crate) fn new(io: Box<dyn Stream>, progress: Arc<Progress>) -> Self {
        Self { io, progress }
    }

    /// Writes under the lock, so that a verdict of "not sent" cannot be overtaken by a late write.
    fn write(
        &mut self,
        fed: impl FnOnce(&mut Writing, usize),
        write: impl FnOnce(Pin<&mut dyn Stream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let mut writing = self.progress.writing();
        if writing.ended {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the request was given up",
            )));
        }
        let done = write(Pin::new(&mut *self.io));
        if let Poll::Ready(Ok(count)) = done {
            fed(&mut writing, count);
            drop(writing);
            self.progress.touch();
        }
        done
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut *self.io).poll_read(cx, buf);
        if done.is_ready() {
            self.progress.touch();
        }
        done
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(
            |writing, count| writing.feed(buf.get(..count).unwrap_or(buf)),
            |io| io.poll_write(cx, buf),
        )
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let fed = |writing: &mut Writing, mut count: usize| {
            for buf in bufs {
                let part = buf.get(..count).unwrap_or(buf);
                writing.feed(part);
                count -= part.len();
            }
        };
        self.write(fed, |io| io.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn fed(body: Option<u64>, parts: &[&str]) -> bool {
        let progress = Progress::new();
        progress.begin(body);
        for part in parts {
            progress.writing().feed(part.as_bytes());
        }
        progress.conclude()
    }

    #[tokio::test]
    async fn a_request_is_complete_with_the_last_byte_of_its_body_and_not_before() {
        assert!(!fed(Some(0), &["GET / HTTP/1.1\r\nhost: h\r\n\r"]));
        assert!(fed(Some(0), &["GET / HTTP/1.1\r\nhost: h\r\n\r", "\n"]));
        assert!(!fed(Some(3), &["POST / HTTP/1.1\r\n\r\nab"]));
        assert!(fed(Some(3), &["POST / HTTP/1.1\r\n\r\nab", "c"]));
        assert!(
            !fed(Some(3), &["\r\r\n\rabc"]),
            "an empty line that never was"
        );
        assert!(
            fed(Some(0), &["x\r\r\n\r\n"]),
            "a stray carriage return does not hide the end"
        );
        assert!(
            fed(None, &["PUT / HTTP/1.1\r\n\r\n"]),
            "unknown length: it may be all"
        );
    }

    #[tokio::test]
    async fn nothing_is_written_once_the_verdict_is_out() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let progress = Progress::new();
        let mut io = Watched::new(Box::new(ours), Arc::clone(&progress));
        progress.begin(Some(4));
        io.write_all(b"POST\r\n\r\nab").await.unwrap();
        assert!(!progress.conclude());
        assert_eq!(
            io.write_all(b"cd").await.unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
        drop(io);
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"POST\r\n\r\nab");
    }
}
