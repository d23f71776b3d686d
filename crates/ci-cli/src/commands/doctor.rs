//! `cosci doctor`: one step after the other on the way to a call, and what to do about the first that fails.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ci_client::Client;
use ci_client::credentials::CredentialsChain;
use ci_client::transport::{HyperTransport, SendLimits, Transport};
use ci_core::{ListJobs, Service};
use http::{Method, Uri, header};
use serde_json::{Value, json};

use crate::args::{Connection, Doctor};
use crate::connect::{self, environment};
use crate::failure::{Failure, Kind};
use crate::output::{Output, table};

/// How far clocks may be apart before it is said, and before the service refuses what other tools sign.
const NOTICED: u64 = 30;
const REFUSED: u64 = 900;
/// How long a name or a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Ok,
    Warning,
    Failed,
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What was found, in order.
#[derive(Default)]
struct Findings {
    rows: Vec<(&'static str, Verdict, String)>,
    first: Option<Kind>,
    providers: Vec<Value>,
}

impl Findings {
    fn add(&mut self, check: &'static str, verdict: Verdict, text: impl Into<String>) {
        self.rows.push((check, verdict, text.into()));
    }

    fn fail(&mut self, check: &'static str, kind: Kind, text: impl Into<String>) {
        self.first.get_or_insert(kind);
        self.add(check, Verdict::Failed, text);
    }

