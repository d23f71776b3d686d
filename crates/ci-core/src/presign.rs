//! URLs that open one object for a while to whoever holds them.

use bytes::Bytes;
use cos_sign::{Credentials, Presigned, Validity};
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::ops::object_path;
use crate::{Endpoint, RequestError, Service};

/// A URL that reads an object.
///
/// # Errors
/// When the key is none, or the URL would outlive the credentials.
pub fn presign_get(
    to: &Endpoint,
    key: &str,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Presigned, RequestError> {
    presign(to, Method::GET, key, None, credentials, validity)
}

/// A URL that writes an object; with a content type, the upload must have exactly that one.
///
/// # Errors
/// When the key is none, or the URL would outlive the credentials.
pub fn presign_put(
    to: &Endpoint,
    key: &str,
    content_type: Option<&str>,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Presigned, RequestError> {
    presign(to, Method::PUT, key, content_type, credentials, validity)
}

fn presign(
    to: &Endpoint,
    method: Method,
    key: &str,
    content_type: Option<&str>,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Presigned, RequestError> {
    let mut request = to.request(
        Service::Objects,
        method,
        &object_path(key)?,
        "",
        Bytes::new(),
    )?;
    if let Some(kind) = content_type {
        let kind = HeaderValue::from_str(kind).map_err(http::Error::from)?;
        request.headers_mut().insert(CONTENT_TYPE, kind);
    }
    Ok(cos_sign::presign(
        &request.into_parts().0,
        credentials,
        validity,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presigned_url_names_the_object_and_what_must_be_sent_with_it() {
        let cloud = Endpoint::cloud("media-1250000000", "ap-chongqing").unwrap();
        let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE").with_expiry(2000);
        let window = Validity::new(1000, 1500).unwrap();
        let get = presign_get(&cloud, "in/演示.mp4", &credentials, window).unwrap();
        assert_eq!(get.uri.path(), "/in/%E6%BC%94%E7%A4%BA.mp4");
        assert_eq!(
            get.uri.host(),
            Some("media-1250000000.cos.ap-chongqing.myqcloud.com")
        );
        let put = presign_put(&cloud, "a.mp4", Some("video/mp4"), &credentials, window).unwrap();
        assert_eq!(put.headers[CONTENT_TYPE], "video/mp4");
        let late = Validity::new(1000, 2001).unwrap();
        assert!(
            presign_get(&cloud, "a", &credentials, late).is_err(),
            "longer than the credentials hold"
        );
    }

    #[test]
    fn through_a_base_of_its_own_the_host_must_be_sent_along() {
        let local = Endpoint::cloud("media-1250000000", "ap-chongqing")
            .unwrap()
            .with_base("http://127.0.0.1:1")
            .unwrap();
        let url = presign_get(
            &local,
            "a",
            &Credentials::new("I", "K"),
            Validity::new(1, 2).unwrap(),
        )
        .unwrap();
        assert_eq!(url.uri.authority().unwrap(), "127.0.0.1:1");
        assert_eq!(
            url.headers["host"],
            "media-1250000000.cos.ap-chongqing.myqcloud.com"
        );
    }
}
