//! Signs the head of a request: says what to add, and touches nothing.

use std::fmt;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

use crate::authorization::write_authorization;
use crate::choice::{is_standard, sensitive};
use crate::encode::Count;
use crate::head::Request;
use crate::http_string::{Signable, is_utf8};
use crate::lists::{Entry, Lists, has, query_pairs, repeated, trim};
use crate::signature::WindowKey;
use crate::text::Text;
use crate::{
    Credentials, Plus, SignError, SignedHeaders, SignedParams, SigningKey, TokenName, Validity,
};

/// What to add to a request to sign it.
#[derive(Clone)]
#[non_exhaustive]
#[must_use = "a signature does nothing until it is added to the request"]
pub struct Signed {
    /// Value of the `Authorization` header, marked sensitive.
    pub authorization: HeaderValue,
    /// Header for the session token, with temporary credentials; marked sensitive.
    pub token: Option<(HeaderName, HeaderValue)>,
}

impl Signed {
    /// Sets the headers, replacing those of an earlier signature.
    pub fn apply(self, headers: &mut HeaderMap) {
        headers.insert(AUTHORIZATION, self.authorization);
        if let Some((name, value)) = self.token {
            headers.insert(name, value);
        }
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both values are marked sensitive, which hides them.
        f.debug_struct("Signed")
            .field("authorization", &self.authorization)
            .field("token", &self.token)
            .finish()
    }
}

