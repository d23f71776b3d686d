//! Log lines of the engine and the client, on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Lets through what `-v` asks for: once what happens, twice every step, more often everything.
///
/// An engine that runs for long warns without being asked, and `serves` says in which format it logs; a command that
/// ends says its failure anyway.
pub(crate) fn start(verbose: u8, serves: Option<&str>) {
    let level = match verbose {
        0 if serves.is_some() => "warn",
        0 => return,
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let ours = ["ci_client", "ci_local", "smart_cover"].map(|name| format!("{name}={level}"));
    let colours = io::stderr().is_terminal() && crate::connect::environment("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(ours.join(",")))
        .with_writer(io::stderr)
        .with_ansi(colours)
        .log_internal_errors(false);
    // A second start finds the first in its place, which serves as well; a closed stderr is no reason to stop.
    let _ = match serves {
        Some("json") => lines.json().flatten_event(true).try_init(),
        _ => lines.try_init(),
    };
}
