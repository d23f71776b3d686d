//! Flags of the local engine.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7717")]
    pub(crate) addr: String,
    /// The folder for objects and state
    #[arg(long, value_name = "DIR", default_value = "cosci-data")]
    pub(crate) data: PathBuf,
    /// Keep nothing: data in a temporary folder that is gone afterwards
    #[arg(long, conflicts_with = "data")]
    pub(crate) ephemeral: bool,
    /// What to do about signatures
    #[arg(long, default_value = "strict", value_parser = PossibleValuesParser::new(["strict", "warn", "off"]))]
    pub(crate) auth: String,
    /// The key that callers sign with [default on loopback: a fixed local pair, printed at start]
    #[arg(long, value_name = "ID", requires = "secret_key")]
    pub(crate) secret_id: Option<String>,
    /// Its secret
    #[arg(long, value_name = "KEY", requires = "secret_id")]
    pub(crate) secret_key: Option<String>,
    /// How many jobs run at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) workers: Option<u16>,
    /// Where covers come from; synthetic ones are plain pictures made without looking at the video
    #[arg(long, default_value = "ffmpeg", value_parser = PossibleValuesParser::new(["ffmpeg", "synthetic"]))]
    pub(crate) media: String,
    /// Take jobs only for buckets whose media service was opened
    #[arg(long)]
    pub(crate) require_open: bool,
    /// Answer below /_engine/: state, reset, faults, the clock
    #[arg(long)]
    pub(crate) control: bool,
    /// What callers of /_engine/ must send as `Authorization: Bearer KEY`
    #[arg(long, value_name = "KEY", requires = "control", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) control_key: Option<String>,
}
