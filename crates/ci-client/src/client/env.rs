//! A client from the environment, so that one program runs against a local engine and the service unchanged.

use std::net::IpAddr;

use cos_sign::Credentials;
use http::Uri;

use super::{BuildError, ClientBuilder};
use crate::credentials::{CredentialsChain, EnvCredentials, ProfileCredentials};
use crate::transport::{Proxy, SetupError};

/// The pair that a local engine accepts on loopback addresses: the same on every machine, and no secret.
const LOCAL_PAIR: (&str, &str) = (
    "AKIDlocal0000000000000000000000000000",
    "localsecret000000000000000000000",
);

impl ClientBuilder {
    /// What the environment says, under the names that the tool `cosci` knows, too.
    ///
    /// | variable | holds |
    /// |---|---|
    /// | `COSCI_BUCKET` | the bucket, with the APPID |
    /// | `TENCENTCLOUD_REGION` | its region; without it, the region of tccli's profile |
    /// | `COSCI_ENDPOINT` | the address of a local engine; without it, the service |
    /// | `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY`, `TENCENTCLOUD_TOKEN` | credentials, see [`ClientBuilder::credentials`] |
    /// | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` | the proxy |
    ///
    /// An empty variable counts as not set. Whatever is set afterwards wins.
    ///
    /// # Errors
    /// [`BuildError`]: bucket or region are not there, or the proxy cannot be used. The rest is checked by
    /// [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self, BuildError> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// As [`ClientBuilder::from_env`], with another source of variables.
    ///
    /// # Errors
    /// As [`ClientBuilder::from_env`].
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, BuildError> {
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        let unset = |variable| BuildError::Unset { variable };
        let bucket = var("COSCI_BUCKET").ok_or(unset("COSCI_BUCKET"))?;
        let region = var("TENCENTCLOUD_REGION")
            .or_else(|| ProfileCredentials::from_vars(var, None).region())
            .ok_or(unset("TENCENTCLOUD_REGION"))?;
        let endpoint = var("COSCI_ENDPOINT");
        let proxy = Proxy::from_vars(var).map_err(SetupError::from)?;
        let builder = Self::new(bucket, region)
            .credentials(standard(endpoint.as_deref(), var))
            .proxy(proxy);
        Ok(match endpoint {
            Some(base) => builder.endpoint(base),
            None => builder,
        })
    }
}

/// What signs when nobody says it.
///
/// To an engine on this machine nothing is sent but what the environment names for it, or the pair that everybody
/// knows: keys of a profile or a role belong to the service.
pub(super) fn standard(
    base: Option<&str>,
    var: impl Fn(&str) -> Option<String>,
) -> CredentialsChain {
    if base.is_some_and(is_loopback) {
        let (id, key) = LOCAL_PAIR;
        CredentialsChain::empty()
            .then(EnvCredentials::from_vars(var))
            .then(Credentials::new(id, key))
    } else {
        CredentialsChain::from_vars(var, None)
    }
}

fn is_loopback(base: &str) -> bool {
    let uri = base.parse::<Uri>().unwrap_or_default();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    const PLACE: [(&str, &str); 2] = [
        ("COSCI_BUCKET", "media-1250000000"),
        ("TENCENTCLOUD_REGION", "ap-chongqing"),
    ];

    fn from(more: &[(&str, &str)]) -> Result<Client, BuildError> {
        let find = |name: &str| {
            let mut all = more.iter().chain(&PLACE);
            all.find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        };
        ClientBuilder::from_vars(find)?.build()
    }

    #[tokio::test]
    async fn an_address_of_this_machine_is_signed_for_with_the_pair_that_everybody_knows() {
        for base in [
            "http://127.0.0.1:7717",
            "http://LOCALHOST",
            "https://[::1]:1",
        ] {
            let client = from(&[("COSCI_ENDPOINT", base)]).unwrap();
            let found = client.credentials().await.unwrap();
            assert_eq!(found.secret_id(), LOCAL_PAIR.0, "{base}");
        }
        let pair = [
            ("COSCI_ENDPOINT", "http://127.0.0.1:7717"),
            ("TENCENTCLOUD_SECRET_ID", "AKIDmine"),
            ("TENCENTCLOUD_SECRET_KEY", "key"),
        ];
        let found = from(&pair).unwrap().credentials().await.unwrap();
        assert_eq!(found.secret_id(), "AKIDmine");
        // Half a pair is a mistake, and is told.
        let error = from(&pair[..2]).unwrap().credentials().await.unwrap_err();
        assert!(error.to_string().contains("SECRET_KEY"), "{error}");
    }

    #[tokio::test]
    async fn anywhere_else_the_known_pair_is_never_used() {
        for more in [
            &[][..],
            &[("COSCI_ENDPOINT", "http://10.0.0.1:7717")],
            &[("COSCI_ENDPOINT", "http://127.0.0.1.example.com")],
        ] {
            let mut more = more.to_vec();
            more.push(("COS_DISABLE_METADATA", "1"));
            let client = from(&more).unwrap();
            assert!(client.credentials().await.is_err(), "{more:?}");
        }
    }

    #[test]
    fn what_is_not_set_is_named() {
        for variable in ["COSCI_BUCKET", "TENCENTCLOUD_REGION"] {
            let error = from(&[(variable, "")]).unwrap_err();
            assert!(error.to_string().starts_with(variable), "{error}");
            // What a `main` that returns it prints.
            assert_eq!(format!("{error:?}"), format!("{variable} is not set"));
        }
        let error = from(&[("COSCI_ENDPOINT", "ftp://x")]).unwrap_err();
        assert!(error.to_string().contains("ftp://x"), "{error}");
    }
}
