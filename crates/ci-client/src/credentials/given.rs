//! Credentials that are simply there: in the environment.

use cos_sign::Credentials;

use super::{CredentialsError, ProvideCredentials, Providing};

const NAME: &str = "environment";

/// `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and, for temporary ones, `TENCENTCLOUD_TOKEN`. The older names
/// `COS_SECRET_ID`, `COS_SECRET_KEY` and `COS_TOKEN` count where those are absent.
#[derive(Debug, Clone)]
pub struct EnvCredentials(Result<Credentials, CredentialsError>);

impl Default for EnvCredentials {
    fn default() -> Self {
        Self::new()
    }
}

impl EnvCredentials {
    /// Reads the environment, once, now.
    #[must_use]
    pub fn new() -> Self {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Reads another source of variables.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Self {
        let read = |names: [&str; 2]| {
            names
                .into_iter()
                .find_map(|name| var(name).filter(|value| !value.trim().is_empty()))
        };
        let id = read(["TENCENTCLOUD_SECRET_ID", "COS_SECRET_ID"]);
        let key = read(["TENCENTCLOUD_SECRET_KEY", "COS_SECRET_KEY"]);
        Self(match (id, key) {
            (Some(id), Some(key)) => {
                let found = Credentials::new(id.trim(), key.trim());
                Ok(match read(["TENCENTCLOUD_TOKEN", "COS_TOKEN"]) {
                    Some(token) => found.with_token(token.trim()),
                    None => found,
                })
            }
            (None, None) => Err(CredentialsError::absent(
                NAME,
                "neither TENCENTCLOUD_SECRET_ID nor TENCENTCLOUD_SECRET_KEY is set",
            )),
            // Half a pair is a mistake, and using somebody else's pair instead would hide it.
            (Some(_), None) => Err(CredentialsError::failed(
                NAME,
                "TENCENTCLOUD_SECRET_KEY is not set",
            )),
            (None, Some(_)) => Err(CredentialsError::failed(
                NAME,
                "TENCENTCLOUD_SECRET_ID is not set",
            )),
        })
    }
}

impl ProvideCredentials for EnvCredentials {
    fn name(&self) -> &'static str {
        NAME
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(vars: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        EnvCredentials::from_vars(|name| {
            vars.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
        .0
    }

    #[test]
    fn both_halves_and_the_token_come_from_the_environment() {
        let found = from(&[
            ("TENCENTCLOUD_SECRET_ID", "id"),
            ("TENCENTCLOUD_SECRET_KEY", " key\n"),
            ("TENCENTCLOUD_TOKEN", "token"),
            ("COS_SECRET_ID", "other"),
        ])
        .unwrap();
        assert_eq!(
            (
                found.secret_id(),
                found.secret_key().expose(),
                found.token()
            ),
            ("id", "key", Some("token"))
        );
        assert!(from(&[("COS_SECRET_ID", "id"), ("COS_SECRET_KEY", "key")]).is_ok());
    }

    #[test]
    fn half_a_pair_is_a_mistake_and_none_is_not() {
        let half = from(&[
            ("TENCENTCLOUD_SECRET_ID", "id"),
            ("TENCENTCLOUD_SECRET_KEY", ""),
        ])
        .unwrap_err();
        assert!(
            matches!(half, CredentialsError::Failed { .. })
                && half.to_string().contains("SECRET_KEY"),
            "{half}"
        );
        assert!(matches!(
            from(&[]).unwrap_err(),
            CredentialsError::Absent { .. }
        ));
    }
}
