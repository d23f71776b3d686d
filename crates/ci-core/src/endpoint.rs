//! Where requests go: bucket and region make the host, and a base of its own says where to connect instead.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, Request, Uri};

use crate::RequestError;
use crate::query::Query;

/// A bucket in a region, and how it is reached.
///
/// ```
/// use ci_core::{DescribeJobs, Endpoint, Operation};
///
/// let cloud = Endpoint::cloud("media-1250000000", "ap-chongqing")?;
/// let local = cloud.clone().with_base("http://127.0.0.1:7717")?;
/// let call = DescribeJobs::one("j1".parse()?);
/// assert_eq!(call.request(&cloud)?.uri(), "https://media-1250000000.ci.ap-chongqing.myqcloud.com/jobs/j1");
/// assert_eq!(call.request(&local)?.uri(), "http://127.0.0.1:7717/jobs/j1");
/// assert_eq!(call.request(&local)?.headers()["host"], "media-1250000000.ci.ap-chongqing.myqcloud.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    bucket: String,
    region: String,
    domain: Domain,
    access: ObjectAccess,
    base: Option<(Scheme, Authority)>,
    insecure: bool,
}

/// Which hosts a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// `<bucket>.ci.<region>.…`: jobs, templates, queues.
    Ci,
    /// `ci.<region>.…`: what is not about one bucket.
    CiRegion,
    /// `<bucket>.cos.<region>.…`: objects.
    Objects,
}

/// The names under which the service is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Domain {
    /// `myqcloud.com`.
    #[default]
    Standard,
    /// `tencentci.cn` for CI and `tencentcos.cn` for objects, which mobile SDKs fall back to.
    Newer,
}

/// How objects are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ObjectAccess {
    /// `<bucket>.cos.<region>.…`
    #[default]
    Public,
    /// `<bucket>.cos-internal.<region>.tencentcos.cn`, from within Tencent Cloud.
    Internal,
    /// `<bucket>.cos.accelerate.…`, wherever the bucket is.
    Accelerate,
}

