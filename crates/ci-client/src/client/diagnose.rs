//! Signing a request, and why its signature was refused, from the strings that the server shows.

use ci_core::{ReplyError, RequestError};
use cos_sign::{Credentials, Diagnosis, Signer, Validity};
use http::request;

/// What was signed.
#[derive(Clone, Copy)]
pub(super) struct Signing<'a> {
    pub(super) signer: &'a Signer,
    /// Without its signature.
    pub(super) head: &'a request::Parts,
    pub(super) credentials: &'a Credentials,
    pub(super) validity: Validity,
}

impl Signing<'_> {
    /// The head with its signature.
    pub(super) fn sign(&self) -> Result<request::Parts, RequestError> {
        let signed = self
            .signer
            .sign(self.head, self.credentials, self.validity)?;
        let mut head = self.head.clone();
        signed.apply(&mut head.headers);
        Ok(head)
    }

    /// Compares it with what the server says that it has signed, if it says so.
    pub(super) fn diagnose(&self, error: &ReplyError) -> Option<Diagnosis> {
        let ReplyError::Refused(refusal) = error else {
            return None;
        };
        let document = &refusal.document;
        let (format, to_sign) = (
            document.format_string.as_deref(),
            document.string_to_sign.as_deref(),
        );
        let shown = format.is_some() || to_sign.is_some();
        if refusal.code() != Some("SignatureDoesNotMatch") || !shown {
            return None;
        }
        let steps = self
            .signer
            .explain(self.head, self.credentials, self.validity);
        steps.ok().map(|steps| steps.diagnose(format, to_sign))
    }
}
