//! Setting up a client: what is required comes first, the rest has defaults.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ci_core::{Domain, Endpoint, ObjectAccess, RequestError};
use cos_sign::{Signer, TokenName};
use thiserror::Error;

use super::env::standard;
use super::{Client, Limits, Shared};
use crate::clock::{Clock, Skew, SystemClock};
use crate::credentials::{Cache, ProvideCredentials};
use crate::error::with_causes;
use crate::retry::{Budget, RetryPolicy};
use crate::transport::{
    DynTransport, HyperTransport, HyperTransportBuilder, Proxy, SetupError, Transport,
};

/// Sets up a [`Client`].
#[must_use = "nothing is set up before `build`"]
pub struct ClientBuilder {
    bucket: String,
    region: String,
    base: Option<String>,
    domain: Domain,
    access: ObjectAccess,
    credentials: Option<Arc<dyn ProvideCredentials>>,
    transport: Option<Box<dyn DynTransport>>,
    network: HyperTransportBuilder,
    clock: Arc<dyn Clock>,
    limits: Limits,
    token: TokenName,
}

/// Why a client cannot be set up.
///
/// `{:?}` is one line with the causes, as for [`CallError`](crate::CallError); `{:#?}` has the fields.
#[derive(Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A variable that [`ClientBuilder::from_env`] needs.
    #[error("{variable} is not set")]
    Unset {
        /// Its name.
        variable: &'static str,
    },
    /// Bucket, region or address.
    #[error(transparent)]
    Endpoint(#[from] RequestError),
    /// Proxy or TLS.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return with_causes(self, f);
        }
        match self {
            Self::Unset { variable } => {
                f.debug_struct("Unset").field("variable", variable).finish()
            }
            Self::Endpoint(error) => f.debug_tuple("Endpoint").field(error).finish(),
            Self::Setup(error) => f.debug_tuple("Setup").field(error).finish(),
        }
    }
}

impl ClientBuilder {
    pub(super) fn new(bucket: String, region: String) -> Self {
        Self {
            bucket,
            region,
            base: None,
            domain: Domain::default(),
            access: ObjectAccess::default(),
            credentials: None,
            transport: None,
            network: HyperTransport::builder(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            token: TokenName::default(),
        }
    }

    /// Connects to this http or https address and still addresses the bucket's own host: for a local engine.
    pub fn endpoint(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into());
        self
    }

    /// The names of the service: `myqcloud.com` by default.
    pub fn domain(mut self, domain: Domain) -> Self {
        self.domain = domain;
        self
    }

    /// How objects are reached: publicly by default.
    pub fn object_access(mut self, access: ObjectAccess) -> Self {
        self.access = access;
        self
    }

    /// What to sign with: [`Credentials`](cos_sign::Credentials) as they are, or a provider.
    ///
    /// By default [`CredentialsChain::standard`](crate::credentials::CredentialsChain::standard): environment, tccli
    /// profile, TKE, CVM. For an endpoint on this machine: the environment, or else the fixed pair of a local engine.
    pub fn credentials(mut self, provider: impl ProvideCredentials) -> Self {
        self.credentials = Some(Arc::new(provider));
        self
    }

    /// The longest a whole call may take: 90 s by default.
    pub fn timeout(mut self, call: Duration) -> Self {
        self.limits.call = call;
        self
    }

    /// The longest one attempt may take: 30 s by default.
    pub fn attempt_timeout(mut self, attempt: Duration) -> Self {
        self.limits.attempt = attempt;
        self
    }

    /// The longest connecting may take: 5 s by default.
    pub fn connect_timeout(mut self, connect: Duration) -> Self {
        self.limits.connect = connect;
        self
    }

    /// The longest silence on a connection: 15 s by default.
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.limits.idle = idle;
        self
    }

    /// Attempts after the first: 3 by default.
    pub fn retries(mut self, retries: u32) -> Self {
        self.limits.retry.retries = retries;
        self
    }

    /// How often and how patiently to repeat.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.limits.retry = policy;
        self
    }

    /// The proxy; what the environment says by default.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.network = self.network.proxy(proxy);
        self
    }

    /// Trusts these certificates too, in PEM, beside those of the platform.
    pub fn extra_root(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.network = self.network.extra_root(pem);
        self
    }

    /// How long a connection may rest before it is closed: 20 s by default.
    pub fn pool_idle(mut self, idle: Duration) -> Self {
        self.network = self.network.pool_idle(idle);
        self
    }

    /// The header for the token of temporary credentials: `x-ci-security-token` to CI hosts and `x-cos-security-token` to
    /// others by default. The official SDKs disagree, and the service takes both.
    pub fn token_header(mut self, name: TokenName) -> Self {
        self.token = name;
        self
    }

    /// Another way to carry requests; settings of proxy, TLS and pool mean nothing to it.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Another clock for signatures and the expiry of credentials.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`BuildError`]: a name, an address, a proxy or a certificate that cannot be used. Credentials are not looked for
    /// before the first call.
    pub fn build(self) -> Result<Client, BuildError> {
        let endpoint = Endpoint::cloud(self.bucket, self.region)?;
        let mut endpoint = endpoint.domain(self.domain).object_access(self.access);
        if let Some(base) = &self.base {
            endpoint = endpoint.with_base(base)?;
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(self.network.build()?),
        };
        let provider = self.credentials.unwrap_or_else(|| {
            Arc::new(standard(self.base.as_deref(), |name| {
                std::env::var(name).ok()
            }))
        });
        let shared = Shared {
            transport,
            credentials: Cache::new(provider, Arc::clone(&self.clock)),
            clock: self.clock,
            skew: Skew::new(),
            budget: Budget::new(),
            signer: Signer::new().token(self.token),
        };
        Ok(Client {
            shared: Arc::new(shared),
            endpoint: Arc::new(endpoint),
            limits: self.limits,
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("base", &self.base)
            .field("credentials", &self.credentials)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
