//! From a destination to a byte stream: addresses, proxy, TLS.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::header::HeaderValue;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::proxy::Hop;
use super::watched::Stream;
use super::{Sent, TransportError, TransportFault};

/// Where a request goes, and the connections of one destination are interchangeable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Destination {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Destination {
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?.to_owned();
        Some(Self {
            tls,
            host,
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        })
    }

    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A stream to the destination, and whether requests on it must be in absolute form for a proxy.
pub(crate) struct Connected {
    pub(crate) io: Box<dyn Stream>,
    pub(crate) proxy_authorization: Option<Option<HeaderValue>>,
}

/// Opens the way. Dropping the future gives up at once.
pub(crate) async fn connect(
    to: &Destination,
    hop: Option<&Hop>,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Connected, TransportError> {
    let Some(hop) = hop else {
        let tcp = tcp(&to.host, to.port).await?;
        let io = if to.tls {
            secure(Box::new(tcp), &to.host, to.port, tls).await?
        } else {
            Box::new(tcp)
        };
        return Ok(Connected {
            io,
            proxy_authorization: None,
        });
    };
    let tcp = tcp(&hop.host, hop.port).await?;
    let mut io: Box<dyn Stream> = Box::new(tcp);
    if hop.tls {
        io = secure(io, &hop.host, hop.port, tls).await?;
    }
    if !to.tls {
        return Ok(Connected {
            io,
            proxy_authorization: Some(hop.authorization.clone()),
        });
    }
    tunnel(&mut io, to, hop).await?;
    Ok(Connected {
        io: secure(io, &to.host, to.port, tls).await?,
        proxy_authorization: None,
    })
}

fn not_sent(fault: TransportFault) -> TransportError {
    TransportError::new(Sent::No, fault)
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Tries the addresses a quarter of a second apart and takes the first that answers (in the manner of RFC 8305): one
/// dead address must not use up the whole time to connect.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, TransportError> {
    const APART: Duration = Duration::from_millis(250);
    let failed = |source: Box<dyn Error + Send + Sync>| {
        not_sent(TransportFault::Connect {
            to: format!("{host}:{port}"),
            source,
        })
    };
    let found = tokio::net::lookup_host((bare(host), port))
        .await
        .map_err(|error| failed(error.into()))?;
    let mut waiting = alternate(found.collect()).into_iter();
    let mut trying = JoinSet::new();
    let mut last: io::Error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        if let Some(address) = waiting.next() {
            if waiting.len() == 0 && trying.is_empty() {
                // The usual case: one address, no task needed.
                return ready(TcpStream::connect(address).await)
                    .map_err(|error| failed(error.into()));
            }
            trying.spawn(TcpStream::connect(address));
        }
        let next = match tokio::time::timeout(APART, trying.join_next()).await {
            Err(_) if waiting.len() > 0 => continue,
            Err(_) => trying.join_next().await,
            Ok(next) => next,
        };
        match next {
            Some(Ok(Ok(stream))) => return ready(Ok(stream)).map_err(|error| failed(error.into())),
            Some(Ok(Err(error))) => last = error,
            Some(Err(error)) => last = io::Error::other(error),
            None if waiting.len() == 0 => return Err(failed(last.into())),
            None => {}
        }
    }
}

fn ready(stream: io::Result<TcpStream>) -> io::Result<TcpStream> {
    let stream = stream?;
    // Requests are small and written whole: waiting to fill a segment only adds delay.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Families take turns, the resolver's favourite first.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut mixed = Vec::new();
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed
}

async fn secure(
    io: Box<dyn Stream>,
    host: &str,
    port: u16,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Box<dyn Stream>, TransportError> {
    let failed = |source: Box<dyn Error + Send + Sync>| {
        not_sent(TransportFault::Tls {
            to: format!("{host}:{port}"),
            source,
        })
    };
    let config = tls.ok_or_else(|| failed("this transport was built without TLS".into()))?;
    super::secure::secure(io, host, port, Arc::clone(config))
        .await
        .map_err(failed)
}

/// Asks the proxy for a way to the destination.
async fn tunnel(
    io: &mut Box<dyn Stream>,
    to: &Destination,
    hop: &Hop,
) -> Result<(), TransportError> {
    /// More than any sane answer to CONNECT.
    const LONGEST: usize = 16 << 10;
    let refused = |answer: String| {
        not_sent(TransportFault::Proxy {
            proxy: hop.name(),
            to: to.name(),
            answer,
        })
    };
    let mut ask = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to.name()).into_bytes();
    if let Some(value) = &hop.authorization {
        ask.extend_from_slice(b"Proxy-Authorization: ");
        ask.extend_from_slice(value.as_bytes());
        ask.extend_from_slice(b"\r\n");
    }
    ask.extend_from_slice(b"\r\n");
    io.write_all(&ask)
        .await
        .map_err(|error| refused(error.to_string()))?;
    io.flush()
        .await
        .map_err(|error| refused(error.to_string()))?;

    // One byte at a time: nothing behind the head may be swallowed, it belongs to TLS.
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST {
            return Err(refused("an answer without end".into()));
        }
        let mut byte = [0];
        match io.read(&mut byte).await {
            Ok(0) => return Err(refused("it hung up".into())),
            Ok(_) => head.extend_from_slice(&byte),
            Err(error) => return Err(refused(error.to_string())),
        }
    }
    let line = String::from_utf8_lossy(head.split(|&b| b == b'\r').next().unwrap_or_default())
        .into_owned();
    let status = line.split(' ').nth(1).unwrap_or_default();
    let (http, success) = (
        line.starts_with("HTTP/1."),
        status.len() == 3 && status.starts_with('2'),
    );
    if http && success {
        Ok(())
    } else {
        Err(refused(line.chars().take(120).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_has_the_port_of_its_scheme_unless_it_says_otherwise() {
        let of = |uri: &'static str| {
            Destination::of(&Uri::from_static(uri)).map(|to| (to.tls, to.name()))
        };
        assert_eq!(of("https://h/x"), Some((true, "h:443".into())));
        assert_eq!(of("http://h:7717/x"), Some((false, "h:7717".into())));
        assert_eq!(of("/x"), None);
        assert_eq!(bare("[::1]"), "::1");
    }

    #[test]
    fn families_take_turns() {
        let parse = |text: &[&str]| {
            text.iter()
                .map(|t| t.parse().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let mixed = alternate(parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]));
        assert_eq!(
            mixed,
            parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"])
        );
    }

    #[tokio::test]
    async fn a_dead_address_does_not_hide_a_living_one() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // `localhost` may name ::1 too, where nobody listens.
        assert!(tcp("localhost", port).await.is_ok());
        drop(listener);
        let error = tcp("localhost", port).await.unwrap_err();
        assert_eq!(error.sent(), Sent::No);
    }
}
