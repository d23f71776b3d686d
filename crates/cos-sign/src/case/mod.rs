//! A request described by hand, in words and not in `http` types, to be signed and explained.
//!
//! What `http::Uri` refuses or tidies is taken as it is here: the URL is cut at its first `/`, `?` and `#`, and
//! nothing is resolved, decoded or re-encoded. Raw UTF-8 stays. A blank stands for `%20`, which has the same
//! signature, and is written so in a presigned URL. A fragment never goes over the wire and is dropped.

use std::fmt;

use http::{HeaderName, HeaderValue, Method};

use crate::head::{Headers, Request, UrlHost, authority_host};
use crate::lists::{Lists, has, query_pairs, repeated};
use crate::text::{Plus, Text};
use crate::{Credentials, Explanation, SignError, SignedHeaders, SignedParams, Signer, Validity};

/// One request to sign, with the choices that belong to it.
///
/// ```
/// use cos_sign::{Case, Credentials, Validity};
///
/// let mut case = Case::new(
///     "GET",
///     "https://examplebucket-1250000000.ci.ap-chongqing.myqcloud.com/jobs/j1%2Cj2",
///     Validity::new(1750000000, 1750003600)?,
/// );
/// case.headers.push(("Accept".into(), "*/*".into()));
/// let steps = case.explain(&Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE"))?;
/// assert_eq!(steps.signature, "651c8fd0c534aa76399d3050e2eb9e473ea6f07b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` shows the names of headers and not their values, one of which may be a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Case {
    /// The method, in any case.
    pub method: String,
    /// The absolute URL as on the wire, http or https.
    pub url: String,
    /// Header lines in order: all that will be sent. `Host` is taken from the URL if it is not among them.
    pub headers: Vec<(String, String)>,
    /// The window of the signature.
    pub sign_time: Validity,
    /// The window of the key; `None` is the same. Another one is refused.
    pub key_time: Option<Validity>,
    /// Exactly these headers are signed; `None`: the default choice, [`SignedHeaders::Standard`].
    pub signed_headers: Option<Vec<String>>,
    /// Exactly these parameters are signed, named decoded; `None`: all.
    pub signed_params: Option<Vec<String>>,
    /// Whether the signature goes into the URL.
    pub presign: bool,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Case")
            .field("method", &self.method)
            .field("url", &self.url.split('?').next())
            .field("headers", &names)
            .field("sign_time", &self.sign_time)
            .finish_non_exhaustive()
    }
}

