//! Signs a URL, so that whoever holds it can make one request without the key.

use std::fmt;

use http::header::{HOST, HeaderMap};
use http::request::Parts;
use http::{Method, Uri};

use crate::authorization::FIELDS;
use crate::encode::Sink;
use crate::head::{Request, authority_host};
use crate::http_string::Signable;
use crate::lists::{Lists, has, query_pairs, trim, write_names};
use crate::signature::WindowKey;
use crate::text::{Plus, Text};
use crate::{Credentials, SignError, Signer, Validity};

/// A signed URL and what its holder has to know.
#[derive(Clone)]
#[non_exhaustive]
pub struct Presigned {
    /// The URL with the signature, and the token if there is one, in its query.
    pub uri: Uri,
    /// The method that was signed.
    pub method: Method,
    /// The signed headers: they must be sent exactly so. `Host` is among them only if it is not the one
    /// that the URL itself leads to.
    pub headers: HeaderMap,
    /// Last second in which the URL works, in Unix seconds.
    pub expires_at: u64,
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query opens the object to whoever reads it.
        f.debug_struct("Presigned")
            .field("method", &self.method)
            .field("authority", &self.uri.authority())
            .field("path", &self.uri.path())
            .field("headers", &self.headers.keys())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Presigns a request with the default choice of headers and parameters: see [`Signer::presign`].
///
/// # Errors
/// As [`Signer::presign`].
pub fn presign(
    head: &Parts,
    credentials: &Credentials,
    validity: Validity,
) -> Result<Presigned, SignError> {
    Signer::new().presign(head, credentials, validity)
}

impl Signer {
    /// Signs a request so that the signature stands in its URL.
    ///
    /// A token becomes the parameter `x-cos-security-token`, signed unless [`Signer::token_signed`] says otherwise.
    ///
    /// ```
    /// use cos_sign::{Credentials, Validity, presign};
    ///
    /// let head = http::Request::put("https://demo-1250000000.cos.ap-chongqing.myqcloud.com/in/a.mp4")
    ///     .header("content-type", "video/mp4")
    ///     .body(())?
    ///     .into_parts()
    ///     .0;
    /// let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE");
    /// let presigned = presign(&head, &credentials, Validity::new(1750000000, 1750003600)?)?;
    /// assert!(presigned.uri.query().unwrap().contains("q-header-list=content-type%3Bhost"));
    /// assert_eq!(presigned.headers["content-type"], "video/mp4");
    /// assert_eq!(presigned.expires_at, 1750003600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SignError::OutlivesCredentials`] if the window ends after the credentials do,
    /// [`SignError::AlreadySigned`] if the URL carries a signature or the token's parameter already,
    /// and otherwise as [`Signer::sign`].
    pub fn presign(
        &self,
        head: &Parts,
        credentials: &Credentials,
        validity: Validity,
    ) -> Result<Presigned, SignError> {
        let request = Request::of(head);
        let key = WindowKey::new(credentials.secret_key(), validity);
        let token = self.token.param();
        let mut lists = Lists::new();
        let token_name = token.as_str();
        let signable = self.presignable(&mut lists, &request, credentials, validity, token_name)?;
        let mut url = Vec::from(head.uri.to_string());
        write_signed_query(&mut url, credentials, token.as_str(), &key, &signable)?;
        Ok(Presigned {
            uri: Uri::try_from(url).map_err(|e| SignError::Uri(e.into()))?,
            method: head.method.clone(),
            headers: to_be_sent(head, &signable),
            expires_at: validity.end(),
        })
    }

    /// Chooses what a presigned URL signs, after the checks of a presigned URL.
    pub(crate) fn presignable<'a>(
        &self,
        lists: &'a mut Lists<'a>,
        request: &Request<'a>,
        credentials: &'a Credentials,
        validity: Validity,
        token_name: &'a str,
    ) -> Result<Signable<'a>, SignError> {
        if let Some(expires_at) = credentials.expires_at().filter(|at| validity.end() > *at) {
            return Err(SignError::OutlivesCredentials {
                validity,
                expires_at,
            });
        }
        let token = credentials.token().map(|token| (token_name, token));
        let taken = token.map(|(name, _)| name);
        for pair in query_pairs(request.query, Plus::Space) {
            let is = |name: &&str| pair.name.is_name(&Text::plain(name.as_bytes()));
            if let Some(name) = FIELDS.into_iter().chain(taken).find(is) {
                return Err(SignError::AlreadySigned(name.to_owned()));
            }
        }
        self.signable(lists, request, None, token)
    }
}

