//! Which bucket, region and path a request means, in all the ways a program can be pointed here.
//!
//! A bucket stands in the host name, in an absolute-form request line (the engine as a proxy), or as
//! the first segment of the path on a bare address. docs/local-service.md lists the forms.

use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode_str;

/// Where a request goes, read once from its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The bucket, if the request names one.
    pub(crate) bucket: Option<String>,
    /// The region in the host name, if there is one.
    pub(crate) region: Option<String>,
    /// The percent-decoded path without the bucket's prefix, starting with `/`.
    pub(crate) path: String,
    /// Whether the bucket was taken off the path.
    pub(crate) prefixed: bool,
    /// Whether the host names no bucket: here the engine's own pages live.
    pub(crate) bare: bool,
}

/// Why a request cannot be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressError {
    /// No host, two hosts, or one that is no host name.
    Host,
    /// A path that does not decode to UTF-8 text.
    Path,
}

/// Reads host and path.
pub(crate) fn locate(head: &Parts) -> Result<Address, AddressError> {
    let host = host(head)?;
    let path = percent_decode_str(head.uri.path())
        .decode_utf8()
        .map_err(|_| AddressError::Path)?
        .into_owned();
    let (bucket, region, bare) = match split_host(&host)? {
        Named::Bucket { bucket, region } => (Some(bucket), region, false),
        Named::Service { region } => (None, Some(region), false),
        Named::Nothing => (None, None, true),
    };
    if bare {
        let inner = path.strip_prefix('/').unwrap_or(&path);
        let (first, rest) = inner.split_once('/').unwrap_or((inner, ""));
        if is_bucket(first) && !is_reserved(first) {
            return Ok(Address {
                bucket: Some(first.to_owned()),
                region,
                path: format!("/{rest}"),
                prefixed: true,
                bare: false,
            });
        }
    }
    Ok(Address {
        bucket,
        region,
        path,
        prefixed: false,
        bare,
    })
}

/// The host as the client wrote it, lower-cased, without the port.
fn host(head: &Parts) -> Result<String, AddressError> {
    let text = match head.uri.authority() {
        // An absolute-form request line wins over the header (RFC 9112, 3.2.2).
        Some(authority) => authority.as_str(),
        None => {
            let mut lines = head.headers.get_all(HOST).iter();
            let line = lines.next().ok_or(AddressError::Host)?;
            if lines.next().is_some() {
                return Err(AddressError::Host);
            }
            line.to_str().map_err(|_| AddressError::Host)?
        }
    };
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let name = match text.strip_prefix('[') {
        Some(v6) => v6.split_once(']').map_or(v6, |(name, _)| name),
        None => text.split_once(':').map_or(text, |(name, _)| name),
    };
    if name.is_empty() {
        return Err(AddressError::Host);
    }
    Ok(name.to_ascii_lowercase())
}

enum Named {
    Bucket {
        bucket: String,
        region: Option<String>,
    },
    Service {
        region: String,
    },
    Nothing,
}

fn split_host(host: &str) -> Result<Named, AddressError> {
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [service, region, _, ..] if is_service(service) => Ok(Named::Service {
            region: (*region).to_owned(),
        }),
        ["service", "cos", ..] => Ok(Named::Nothing),
        [bucket, service, region, _, ..] if is_service(service) => {
            if is_bucket(bucket) {
                Ok(Named::Bucket {
                    bucket: (*bucket).to_owned(),
                    region: Some((*region).to_owned()),
                })
            } else {
                Err(AddressError::Host)
            }
        }
        [bucket, "localhost"] => {
            if is_bucket(bucket) {
                Ok(Named::Bucket {
                    bucket: (*bucket).to_owned(),
                    region: None,
                })
            } else {
                Err(AddressError::Host)
            }
        }
        _ => Ok(Named::Nothing),
    }
}

fn is_service(label: &str) -> bool {
    matches!(label, "ci" | "cos" | "pic" | "cos-internal")
}

