//! Checks a signed request, for servers and gateways; says which rule failed.

mod error;
#[cfg(test)]
mod tests;

use http::header::AUTHORIZATION;
use http::request::Parts;

pub use error::{Mismatch, VerifyError};

use crate::encode::unhex20;
use crate::head::{Request, token_header};
use crate::http_string::Signable;
use crate::lists::{Entry, Lists, has, query_pairs, trim};
use crate::signature::WindowKey;
use crate::text::Text;
use crate::{Authorization, CI_TOKEN, COS_TOKEN, Plus, SecretKey};

/// Where a signature stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// In the `Authorization` header.
    Header,
    /// In seven parameters of the query.
    Query,
    /// In the one parameter `sign`.
    SignParam,
}

/// What a valid signature proves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verified {
    /// The signature, with whose key it was made, its window, and which names it covers.
    pub authorization: Authorization,
    /// Where it stood.
    pub place: Place,
    /// The form of `Host` that was signed; `None` if the host was not signed.
    pub host: Option<String>,
    /// How the signer read a `+` in the query. Read the parameters in the same way:
    /// a signature covers one reading, not both.
    pub plus: Plus,
    /// The session token, from a header or a parameter of either official name, signed or not.
    /// Checking that it belongs to the key is up to the caller.
    pub token: Option<crate::SecretKey>,
}

/// Verifies the signature of a request as it was received.
///
/// `lookup` finds the key of a secret id; [`SecretKey`] and [`Credentials`](crate::Credentials) both do.
/// `now` is in Unix seconds. The signature is compared in constant time.
///
/// The strings are rebuilt from what the signature lists: other headers and parameters are ignored.
/// Names are compared without case; a name that was sent several times counts with all its values,
/// sorted, as the Go SDK signs them. A `+` in the query is tried as a blank and then as itself.
/// With an `Authorization` header the query is not searched for another signature.
///
/// # Errors
/// [`VerifyError`] names the rule that failed.
pub fn verify<K: AsRef<SecretKey>>(
    head: &Parts,
    lookup: impl Fn(&str) -> Option<K>,
    now: u64,
) -> Result<Verified, VerifyError> {
    verify_with(head, lookup, now, &[])
}

/// As [`verify`], accepting further forms of `Host` besides the one that was received.
///
/// The Python SDK, pointed at an address, sends `127.0.0.1:9000` and signs `127.0.0.1`: a server that wants it as
/// a client passes [`without_port`](crate::without_port) of the host. The received form is tried first, then `hosts` in order;
/// [`Verified::host`] says which one was signed.
///
/// # Errors
/// As [`verify`]; a mismatch shows the strings for the received host.
pub fn verify_with<K: AsRef<SecretKey>>(
    head: &Parts,
    lookup: impl Fn(&str) -> Option<K>,
    now: u64,
    hosts: &[&str],
) -> Result<Verified, VerifyError> {
    let request = Request::of(head);
    let (place, authorization) = find(head)?;
    let window = authorization.validity;
    if now < window.start() {
        return Err(VerifyError::NotYetValid {
            validity: window,
            now,
        });
    }
    if now > window.end() {
        return Err(VerifyError::Expired {
            validity: window,
            now,
        });
    }
    let Some(key) = lookup(&authorization.secret_id) else {
        return Err(VerifyError::UnknownKey(authorization.secret_id));
    };
    let signature = unhex20(&authorization.signature)
        .ok_or(VerifyError::Malformed(crate::AuthorizationError::Signature))?;
    let key = WindowKey::new(key.as_ref(), window);

    let host_signed = authorization
        .headers
        .iter()
        .any(|name| name.eq_ignore_ascii_case("host"));
    let readings: &[Plus] = if request.query.contains('+') {
        &[Plus::Space, Plus::Literal]
    } else {
        &[Plus::Space]
    };
    let others = hosts.iter().map(|host| host.as_bytes());
    let others = others.filter(|host| host_signed && Some(*host) != request.host());
    // The first attempt that could be rebuilt says most about a mismatch; failing that, the first that could not.
    let mut mismatch = None;
    let mut lacking = None;
    for host in std::iter::once(request.host()).chain(others.map(Some)) {
        for &plus in readings {
            let lists = match rebuild(&request, &authorization, host, plus) {
                Ok(lists) => lists,
                Err(error) => {
                    lacking.get_or_insert(error);
                    continue;
                }
            };
            let signable = Signable {
                method: request.method,
                path: request.path,
                lists: &lists,
            };
            if key.matches(&signable, &signature) {
                let host = host.filter(|_| host_signed);
                return Ok(Verified {
                    host: host.map(|host| String::from_utf8_lossy(host).into_owned()),
                    token: token(head, &request, plus),
                    authorization,
                    place,
                    plus,
                });
            }
            mismatch.get_or_insert_with(|| (key.string_to_sign(&signable), signable.http_string()));
        }
    }
    match (mismatch, lacking) {
        (None, Some(error)) => Err(error),
        (strings, _) => {
            let (string_to_sign, http_string) = strings.unwrap_or_default();
            Err(VerifyError::Mismatch(Box::new(Mismatch {
                http_string,
                string_to_sign,
                authorization,
            })))
        }
    }
}

