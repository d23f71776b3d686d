//! A reply as it arrives: silence ends it, its end returns the connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::connect::Destination;
use super::hyper::Shared;
use super::pool::Connection;
use super::{SendLimits, TransportError, TransportFault};
use crate::clock::after;

/// A connection that a reply is being read from; it goes back to the pool when the reply has ended.
pub(super) struct Lent {
    pub(super) connection: Connection,
    pub(super) pool: Arc<Shared>,
    pub(super) to: Destination,
    pub(super) limits: SendLimits,
    pub(super) started: Instant,
}

impl Lent {
    pub(super) fn give_back(self) {
        self.pool.pool.put(self.to, self.connection);
    }
}

/// The body of a reply.
pub(super) struct Arriving {
    incoming: Incoming,
    lent: Option<Lent>,
    timer: Pin<Box<Sleep>>,
}

impl Arriving {
    pub(super) fn new(incoming: Incoming, lent: Lent) -> Self {
        let timer = Box::pin(tokio::time::sleep(lent.limits.idle));
        Self {
            incoming,
            lent: Some(lent),
            timer,
        }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        let Some(lent) = &this.lent else {
            return Poll::Ready(None);
        };
        match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.timer
                    .as_mut()
                    .reset(after(Instant::now(), lent.limits.idle));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                this.lent = None;
                let fault = TransportFault::Closed {
                    source: error.into(),
                };
                Poll::Ready(Some(Err(TransportError::reading(fault))))
            }
            Poll::Ready(None) => {
                if let Some(lent) = this.lent.take() {
                    lent.give_back();
                }
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(this.timer.as_mut().poll(cx));
                let after = lent.limits.idle;
                this.lent = None;
                let silence = TransportFault::Idle { after };
                Poll::Ready(Some(Err(TransportError::reading(silence))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
