//! The way of a call: name, connection, proxy, TLS, clock, and the call itself.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ci_client::transport::{
    HyperTransport, Proxy, SendLimits, Transport, TransportError, TransportFault,
};
use ci_client::{Client, Diagnosis};
use ci_core::{ListJobs, Service};
use http::{Method, Uri, header};

use super::{Findings, Verdict};
use crate::failure::{Failure, Kind};

/// How far clocks may be apart before it is said, and before the service refuses what other tools sign.
const NOTICED: u64 = 30;
const REFUSED: u64 = 900;
/// What a step that failed leaves to do.
const AFTER: &str = "mend what failed above first";

pub(super) async fn check(client: &Client, known: bool, patience: Duration, found: &mut Findings) {
    let probe = client
        .endpoint()
        .request(Service::Ci, Method::GET, "/", "", Bytes::new());
    let probe = match probe {
        Ok(probe) => probe,
        Err(error) => {
            let failure = Failure::chain(Kind::Usage, &error);
            return found.fail("connection", failure.kind, failure.message);
        }
    };
    let uri = probe.uri().clone();
    let secure = uri.scheme_str() == Some("https");
    // A setting that is no proxy has kept the client from being made.
    let proxy = Proxy::from_env().ok().and_then(|proxy| proxy.between(&uri));
    if let Err(rest) = reach(&uri, secure, proxy.as_ref(), patience, found).await {
        return found.skip(rest, AFTER);
    }
    let before = SystemTime::now();
    let date = match unsigned(probe, patience).await {
        Ok(date) => date,
        Err(error) => return unanswered(&error, secure, found),
    };
    if proxy.is_some() {
        found.add("proxy", Verdict::Ok, "it lets this through");
    }
    if secure {
        found.add("tls", Verdict::Ok, "the certificate is trusted");
    } else {
        found.add("tls", Verdict::Skipped, "not used: the endpoint is http");
    }
    clock(before, date, found);
    signed(client, known, found).await;
}

/// What an unsigned request failed of, under the name of the step that it got to.
fn unanswered(error: &TransportError, secure: bool, found: &mut Findings) {
    let message = Failure::chain(Kind::Network, error).message;
    let (check, next, rest): (_, _, &[_]) = match error.fault() {
        TransportFault::Tls { .. } => {
            let next = if message.contains("UnknownIssuer") {
                "; nobody that this machine trusts has signed its certificate: have SSL_CERT_FILE name a file with its root"
            } else if message.contains("Expired") || message.contains("NotValidYet") {
                "; its certificate is not valid now: check this machine's clock"
            } else {
                "; check that the endpoint speaks TLS and has this name"
            };
            ("tls", next, &["clock", "call"])
        }
        TransportFault::Proxy { .. } => (
            "proxy",
            "; check what HTTPS_PROXY and NO_PROXY say, and the proxy's own log",
            &["tls", "clock", "call"],
        ),
        TransportFault::Connect { .. } | TransportFault::ConnectTimeout { .. } => {
            ("connection", "", &["tls", "clock", "call"])
        }
        _ if secure => ("call", "; something else listens there", &["clock"]),
        _ => (
            "call",
            "; something else listens there, or it wants https",
            &["clock"],
        ),
    };
    found.fail(check, Kind::Network, format!("{message}{next}"));
    found.skip(rest, AFTER);
}

async fn signed(client: &Client, known: bool, found: &mut Findings) {
    if !known {
        return found.skip(&["call"], "there is nothing to sign with");
    }
    let mut list = ListJobs::new(ci_model::Tag::SmartCover);
    list.size = Some(1);
    match client.list_jobs(list).await {
        Ok(reply) => {
            let id = reply.request_id.unwrap_or_default();
            found.add(
                "call",
                Verdict::Ok,
                format!("a signed list of jobs was answered, request id {id}"),
            );
        }
        Err(error) => {
            let changed = matches!(error.diagnosis(), Some(Diagnosis::Request(_)));
            let failure = Failure::from(error);
            let next = match failure.said.code.as_deref() {
                Some("SignatureDoesNotMatch") if changed => {
                    "; something on the way changes requests: look for a proxy or gateway"
                }
                Some("SignatureDoesNotMatch") => {
                    "; the secret key is not the one of this id: copy it anew"
                }
                Some("InvalidAccessKeyId") => "; there is no such secret id: copy it anew",
                Some("AccessDenied") if failure.message.contains("expired") => {
                    "; set this machine's clock"
                }
                Some("AccessDenied") => "; the account may not use this bucket: ask its owner",
                Some("RequestTimeTooSkewed" | "RequestExpired") => "; set this machine's clock",
                _ => "",
            };
            found.fail("call", failure.kind, format!("{}{next}", failure.message));
        }
    }
}