/// Names that are paths of the API or of the engine, so no bucket of that name on a bare address.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "jobs" | "template" | "queue" | "mediabucket" | "livez" | "readyz" | "metrics"
    )
}

/// Lower-case letters, digits and inner hyphens, at most 60 long: what the service takes and a
/// folder of that name can hold.
pub(crate) fn is_bucket(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The parameters of a query, decoded, in order; `+` is a blank, as the official servers read it.
pub(crate) fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_decode_str(&blanks).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, target: &str) -> Result<Address, AddressError> {
        let mut request = http::Request::builder().uri(target);
        if !host.is_empty() {
            request = request.header(HOST, host);
        }
        locate(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn every_host_form_names_its_bucket_and_region() {
        for (host, target, bucket, region, path) in [
            (
                "b-1.ci.ap-chongqing.myqcloud.com",
                "/jobs",
                "b-1",
                "ap-chongqing",
                "/jobs",
            ),
            (
                "b-1.cos.ap-beijing.myqcloud.com:80",
                "/a%20b",
                "b-1",
                "ap-beijing",
                "/a b",
            ),
            ("B-1.CI.ap-x.TENCENTCI.cn", "/jobs", "b-1", "ap-x", "/jobs"),
            ("b-1.cos.ap-x.tencentcos.cn", "/k", "b-1", "ap-x", "/k"),
            (
                "127.0.0.1:7717",
                "http://b-1.ci.ap-x.myqcloud.com/jobs",
                "b-1",
                "ap-x",
                "/jobs",
            ),
        ] {
            let got = at(host, target).unwrap();
            assert_eq!(got.bucket.as_deref(), Some(bucket), "{host} {target}");
            assert_eq!(got.region.as_deref(), Some(region), "{host} {target}");
            assert_eq!(
                (got.path.as_str(), got.prefixed, got.bare),
                (path, false, false)
            );
        }
        let local = at("b-1.localhost:7717", "/x").unwrap();
        assert_eq!((local.bucket.as_deref(), local.region), (Some("b-1"), None));
    }

    #[test]
    fn a_bare_address_takes_the_bucket_from_the_path() {
        for host in [
            "127.0.0.1:7717",
            "localhost:7717",
            "[::1]:7717",
            "engine.lan",
        ] {
            let got = at(host, "/b-1/in/a.mp4").unwrap();
            assert_eq!(got.bucket.as_deref(), Some("b-1"), "{host}");
            assert_eq!((got.path.as_str(), got.prefixed), ("/in/a.mp4", true));
            assert!(at(host, "/livez").unwrap().bare);
            assert_eq!(at(host, "/jobs").unwrap().bucket, None);
            assert_eq!(at(host, "/_engine/state").unwrap().bucket, None);
        }
    }

    #[test]
    fn the_host_of_a_region_names_no_bucket() {
        let got = at("ci.ap-x.myqcloud.com", "/mediabucket").unwrap();
        assert_eq!(
            (got.bucket, got.region.as_deref(), got.bare),
            (None, Some("ap-x"), false)
        );
    }

    #[test]
    fn hosts_and_paths_that_mean_nothing_are_refused() {
        assert_eq!(at("", "/jobs"), Err(AddressError::Host));
        assert_eq!(at(":80", "/jobs"), Err(AddressError::Host));
        assert_eq!(
            at("..ci.ap-x.myqcloud.com", "/jobs"),
            at("127.0.0.1", "/jobs")
        );
        assert_eq!(
            at("b_1.ci.ap-x.myqcloud.com", "/jobs"),
            Err(AddressError::Host)
        );
        assert_eq!(at("b-1.localhost", "/%ff"), Err(AddressError::Path));
    }

    #[test]
    fn a_query_is_read_in_order_with_empty_values_and_blanks() {
        let got = query("a=1&cancel&b=x%2By+z&&=v");
        let want = [("a", "1"), ("cancel", ""), ("b", "x+y z"), ("", "v")];
        assert_eq!(got, want.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
