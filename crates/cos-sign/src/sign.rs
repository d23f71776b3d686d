//! Signs the head of a request: says what to add, and touches nothing.

use std::fmt;

use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

use crate::authorization::write_authorization;
use crate::choice::sensitive;
use crate::encode::{Count, Text};
use crate::head::Request;
use crate::http_string::{Signable, is_utf8};
use crate::lists::{Entry, List, query_pairs, trim};
use crate::signature::WindowKey;
use crate::{
    Credentials, Plus, SignError, SignedHeaders, SignedParams, SigningKey, TokenName, Validity,
};

/// What to add to a request to sign it.
#[derive(Clone)]
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

    /// Signs a request. More than 32 signed headers, or parameters, cost an allocation.
    ///
    /// # Errors
    /// [`SignError`]; nothing was changed then.
    pub fn sign(
        &self,
        head: &Parts,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Signed, SignError> {
        let key = WindowKey::new(credentials.secret_key(), validity);
        self.finish(&Request::of(head), credentials, &key)
    }

    /// Signs a request with a key that was derived before.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_with_key(&self, head: &Parts, key: &SigningKey) -> Result<Signed, SignError> {
        self.finish(&Request::of(head), key.credentials(), key.window())
    }

    fn finish(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        key: &WindowKey,
    ) -> Result<Signed, SignError> {
        let token = self.token_header(request, credentials)?;
        let signable = self.signable(request, token.as_ref(), None)?;
        let authorization = authorization(credentials, key, &signable)?;
        let authorization =
            HeaderValue::try_from(authorization).map_err(|_| SignError::SecretId)?;
        Ok(Signed {
            authorization: sensitive(authorization),
            token,
        })
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
        let host = request.host.and_then(|host| std::str::from_utf8(host).ok());
        Ok(Some((self.token.header(host), sensitive(value))))
    }

    /// Chooses and sorts what is signed. The token is in a header or in a parameter.
    pub(crate) fn signable<'a>(
        &self,
        request: &Request<'a>,
        token_header: Option<&'a (HeaderName, HeaderValue)>,
        token_param: Option<(&'a str, &'a str)>,
    ) -> Result<Signable<'a>, SignError> {
        if !is_utf8(request.path) {
            return Err(SignError::PathNotUtf8(request.path.to_owned()));
        }
        Ok(Signable {
            method: request.method,
            path: request.path,
            params: self.param_list(request, token_param)?,
            headers: self.header_list(request, token_header)?,
        })
    }

    fn param_list<'a>(
        &self,
        request: &Request<'a>,
        token: Option<(&'a str, &'a str)>,
    ) -> Result<List<'a>, SignError> {
        let mut list = List::new();
        let token = token.map(|(name, value)| Entry {
            name: Text::Plain(name.as_bytes()),
            value: Text::Plain(value.as_bytes()),
        });
        // A list cannot name the empty name: `q-url-param-list=` is no parameter at all.
        let pairs = || query_pairs(request.query, Plus::Space).filter(Entry::is_named);
        match &self.params {
            SignedParams::All => {
                let token = token.filter(|_| self.token_signed);
                pairs().chain(token).for_each(|pair| list.push(pair));
            }
            SignedParams::Exactly(names) => {
                for name in names {
                    let wanted = Text::Plain(name.as_bytes());
                    let is_wanted = |pair: &Entry<'_>| pair.name.cmp_names(&wanted).is_eq();
                    if !pairs().chain(token).any(|pair| is_wanted(&pair)) {
                        return Err(SignError::ParamMissing(name.clone()));
                    }
                }
                let is_chosen = |pair: &Entry<'_>| {
                    names
                        .iter()
                        .any(|name| pair.name.cmp_names(&Text::Plain(name.as_bytes())).is_eq())
                };
                pairs()
                    .chain(token)
                    .filter(is_chosen)
                    .for_each(|pair| list.push(pair));
            }
        }
        list.sort();
        match list.repeated() {
            Some(entry) => Err(SignError::RepeatedParam(entry.name.shown())),
            None => Ok(list),
        }
    }

    fn header_list<'a>(
        &self,
        request: &Request<'a>,
        token: Option<&'a (HeaderName, HeaderValue)>,
    ) -> Result<List<'a>, SignError> {
        let mut list = List::new();
        let mut push = |name: &'a str, value: &'a [u8]| {
            list.push(Entry {
                name: Text::Plain(name.as_bytes()),
                value: Text::Plain(trim(value)),
            });
        };
        // A token from an earlier signature is replaced by this one.
        let replaced = |name: &str| token.is_some_and(|(token, _)| token == name);
        let mut host_lines = 0;
        request.for_each_header(|name, value| {
            if name == HOST.as_str() {
                host_lines += 1;
            } else if self.headers.contains(name) && !replaced(name) {
                push(name, value);
            }
        });
        if host_lines > 1 {
            return Err(SignError::RepeatedHeader("host".to_owned()));
        }
        if self.headers.contains("host") {
            push("host", request.host.ok_or(SignError::NoHost)?);
        }
        if let Some((name, value)) = token {
            let chosen = match &self.headers {
                SignedHeaders::Exactly(_) => self.headers.contains(name.as_str()),
                _ => self.token_signed,
            };
            if chosen {
                push(name.as_str(), value.as_bytes());
            }
        }
        list.sort();
        if let Some(entry) = list.repeated() {
            return Err(SignError::RepeatedHeader(entry.name.shown()));
        }
        if let SignedHeaders::Exactly(names) = &self.headers {
            let missing = names.iter().find(|name| {
                let name = Text::Plain(name.as_bytes());
                !list
                    .entries()
                    .iter()
                    .any(|e| e.name.cmp_names(&name).is_eq())
            });
            if let Some(name) = missing {
                return Err(SignError::HeaderMissing(name.clone()));
            }
        }
        Ok(list)
    }
}

/// The secret id, if it can stand in an `Authorization` value, which has no escapes.
pub(crate) fn usable_id(credentials: &Credentials) -> Result<&str, SignError> {
    let id = credentials.secret_id();
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic() && b != b'&') {
        return Err(SignError::SecretId);
    }
    Ok(id)
}

/// Writes the `Authorization` value into a text of exactly its length.
pub(crate) fn authorization(
    credentials: &Credentials,
    key: &WindowKey,
    signable: &Signable<'_>,
) -> Result<String, SignError> {
    let id = usable_id(credentials)?;
    let window = key.validity.text();
    let signature = key.sign(signable);
    let mut length = Count(0);
    write_authorization(id, window.as_bytes(), signable, &signature, &mut length);
    let mut out = Vec::with_capacity(length.0);
    write_authorization(id, window.as_bytes(), signable, &signature, &mut out);
    // Everything written is ASCII: the id was checked and the rest is encoded.
    String::from_utf8(out).map_err(|_| SignError::SecretId)
}
