//! Several providers in turn, the standard ones first of all.

use std::sync::Arc;
use std::time::Duration;

use cos_sign::Credentials;

use super::{
    CredentialsError, CvmCredentials, EnvCredentials, ProfileCredentials, ProvideCredentials,
    Providing, WebIdentityCredentials,
};

/// Asks one provider after the other until one has credentials.
///
/// One that is not set up is passed over. One that is set up and fails ends the search: what comes later would be
/// somebody else's credentials.
#[derive(Debug, Clone)]
pub struct CredentialsChain(Vec<Arc<dyn ProvideCredentials>>);

impl CredentialsChain {
    /// Environment, profile of tccli, web identity in TKE, role of the CVM; as far as the environment switches them on.
    #[must_use]
    pub fn standard() -> Self {
        Self::from_vars(|name| std::env::var(name).ok(), None)
    }

    /// As [`CredentialsChain::standard`], with another source of variables and a profile that wins over
    /// `TCCLI_PROFILE`.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>, profile: Option<&str>) -> Self {
        let mut chain = Self::empty().then(EnvCredentials::from_vars(&var));
        chain = chain.then(ProfileCredentials::from_vars(&var, profile));
        chain
            .then(WebIdentityCredentials::from_vars(&var))
            .then(CvmCredentials::from_vars(&var))
    }

    /// No provider.
    #[must_use]
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Asks every provider, whatever the others say: for people who wonder where credentials come from.
    pub async fn try_all(&self) -> Vec<(&'static str, Result<Credentials, CredentialsError>)> {
        let mut all = Vec::new();
        for provider in &self.0 {
            all.push((provider.name(), provider.provide().await));
        }
        all
    }

    /// Adds a provider at the end.
    #[must_use]
    pub fn then(mut self, provider: impl ProvideCredentials) -> Self {
        self.0.push(Arc::new(provider));
        self
    }
}

impl ProvideCredentials for CredentialsChain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(async {
            let mut errors = Vec::new();
            for provider in &self.0 {
                match provider.provide().await {
                    Ok(credentials) => {
                        tracing::debug!(provider = provider.name(), "found credentials");
                        return Ok(credentials);
                    }
                    Err(error) => {
                        let ends = !matches!(error, CredentialsError::Absent { .. });
                        errors.push(error);
                        if ends {
                            break;
                        }
                    }
                }
            }
            Err(CredentialsError::Chain(Arc::new(errors)))
        })
    }
}

/// How long a provider may take that asks over the network.
pub(super) const NETWORK: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Says(Result<Credentials, CredentialsError>);

    impl ProvideCredentials for Says {
        fn name(&self) -> &'static str {
            "test"
        }
        fn provide(&self) -> Providing<'_> {
            Box::pin(std::future::ready(self.0.clone()))
        }
    }

    fn absent(why: &str) -> Says {
        Says(Err(CredentialsError::absent("test", why)))
    }

    #[tokio::test]
    async fn the_first_that_has_credentials_wins_and_a_failure_ends_the_search() {
        let good = || Says(Ok(Credentials::new("id", "key")));
        let found = CredentialsChain::empty()
            .then(absent("a"))
            .then(good())
            .provide()
            .await
            .unwrap();
        assert_eq!(found.secret_id(), "id");
        let failing = Says(Err(CredentialsError::failed("test", "broken")));
        let error = CredentialsChain::empty()
            .then(absent("a"))
            .then(failing)
            .then(good())
            .provide()
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "no credentials: test: a; test: broken");
    }

    #[tokio::test]
    async fn the_error_names_every_provider_and_why() {
        let home = std::env::temp_dir().join("no-such-home");
        let vars = |name: &str| match name {
            "HOME" => Some(home.display().to_string()),
            "COS_DISABLE_METADATA" => Some("1".to_owned()),
            _ => None,
        };
        let text = CredentialsChain::from_vars(vars, None)
            .provide()
            .await
            .unwrap_err()
            .to_string();
        for part in [
            "environment: ",
            "tccli profile: ",
            "no-such-home",
            "TKE web identity: ",
            "CVM role: ",
            "COS_DISABLE_METADATA",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
