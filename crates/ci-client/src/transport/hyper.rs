//! The transport over the network: hyper on pooled connections, each byte of a request accounted for.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use ci_core::Repeat;
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::time::Instant;

use super::arriving::{Arriving, Lent};
use super::connect::{Destination, connect};
use super::pool::{Connection, Keep, Pool, drive};
use super::proxy::{InvalidProxy, Proxy};
use super::watched::{Progress, Watched};
use super::{SendLimits, Sent, TlsError, Transport, TransportError, TransportFault, tls};
use crate::body::Body;
use crate::clock::after;

/// HTTP/1.1 over TCP and TLS. Cheap to clone; clones share their connections, and the last one closes them.
#[derive(Clone)]
pub struct HyperTransport(Arc<Shared>);

pub(super) struct Shared {
    pub(super) pool: Pool,
    keep: Keep,
    proxy: Proxy,
    roots: Vec<Vec<u8>>,
    /// Made with the first request over TLS: reading the platform's roots takes longer than many a program runs.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// How a [`HyperTransport`] is set up.
#[derive(Debug, Clone, Default)]
pub struct HyperTransportBuilder {
    keep: Keep,
    proxy: Option<Proxy>,
    roots: Vec<Vec<u8>>,
}

impl HyperTransportBuilder {
    /// How long a connection may rest before it is closed: 20 s by default.
    #[must_use]
    pub fn pool_idle(mut self, idle: Duration) -> Self {
        self.keep.idle = idle;
        self
    }

    /// How long a connection is used before a new one takes its place: 5 min by default.
    #[must_use]
    pub fn pool_age(mut self, age: Duration) -> Self {
        self.keep.age = age;
        self
    }

    /// The proxy; what the environment says by default.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Trusts these certificates too: one or more, in PEM.
    #[must_use]
    pub fn extra_root(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The transport.
    ///
    /// # Errors
    /// When a variable of the environment or a further root cannot be used.
    pub fn build(self) -> Result<HyperTransport, SetupError> {
        let proxy = match self.proxy {
            Some(proxy) => proxy,
            None => Proxy::from_env()?,
        };
        let tls = OnceLock::new();
        if !self.roots.is_empty() {
            // What the caller gave is checked now, not at the first request.
            let _ = tls.set(tls::config(&self.roots)?);
        }
        let shared = Shared {
            pool: Pool::default(),
            keep: self.keep,
            proxy,
            roots: self.roots,
            tls,
        };
        Ok(HyperTransport(Arc::new(shared)))
    }
}

/// Why a transport cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A proxy setting.
    #[error(transparent)]
    Proxy(#[from] InvalidProxy),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("keep", &self.0.keep)
            .field("proxy", &self.0.proxy)
            .finish()
    }
}

impl HyperTransport {
    /// Starts with the defaults.
    #[must_use]
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder::default()
    }

    async fn connection(
        &self,
        uri: &Uri,
        to: &Destination,
        limits: &SendLimits,
    ) -> Result<Connection, TransportError> {
        let shared = &self.0;
        if let Some(connection) = shared.pool.take(to, limits.once, shared.keep).await {
            return Ok(connection);
        }
        let tls = match shared.tls.get() {
            Some(tls) => Some(tls),
            None if to.tls => {
                let made = tls::config(&shared.roots).map_err(TransportError::not_sent)?;
                Some(shared.tls.get_or_init(|| made))
            }
            None => None,
        };
        let hop = shared.proxy.hop(uri);
        let connected = tokio::time::timeout(limits.connect, connect(to, hop.as_ref(), tls)).await;
        let connected = connected.map_err(|_| {
            let fault = TransportFault::ConnectTimeout {
                to: to.name(),
                after: limits.connect,
            };
            TransportError::new(Sent::No, fault)
        })??;
        let progress = Progress::new();
        let io = TokioIo::new(Watched::new(connected.io, Arc::clone(&progress)));
        let (sender, driver) = http1::handshake(io)
            .await
            .map_err(TransportError::not_sent)?;
        tokio::spawn(drive(driver, Arc::clone(&progress), shared.keep.idle));
        Ok(Connection {
            sender,
            progress,
            rested: false,
            proxy_authorization: connected.proxy_authorization,
        })
    }

