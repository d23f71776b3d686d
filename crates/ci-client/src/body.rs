//! Bytes that travel: at hand, from a reader, or as they arrive from the network.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::transport::{TransportError, TransportFault};

type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a request or of a reply.
///
/// One that streams can be read once.
pub struct Body(Inner);

enum Inner {
    Whole(Bytes),
    Stream(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self(Inner::Whole(Bytes::new()))
    }

    /// `length` bytes from a reader. Fewer is an error when they are sent, and more are left unread.
    pub fn from_reader(reader: impl AsyncRead + Send + Unpin + 'static, length: u64) -> Self {
        Self::from_http(FromReader {
            reader,
            left: length,
            buffer: BytesMut::new(),
        })
    }

    /// Any body of the `http-body` crate.
    pub fn from_http<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Inner::Stream(body.map_err(Into::into).boxed_unsync()))
    }

    /// How many bytes there are, if that is known before they are read.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// The next bytes, or nothing at the end.
    ///
    /// # Errors
    /// When the connection ends early or falls silent.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            match self.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(read_error(error)),
                // Trailers say nothing that we use.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Ok(Some(data)),
                    Err(_) => {}
                },
            }
        }
    }

    /// All bytes, if they are no more than `limit`.
    ///
    /// # Errors
    /// When there are more, when the connection ends early, or when it falls silent.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, TransportError> {
        let too_large = || TransportError::reading(TransportFault::TooLarge { limit });
        if self.length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit {
            return Err(too_large());
        }
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if all.len() + chunk.len() > limit {
                return Err(too_large());
            }
            all.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(all.freeze())
    }

    /// Writes all bytes as they arrive, and returns how many there were.
    ///
    /// # Errors
    /// When the connection ends early or falls silent, or when the writer fails.
    pub async fn write_to(
        mut self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, TransportError> {
        let mut count = 0;
        while let Some(chunk) = self.chunk().await? {
            writer.write_all(&chunk).await.map_err(unwritten)?;
            count += chunk.len() as u64;
        }
        writer.flush().await.map_err(unwritten)?;
        Ok(count)
    }
}

/// The reader's own trouble, with the file or socket the bytes went to.
fn unwritten(error: std::io::Error) -> TransportError {
    TransportError::reading(TransportFault::Other {
        source: error.into(),
    })
}

/// Our own errors keep their kind on the way through `http-body`.
fn read_error(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(source) => TransportError::reading(TransportFault::Closed { source }),
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "Body({length} bytes)"),
            None => f.write_str("Body(stream)"),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Stream(stream) => Pin::new(stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_empty(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

struct FromReader<R> {
    reader: R,
    left: u64,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> HttpBody for FromReader<R> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        const PIECE: usize = 64 << 10;
        let this = &mut *self;
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let wanted = usize::try_from(this.left).unwrap_or(PIECE).min(PIECE);
        this.buffer.resize(wanted, 0);
        let mut buf = ReadBuf::new(&mut this.buffer);
        std::task::ready!(Pin::new(&mut this.reader).poll_read(cx, &mut buf))?;
        let count = buf.filled().len();
        if count == 0 {
            let short = format!(
                "the reader ended {} bytes before the length it was given",
                this.left
            );
            return Poll::Ready(Some(Err(short.into())));
        }
        this.left -= count as u64;
        Poll::Ready(Some(Ok(Frame::data(this.buffer.split_to(count).freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_gives_exactly_the_promised_bytes() {
        let body = Body::from_reader(&b"0123456789"[..], 4);
        assert_eq!(body.length(), Some(4));
        assert_eq!(body.collect(100).await.unwrap(), "0123");
        let short = Body::from_reader(&b"01"[..], 4)
            .collect(100)
            .await
            .unwrap_err();
        assert!(
            short.fault().source_text().contains("2 bytes before"),
            "{short:?}"
        );
    }

    #[tokio::test]
    async fn a_body_beyond_its_limit_is_refused_before_it_fills_memory() {
        let body = Body::from_reader(tokio::io::repeat(7), u64::MAX);
        let error = body.collect(1000).await.unwrap_err();
        assert!(matches!(
            error.fault(),
            TransportFault::TooLarge { limit: 1000 }
        ));
        assert_eq!(Body::from("abc").collect(3).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn a_body_can_be_written_as_it_arrives() {
        let mut out = Vec::new();
        let count = Body::from_reader(&b"hello"[..], 5)
            .write_to(&mut out)
            .await
            .unwrap();
        assert_eq!((count, out.as_slice()), (5, &b"hello"[..]));
    }
}
