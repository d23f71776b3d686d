//! One POST of one callback: to allowed hosts only, no redirects, everything bounded in time and size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::Config;
use crate::store::callbacks::CallbackRow;

/// What is read of a receiver's answer before the connection is closed.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// Why an attempt got no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliverError {
    #[error(
        "{0:?} is not an http URL with a host; the local engine posts callbacks over plain http only"
    )]
    Url(String),
    #[error("the host {0:?} is not among the allowed callback hosts")]
    Host(String),
    #[error("cannot connect to {host}: {source}")]
    Connect {
        host: String,
        source: std::io::Error,
    },
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("the connection failed: {0}")]
    Http(hyper::Error),
}

impl DeliverError {
    /// Whether another attempt would fail in the same way.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Url(_) | Self::Host(_))
    }
}

/// Posts the body and returns the receiver's status.
pub(super) async fn deliver(
    config: &Config,
    callback: &CallbackRow,
) -> Result<StatusCode, DeliverError> {
    let limit = config.callback_timeout;
    timeout(limit, post(config, callback))
        .await
        .map_err(|_| DeliverError::Timeout(limit))?
}

async fn post(config: &Config, callback: &CallbackRow) -> Result<StatusCode, DeliverError> {
    let no_url = || DeliverError::Url(callback.url.clone());
    let uri: Uri = callback.url.parse().map_err(|_| no_url())?;
    let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(no_url());
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase();
    if !config
        .callback_hosts
        .iter()
        .any(|allowed| *allowed == host || allowed == "*")
    {
        return Err(DeliverError::Host(host));
    }
    let port = authority.port_u16().unwrap_or(80);
    let stream = connect(&host, port)
        .await
        .map_err(|source| DeliverError::Connect {
            host: authority.to_string(),
            source,
        })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(DeliverError::Http)?;
    let task = tokio::spawn(connection);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let request = Request::post(target)
        .header(
            HOST,
            authority
                .as_str()
                .rsplit_once('@')
                .map_or(authority.as_str(), |(_, h)| h),
        )
        .header(CONTENT_TYPE, &callback.media)
        .header(USER_AGENT, "ci-local")
        .header("connection", "close")
        .body(Full::new(Bytes::from(callback.body.clone())))
        .map_err(|_| no_url())?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(DeliverError::Http)?;
    let status = answer.status();
    let mut body = answer.into_body();
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST_ANSWER_BYTES {
            break;
        }
    }
    task.abort();
    Ok(status)
}

/// `localhost` may have a listener on one kind of address only. It is not looked up: a small container may lack the
/// file that names it, and a name server could say anything.
async fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = match host {
        "localhost" => [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            Ipv6Addr::LOCALHOST.into(),
        ]
        .map(|ip| SocketAddr::new(ip, port))
        .into(),
        host => tokio::net::lookup_host((host, port)).await?.collect(),
    };
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
