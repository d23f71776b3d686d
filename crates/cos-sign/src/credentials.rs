//! Who signs: a secret id, its secret key, and the token of temporary credentials.

use std::fmt;

use zeroize::Zeroizing;

use crate::SignError;

/// A secret key: wiped from memory when dropped, and never shown.
///
/// There is no `Display`, and `Debug` prints `SecretKey(***)`.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// Takes the key as it is, blanks included: the service signs with what it issued.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(Zeroizing::new(key.into()))
    }

    /// The key itself. Whatever copies it has to wipe the copy.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

impl AsRef<SecretKey> for SecretKey {
    fn as_ref(&self) -> &SecretKey {
        self
    }
}

/// A secret id and key, with a token and an expiry when they are temporary.
#[derive(Clone)]
pub struct Credentials {
    id: String,
    id_is_usable: bool,
    key: SecretKey,
    token: Option<Zeroizing<String>>,
    expires_at: Option<u64>,
}

impl Credentials {
    /// Permanent credentials.
    ///
    /// The id must be visible ASCII without `&`; with another one nothing can be signed.
    #[must_use]
    pub fn new(secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let id = secret_id.into();
        let usable = |byte: u8| byte.is_ascii_graphic() && byte != b'&';
        Self {
            id_is_usable: !id.is_empty() && id.bytes().all(usable),
            id,
            key: SecretKey::new(secret_key),
            token: None,
            expires_at: None,
        }
    }

    /// Adds the session token that came with temporary credentials.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Zeroizing::new(token.into()));
        self
    }

    /// Says when the credentials end, in Unix seconds; unknown by default.
    ///
    /// [`presign`](crate::presign) refuses to promise more than that.
    #[must_use]
    pub fn with_expiry(mut self, unix: u64) -> Self {
        self.expires_at = Some(unix);
        self
    }

    /// The public half, as in `q-ak`.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        &self.id
    }

    /// The secret id, if it can stand in an `Authorization` value, which has no escapes.
    pub(crate) fn usable_id(&self) -> Result<&str, SignError> {
        if self.id_is_usable {
            Ok(&self.id)
        } else {
            Err(SignError::SecretId)
        }
    }

    /// The secret half.
    #[must_use]
    pub fn secret_key(&self) -> &SecretKey {
        &self.key
    }

    /// The session token, if the credentials are temporary.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }

    /// When the credentials end, in Unix seconds, if known.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }
}

impl AsRef<SecretKey> for Credentials {
    fn as_ref(&self) -> &SecretKey {
        &self.key
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("secret_id", &self.id)
            .field("secret_key", &self.key)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_key_nor_the_token() {
        let shown = format!(
            "{:#?}",
            Credentials::new("AKIDEXAMPLE", "CANARYKEY").with_token("CANARYTOKEN")
        );
        assert!(shown.contains("AKIDEXAMPLE") && shown.contains("***"));
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}
