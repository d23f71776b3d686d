//! Steps two and three: the key of the window, and the signature made with it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::encode::hex20;
use crate::http_string::Signable;
use crate::validity::KeyTime;
use crate::{Credentials, SecretKey, Validity};

/// `SignKey` of one secret key and one window, ready to sign any number of requests.
///
/// Making it is most of the work of a signature, so who signs much keeps one for as long as its window holds
/// (a day, say) and signs through [`Signer::sign_with_key`](crate::Signer::sign_with_key).
/// Every signature made with it is valid for the whole window.
///
/// ```
/// use cos_sign::{Credentials, SigningKey, Validity};
///
/// let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE");
/// let key = SigningKey::new(&credentials, Validity::new(1750000000, 1750003600)?);
/// assert_eq!(key.expose(), "cfa4a5cf164b203bdd09b783347a58d70877796b");
/// # Ok::<(), cos_sign::ValidityError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    credentials: Credentials,
    hex: Zeroizing<[u8; 40]>,
    window: WindowKey,
}

impl SigningKey {
    /// Derives the key of `validity`.
    #[must_use]
    pub fn new(credentials: &Credentials, validity: Validity) -> Self {
        let (window, hex) = WindowKey::derive(credentials.secret_key(), validity);
        Self {
            credentials: credentials.clone(),
            hex,
            window,
        }
    }

    /// The window in which signatures made with this key hold.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.window.validity
    }

    /// Whose key it is.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// `SignKey` as text: 40 lower-case hex digits. It signs for the window as the secret key does: keep it as secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.hex.as_slice()).unwrap_or_default()
    }

    pub(crate) fn window(&self) -> &WindowKey {
        &self.window
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("secret_id", &self.credentials.secret_id())
            .field("validity", &self.window.validity)
            .finish_non_exhaustive()
    }
}

/// The derived key without its owner.
#[derive(Clone)]
pub(crate) struct WindowKey {
    pub(crate) validity: Validity,
    /// `validity` as it is signed and written.
    pub(crate) window: KeyTime,
    mac: Hmac<Sha1>,
}

impl WindowKey {
    pub(crate) fn new(key: &SecretKey, validity: Validity) -> Self {
        Self::derive(key, validity).0
    }

    /// The key, and `SignKey` as text.
    fn derive(key: &SecretKey, validity: Validity) -> (Self, Zeroizing<[u8; 40]>) {
        let window = validity.text();
        let mut mac = keyed(key.expose().as_bytes());
        mac.update(window.as_bytes());
        let hex = Zeroizing::new(hex20(mac.finalize().into_bytes().into()));
        // The hex text is the key of the next step, not the twenty bytes it stands for.
        let mac = keyed(hex.as_slice());
        let key = Self {
            validity,
            window,
            mac,
        };
        (key, hex)
    }

    /// HMAC over `StringToSign`, still to be finished.
    fn over(self, hash: [u8; 20]) -> Hmac<Sha1> {
        let mut mac = self.mac;
        let mut text = [0; STRING_TO_SIGN_MAX];
        mac.update(string_to_sign(&self.window, hash, &mut text));
        mac
    }

    /// `Signature` of a request: 40 lower-case hex digits.
    pub(crate) fn sign(self, request: &Signable<'_>) -> [u8; 40] {
        hex20(self.over(request.hash()).finalize().into_bytes().into())
    }

    /// Whether `signature` belongs to the request; takes the same time wherever they differ.
    pub(crate) fn matches(&self, request: &Signable<'_>, signature: &[u8; 20]) -> bool {
        let mac = self.clone().over(request.hash());
        mac.verify_slice(signature).is_ok()
    }

    /// `StringToSign` as text.
    pub(crate) fn string_to_sign(&self, request: &Signable<'_>) -> String {
        let mut text = [0; STRING_TO_SIGN_MAX];
        let bytes = string_to_sign(&self.window, request.hash(), &mut text);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha1> {
    // No key reaches the panic: HMAC pads short keys and hashes long ones.
    <Hmac<Sha1> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

const STRING_TO_SIGN_MAX: usize = "sha1\n".len() + 41 + "\n".len() + 40 + "\n".len();

fn string_to_sign<'o>(
    window: &KeyTime,
    hash: [u8; 20],
    out: &'o mut [u8; STRING_TO_SIGN_MAX],
) -> &'o [u8] {
    let hash = hex20(hash);
    let mut len = 0;
    for part in [b"sha1\n", window.as_bytes(), b"\n", &hash, b"\n"] {
        if let Some(place) = out.get_mut(len..len + part.len()) {
            place.copy_from_slice(part);
        }
        len += part.len();
    }
    out.get(..len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_any_length() {
        let window = Validity::new(1, 2).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for len in [0, 1, 63, 64, 65, 200] {
            let credentials = Credentials::new("AKIDEXAMPLE", "k".repeat(len));
            assert!(seen.insert(SigningKey::new(&credentials, window).expose().to_owned()));
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE");
        let key = SigningKey::new(&credentials, Validity::new(1, 2).unwrap());
        let shown = format!("{key:#?}");
        assert!(!shown.contains(key.expose()) && !shown.contains("SECRETEXAMPLE"));
    }

    #[test]
    fn the_longest_window_fits() {
        let window = Validity::new(u64::MAX, u64::MAX).unwrap();
        let mut text = [0; STRING_TO_SIGN_MAX];
        assert_eq!(
            string_to_sign(&window.text(), [0; 20], &mut text).len(),
            STRING_TO_SIGN_MAX
        );
    }
}
