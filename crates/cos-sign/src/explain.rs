//! Every intermediate string of a signature, and the comparison with what a server says it made.

use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use crate::head::Request;
use crate::http_string::Signable;
use crate::lists::{Entry, Lists, write_names};
use crate::presign::write_signed_query;
use crate::sign::authorization;
use crate::signature::WindowKey;
use crate::{Credentials, Difference, SignError, Signer, Validity};

/// A signature with every string that led to it. Both strings end in a line feed.
///
/// It holds a signature and maybe a token, so `Debug` shows only the lists.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// `q-header-list`.
    pub header_list: String,
    /// `q-url-param-list`.
    pub url_param_list: String,
    /// `HttpString`.
    pub http_string: String,
    /// `StringToSign`.
    pub string_to_sign: String,
    /// `q-signature`.
    pub signature: String,
    /// Value of the `Authorization` header; `None` for a presigned URL.
    pub authorization: Option<String>,
    /// All headers to add to the request, in order: `Authorization`, and that of the token.
    pub headers: Vec<(String, String)>,
    /// The presigned URL.
    pub url: Option<String>,
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("header_list", &self.header_list)
            .field("url_param_list", &self.url_param_list)
            .finish_non_exhaustive()
    }
}

/// Signs a request as [`sign`](crate::sign) does, and shows how.
///
/// # Errors
/// As [`sign`](crate::sign).
pub fn explain(
    head: &Parts,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Explanation, SignError> {
    Signer::new().explain(head, credentials, validity)
}

impl Signer {
    /// Signs a request as [`Signer::sign`] does, and shows how.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn explain(
        &self,
        head: &Parts,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Explanation, SignError> {
        self.explain_header(&Request::of(head), credentials, validity)
    }

    pub(crate) fn explain_header(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Explanation, SignError> {
        let key = WindowKey::new(credentials.secret_key(), validity);
        let token = self.token_header(request, credentials)?;
        let mut lists = Lists::new();
        let signable = self.signable(&mut lists, request, token.as_ref(), None)?;
        let authorization = authorization(credentials, key.clone(), &signable)?;
        let authorization = String::from_utf8_lossy(&authorization).into_owned();
        let mut explanation = steps(&signable, &key);
        explanation
            .headers
            .push(("Authorization".to_owned(), authorization.clone()));
        explanation.headers.extend(token.and_then(as_text));
        explanation.authorization = Some(authorization);
        Ok(explanation)
    }

    pub(crate) fn explain_url(
        &self,
        request: &Request<'_>,
        url: &str,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Explanation, SignError> {
        let key = WindowKey::new(credentials.secret_key(), validity);
        let token = self.token.param();
        let mut lists = Lists::new();
        let token_name = token.as_str();
        let signable = self.presignable(&mut lists, request, credentials, validity, token_name)?;
        let mut signed = Vec::from(url);
        write_signed_query(&mut signed, credentials, token.as_str(), &key, &signable)?;
        let mut explanation = steps(&signable, &key);
        explanation.url = Some(String::from_utf8_lossy(&signed).into_owned());
        Ok(explanation)
    }
}

fn steps(signable: &Signable<'_>, key: &WindowKey) -> Explanation {
    let list = |entries: &[Entry<'_>]| {
        let mut names = Vec::new();
        write_names(entries, &mut names);
        String::from_utf8_lossy(&names).into_owned()
    };
    Explanation {
        header_list: list(signable.lists.headers()),
        url_param_list: list(signable.lists.params()),
        http_string: signable.http_string(),
        string_to_sign: key.string_to_sign(signable),
        signature: String::from_utf8_lossy(&key.clone().sign(signable)).into_owned(),
        authorization: None,
        headers: Vec::new(),
        url: None,
    }
}

fn as_text((name, value): (HeaderName, HeaderValue)) -> Option<(String, String)> {
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    Some((name.as_str().to_owned(), value.to_owned()))
}

/// What the strings that a server echoes say about a signature it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Diagnosis {
    /// The server saw another request than the one that was signed.
    Request(Difference),
    /// The server signed another window, or another hash.
    StringToSign {
        /// The line of `StringToSign`, counted from 1.
        line: usize,
        /// The line of the signer.
        ours: String,
        /// The line of the server.
        theirs: String,
    },
    /// The strings are equal, so the keys are not: check the secret key.
    Key,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(difference) => write!(f, "HttpString differs at {difference}"),
            Self::StringToSign { line, ours, theirs } => write!(
                f,
                "StringToSign differs at line {line}: signed `{ours}`, the server has `{theirs}`"
            ),
            Self::Key => f.write_str("both strings are equal: the secret key is another one"),
        }
    }
}

