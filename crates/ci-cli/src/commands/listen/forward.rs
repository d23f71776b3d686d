//! `cosci listen --forward`: the same callback to another address.

use bytes::Bytes;
use ci_client::transport::{HyperTransport, SendLimits, Transport};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName};
use http::{HeaderValue, Uri};

use super::Received;
use crate::failure::{Failure, Kind};

/// Headers of one connection, which mean nothing on the next, and those that are set anew.
const NOT_FORWARDED: [HeaderName; 8] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    http::header::TE,
    http::header::TRAILER,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
];

pub(super) struct Forward {
    to: Uri,
    transport: HyperTransport,
}

impl Forward {
    pub(super) fn new(to: Uri) -> Result<Self, Failure> {
        let transport = HyperTransport::builder().build();
        let transport = transport.map_err(|error| Failure::chain(Kind::Usage, &error))?;
        Ok(Self { to, transport })
    }

    /// Posts the bytes with the headers they came with; anything but a 2xx is a failure.
    pub(super) async fn send(&self, received: &Received) -> Result<(), String> {
        let mut request = http::Request::post(self.to.clone())
            .body(received.bytes.clone())
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = headers(&received.headers);
        // Whoever listens there is asked by the name in the address, and not by ours.
        if let Some(authority) = self.to.authority()
            && let Ok(host) = HeaderValue::from_str(without_user(authority.as_str()))
        {
            request.headers_mut().insert(HOST, host);
        }
        let length = HeaderValue::from(received.bytes.len());
        request.headers_mut().insert(CONTENT_LENGTH, length);
        request.extensions_mut().insert(SendLimits::default());
        let answer: http::Response<Bytes> = self
            .transport
            .send(request)
            .await
            .map_err(|error| Failure::chain(Kind::Network, &error).message)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("{} answered {status}", self.to)),
        }
    }
}

fn without_user(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

fn headers(received: &HeaderMap) -> HeaderMap {
    let mut headers = received.clone();
    let named = received.get_all(CONNECTION).iter();
    let named = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for name in named {
        headers.remove(name.trim());
    }
    for name in NOT_FORWARDED {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_stay_behind_and_all_others_go_on() {
        let mut received = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/xml"),
            ("user-agent", "ci"),
            ("x-of-the-connection", "1"),
            ("connection", "close, X-Of-The-Connection"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("host", "here"),
        ] {
            received.insert(name, HeaderValue::from_static(value));
        }
        let forwarded = headers(&received);
        let mut names: Vec<_> = forwarded.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "user-agent"]);
    }
}
