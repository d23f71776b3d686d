//! `cosci doctor`: one step after the other on the way to a call, and what to do about the first that fails.

mod network;

use std::time::Duration;

use ci_client::Client;
use ci_client::credentials::CredentialsChain;
use serde_json::{Value, json};

use crate::args::{Connection, Doctor};
use crate::connect::{self, environment};
use crate::failure::{Failure, Kind};
use crate::output::{Output, table};

/// How long a name, a connection or an answer may take at most.
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
        Some(client) => {
            let patience = args.connection.timeout.unwrap_or(PATIENCE).min(PATIENCE);
            network::check(&client, known, patience, &mut found).await;
        }
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
