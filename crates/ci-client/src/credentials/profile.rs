//! The credentials that tccli keeps in a file.

use std::path::{Path, PathBuf};

use cos_sign::Credentials;

use super::{CredentialsError, ProvideCredentials, Providing};

const NAME: &str = "tccli profile";

/// `~/.tccli/<profile>.credential`, as tccli writes it: JSON with `secretId`, `secretKey` and perhaps `token`.
#[derive(Debug, Clone)]
pub struct ProfileCredentials {
    /// Nothing when there is no home.
    folder: Option<PathBuf>,
    profile: String,
}

impl ProfileCredentials {
    /// This profile in this folder.
    pub fn new(folder: impl Into<PathBuf>, profile: impl Into<String>) -> Self {
        Self {
            folder: Some(folder.into()),
            profile: profile.into(),
        }
    }

    /// The folder `.tccli` in `HOME`; the profile given, or that of `TCCLI_PROFILE`, or `default`.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>, profile: Option<&str>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.trim().is_empty());
        let home = set("HOME").or_else(|| set("USERPROFILE"));
        Self {
            folder: home.map(|home| Path::new(&home).join(".tccli")),
            profile: profile
                .map(str::to_owned)
                .or_else(|| set("TCCLI_PROFILE"))
                .unwrap_or_else(|| "default".to_owned()),
        }
    }

    /// The region that the profile is set to, if there is one.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        let file = self.file("configure").ok()?;
        let read: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        let region = read.get("_sys_param")?.get("region")?.as_str()?.trim();
        (!region.is_empty()).then(|| region.to_owned())
    }

    fn file(&self, kind: &str) -> Result<PathBuf, CredentialsError> {
        let folder = self
            .folder
            .as_ref()
            .ok_or_else(|| CredentialsError::absent(NAME, "HOME is not set"))?;
        if self.profile.is_empty() || self.profile.contains(['/', '\\']) {
            return Err(CredentialsError::failed(
                NAME,
                format!("`{}` is not the name of a profile", self.profile),
            ));
        }
        Ok(folder.join(format!("{}.{kind}", self.profile)))
    }

    fn read(&self) -> Result<Credentials, CredentialsError> {
        let file = self.file("credential")?;
        let shown = file.display();
        let bytes = std::fs::read(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                CredentialsError::absent(NAME, format!("there is no {shown}"))
            }
            _ => CredentialsError::failed(NAME, format!("{shown}: {error}")),
        })?;
        let parsed: serde_json::Value = serde_json::from_slice(&bytes)
            // The error of serde_json names a place, not the content.
            .map_err(|error| {
                CredentialsError::failed(NAME, format!("{shown} is not JSON: {error}"))
            })?;
        let text = |name: &str| {
            parsed
                .get(name)
                .and_then(|value| value.as_str())
                .map(str::trim)
                .filter(|v| !v.is_empty())
        };
        match (text("secretId"), text("secretKey")) {
            (Some(id), Some(key)) => {
                let found = Credentials::new(id, key);
                Ok(match text("token") {
                    Some(token) => found.with_token(token),
                    None => found,
                })
            }
            _ => Err(CredentialsError::failed(
                NAME,
                format!("{shown} lacks secretId or secretKey"),
            )),
        }
    }
}

impl ProvideCredentials for ProfileCredentials {
    fn name(&self) -> &'static str {
        NAME
    }

    fn provide(&self) -> Providing<'_> {
        // A small local file: reading it takes less than handing it to another thread.
        Box::pin(std::future::ready(self.read()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("ci-client-profile-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_profile_is_read_as_tccli_writes_it() {
        let folder = folder("good");
        std::fs::write(
            folder.join("work.credential"),
            r#"{"secretId": "id", "secretKey": "key", "token": null}"#,
        )
        .unwrap();
        std::fs::write(
            folder.join("work.configure"),
            r#"{"_sys_param": {"region": "ap-chongqing"}}"#,
        )
        .unwrap();
        let profile = ProfileCredentials::new(&folder, "work");
        let found = profile.read().unwrap();
        assert_eq!(
            (
                found.secret_id(),
                found.secret_key().expose(),
                found.token()
            ),
            ("id", "key", None)
        );
        assert_eq!(profile.region().as_deref(), Some("ap-chongqing"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn no_file_is_absence_and_a_broken_one_is_a_failure_without_its_content() {
        let folder = folder("bad");
        std::fs::write(folder.join("a.credential"), r#"{"secretKey": "CANARY""#).unwrap();
        std::fs::write(folder.join("b.credential"), r#"{"secretKey": "CANARY"}"#).unwrap();
        let read = |profile: &str| {
            ProfileCredentials::new(&folder, profile)
                .read()
                .unwrap_err()
        };
        assert!(matches!(read("none"), CredentialsError::Absent { .. }));
        for profile in ["a", "b", "../a"] {
            let error = read(profile);
            assert!(
                matches!(error, CredentialsError::Failed { .. })
                    && !error.to_string().contains("CANARY"),
                "{error}"
            );
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