impl Endpoint {
    /// The public service over https.
    ///
    /// # Errors
    /// [`RequestError::Bucket`] or [`RequestError::Region`] when a name cannot be part of a host.
    pub fn cloud(
        bucket: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, RequestError> {
        let (bucket, region) = (bucket.into(), region.into());
        if !is_label(&bucket) {
            return Err(RequestError::Bucket(bucket));
        }
        if !is_label(&region) {
            return Err(RequestError::Region(region));
        }
        let (domain, access) = (Domain::default(), ObjectAccess::default());
        Ok(Self {
            bucket,
            region,
            domain,
            access,
            base: None,
            insecure: false,
        })
    }

    /// Connects to this http or https address instead, and still addresses the bucket's own host. For a local engine, a
    /// private address, or a test.
    ///
    /// # Errors
    /// [`RequestError::Base`] when it is not a scheme, a host and perhaps a port.
    pub fn with_base(mut self, base: &str) -> Result<Self, RequestError> {
        let wrong = || RequestError::Base(base.to_owned());
        let parts = base.parse::<Uri>().map_err(|_| wrong())?.into_parts();
        let bare = parts.path_and_query.is_none_or(|path| path == "/");
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority))
                if bare
                    && (scheme == Scheme::HTTP || scheme == Scheme::HTTPS)
                    && !authority.as_str().contains('@')
                    && !authority.host().is_empty() =>
            {
                self.base = Some((scheme, authority));
                Ok(self)
            }
            _ => Err(wrong()),
        }
    }

    /// Another bucket, reached in the same way.
    ///
    /// # Errors
    /// As [`Endpoint::cloud`].
    pub fn at(
        &self,
        bucket: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, RequestError> {
        let Self { bucket, region, .. } = Self::cloud(bucket, region)?;
        Ok(Self {
            bucket,
            region,
            ..self.clone()
        })
    }

    /// Uses these names of the service.
    #[must_use]
    pub fn domain(mut self, domain: Domain) -> Self {
        self.domain = domain;
        self
    }

    /// Reaches objects in this way.
    #[must_use]
    pub fn object_access(mut self, access: ObjectAccess) -> Self {
        self.access = access;
        self
    }

    /// Uses http where no base says otherwise. The service answers http on CI hosts with a redirect to https.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// The bucket, with the APPID.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The host that a request addresses.
    #[must_use]
    pub fn host(&self, service: Service) -> String {
        let (bucket, region) = (&self.bucket, &self.region);
        let (ci, cos) = match self.domain {
            Domain::Standard => ("myqcloud.com", "myqcloud.com"),
            Domain::Newer => ("tencentci.cn", "tencentcos.cn"),
        };
        match (service, self.access) {
            (Service::Ci, _) => format!("{bucket}.ci.{region}.{ci}"),
            (Service::CiRegion, _) => format!("ci.{region}.{ci}"),
            (Service::Objects, ObjectAccess::Public) => format!("{bucket}.cos.{region}.{cos}"),
            (Service::Objects, ObjectAccess::Internal) => {
                format!("{bucket}.cos-internal.{region}.tencentcos.cn")
            }
            (Service::Objects, ObjectAccess::Accelerate) => {
                format!("{bucket}.cos.accelerate.{cos}")
            }
        }
    }

    /// A request to `path`, which begins with `/` and is percent-encoded, without headers other than `Host`.
    ///
    /// # Errors
    /// [`RequestError::Http`] when they do not make a URL.
    pub fn request(
        &self,
        service: Service,
        method: Method,
        path: &str,
        query: &str,
        body: Bytes,
    ) -> Result<Request<Bytes>, RequestError> {
        let host = self.host(service);
        let (scheme, authority) = match &self.base {
            Some((scheme, authority)) => (scheme.as_str(), authority.as_str()),
            None if self.insecure => ("http", host.as_str()),
            None => ("https", host.as_str()),
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let uri = format!("{scheme}://{authority}{path}{mark}{query}");
        Ok(Request::builder()
            .method(method)
            .uri(uri)
            .header(HOST, host)
            .body(body)?)
    }

    pub(crate) fn get(
        &self,
        service: Service,
        path: &str,
        query: &Query,
    ) -> Result<Request<Bytes>, RequestError> {
        self.request(service, Method::GET, path, query.as_str(), Bytes::new())
    }

    /// A request without a body, which says so: servers and proxies refuse a PUT or POST of unknown length.
    pub(crate) fn empty(
        &self,
        method: Method,
        path: &str,
        query: &Query,
    ) -> Result<Request<Bytes>, RequestError> {
        let mut request = self.request(Service::Ci, method, path, query.as_str(), Bytes::new())?;
        request
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        Ok(request)
    }

    pub(crate) fn xml(
        &self,
        method: Method,
        path: &str,
        xml: String,
    ) -> Result<Request<Bytes>, RequestError> {
        let body = Bytes::from(xml);
        let length = HeaderValue::from(body.len());
        let mut request = self.request(Service::Ci, method, path, "", body)?;
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        request.headers_mut().insert(CONTENT_LENGTH, length);
        Ok(request)
    }
}

/// Regions are not checked against a list: new ones appear.
fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::cloud("media-1250000000", "ap-chongqing").unwrap()
    }

    #[test]
    fn each_service_has_its_host() {
        let at = |endpoint: Endpoint, service| endpoint.host(service);
        assert_eq!(
            at(endpoint(), Service::Ci),
            "media-1250000000.ci.ap-chongqing.myqcloud.com"
        );
        assert_eq!(
            at(endpoint(), Service::CiRegion),
            "ci.ap-chongqing.myqcloud.com"
        );
        assert_eq!(
            at(endpoint(), Service::Objects),
            "media-1250000000.cos.ap-chongqing.myqcloud.com"
        );
        let newer = endpoint().domain(Domain::Newer);
        assert_eq!(
            at(newer.clone(), Service::Ci),
            "media-1250000000.ci.ap-chongqing.tencentci.cn"
        );
        assert_eq!(
            at(newer, Service::Objects),
            "media-1250000000.cos.ap-chongqing.tencentcos.cn"
        );
        let fast = endpoint().object_access(ObjectAccess::Accelerate);
        assert_eq!(
            at(fast, Service::Objects),
            "media-1250000000.cos.accelerate.myqcloud.com"
        );
        let inside = endpoint().object_access(ObjectAccess::Internal);
        assert_eq!(
            at(inside, Service::Objects),
            "media-1250000000.cos-internal.ap-chongqing.tencentcos.cn"
        );
    }

    #[test]
    fn a_base_moves_the_connection_and_not_the_address() {
        for (base, start) in [
            ("http://127.0.0.1:7717", "http://127.0.0.1:7717/x"),
            ("https://h/", "https://h/x"),
        ] {
            let request = endpoint().with_base(base).unwrap();
            let request = request
                .request(Service::Ci, Method::GET, "/x", "", Bytes::new())
                .unwrap();
            assert_eq!(request.uri(), start);
            assert_eq!(
                request.headers()[HOST],
                "media-1250000000.ci.ap-chongqing.myqcloud.com"
            );
        }
        for base in [
            "127.0.0.1:7717",
            "ftp://h",
            "http://h/path",
            "http://h?x",
            "http://u:p@h",
            "",
            "http://",
        ] {
            assert!(
                matches!(endpoint().with_base(base), Err(RequestError::Base(_))),
                "{base}"
            );
        }
    }

    #[test]
    fn a_name_that_would_change_the_host_is_refused() {
        for name in ["", "a.b", "a/b", "a:1", "A", "-a", "a-", "a b", "a@b"] {
            assert!(
                matches!(Endpoint::cloud(name, "r"), Err(RequestError::Bucket(_))),
                "{name}"
            );
            assert!(
                matches!(Endpoint::cloud("b", name), Err(RequestError::Region(_))),
                "{name}"
            );
        }
    }
}
