//! The one seam to the network: a request in, a reply or a failure that says how far it got.

mod arriving;
mod connect;
mod error;
mod hyper;
mod pool;
mod proxy;
mod secure;
mod tls;
mod watched;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

pub use error::{Sent, TransportError, TransportFault};
pub use hyper::{HyperTransport, HyperTransportBuilder, SetupError};
pub use proxy::{InvalidProxy, Proxy};
pub use tls::TlsError;

use crate::body::Body;

/// Carries one request to the service and brings back one reply; never repeats and never follows a redirect.
///
/// [`HyperTransport`] goes over the network. Others may answer in process, record or refuse: implement `send`, and the
/// request that comes is complete and signed. Its URI says where to connect, its `Host` header whom to address.
/// [`SendLimits`] is among the request's extensions.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request whose body is at hand and reads the whole reply.
    ///
    /// # Errors
    /// [`TransportError`], whose [`Sent`] decides whether a request that must not be repeated may be tried again.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, TransportError>> + Send;

    /// Sends a request whose body is a stream, or whose reply is to be read as one.
    ///
    /// The default collects both and calls [`Transport::send`]. A download then has to end within the attempt, whose limit
    /// otherwise ends with the head of the reply.
    ///
    /// # Errors
    /// As [`Transport::send`].
    fn stream(
        &self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Body>, TransportError>> + Send {
        async move {
            let (head, body) = request.into_parts();
            let body = body
                .collect(usize::MAX)
                .await
                .map_err(TransportError::not_sent)?;
            let reply = self.send(http::Request::from_parts(head, body)).await?;
            Ok(reply.map(Body::from))
        }
    }
}

/// What a [`Transport`] has to keep to for one request; found in the extensions of the request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SendLimits {
    /// Longest time to a connection that is ready, proxy and TLS included.
    pub connect: Duration,
    /// Longest silence, in both directions, once connected.
    pub idle: Duration,
    /// When the attempt is over, if it has an end.
    pub until: Option<Instant>,
    /// Longest time from the last byte of the request to the head of the reply, and on to its end where that is read
    /// whole: also for attempts without an end.
    pub answer: Duration,
    /// Most bytes of a reply that is read whole.
    pub reply: usize,
    /// The request must not be repeated: a connection that may have gone stale is not worth the risk.
    pub once: bool,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(15),
            until: None,
            answer: Duration::from_secs(30),
            reply: 16 << 20,
            once: false,
        }
    }
}

type Sending<'a, B> =
    Pin<Box<dyn Future<Output = Result<http::Response<B>, TransportError>> + Send + 'a>>;

/// [`Transport`] as an object.
pub(crate) trait DynTransport: Send + Sync {
    fn send(&self, request: http::Request<Bytes>) -> Sending<'_, Bytes>;
    fn stream(&self, request: http::Request<Body>) -> Sending<'_, Body>;
}

impl<T: Transport> DynTransport for T {
    fn send(&self, request: http::Request<Bytes>) -> Sending<'_, Bytes> {
        Box::pin(Transport::send(self, request))
    }

    fn stream(&self, request: http::Request<Body>) -> Sending<'_, Body> {
        Box::pin(Transport::stream(self, request))
    }
}

impl<T: Transport> Transport for std::sync::Arc<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, TransportError>> + Send {
        T::send(self, request)
    }

    fn stream(
        &self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Body>, TransportError>> + Send {
        T::stream(self, request)
    }
}
