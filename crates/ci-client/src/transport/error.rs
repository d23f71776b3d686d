//! Why a request brought no reply, and whether the service may have received it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use ci_core::Repeat;
use thiserror::Error;

use crate::clock::rounded;

/// Whether the service may have carried out a request that brought no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It cannot have: its last byte was never handed over.
    No,
    /// It may have, or not; nobody can tell from here.
    Maybe,
}

/// A failure between handing over a request and having read its reply.
#[derive(Debug)]
pub struct TransportError {
    sent: Sent,
    fault: TransportFault,
    /// Twice has the effect of once, so nobody has to wonder whether it was carried out.
    harmless: bool,
}

/// What went wrong on the way.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportFault {
    /// No connection.
    #[error("cannot connect to {to}")]
    Connect {
        /// Host and port that were tried.
        to: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A connection, but no TLS session on it.
    #[error("no TLS session with {to}")]
    Tls {
        /// Host and port that were tried.
        to: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The proxy did not open a way to the service.
    #[error("the proxy {proxy} opened no way to {to}: {answer}")]
    Proxy {
        /// The proxy, without its credentials.
        proxy: String,
        /// Host and port behind it.
        to: String,
        /// The status line of its answer, or what was wrong with it.
        answer: String,
    },
    /// Not connected in time.
    #[error("no connection to {to} within {:?}", rounded(*.after))]
    ConnectTimeout {
        /// Host and port that were tried.
        to: String,
        /// The limit.
        after: Duration,
    },
    /// The attempt took too long.
    #[error("no complete reply within {:?}", rounded(*.after))]
    Timeout {
        /// How long the attempt was allowed to take.
        after: Duration,
    },
    /// Nothing was received or sent for too long.
    #[error("silence for {:?}", rounded(*.after))]
    Idle {
        /// The limit.
        after: Duration,
    },
    /// The connection ended before the reply did.
    #[error("the connection ended before the reply was complete")]
    Closed {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The reply is larger than what is read whole.
    #[error("the reply is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The request cannot be sent by this transport.
    #[error("{reason}")]
    Unsupported {
        /// Why, and what to do.
        reason: String,
    },
    /// Anything another transport reports.
    #[error("the transport failed")]
    Other {
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl TransportError {
    /// A failure after which the service cannot have carried out the request.
    pub fn not_sent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self::new(Sent::No, TransportFault::Other { source })
    }

    /// A failure after which nobody knows.
    pub fn maybe_sent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self::new(Sent::Maybe, TransportFault::Other { source })
    }

    pub(crate) fn new(sent: Sent, fault: TransportFault) -> Self {
        Self {
            sent,
            fault,
            harmless: false,
        }
    }

    /// A failure while a reply was being read.
    pub(crate) fn reading(fault: TransportFault) -> Self {
        Self::new(Sent::Maybe, fault).of(Repeat::Safe)
    }

    /// The failure of such a request.
    pub(crate) fn of(mut self, repeat: Repeat) -> Self {
        self.harmless = repeat == Repeat::Safe;
        self
    }

    /// Whether the service may have carried out the request.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// What went wrong.
    #[must_use]
    pub fn fault(&self) -> &TransportFault {
        &self.fault
    }

    /// Whether a time limit ended it.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.fault,
            TransportFault::ConnectTimeout { .. }
                | TransportFault::Timeout { .. }
                | TransportFault::Idle { .. }
        )
    }
}

#[cfg(test)]
impl TransportFault {
    /// The text of the cause, for tests.
    pub(crate) fn source_text(&self) -> String {
        self.source().map(ToString::to_string).unwrap_or_default()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sent {
            Sent::No => write!(f, "{} (not sent)", self.fault),
            Sent::Maybe if self.harmless => self.fault.fmt(f),
            Sent::Maybe => write!(f, "{} (perhaps carried out)", self.fault),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_how_far_it_got_and_leaves_the_cause_to_source() {
        let error = TransportError::new(
            Sent::No,
            TransportFault::Connect {
                to: "h:443".into(),
                source: "refused".into(),
            },
        );
        assert_eq!(error.to_string(), "cannot connect to h:443 (not sent)");
        assert_eq!(error.source().unwrap().to_string(), "refused");
        let lost = TransportError::maybe_sent("x");
        assert_eq!(
            lost.to_string(),
            "the transport failed (perhaps carried out)"
        );
        assert_eq!(
            lost.of(Repeat::Safe).to_string(),
            "the transport failed",
            "of a read nobody asks that"
        );
    }
}