/// Signs a request with the default choice of headers and parameters: see [`Signer`].
///
/// The head must be as it will be sent: the URI is read and never rewritten, and signed headers must arrive
/// unchanged. A missing `Host` is taken from the URI, as HTTP clients do.
///
/// # Errors
/// [`SignError`]; nothing was changed then.
pub fn sign(
    head: &Parts,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Signed, SignError> {
    Signer::new().sign(head, credentials, validity)
}

/// What is signed, and how the token travels. The default suits every COS and CI request.
///
/// ```
/// use cos_sign::{SignedHeaders, Signer};
///
/// let narrow = Signer::new().headers(SignedHeaders::Exactly(vec!["host".into()]));
/// let like_go = Signer::go();
/// # let _ = (narrow, like_go);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    pub(crate) headers: SignedHeaders,
    pub(crate) params: SignedParams,
    pub(crate) token: TokenName,
    pub(crate) token_signed: bool,
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

impl Signer {
    /// The standard headers, all parameters, and the token signed under the name of its host.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            headers: SignedHeaders::Standard,
            params: SignedParams::All,
            token: TokenName::ByHost,
            token_signed: true,
        }
    }

    /// As the Go SDK 0.7 chooses.
    #[must_use]
    pub fn go() -> Self {
        Self {
            headers: SignedHeaders::Go,
            token: TokenName::Cos,
            ..Self::new()
        }
    }

    /// As the Java SDK 5.6 chooses: the token is not signed.
    #[must_use]
    pub fn java() -> Self {
        Self {
            token: TokenName::Cos,
            token_signed: false,
            ..Self::new()
        }
    }

    /// As the Python SDK 1.9 chooses, which is the default here too.
    #[must_use]
    pub fn python() -> Self {
        Self::new()
    }

    /// As the Node SDK 3.0 chooses: the token is not signed.
    #[must_use]
    pub fn node() -> Self {
        Self {
            headers: SignedHeaders::Node,
            token_signed: false,
            ..Self::new()
        }
    }

    /// Chooses the signed headers.
    #[must_use]
    pub fn headers(mut self, headers: SignedHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// Chooses the signed query parameters.
    #[must_use]
    pub fn params(mut self, params: SignedParams) -> Self {
        self.params = params;
        self
    }

    /// Chooses the name under which the token travels.
    #[must_use]
    pub fn token(mut self, name: TokenName) -> Self {
        self.token = name;
        self
    }

    /// Chooses whether the token is signed: yes by default. With an exact list of headers, the list decides.
    #[must_use]
    pub fn token_signed(mut self, signed: bool) -> Self {
        self.token_signed = signed;
        self
    }

    /// Signs a request. More than 16 signed names cost an allocation.
    ///
    /// # Errors
    /// [`SignError`]; nothing was changed then.
    pub fn sign(
        &self,
        head: &Parts,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Signed, SignError> {
        let request = Request::of(head);
        let token = self.token_header(&request, credentials)?;
        let mut lists = Lists::new();
        let signable = self.signable(&mut lists, &request, token.as_ref(), None)?;
        let key = WindowKey::new(credentials.secret_key(), validity);
        let authorization = authorization(credentials, key, &signable)?;
        finish(authorization, token)
    }

    /// Signs a request with a key that was derived before.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_with_key(&self, head: &Parts, key: &SigningKey) -> Result<Signed, SignError> {
        let request = Request::of(head);
        let token = self.token_header(&request, key.credentials())?;
        let mut lists = Lists::new();
        let signable = self.signable(&mut lists, &request, token.as_ref(), None)?;
        let authorization = authorization(key.credentials(), key.window().clone(), &signable)?;
        finish(authorization, token)
    }

    /// The header that carries the token, if there is one.
    pub(crate) fn token_header(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
    ) -> Result<Option<(HeaderName, HeaderValue)>, SignError> {
        let Some(token) = credentials.token() else {
            return Ok(None);
        };
        let value = HeaderValue::from_str(token).map_err(SignError::Token)?;
        let host = request
            .host()
            .and_then(|host| std::str::from_utf8(host).ok());
        Ok(Some((self.token.header(host), sensitive(value))))
    }

    /// Chooses and sorts what is signed. The token is in a header or in a parameter.
    pub(crate) fn signable<'a>(
        &self,
        lists: &'a mut Lists<'a>,
        request: &Request<'a>,
        token_header: Option<&'a (HeaderName, HeaderValue)>,
        token_param: Option<(&'a str, &'a str)>,
    ) -> Result<Signable<'a>, SignError> {
        if !is_utf8(request.path) {
            return Err(SignError::PathNotUtf8(request.path.to_owned()));
        }
        self.choose_params(lists, request, token_param)?;
        self.choose_headers(lists, request, token_header)?;
        Ok(Signable {
            method: request.method,
            path: request.path,
            lists,
        })
    }

    fn choose_params<'a>(
        &self,
        lists: &mut Lists<'a>,
        request: &Request<'a>,
        token: Option<(&'a str, &'a str)>,
    ) -> Result<(), SignError> {
        let token = token.map(|(name, value)| Entry {
            name: Text::plain(name.as_bytes()).name(),
            value: Text::plain(value.as_bytes()),
        });
        // A list cannot name the empty name: `q-url-param-list=` is no parameter at all.
        let pairs = query_pairs(request.query, Plus::Space).filter(Entry::is_named);
        match &self.params {
            SignedParams::All => pairs
                .chain(token.filter(|_| self.token_signed))
                .for_each(|pair| lists.push(pair)),
            SignedParams::Exactly(names) => {
                let mut names = names.iter();
                let is_chosen = |pair: &Entry<'_>| {
                    let mut names = names.clone();
                    names.any(|name| pair.name.is_name(&Text::plain(name.as_bytes())))
                };
                pairs
                    .chain(token)
                    .filter(is_chosen)
                    .for_each(|pair| lists.push(pair));
                lists.end_params();
                let missing = |name: &&String| !has(lists.params(), &Text::plain(name.as_bytes()));
                if let Some(name) = names.find(missing) {
                    return Err(SignError::ParamMissing(name.clone()));
                }
            }
        }
        lists.end_params();
        match repeated(lists.params()) {
            Some(entry) => Err(SignError::RepeatedParam(entry.name.shown())),
            None => Ok(()),
        }
    }

    fn choose_headers<'a>(
        &self,
        lists: &mut Lists<'a>,
        request: &Request<'a>,
        token: Option<&'a (HeaderName, HeaderValue)>,
    ) -> Result<(), SignError> {
        let mut push = |name: &'a str, value: &'a [u8], standard: bool| {
            let name = match standard {
                true => Text::known_name(name),
                false => Text::plain(name.as_bytes()).name(),
            };
            let value = Text::plain(trim(value));
            lists.push(Entry { name, value });
        };
        // A token from an earlier signature is replaced by this one.
        let replaced = |name: &str| token.is_some_and(|(token, _)| token == name);
        let mut has_host_line = false;
        request.for_each_header(|name, value| {
            has_host_line |= name == "host";
            let standard = is_standard(name);
            if self.headers.chooses(name, standard) && !replaced(name) {
                push(name, value, standard);
            }
        });
        if !has_host_line && self.headers.contains("host") {
            push("host", request.url_host().ok_or(SignError::NoHost)?, true);
        }
        if let Some((name, value)) = token {
            let chosen = match &self.headers {
                SignedHeaders::Exactly(_) => self.headers.contains(name.as_str()),
                _ => self.token_signed,
            };
            if chosen {
                push(name.as_str(), value.as_bytes(), false);
            }
        }
        lists.end_headers();
        if let Some(entry) = repeated(lists.headers()) {
            return Err(SignError::RepeatedHeader(entry.name.shown()));
        }
        if let SignedHeaders::Exactly(names) = &self.headers {
            let missing = |name: &&String| !has(lists.headers(), &Text::plain(name.as_bytes()));
            if let Some(name) = names.iter().find(missing) {
                return Err(SignError::HeaderMissing(name.clone()));
            }
        }
        Ok(())
    }
}

fn finish(
    authorization: Vec<u8>,
    token: Option<(HeaderName, HeaderValue)>,
) -> Result<Signed, SignError> {
    let authorization = HeaderValue::try_from(authorization).map_err(|_| SignError::SecretId)?;
    Ok(Signed {
        authorization: sensitive(authorization),
        token,
    })
}

/// Writes the `Authorization` value into a buffer of exactly its length. All of it is ASCII.
pub(crate) fn authorization(
    credentials: &Credentials,
    key: WindowKey,
    signable: &Signable<'_>,
) -> Result<Vec<u8>, SignError> {
    let id = credentials.usable_id()?;
    let window = key.window;
    let signature = key.sign(signable);
    let mut length = Count(0);
    write_authorization(id, window.as_bytes(), signable, &signature, &mut length);
    let mut out = Vec::with_capacity(length.0);
    write_authorization(id, window.as_bytes(), signable, &signature, &mut out);
    Ok(out)
}
