//! What a signer and a verifier read in the head of a request.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri, header};

/// A request as it is on the wire, wherever its description comes from.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) url_host: UrlHost<'a>,
    pub(crate) headers: Headers<'a>,
}

/// Where the host stands if no header says it.
#[derive(Clone, Copy)]
pub(crate) enum UrlHost<'a> {
    Uri(&'a Uri),
    Host(&'a str),
}

/// Header lines of a [`Request`].
pub(crate) enum Headers<'a> {
    Map(&'a HeaderMap),
    /// Names in lower case.
    Lines(&'a [(String, Vec<u8>)]),
}

impl<'a> Request<'a> {
    pub(crate) fn of(head: &'a Parts) -> Self {
        Self {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or(""),
            url_host: UrlHost::Uri(&head.uri),
            headers: Headers::Map(&head.headers),
        }
    }

    /// The `Host` that goes, or went, with the request: the header if there is one, else that of the URL.
    pub(crate) fn host(&self) -> Option<&'a [u8]> {
        let line = match self.headers {
            Headers::Map(map) => map.get(header::HOST).map(HeaderValue::as_bytes),
            Headers::Lines(lines) => lines
                .iter()
                .find(|(name, _)| name == "host")
                .map(|(_, value)| value.as_slice()),
        };
        line.or_else(|| self.url_host())
    }

    /// What an HTTP client makes of the URL: its host, and the port unless it is the default one of the scheme.
    pub(crate) fn url_host(&self) -> Option<&'a [u8]> {
        match self.url_host {
            UrlHost::Uri(uri) => {
                let authority = uri.authority()?.as_str();
                Some(authority_host(authority, uri.scheme_str()).as_bytes())
            }
            UrlHost::Host(host) => Some(host.as_bytes()),
        }
    }

    /// Visits every header line; names are in lower case.
    pub(crate) fn for_each_header(&self, mut visit: impl FnMut(&'a str, &'a [u8])) {
        match self.headers {
            Headers::Map(map) => {
                for (name, value) in map {
                    visit(name.as_str(), value.as_bytes());
                }
            }
            Headers::Lines(lines) => {
                for (name, value) in lines {
                    visit(name, value);
                }
            }
        }
    }
}

/// The host of an authority, without user information and without the default port.
pub(crate) fn authority_host<'a>(authority: &'a str, scheme: Option<&str>) -> &'a str {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let default = match scheme {
        Some(s) if s.eq_ignore_ascii_case("https") => ":443",
        Some(s) if s.eq_ignore_ascii_case("http") => ":80",
        _ => return host,
    };
    host.strip_suffix(default).unwrap_or(host)
}

/// `host` without its port, if it has one. Knows `[::1]:80`.
#[must_use]
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// The session token a request carries, under either official name, in a header.
pub(crate) fn token_header(headers: &HeaderMap) -> Option<&str> {
    [crate::CI_TOKEN, crate::COS_TOKEN]
        .iter()
        .find_map(|name| headers.get(name))
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_of_the_scheme_is_not_part_of_host() {
        for (authority, scheme, host) in [
            ("h:443", Some("https"), "h"),
            ("h:80", Some("https"), "h:80"),
            ("h:80", Some("HTTP"), "h"),
            ("h:443", None, "h:443"),
            ("user:pass@h:8080", Some("http"), "h:8080"),
            ("[::1]:80", Some("http"), "[::1]"),
        ] {
            assert_eq!(authority_host(authority, scheme), host, "{authority}");
        }
    }

    #[test]
    fn a_port_is_taken_off_any_kind_of_host() {
        for (host, name) in [
            ("127.0.0.1:9000", "127.0.0.1"),
            ("h", "h"),
            ("[::1]:9000", "[::1]"),
            ("::1", "::1"),
            ("h:x", "h:x"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
