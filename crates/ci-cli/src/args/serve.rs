//! Flags of the local engine. Each has an environment variable, for containers and units.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser, PossibleValuesParser};

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:7717",
        env = "COSCI_SERVE_ADDR"
    )]
    pub(crate) addr: String,
    /// The folder for objects and state
    #[arg(
        long,
        value_name = "DIR",
        default_value = "cosci-data",
        env = "COSCI_SERVE_DATA"
    )]
    pub(crate) data: PathBuf,
    /// Keep nothing: data in a temporary folder that is gone afterwards
    #[arg(long, conflicts_with = "data", env = "COSCI_SERVE_EPHEMERAL", value_parser = BoolishValueParser::new())]
    pub(crate) ephemeral: bool,
    /// What to do about signatures
    #[arg(long, default_value = "strict", env = "COSCI_SERVE_AUTH", value_parser = PossibleValuesParser::new(["strict", "warn", "off"]))]
    pub(crate) auth: String,
    /// The key that callers sign with [default on loopback: a fixed local pair, printed at start]
    #[arg(
        long,
        value_name = "ID",
        requires = "secret_key",
        env = "COSCI_SERVE_SECRET_ID"
    )]
    pub(crate) secret_id: Option<String>,
    /// Its secret
    #[arg(
        long,
        value_name = "KEY",
        requires = "secret_id",
        env = "COSCI_SERVE_SECRET_KEY",
        hide_env_values = true
    )]
    pub(crate) secret_key: Option<String>,
    /// The region of buckets that are addressed without one
    #[arg(
        long,
        value_name = "REGION",
        default_value = "ap-guangzhou",
        env = "COSCI_SERVE_REGION"
    )]
    pub(crate) region: String,
    /// How many jobs run at once [default: one for each core]
    #[arg(long, value_name = "N", env = "COSCI_SERVE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) workers: Option<u16>,
    /// Where covers come from; synthetic ones are plain pictures made without looking at the video
    #[arg(long, default_value = "ffmpeg", env = "COSCI_SERVE_MEDIA", value_parser = PossibleValuesParser::new(["ffmpeg", "synthetic"]))]
    pub(crate) media: String,
    /// How jobs are seen to go on: `real`; `instant`, ended when first asked about; `polls:N`, ended after N looks
    #[arg(
        long,
        value_name = "PROFILE",
        default_value = "real",
        env = "COSCI_SERVE_PROFILE"
    )]
    pub(crate) profile: ci_local::JobProfile,
    /// Make ids that are the same on every run
    #[arg(long, value_name = "N", env = "COSCI_SERVE_SEED")]
    pub(crate) seed: Option<u64>,
    /// Take jobs only for buckets whose media service was opened
    #[arg(long, env = "COSCI_SERVE_REQUIRE_OPEN", value_parser = BoolishValueParser::new())]
    pub(crate) require_open: bool,
    /// A further host, without port, that callbacks may go to; loopback always may
    #[arg(
        long,
        value_name = "HOST",
        env = "COSCI_SERVE_CALLBACK_HOST",
        value_delimiter = ','
    )]
    pub(crate) callback_host: Vec<String>,
    /// Answer below /_engine/: state, reset, faults, the clock
    #[arg(long, env = "COSCI_SERVE_CONTROL", value_parser = BoolishValueParser::new())]
    pub(crate) control: bool,
    /// What callers of /_engine/ must send as `Authorization: Bearer KEY`
    #[arg(long, value_name = "KEY", requires = "control", env = "COSCI_SERVE_CONTROL_KEY", hide_env_values = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) control_key: Option<String>,
    /// How log lines on stderr look; -v logs each request with its id
    #[arg(long, default_value = "text", env = "COSCI_SERVE_LOG", value_parser = PossibleValuesParser::new(["text", "json"]))]
    pub(crate) log: String,
}