/// Name and connection, of the proxy where there is one: it looks the service up itself. On failure the checks that make
/// no sense any more.
async fn reach(
    uri: &Uri,
    secure: bool,
    proxy: Option<&(String, u16)>,
    patience: Duration,
    found: &mut Findings,
) -> Result<(), &'static [&'static str]> {
    let (host, port, whose) = match proxy {
        Some((host, port)) => (host.as_str(), *port, "the proxy "),
        None => {
            let usual = if secure { 443 } else { 80 };
            let host = uri.host().unwrap_or_default();
            (host, uri.port_u16().unwrap_or(usual), "")
        }
    };
    let host = host.trim_matches(['[', ']']);
    let looked = tokio::time::timeout(patience, tokio::net::lookup_host((host, port))).await;
    let why = match looked {
        Ok(Ok(addresses)) => Ok(addresses.collect::<Vec<_>>()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {patience:?}")),
    };
    let addresses = match why {
        Ok(addresses) => addresses,
        Err(why) => {
            let next = if whose.is_empty() {
                "check the region, the bucket and this machine's DNS"
            } else {
                "check what HTTPS_PROXY and the like say, and this machine's DNS"
            };
            let text = format!("{whose}{host}: {why}; {next}");
            found.fail("dns", Kind::Network, text);
            return Err(&["connection", "tls", "clock", "call"]);
        }
    };
    let list: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    let list = list.join(", ");
    found.add("dns", Verdict::Ok, format!("{whose}{host} is {list}"));
    let connecting = tokio::net::TcpStream::connect(addresses.as_slice());
    let why = match tokio::time::timeout(patience, connecting).await {
        Ok(Ok(_)) => {
            let text = format!("{whose}{host} port {port} answers");
            found.add("connection", Verdict::Ok, text);
            return Ok(());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {patience:?}"),
    };
    let text =
        format!("{whose}{host} port {port}: {why}; check the endpoint, the firewall and the proxy");
    found.fail("connection", Kind::Network, text);
    Err(&["tls", "clock", "call"])
}

/// One request without a signature, for the server's `Date`.
async fn unsigned(
    mut probe: http::Request<Bytes>,
    patience: Duration,
) -> Result<Option<SystemTime>, TransportError> {
    let transport = HyperTransport::builder()
        .build()
        .map_err(TransportError::not_sent)?;
    let mut limits = SendLimits::default();
    (limits.connect, limits.idle) = (patience, patience);
    limits.answer = patience;
    probe.extensions_mut().insert(limits);
    let reply = transport.send(probe).await?;
    let date = reply.headers().get(header::DATE);
    Ok(date
        .and_then(|date| date.to_str().ok())
        .and_then(|date| httpdate::parse_http_date(date).ok()))
}

fn clock(before: SystemTime, date: Option<SystemTime>, found: &mut Findings) {
    let Some(date) = date else {
        return found.add("clock", Verdict::Skipped, "the answer had no date");
    };
    let (apart, word) = match date.duration_since(before) {
        Ok(ahead) => (ahead.as_secs(), "behind"),
        // A date has no fractions of a second, so up to one of the difference is none.
        Err(error) => (error.duration().as_secs(), "ahead of"),
    };
    let text = format!("this machine's clock is {apart} s {word} the server's");
    match apart {
        0..NOTICED => found.add("clock", Verdict::Ok, text),
        NOTICED..REFUSED => found.add("clock", Verdict::Warning, format!("{text}: set it")),
        _ => found.fail(
            "clock",
            Kind::Other,
            format!("{text}: set it; this tool signs with the server's time, others are refused"),
        ),
    }
}
