//! What a server echoes: it may quote the token and the signature that it was sent, and errors are shown and logged.

use ci_core::{Refusal, ReplyError};
use cos_sign::Credentials;
use http::HeaderValue;

/// Stands where a secret stood.
const HIDDEN: &str = "***";
/// Beginnings of a secret that are shorter than this are not looked for where a text was cut off.
const SHORTEST: usize = 8;

/// The secrets of one signed request, as they may be quoted.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn of(credentials: &Credentials, authorization: Option<&HeaderValue>) -> Self {
        let authorization = authorization.and_then(|it| it.to_str().ok());
        // The whole before its part.
        let mut all: Vec<_> = authorization.map(str::to_owned).into_iter().collect();
        all.push(credentials.secret_key().expose().to_owned());
        if let Some(token) = credentials.token() {
            all.push(token.to_owned());
            // As it stands in the text that is signed.
            all.push(cos_sign::encode_component(token));
        }
        let signature = authorization.and_then(|it| it.split("q-signature=").nth(1));
        all.extend(signature.map(str::to_owned));
        all.retain(|secret| secret.len() >= SHORTEST);
        Self(all)
    }

    /// Hides them in what a reply was refused or found unreadable with.
    pub(super) fn hide(&self, error: &mut ReplyError) {
        match error {
            ReplyError::Refused(refusal) => self.hide_in_refusal(refusal),
            ReplyError::Unreadable(unreadable) => self.hide_in(&mut unreadable.excerpt),
            _ => {}
        }
    }

    fn hide_in_refusal(&self, refusal: &mut Refusal) {
        let document = &mut refusal.document;
        let texts = [
            &mut document.code,
            &mut document.message,
            &mut document.resource,
            &mut document.string_to_sign,
            &mut document.format_string,
            &mut refusal.excerpt,
            &mut refusal.location,
        ];
        for text in texts.into_iter().flatten() {
            self.hide_in(text);
        }
    }

    fn hide_in(&self, text: &mut String) {
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), HIDDEN);
            }
            // An excerpt may end in the middle of one.
            let beginning = (SHORTEST..secret.len())
                .rev()
                .filter_map(|length| secret.get(..length))
                .find(|beginning| text.ends_with(beginning));
            if let Some(beginning) = beginning {
                text.truncate(text.len() - beginning.len());
                text.push_str(HIDDEN);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let credentials = Credentials::new("AKIDEXAMPLE", "CANARYKEY").with_token("CANARY/TOKEN==");
        let value = HeaderValue::from_static("q-ak=AKIDEXAMPLE&q-signature=0123456789abcdef");
        let mut text = text.to_owned();
        Secrets::of(&credentials, Some(&value)).hide_in(&mut text);
        text
    }

    #[test]
    fn what_is_secret_is_hidden_raw_encoded_and_cut_off() {
        assert_eq!(
            hidden("token=CANARY%2FTOKEN%3D%3D&key=CANARYKEY CANARY/TOKEN== 0123456789abcdef"),
            "token=***&key=*** *** ***"
        );
        assert_eq!(
            hidden("x-ci-security-token: CANARY/TOK"),
            "x-ci-security-token: ***"
        );
        assert_eq!(hidden("sha1\n1;2\nAKIDEXAMPLE"), "sha1\n1;2\nAKIDEXAMPLE");
        assert_eq!(hidden("ends in CANA"), "ends in CANA");
    }
}