/// Writes the token and the seven fields behind a URL, each value encoded once more.
pub(crate) fn write_signed_query(
    url: &mut Vec<u8>,
    credentials: &Credentials,
    token_name: &str,
    key: &WindowKey,
    signable: &Signable<'_>,
) -> Result<(), SignError> {
    let id = credentials.usable_id()?;
    let (mut headers, mut params) = (Vec::new(), Vec::new());
    write_names(signable.lists.headers(), &mut headers);
    write_names(signable.lists.params(), &mut params);
    let window = key.window;
    let signature = key.clone().sign(signable);
    let values = [
        b"sha1",
        id.as_bytes(),
        window.as_bytes(),
        window.as_bytes(),
        &headers,
        &params,
        &signature,
    ];
    let token = credentials
        .token()
        .map(|token| (token_name, token.as_bytes()));
    for (name, value) in token.into_iter().chain(FIELDS.into_iter().zip(values)) {
        match url.iter().position(|&byte| byte == b'?') {
            None => url.push(b'?'),
            Some(start) if start + 1 == url.len() || url.ends_with(b"&") => {}
            Some(_) => url.push(b'&'),
        }
        url.extend_from_slice(name.as_bytes());
        url.push(b'=');
        url.put_encoded(value);
    }
    Ok(())
}

fn to_be_sent(head: &Parts, signable: &Signable<'_>) -> HeaderMap {
    let implied = head
        .uri
        .authority()
        .map(|authority| authority_host(authority.as_str(), head.uri.scheme_str()));
    let is_signed = |name: &str| has(signable.lists.headers(), &Text::plain(name.as_bytes()));
    head.headers
        .iter()
        .filter(|(name, _)| is_signed(name.as_str()))
        .filter(|(name, value)| {
            *name != HOST || implied.map(str::as_bytes) != Some(trim(value.as_bytes()))
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uri: &str) -> Parts {
        let request = http::Request::get(uri).header("range", "bytes=0-1");
        request.body(()).unwrap().into_parts().0
    }

    fn credentials() -> Credentials {
        Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
    }

    fn window() -> Validity {
        Validity::new(100, 200).unwrap()
    }

    #[test]
    fn the_fields_follow_whatever_query_there_is() {
        for (uri, start) in [
            ("http://h/a", "http://h/a?q-sign-algorithm=sha1&q-ak="),
            ("http://h/a?", "http://h/a?q-sign-algorithm=sha1&q-ak="),
            ("http://h/a?x", "http://h/a?x&q-sign-algorithm=sha1&q-ak="),
            ("http://h?x&", "http://h/?x&q-sign-algorithm=sha1&q-ak="),
            ("http://h/a??", "http://h/a??&q-sign-algorithm=sha1&q-ak="),
            ("http://h/a&", "http://h/a&?q-sign-algorithm=sha1&q-ak="),
        ] {
            let url = presign(&head(uri), &credentials(), window()).unwrap().uri;
            assert!(url.to_string().starts_with(start), "{url}");
        }
    }

    #[test]
    fn an_expiry_past_that_of_the_credentials_is_refused() {
        let ends = |at| {
            presign(
                &head("http://h/a"),
                &credentials().with_expiry(at),
                window(),
            )
        };
        assert!(matches!(
            ends(199),
            Err(SignError::OutlivesCredentials {
                expires_at: 199,
                ..
            })
        ));
        assert_eq!(ends(200).unwrap().expires_at, 200);
    }

    #[test]
    fn a_url_is_signed_once() {
        let once = presign(&head("http://h/a"), &credentials(), window()).unwrap();
        let twice = presign(&head(&once.uri.to_string()), &credentials(), window());
        assert!(matches!(twice, Err(SignError::AlreadySigned(_))));
    }

    #[test]
    fn the_host_must_be_sent_only_when_the_url_does_not_say_it() {
        let mut head = head("http://127.0.0.1:7717/a");
        let names = |head: &Parts| -> Vec<String> {
            let presigned = presign(head, &credentials(), window()).unwrap();
            presigned.headers.keys().map(ToString::to_string).collect()
        };
        head.headers
            .insert("host", "127.0.0.1:7717".parse().unwrap());
        assert_eq!(names(&head), ["range"]);
        head.headers
            .insert("host", "b.cos.r.myqcloud.com".parse().unwrap());
        assert_eq!(names(&head), ["range", "host"]);
    }

    #[test]
    fn debug_shows_neither_signature_nor_token() {
        let credentials = credentials().with_token("CANARY");
        let presigned = presign(&head("http://h/a"), &credentials, window()).unwrap();
        assert!(
            presigned
                .uri
                .to_string()
                .contains("x-cos-security-token=CANARY")
        );
        let shown = format!("{presigned:#?}");
        assert!(
            !shown.contains("CANARY") && !shown.contains("q-signature"),
            "{shown}"
        );
    }
}