    fn skip(&mut self, checks: &[&'static str], why: &str) {
        for check in checks {
            self.add(check, Verdict::Skipped, why);
        }
    }
}

pub(crate) async fn run(args: Doctor, output: Output) -> Result<u8, Failure> {
    let mut found = Findings::default();
    let client = match connect::client(&args.connection, None) {
        Ok(client) => {
            let (endpoint, base) = (client.endpoint(), args.connection.endpoint.as_deref());
            let text = format!(
                "{} in {}, {}",
                endpoint.bucket(),
                endpoint.region(),
                base.filter(|base| !base.is_empty())
                    .unwrap_or("the public service")
            );
            found.add("settings", Verdict::Ok, text);
            Some(client)
        }
        Err(failure) => {
            found.fail("settings", failure.kind, failure.message);
            None
        }
    };
    let known = credentials(&args.connection, client.as_ref(), &mut found).await;
    match client {
        None => found.skip(
            &["dns", "connection", "tls", "clock", "call"],
            "mend the settings first",
        ),
        Some(client) => network(&client, known, &mut found).await,
    }
    let exit = found.first.map_or(0, Kind::exit);
    output.either(|| found.to_json(), || found.to_text())?;
    Ok(exit)
}

/// Every provider asked, and whether the client has what it needs.
async fn credentials(flags: &Connection, client: Option<&Client>, found: &mut Findings) -> bool {
    if let Some(pair) =
        connect::credentials(flags.endpoint.as_deref()).filter(|_| flags.profile.is_none())
    {
        let text = format!(
            "{}, the local pair, because the endpoint is on this machine",
            pair.secret_id()
        );
        found.add("credentials", Verdict::Ok, text);
        return true;
    }
    let chain = CredentialsChain::from_vars(environment, flags.profile.as_deref());
    let mut lines = Vec::new();
    for (name, outcome) in chain.try_all().await {
        let (has, said) = match outcome {
            Ok(credentials) => (true, format!("has {}", shortened(credentials.secret_id()))),
            Err(error) => {
                let text = error.to_string();
                let text = text
                    .strip_prefix(&format!("{name}: "))
                    .unwrap_or(&text)
                    .to_owned();
                (false, text)
            }
        };
        lines.push(format!("{name}: {said}"));
        found
            .providers
            .push(json!({"provider": name, "found": has, "message": said}));
    }
    let Some(client) = client else {
        let any = found
            .providers
            .iter()
            .any(|provider| provider["found"] == true);
        let verdict = if any { Verdict::Ok } else { Verdict::Failed };
        found.add("credentials", verdict, lines.join("; "));
        return any;
    };
    match client.credentials().await {
        Ok(credentials) => {
            let used = format!(
                "{} is used; {}",
                shortened(credentials.secret_id()),
                lines.join("; ")
            );
            found.add("credentials", Verdict::Ok, used);
            true
        }
        Err(_) => {
            let text = format!(
                "none: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or name a profile; {}",
                lines.join("; ")
            );
            found.fail("credentials", Kind::Auth, text);
            false
        }
    }
}

/// An id is no secret, and still no more of it is shown than tells it from others.
fn shortened(id: &str) -> String {
    let head: String = id.chars().take(8).collect();
    if head.len() == id.len() {
        head
    } else {
        format!("{head}…")
    }
}

async fn network(client: &Client, known: bool, found: &mut Findings) {
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
    if let Err(rest) = reach(&uri, secure, found).await {
        return found.skip(rest, "mend what failed above first");
    }
    let before = SystemTime::now();
    match unsigned(probe).await {
        Ok(date) => {
            let tls = if secure {
                "the certificate is trusted"
            } else {
                "not used: the endpoint is http"
            };
            found.add(
                "tls",
                if secure {
                    Verdict::Ok
                } else {
                    Verdict::Skipped
                },
                tls,
            );
            clock(before, date, found);
        }
        Err(failure) => {
            let check = if secure { "tls" } else { "connection" };
            found.fail(check, failure.kind, failure.message);
            return found.skip(&["clock", "call"], "mend what failed above first");
        }
    }
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
            let failure = Failure::from(error);
            let next = match failure.said.code.as_deref() {
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

/// Name and connection; on failure the checks that make no sense any more.
async fn reach(
    uri: &Uri,
    secure: bool,
    found: &mut Findings,
) -> Result<(), &'static [&'static str]> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    if let Some(proxy) = [
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ]
    .into_iter()
    .find(|name| environment(name).is_some())
    {
        // The proxy looks the name up and connects: to try it from here would test something that is never used.
        found.skip(&["dns", "connection"], &format!("{proxy} names a proxy"));
        return Ok(());
    }
    let looked = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let addresses: Vec<_> = match looked {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            found.fail(
                "dns",
                Kind::Network,
                format!("{host}: {error}; check the region, the bucket and this machine's DNS"),
            );
            return Err(&["connection", "tls", "clock", "call"]);
        }
        Err(_) => {
            found.fail(
                "dns",
                Kind::Network,
                format!("{host}: no answer in {PATIENCE:?}; check this machine's DNS"),
            );
            return Err(&["connection", "tls", "clock", "call"]);
        }
    };
    let list: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    found.add("dns", Verdict::Ok, format!("{host} is {}", list.join(", ")));
    let connected = tokio::time::timeout(
        PATIENCE,
        tokio::net::TcpStream::connect(addresses.as_slice()),
    )
    .await;
    let why = match connected {
        Ok(Ok(_)) => {
            found.add("connection", Verdict::Ok, format!("port {port} answers"));
            return Ok(());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {PATIENCE:?}"),
    };
    found.fail(
        "connection",
        Kind::Network,
        format!("{host} port {port}: {why}; check the endpoint, the firewall and the proxy"),
    );
    Err(&["tls", "clock", "call"])
}

/// One request without a signature, for the server's `Date`.
async fn unsigned(mut probe: http::Request<Bytes>) -> Result<Option<SystemTime>, Failure> {
    let transport = HyperTransport::builder()
        .build()
        .map_err(|error| Failure::chain(Kind::Usage, &error))?;
    probe.extensions_mut().insert(SendLimits::default());
    let reply = transport
        .send(probe)
        .await
        .map_err(|error| Failure::chain(Kind::Network, &error))?;
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

impl Findings {
    fn to_json(&self) -> Value {
        let checks: Vec<_> = self
            .rows
            .iter()
            .map(|(check, verdict, text)| json!({"check": check, "status": verdict.word(), "message": text}))
            .collect();
        json!({"ok": self.first.is_none(), "checks": checks, "providers": self.providers})
    }

    fn to_text(&self) -> String {
        let mut rows = Vec::new();
        for (check, verdict, text) in &self.rows {
            let mut parts = text.split("; ");
            let first = parts.next().unwrap_or_default().to_owned();
            rows.push(vec![(*check).to_owned(), verdict.word().to_owned(), first]);
            rows.extend(parts.map(|part| vec![String::new(), String::new(), part.to_owned()]));
        }
        table(&rows)
    }
}