impl Explanation {
    /// Compares with the `FormatString` and `StringToSign` of an error document (436/7730), whichever it holds.
    ///
    /// Line feeds written as `\n`, as logs and JSON show them, count as line feeds.
    #[must_use]
    pub fn diagnose(&self, format_string: Option<&str>, string_to_sign: Option<&str>) -> Diagnosis {
        if let Some(theirs) = format_string.map(line_feeds) {
            if let Some(difference) = Difference::between(&self.http_string, &theirs) {
                return Diagnosis::Request(difference);
            }
        }
        let theirs = string_to_sign.map(line_feeds).unwrap_or_default();
        for (line, (ours, theirs)) in (1..).zip(self.string_to_sign.lines().zip(theirs.lines())) {
            if ours != theirs.trim() {
                return Diagnosis::StringToSign {
                    line,
                    ours: ours.to_owned(),
                    theirs: theirs.to_owned(),
                };
            }
        }
        Diagnosis::Key
    }
}

fn line_feeds(text: &str) -> String {
    if text.contains('\n') {
        text.replace("\r\n", "\n")
    } else {
        text.replace("\\n", "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation() -> Explanation {
        let head = http::Request::get("http://h/a?x=1")
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE").with_token("CANARY");
        explain(&head, &credentials, Validity::new(1, 2).unwrap()).unwrap()
    }

    #[test]
    fn the_steps_are_those_of_the_signature() {
        let steps = explanation();
        assert_eq!(
            steps.http_string,
            "get\n/a\nx=1\nhost=h&x-cos-security-token=CANARY\n"
        );
        assert!(steps.string_to_sign.starts_with("sha1\n1;2\n"));
        let (name, value) = &steps.headers[0];
        assert_eq!(
            (name.as_str(), Some(value)),
            ("Authorization", steps.authorization.as_ref())
        );
        assert!(value.ends_with(&steps.signature));
        assert_eq!(steps.headers[1].0, "x-cos-security-token");
    }

    #[test]
    fn an_echo_is_diagnosed_at_its_first_difference() {
        let ours = explanation();
        let (request, text) = (ours.http_string.as_str(), ours.string_to_sign.as_str());
        assert_eq!(ours.diagnose(Some(request), Some(text)), Diagnosis::Key);
        let logged = request.replace('\n', "\\n");
        assert_eq!(
            ours.diagnose(Some(&logged), Some(text.trim_end())),
            Diagnosis::Key
        );
        let other = request.replace("x=1", "x=2");
        let found = ours.diagnose(Some(&other), Some(text)).to_string();
        assert_eq!(
            found,
            "HttpString differs at line 3 (parameters, `x`): signed `x=1`, the server has `x=2`"
        );
        let other = text.replace("1;2", "1;3");
        assert!(matches!(
            ours.diagnose(None, Some(&other)),
            Diagnosis::StringToSign { line: 2, .. }
        ));
    }

    #[test]
    fn debug_shows_neither_signature_nor_token() {
        let ours = explanation();
        let shown = format!("{ours:#?}");
        assert!(
            !shown.contains("CANARY") && !shown.contains(&ours.signature),
            "{shown}"
        );
    }
}