/// Finds the signature of a request in the header, in the query, or in the parameter `sign`.
fn find(head: &Parts) -> Result<(Place, Authorization), VerifyError> {
    let mut lines = head.headers.get_all(AUTHORIZATION).iter();
    if let Some(value) = lines.next() {
        let text = std::str::from_utf8(trim(value.as_bytes())).ok();
        let (Some(text), None) = (text, lines.next()) else {
            return Err(VerifyError::UnreadableHeader);
        };
        return Ok((Place::Header, text.parse()?));
    }
    let query = head.uri.query().unwrap_or_default();
    if let Some(found) = Authorization::from_query(query) {
        return Ok((Place::Query, found?));
    }
    let sign = Text::plain(b"sign");
    let merged = query_pairs(query, Plus::Literal)
        .filter(|pair| pair.name.is_name(&sign))
        .map(|pair| pair.value.shown())
        .find(|value| value.contains("q-sign-algorithm="));
    match merged {
        Some(value) => Ok((Place::SignParam, value.parse()?)),
        None => Err(VerifyError::Missing),
    }
}

/// Chooses from the request what the signature lists.
fn rebuild<'a>(
    request: &Request<'a>,
    authorization: &Authorization,
    host: Option<&'a [u8]>,
    plus: Plus,
) -> Result<Lists<'a>, VerifyError> {
    let listed =
        |names: &[String], name: &Text<'_>| names.iter().any(|n| name.is_name(&listed_name(n)));
    let mut lists = Lists::new();
    query_pairs(request.query, plus)
        .filter(|pair| listed(&authorization.params, &pair.name))
        .for_each(|pair| lists.push(pair));
    lists.end_params();
    let mut push = |name: &'a str, value: &'a [u8]| {
        let name = Text::plain(name.as_bytes()).name();
        if listed(&authorization.headers, &name) {
            let value = Text::plain(trim(value));
            lists.push(Entry { name, value });
        }
    };
    request.for_each_header(|name, value| {
        if name != "host" {
            push(name, value);
        }
    });
    if let Some(host) = host {
        push("host", host);
    }
    lists.end_headers();

    let missing = |names: &[String], list: &[Entry<'_>]| {
        let mut names = names.iter();
        names.find(|name| !has(list, &listed_name(name))).cloned()
    };
    if let Some(name) = missing(&authorization.headers, lists.headers()) {
        return Err(VerifyError::HeaderMissing(name));
    }
    if let Some(name) = missing(&authorization.params, lists.params()) {
        return Err(VerifyError::ParamMissing(name));
    }
    Ok(lists)
}

/// A name as it stands in a list: encoded, so that reading it gives the name of the request.
fn listed_name(name: &str) -> Text<'_> {
    Text::query(name.as_bytes(), Plus::Literal).name()
}

fn token(head: &Parts, request: &Request<'_>, plus: Plus) -> Option<SecretKey> {
    if let Some(token) = token_header(&head.headers) {
        return Some(SecretKey::new(token));
    }
    let is_token = |name: &Text<'_>| {
        [COS_TOKEN, CI_TOKEN]
            .iter()
            .any(|token| name.is_name(&Text::plain(token.as_str().as_bytes())))
    };
    query_pairs(request.query, plus)
        .find(|pair| is_token(&pair.name))
        .map(|pair| SecretKey::new(pair.value.shown()))
}
