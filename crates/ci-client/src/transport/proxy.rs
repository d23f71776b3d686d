//! Which proxy a request takes, if any.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use http::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use thiserror::Error;

/// How requests leave this machine. Read from the environment by default.
#[derive(Clone)]
pub struct Proxy(Arc<Matcher>);

/// A proxy setting that cannot be used.
#[derive(Debug, Error)]
#[error("{name}: {problem}; write http://[user:password@]host:port")]
pub struct InvalidProxy {
    name: String,
    problem: &'static str,
}

/// A proxy in the way of one request.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// TLS to the proxy itself.
    pub(crate) tls: bool,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Hop {
    /// Without credentials.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Proxy {
    /// No proxy, whatever the environment says.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Matcher::builder().build()))
    }

    /// This proxy for every request: `http://[user:password@]host:port`.
    ///
    /// # Errors
    /// [`InvalidProxy`] when it is no such URL.
    pub fn url(url: &str) -> Result<Self, InvalidProxy> {
        Self::url_except(url, "")
    }

    /// This proxy for every request but those to the hosts listed as `NO_PROXY` lists them.
    ///
    /// # Errors
    /// [`InvalidProxy`] when it is no such URL.
    pub fn url_except(url: &str, no_proxy: &str) -> Result<Self, InvalidProxy> {
        check("the proxy", url)?;
        if is_everything(no_proxy) {
            return Ok(Self::none());
        }
        Ok(Self(Arc::new(
            Matcher::builder()
                .all(url.to_owned())
                .no(no_proxy.to_owned())
                .build(),
        )))
    }

    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in capitals or not; as curl, `HTTP_PROXY` counts
    /// in lower case only when `REQUEST_METHOD` is set (a CGI server puts a header of its client there).
    ///
    /// # Errors
    /// [`InvalidProxy`] names the variable that is no proxy.
    pub fn from_env() -> Result<Self, InvalidProxy> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// As [`Proxy::from_env`], with another source of variables.
    ///
    /// # Errors
    /// [`InvalidProxy`] names the variable that is no proxy.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidProxy> {
        let cgi = var("REQUEST_METHOD").is_some();
        let read = |capitals: &str| {
            let small = capitals.to_ascii_lowercase();
            let names = if cgi && capitals == "HTTP_PROXY" {
                vec![small]
            } else {
                vec![small, capitals.to_owned()]
            };
            names.into_iter().find_map(|name| {
                let value = var(&name).filter(|value| !value.trim().is_empty())?;
                Some((name, value.trim().to_owned()))
            })
        };
        let checked = |capitals: &str| match read(capitals) {
            None => Ok(String::new()),
            Some((name, value)) => check(&name, &value).map(|()| value),
        };
        let no = read("NO_PROXY").map(|(_, value)| value).unwrap_or_default();
        let builder = Matcher::builder()
            .all(checked("ALL_PROXY")?)
            .http(checked("HTTP_PROXY")?);
        let builder = builder.https(checked("HTTPS_PROXY")?);
        if is_everything(&no) {
            return Ok(Self::none());
        }
        Ok(Self(Arc::new(builder.no(no).build())))
    }

    /// Host and port of the proxy that a request to this address takes; nothing when it goes straight there.
    #[must_use]
    pub fn between(&self, to: &Uri) -> Option<(String, u16)> {
        self.hop(to).map(|hop| (hop.host, hop.port))
    }

    pub(crate) fn hop(&self, to: &Uri) -> Option<Hop> {
        let intercept = self.0.intercept(to)?;
        let uri = intercept.uri();
        let tls = uri.scheme_str() == Some("https");
        Some(Hop {
            host: uri.host()?.to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            authorization: intercept.basic_auth().cloned().map(|mut value| {
                value.set_sensitive(true);
                value
            }),
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The matcher would show the credentials of its URLs.
        f.write_str("Proxy(…)")
    }
}

/// The matcher takes a star for every name, but not for addresses.
fn is_everything(no_proxy: &str) -> bool {
    no_proxy.split(',').any(|entry| entry.trim() == "*")
}

/// Says no where the matcher would silently go without a proxy.
fn check(name: &str, value: &str) -> Result<(), InvalidProxy> {
    let invalid = |problem| {
        Err(InvalidProxy {
            name: name.to_owned(),
            problem,
        })
    };
    let full = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let Ok(uri) = full.parse::<Uri>() else {
        return invalid("is not a URL");
    };
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(_) => {
            return invalid("is a kind of proxy that is not supported, only http and https are");
        }
        None => return invalid("is not a URL"),
    }
    if uri.host().is_none_or(str::is_empty) {
        invalid("names no host")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(vars: &[(&str, &str)], to: &str) -> Option<String> {
        let vars: Vec<_> = vars
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let proxy =
            Proxy::from_vars(|name| vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
                .unwrap();
        proxy.hop(&to.parse().unwrap()).map(|hop| hop.name())
    }

    #[test]
    fn the_scheme_of_the_request_chooses_the_variable_and_no_proxy_wins() {
        let vars = [
            ("HTTPS_PROXY", "http://secure:1"),
            ("http_proxy", "plain:2"),
            ("NO_PROXY", "localhost,10.0.0.0/8,.internal"),
        ];
        assert_eq!(hop(&vars, "https://a.b/").as_deref(), Some("secure:1"));
        assert_eq!(hop(&vars, "http://a.b/").as_deref(), Some("plain:2"));
        for to in [
            "http://localhost:7717/",
            "http://10.1.2.3/",
            "https://x.internal/",
        ] {
            assert_eq!(hop(&vars, to), None, "{to}");
        }
        assert_eq!(
            hop(&[("ALL_PROXY", "http://all:3")], "https://a.b/").as_deref(),
            Some("all:3")
        );
        assert_eq!(hop(&[], "https://a.b/"), None);
    }

    #[test]
    fn a_variable_that_a_cgi_client_can_set_is_not_believed() {
        let vars = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(hop(&vars, "http://a.b/"), None);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_with_its_name() {
        for (value, part) in [
            ("socks5://h:1", "not supported"),
            ("http://", "URL"),
            ("a b", "URL"),
        ] {
            let error = Proxy::from_vars(|name| (name == "HTTPS_PROXY").then(|| value.to_owned()))
                .unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("HTTPS_PROXY: ") && text.contains(part),
                "{text}"
            );
        }
    }

    #[test]
    fn credentials_travel_as_a_header_and_are_never_shown() {
        let proxy = Proxy::url("http://user:CANARY@h:1").unwrap();
        let hop = proxy.hop(&Uri::from_static("https://a.b/")).unwrap();
        let value = hop.authorization.unwrap();
        assert!(value.is_sensitive() && value.to_str().unwrap().starts_with("Basic "));
        assert!(!format!("{proxy:?}{value:?}").contains("CANARY"));
    }
}