impl Case {
    /// A request without headers, signed in its `Authorization` header with the default choices.
    pub fn new(method: impl Into<String>, url: impl Into<String>, sign_time: Validity) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            sign_time,
            key_time: None,
            signed_headers: None,
            signed_params: None,
            presign: false,
        }
    }

    /// Signs the request and shows every step.
    ///
    /// # Errors
    /// [`SignError`]: besides what [`sign`](crate::sign) and [`presign`](crate::presign) refuse, a key window of its
    /// own, any repeated header line or parameter even if it is not signed, and what cannot be a request.
    pub fn explain(&self, credentials: &Credentials) -> Result<Explanation, SignError> {
        if let Some(key) = self.key_time.filter(|key| *key != self.sign_time) {
            return Err(SignError::WindowsDiffer {
                sign: self.sign_time,
                key,
            });
        }
        if Method::from_bytes(self.method.as_bytes()).is_err() {
            return Err(problem("the method", &self.method, "is not an HTTP method"));
        }
        let url = Url::read(&self.url)?;
        let lines = self.header_lines()?;
        let request = Request {
            method: &self.method,
            path: url.path,
            query: url.query,
            url_host: UrlHost::Host(url.host),
            headers: Headers::Lines(&lines),
        };
        let signer = self.signer(url.query)?;
        if self.presign {
            let sent = url.sent.replace(' ', "%20");
            return signer.explain_url(&request, &sent, credentials, self.sign_time);
        }
        let mut steps = signer.explain_header(&request, credentials, self.sign_time)?;
        let mut clash = None;
        steps.headers.retain(|(name, value)| {
            match lines.iter().find(|(line, _)| line == name) {
                // The token is among the headers already.
                Some((_, sent)) if sent == value.as_bytes() => false,
                Some(_) => {
                    clash = Some(name.clone());
                    false
                }
                None => true,
            }
        });
        clash.map_or(Ok(steps), |name| Err(SignError::RepeatedHeader(name)))
    }

    /// Checked lines with names in lower case.
    fn header_lines(&self) -> Result<Vec<(String, Vec<u8>)>, SignError> {
        let mut lines: Vec<(String, Vec<u8>)> = Vec::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let lower = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| problem("the header name", name, "is not one"))?;
            if HeaderValue::from_bytes(value.as_bytes()).is_err() {
                let what = "has a value that cannot stand in a header line";
                return Err(problem("the header", name, what));
            }
            if lines.iter().any(|(seen, _)| *seen == lower.as_str()) {
                return Err(SignError::RepeatedHeader(name.clone()));
            }
            lines.push((lower.as_str().to_owned(), value.clone().into_bytes()));
        }
        Ok(lines)
    }

    fn signer(&self, query: &str) -> Result<Signer, SignError> {
        let mut all = Lists::new();
        query_pairs(query, Plus::Space).for_each(|pair| all.push(pair));
        all.end_params();
        if let Some(repeated) = repeated(all.params()) {
            return Err(SignError::RepeatedParam(repeated.name.shown()));
        }
        let mut signer = Signer::new();
        if let Some(names) = &self.signed_headers {
            if let Some(name) = listed_twice(names) {
                return Err(SignError::RepeatedHeader(name.to_owned()));
            }
            signer = signer.headers(SignedHeaders::Exactly(names.clone()));
        }
        if let Some(names) = &self.signed_params {
            if let Some(name) = listed_twice(names) {
                return Err(SignError::RepeatedParam(name.to_owned()));
            }
            // A name that was left encoded is meant decoded, unless a parameter is called just so.
            let meant = |name: &String| {
                let encoded = Text::query(name.as_bytes(), Plus::Literal);
                let plain = Text::plain(name.as_bytes());
                if !has(all.params(), &plain) && has(all.params(), &encoded) {
                    encoded.shown()
                } else {
                    name.clone()
                }
            };
            signer = signer.params(SignedParams::Exactly(names.iter().map(meant).collect()));
        }
        Ok(signer)
    }
}

fn listed_twice(names: &[String]) -> Option<&str> {
    let mut rest = names;
    while let Some((name, tail)) = rest.split_first() {
        if tail.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            return Some(name);
        }
        rest = tail;
    }
    None
}

fn problem(what: &'static str, value: &str, problem: &'static str) -> SignError {
    SignError::Case {
        what,
        value: value.chars().take(200).collect(),
        problem,
    }
}

/// The parts of an absolute URL, uninterpreted.
struct Url<'a> {
    /// Without the fragment.
    sent: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn read(text: &'a str) -> Result<Self, SignError> {
        let refuse = |why| Err(problem("the url", text, why));
        if text.chars().any(|c| c.is_ascii_control()) {
            return refuse("has a control character");
        }
        let sent = text.split('#').next().unwrap_or_default();
        let Some((scheme, rest)) = sent.split_once("://") else {
            return refuse("is not absolute: write http:// or https:// and a host");
        };
        if !["http", "https"]
            .iter()
            .any(|s| s.eq_ignore_ascii_case(scheme))
        {
            return refuse("is neither http nor https");
        }
        let cut = |text: &'a str, at: &[char]| text.split_at(text.find(at).unwrap_or(text.len()));
        let (authority, rest) = cut(rest, &['/', '?']);
        let (path, query) = cut(rest, &['?']);
        let host = authority_host(authority, Some(scheme));
        if HeaderValue::from_str(host).is_err() || host.is_empty() || host.contains(' ') {
            return refuse("has no usable host");
        }
        Ok(Self {
            sent,
            host,
            path,
            query: query.strip_prefix('?').unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
