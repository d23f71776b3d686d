//! Where secret ids and keys come from.

mod cache;
mod chain;
mod given;
mod network;
mod profile;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cos_sign::Credentials;
use thiserror::Error;

pub(crate) use cache::Cache;
pub use chain::CredentialsChain;
pub use given::EnvCredentials;
pub use network::{CvmCredentials, WebIdentityCredentials};
pub use profile::ProfileCredentials;

/// The future of a provider.
pub type Providing<'a> =
    Pin<Box<dyn Future<Output = Result<Credentials, CredentialsError>> + Send + 'a>>;

/// Gives credentials, and new ones when they end. The client keeps them as long as they last, so a provider is asked
/// rarely and never twice at once.
pub trait ProvideCredentials: fmt::Debug + Send + Sync + 'static {
    /// What errors and logs call it.
    fn name(&self) -> &'static str;

    /// Gets credentials. Their [`expires_at`](Credentials::expires_at) decides when it is asked again.
    fn provide(&self) -> Providing<'_>;
}

/// Why there are no credentials. Cheap to clone: all who waited for one answer get it.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A provider is not set up here, which in a chain means: ask the next one.
    #[error("{provider}: {reason}")]
    Absent {
        /// The provider.
        provider: &'static str,
        /// What is missing.
        reason: String,
    },
    /// A provider is set up, and failed.
    #[error("{provider}: {reason}")]
    Failed {
        /// The provider.
        provider: &'static str,
        /// What went wrong. Never a secret.
        reason: String,
    },
    /// No provider of a chain had credentials.
    #[error("no credentials: {}", listed(.0))]
    Chain(Arc<Vec<CredentialsError>>),
}

fn listed(errors: &[CredentialsError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl CredentialsError {
    /// A provider is not set up here.
    pub fn absent(provider: &'static str, reason: impl Into<String>) -> Self {
        Self::Absent {
            provider,
            reason: reason.into(),
        }
    }

    /// A provider is set up, and failed.
    pub fn failed(provider: &'static str, reason: impl Into<String>) -> Self {
        Self::Failed {
            provider,
            reason: reason.into(),
        }
    }
}

impl ProvideCredentials for Credentials {
    fn name(&self) -> &'static str {
        "static"
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

impl<P: ProvideCredentials + ?Sized> ProvideCredentials for Arc<P> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn provide(&self) -> Providing<'_> {
        (**self).provide()
    }
}
