//! TLS over a stream that is already open: straight to the service, or through a proxy's tunnel.
//!
//! hyper-rustls does the handshake. It asks a connector for the stream, and ours hands over the one there is.

use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tower_service::Service;

use super::watched::Stream;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Does the handshake with `host`, which is also the name that the certificate has to be for.
pub(super) async fn secure(
    io: Box<dyn Stream>,
    host: &str,
    port: u16,
    config: Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, BoxError> {
    let to = Uri::try_from(format!("https://{host}:{port}"))?;
    let open = Open(Some(Opened(TokioIo::new(io))));
    let stream = HttpsConnector::from((open, config)).call(to).await?;
    Ok(Box::new(TokioIo::new(stream)))
}

/// A connector for one connection that exists.
struct Open(Option<Opened>);

impl Service<Uri> for Open {
    type Response = Opened;
    type Error = io::Error;
    type Future = Ready<io::Result<Opened>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(
            self.0
                .take()
                .ok_or_else(|| io::Error::other("the stream was handed over before")),
        )
    }
}

struct Opened(TokioIo<Box<dyn Stream>>);

impl Connection for Opened {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Opened {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Opened {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
}
