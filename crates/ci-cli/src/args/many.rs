//! Flags of the commands on many jobs and on what is reported of them.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Connection, Pace, duration};

/// Submit and follow many jobs: lines of JSON in, lines of JSON out
///
/// A line in: {"input":KEY,"output":KEY_TEMPLATE} and, as wished, "count", "width", "height", "format", "dedupe" or
/// "template", and "user_data" and "level". A line out as each job ends: {"line","input","job_id","state","objects"},
/// with "error" when it did not succeed. Run it again after a break: it goes on from its journal, and submits nothing
/// twice.
#[derive(Args, Debug)]
pub(crate) struct Batch {
    /// The jobs, one a line; `-` reads stdin
    #[arg(value_name = "FILE.jsonl")]
    pub(crate) file: PathBuf,
    /// Submissions under way at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// Most submissions a second [default: as many as go]
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Where it is written down what was submitted [default: FILE.jsonl.journal; none for stdin]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// How long a job that a run before may have sent has to be missing from the list before it is sent again
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration::parse)]
    pub(crate) absent: Duration,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Receive callbacks, and print one line for each
///
/// The first line is the address to give to `jobs create --callback`. A callback is answered with 200, or with 503 when
/// it could not be forwarded or the command failed, so that it comes again. Anybody who reaches the address can post to
/// it: ask the service before believing a callback.
#[derive(Args, Debug)]
pub(crate) struct Listen {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7718")]
    pub(crate) addr: String,
    /// Post each callback, byte for byte and with its headers, to this address too
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) forward: Option<http::Uri>,
    /// Run this command in a shell for each: the document on stdin; COSCI_EVENT, COSCI_JOB_ID, COSCI_STATE, COSCI_OBJECTS
    /// (one a line) and COSCI_DUPLICATE (0 or 1) in the environment
    #[arg(long, value_name = "CMD")]
    pub(crate) exec: Option<String>,
    /// How long the command may run; then it is killed, with all that it started
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse)]
    pub(crate) exec_timeout: Duration,
    /// Commands that run at once; the next ones wait
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) exec_parallel: u16,
}

/// Look for what keeps calls from working: settings, credentials, DNS, connection and TLS, clock, a signed call
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err(format!(
            "{text:?} is no rate: write submissions a second, from 0.001 to 100000"
        )),
    }
}

fn url(text: &str) -> Result<http::Uri, String> {
    let refused = || format!("{text:?} is no address: write http://HOST:PORT/PATH or https://…");
    let uri: http::Uri = text.parse().map_err(|_| refused())?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_addresses_that_mean_nothing_are_refused() {
        assert_eq!(rate("2.5"), Ok(2.5));
        for text in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert!(url("http://127.0.0.1:1/x").is_ok());
        for text in ["127.0.0.1:1", "ftp://a/", "/x", ""] {
            assert!(url(text).is_err(), "{text}");
        }
    }
}