    /// Sends on a pooled or new connection and waits for the head of the reply.
    async fn exchange(
        &self,
        mut request: Request<Body>,
    ) -> Result<(Response<Incoming>, Lent), TransportError> {
        let limits = request
            .extensions_mut()
            .remove::<SendLimits>()
            .unwrap_or_default();
        let started = Instant::now();
        let uri = request.uri().clone();
        let unsupported =
            |reason: String| TransportError::new(Sent::No, TransportFault::Unsupported { reason });
        let to = Destination::of(&uri)
            .ok_or_else(|| unsupported(format!("`{uri}` is no absolute http or https URL")))?;
        if !request.headers().contains_key(HOST) {
            let host = uri.authority().map_or("", |authority| authority.as_str());
            let host = HeaderValue::from_str(host).map_err(TransportError::not_sent)?;
            request.headers_mut().insert(HOST, host);
        }
        loop {
            let connecting = self.connection(&uri, &to, &limits);
            let mut connection = match limits.until {
                Some(until) => {
                    tokio::time::timeout_at(until, connecting)
                        .await
                        .map_err(|_| {
                            TransportError::new(
                                Sent::No,
                                TransportFault::Timeout {
                                    after: until - started,
                                },
                            )
                        })??
                }
                None => connecting.await?,
            };
            *request.uri_mut() = match &connection.proxy_authorization {
                Some(authorization) => {
                    if let Some(value) = authorization {
                        request
                            .headers_mut()
                            .insert(PROXY_AUTHORIZATION, value.clone());
                    }
                    uri.clone()
                }
                None => uri
                    .path_and_query()
                    .cloned()
                    .map_or_else(|| Uri::from_static("/"), Uri::from),
            };
            connection.progress.begin(request.body().length());
            let waiting = connection.sender.try_send_request(request);
            let outcome = quiet(&connection.progress, &limits, waiting).await;
            match outcome {
                Ok(Ok(response)) => {
                    return Ok((
                        response,
                        Lent {
                            connection,
                            pool: Arc::clone(&self.0),
                            to,
                            limits,
                            started,
                        },
                    ));
                }
                Ok(Err(mut error)) => {
                    // Handed back: its first byte was never written. On a connection that had rested that is nobody's
                    // fault; on a new one it is a failure like others, with a pause before the next attempt.
                    if let Some(back) = error.take_message()
                        && connection.rested
                    {
                        request = back;
                        continue;
                    }
                    let sent = if connection.progress.conclude() {
                        Sent::Maybe
                    } else {
                        Sent::No
                    };
                    let source = error.into_error().into();
                    return Err(TransportError::new(sent, TransportFault::Closed { source }));
                }
                Err(silence) => {
                    let sent = if connection.progress.conclude() {
                        Sent::Maybe
                    } else {
                        Sent::No
                    };
                    return Err(TransportError::new(sent, silence.fault(&limits, started)));
                }
            }
        }
    }
}

enum Silence {
    Idle,
    Over,
    Unanswered,
}

impl Silence {
    fn fault(&self, limits: &SendLimits, started: Instant) -> TransportFault {
        match (self, limits.until) {
            (Self::Over, Some(until)) => TransportFault::Timeout {
                after: until - started,
            },
            (Self::Unanswered, _) => TransportFault::Timeout {
                after: limits.answer,
            },
            _ => TransportFault::Idle { after: limits.idle },
        }
    }
}

/// Waits for `future` while bytes move, until the end of the attempt, and no longer for an answer than is allowed.
async fn quiet<F: Future>(
    progress: &Progress,
    limits: &SendLimits,
    future: F,
) -> Result<F::Output, Silence> {
    let mut future = std::pin::pin!(future);
    loop {
        let silent = after(progress.moved_at(), limits.idle);
        // Until the request is out nobody can answer it: then this is the time to look again.
        let complete = progress.complete_at();
        let unanswered = after(complete.unwrap_or_else(Instant::now), limits.answer);
        let end = limits.until.map_or(silent, |until| until.min(silent));
        let end = end.min(unanswered);
        if let Ok(output) = tokio::time::timeout_at(end, future.as_mut()).await {
            return Ok(output);
        }
        let now = Instant::now();
        if limits.until.is_some_and(|until| until <= now) {
            return Err(Silence::Over);
        }
        if complete.is_some() && unanswered <= now {
            return Err(Silence::Unanswered);
        }
        if after(progress.moved_at(), limits.idle) <= now {
            return Err(Silence::Idle);
        }
    }
}

impl Transport for HyperTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (response, lent) = self.exchange(request.map(Body::from)).await?;
        let (head, incoming) = response.into_parts();
        let (limits, started) = (lent.limits, lent.started);
        let collect = Body::from_http(incoming).collect(limits.reply);
        match quiet(&lent.connection.progress, &limits, collect).await {
            Ok(Ok(body)) => {
                lent.give_back();
                Ok(Response::from_parts(head, body))
            }
            Ok(Err(error)) => Err(error.of(Repeat::Never)),
            Err(silence) => Err(TransportError::new(
                Sent::Maybe,
                silence.fault(&limits, started),
            )),
        }
    }

    async fn stream(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (response, lent) = self.exchange(request).await?;
        Ok(response.map(|incoming| Body::from_http(Arriving::new(incoming, lent))))
    }
}
