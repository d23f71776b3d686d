//! Which headers and parameters are signed, and where the token goes.

use http::HeaderName;
use http::header::HeaderValue;

/// Header that carries the token to CI hosts (1045/43609).
pub const CI_TOKEN: HeaderName = HeaderName::from_static("x-ci-security-token");

/// Header or parameter that carries the token to COS hosts.
pub const COS_TOKEN: HeaderName = HeaderName::from_static("x-cos-security-token");

/// Which headers of a request are signed. A header that is not there is not signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignedHeaders {
    /// `host`, the headers that change what a request means, and every `x-cos-…` and `x-ci-…`:
    /// `cache-control content-disposition content-encoding content-length content-md5 content-type expect expires
    /// host if-match if-modified-since if-none-match if-unmodified-since origin pic-operations range
    /// transfer-encoding`. The Python and Java SDKs sign these.
    ///
    /// Left out is what a proxy or an HTTP library may change on the way (`user-agent`, `accept`, `connection`, `date`).
    #[default]
    Standard,
    /// As the Go SDK: the standard ones, `access-control-request-method` and `access-control-request-headers`.
    Go,
    /// As the Node SDK 3.0: the standard ones and every name that contains `x-cos-` or `x-ci-` anywhere.
    Node,
    /// Exactly these names, compared without case. One that the request lacks is refused.
    Exactly(Vec<String>),
}

impl SignedHeaders {
    /// Whether the header `name`, in lower case, is signed.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.chooses(name, is_standard(name))
    }

    /// As [`SignedHeaders::contains`], by one who knows whether the standard choice names it outright.
    pub(crate) fn chooses(&self, name: &str, standard: bool) -> bool {
        let prefixed = || name.starts_with("x-cos-") || name.starts_with("x-ci-");
        match self {
            Self::Standard => standard || prefixed(),
            Self::Go => {
                standard
                    || prefixed()
                    || matches!(
                        name,
                        "access-control-request-method" | "access-control-request-headers"
                    )
            }
            Self::Node => standard || name.contains("x-cos-") || name.contains("x-ci-"),
            Self::Exactly(names) => names.iter().any(|n| n.eq_ignore_ascii_case(name)),
        }
    }
}

/// Whether the standard choice names it outright.
pub(crate) fn is_standard(name: &str) -> bool {
    matches!(
        name,
        "cache-control"
            | "content-disposition"
            | "content-encoding"
            | "content-length"
            | "content-md5"
            | "content-type"
            | "expect"
            | "expires"
            | "host"
            | "if-match"
            | "if-modified-since"
            | "if-none-match"
            | "if-unmodified-since"
            | "origin"
            | "pic-operations"
            | "range"
            | "transfer-encoding"
    )
}

/// Which query parameters of a request are signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignedParams {
    /// All of them, as every SDK does; but for one without a name (`?=x`), which no list can name.
    #[default]
    All,
    /// Exactly these names, decoded, compared without case. One that the request lacks is refused.
    Exactly(Vec<String>),
}

/// Under which name the token of temporary credentials travels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenName {
    /// `x-ci-security-token` to CI hosts, `x-cos-security-token` to others, as the Python and Node SDKs.
    /// In a presigned URL always `x-cos-security-token`.
    #[default]
    ByHost,
    /// `x-cos-security-token` to every host, as the Go and Java SDKs.
    Cos,
    /// `x-ci-security-token` to every host.
    Ci,
    /// Another name.
    Named(HeaderName),
}

impl TokenName {
    pub(crate) fn header(&self, host: Option<&str>) -> HeaderName {
        match self {
            Self::ByHost if host.is_some_and(is_ci_host) => CI_TOKEN,
            Self::ByHost | Self::Cos => COS_TOKEN,
            Self::Ci => CI_TOKEN,
            Self::Named(name) => name.clone(),
        }
    }

    pub(crate) fn param(&self) -> HeaderName {
        self.header(None)
    }
}

/// Whether a host, with or without port, belongs to CI: `ci.<region>.…` or `<bucket>.ci.<region>.…`.
///
/// The test of the Node SDK: the first or second label is `ci`.
#[must_use]
pub fn is_ci_host(host: &str) -> bool {
    let mut labels = host.split('.');
    let is_ci = |label: Option<&str>| label.is_some_and(|l| l.eq_ignore_ascii_case("ci"));
    // The last label is no answer: a machine called `ci` is not the service.
    host.contains('.')
        && (is_ci(labels.next()) || (is_ci(labels.next()) && labels.next().is_some()))
}

pub(crate) fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_hosts_are_told_by_their_first_two_labels() {
        for host in [
            "b-1250000000.ci.ap-chongqing.myqcloud.com",
            "ci.ap-chongqing.myqcloud.com",
            "b-1250000000.CI.ap-chongqing.tencentci.cn:8080",
        ] {
            assert!(is_ci_host(host), "{host}");
        }
        for host in [
            "b-1250000000.cos.ap-chongqing.myqcloud.com",
            "ci",
            "build.ci",
            "127.0.0.1:9000",
            "a.b.ci.example.com",
            "",
        ] {
            assert!(!is_ci_host(host), "{host}");
        }
    }

    #[test]
    fn an_exact_list_ignores_case() {
        let exactly = SignedHeaders::Exactly(vec!["Host".into(), "DATE".into()]);
        assert!(exactly.contains("host") && exactly.contains("date"));
        assert!(!exactly.contains("range"));
    }
}
