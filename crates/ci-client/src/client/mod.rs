//! The client: what it shares, how it is set for a call.

mod attempts;
mod builder;
mod diagnose;
mod env;
mod jobs;
mod objects;
mod rest;
mod scrub;
mod settle;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ci_core::{Endpoint, Operation, RequestError};
use cos_sign::{Credentials, Signer};
use tokio::time::Instant;

pub use builder::{BuildError, ClientBuilder};
pub use jobs::CreatedJob;
pub(crate) use settle::Lost;

use crate::clock::{Clock, Skew, after, rounded};
use crate::credentials::{Cache, CredentialsError};
use crate::error::{CallError, Cause};
use crate::retry::{Budget, RetryPolicy};
use crate::transport::DynTransport;

/// Calls the service. Cheap to clone; clones share connections, credentials, what is known about the clock, and the
/// budget for retries. Nothing outlives the last one.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    endpoint: Arc<Endpoint>,
    limits: Limits,
}

struct Shared {
    transport: Box<dyn DynTransport>,
    credentials: Cache,
    clock: Arc<dyn Clock>,
    skew: Skew,
    budget: Budget,
    signer: Signer,
}

/// How long, and how often. The defaults are part of the contract and change in no patch release.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// To a connection that is ready, proxy and TLS included: 5 s.
    pub connect: Duration,
    /// One attempt, from the first byte out to the last byte in: 30 s.
    pub attempt: Duration,
    /// Silence on a connection: 15 s.
    pub idle: Duration,
    /// A whole call, with its retries and pauses: 90 s.
    pub call: Duration,
    /// How often and how patiently.
    pub retry: RetryPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            idle: Duration::from_secs(15),
            call: Duration::from_secs(90),
            retry: RetryPolicy::default(),
        }
    }
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply<T> {
    /// What was asked for.
    pub output: T,
    /// Id of the request, to give to support.
    pub request_id: Option<String>,
    /// How often the request was sent, lookups not counted.
    pub attempts: u32,
    /// The mark that was put into the `UserData` of a job; nothing when the caller had set that.
    pub mark: Option<String>,
}

impl Client {
    /// Starts to set up a client of a bucket, given with its APPID, such as `media-1250000000`.
    pub fn builder(bucket: impl Into<String>, region: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(bucket.into(), region.into())
    }

    /// Where requests go.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The limits of calls.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// This client with other limits; everything else stays shared.
    #[must_use]
    pub fn with_limits(&self, change: impl FnOnce(&mut Limits)) -> Self {
        let mut client = self.clone();
        change(&mut client.limits);
        client
    }

    /// This client for another bucket; everything else stays shared. A base address stays too.
    ///
    /// # Errors
    /// When the name cannot be part of a host.
    pub fn for_bucket(&self, bucket: &str, region: &str) -> Result<Self, RequestError> {
        let mut client = self.clone();
        client.endpoint = Arc::new(self.endpoint.at(bucket, region)?);
        Ok(client)
    }

    /// The credentials that the next call would be signed with. A provider may take as long as a call.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let cache = &self.shared.credentials;
        match tokio::time::timeout(self.limits.call, cache.get()).await {
            Ok(got) => got,
            Err(_) => {
                let within = rounded(self.limits.call);
                let late = format!("no answer within {within:?}");
                Err(CredentialsError::failed(cache.name(), late))
            }
        }
    }

    /// By how many seconds the service's clock was ahead of this one in the last answer that had a date.
    #[must_use]
    pub fn clock_difference(&self) -> Option<i64> {
        self.shared.skew.seen()
    }

    /// Makes any call.
    ///
    /// A request that must not be repeated is sent again only after failures that prove that it was not carried out. After
    /// any other, its effect is looked for by the mark it carries.
    ///
    /// # Errors
    /// [`CallError`]; [`Cause::UnknownOutcome`](crate::Cause::UnknownOutcome) when nobody can tell.
    pub async fn send<O: Operation>(
        &self,
        mut operation: O,
    ) -> Result<Reply<O::Output>, CallError> {
        let stamped = operation.stamp(&mark());
        let mark = if stamped {
            operation.lookup().map(|lookup| lookup.mark)
        } else {
            None
        };
        let deadline = self.deadline();
        let mut reply = match self.run(&operation, deadline).await {
            Ok(reply) => reply,
            Err(trouble) if trouble.lost => self.settle(&operation, trouble, deadline).await?,
            Err(trouble) => return Err(trouble.into_error(O::NAME)),
        };
        reply.mark = mark;
        Ok(reply)
    }

    fn deadline(&self) -> Instant {
        after(Instant::now(), self.limits.call)
    }

    pub(crate) fn invalid(operation: &'static str, error: RequestError) -> CallError {
        CallError::new(operation, Cause::Request(error), Vec::new())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint)
            .field("credentials", &self.shared.credentials)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A text that nobody has used before: 128 random bits.
pub(crate) fn mark() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness the address of the call and the time have to do.
        let time = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        bytes = (time.as_nanos() ^ (std::ptr::from_ref(&bytes) as u128) << 64).to_be_bytes();
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ci-{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_are_what_the_documentation_promises() {
        let limits = Limits::default();
        let seconds = [limits.connect, limits.attempt, limits.idle, limits.call];
        assert_eq!(seconds.map(|limit| limit.as_secs()), [5, 30, 15, 90]);
        assert_eq!(limits.retry.retries, 3);
    }

    #[test]
    fn marks_are_printable_short_and_never_the_same() {
        let (one, other) = (mark(), mark());
        assert_ne!(one, other);
        assert!(one.starts_with("ci-") && one.len() == 35 && one.is_ascii());
    }
}
