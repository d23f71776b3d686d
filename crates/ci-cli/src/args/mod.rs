//! Every flag of the tool.

mod duration;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use ci_model::{CoverCount, JobId, JobLevel, Pixels, QueueId, TemplateId, UserData};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  done                          5  the job failed or was cancelled
  1  another failure               6  timed out
  2  usage or bad input            7  network, throttled or 5xx
  3  authentication or permission  130  interrupted
  4  not found

Examples:
  cosci covers holiday.mp4 --count 5 --width 640
  cosci serve --ephemeral
  cosci jobs create --input in/a.mp4 --output 'covers/a-${number}.jpg' --count 5 --wait";

/// Cover frames from videos, on this machine or with Tencent Cloud Infinite (CI).
#[derive(Debug, Parser)]
#[command(name = "cosci", version, after_help = EXIT_CODES, arg_required_else_help = false)]
pub(crate) struct Cli {
    /// Print one JSON document on stdout instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on stderr; twice for every step of a call
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pick covers from videos: a local file here, cos://BUCKET/KEY on the service
    Covers(Covers),
    /// Run the local engine: the same API on this machine, without an account
    Serve(Serve),
    /// Create, look up and wait for jobs
    #[command(subcommand)]
    Jobs(Jobs),
    /// Bring a video in and the covers out
    #[command(subcommand)]
    Objects(Objects),
    /// Sign or presign a request described in JSON on stdin and show every step
    Sign(Sign),
    /// Read any CI document (request, answer, error, callback; XML or JSON) and print it
    Inspect(Inspect),
}

/// What covers are wanted.
#[derive(Args, Clone, Debug)]
pub(crate) struct CoverOptions {
    /// How many covers, 1 to 10 [default: 3]
    #[arg(long, value_name = "N", value_parser = values::quantity::<CoverCount>)]
    pub(crate) count: Option<CoverCount>,
    /// Width in pixels, 128 to 4096; alone it keeps the aspect ratio [default: the video's]
    #[arg(long, value_name = "PIXELS", value_parser = values::quantity::<Pixels>)]
    pub(crate) width: Option<Pixels>,
    /// Height in pixels, 128 to 4096; alone it keeps the aspect ratio [default: the video's]
    #[arg(long, value_name = "PIXELS", value_parser = values::quantity::<Pixels>)]
    pub(crate) height: Option<Pixels>,
    /// File format [default: jpg]
    #[arg(long, value_parser = PossibleValuesParser::new(["jpg", "png", "webp"]))]
    pub(crate) format: Option<String>,
    /// Rather fewer covers than two that look alike
    #[arg(long)]
    pub(crate) dedupe: bool,
}

/// Where the service is and who calls.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Where to connect: any http or https address, such as that of `cosci serve`
    #[arg(long, value_name = "URL", env = "COSCI_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// The bucket with its APPID: media-1250000000
    #[arg(long, env = "COSCI_BUCKET")]
    pub(crate) bucket: Option<String>,
    /// The bucket's region: ap-chongqing
    #[arg(long, env = "TENCENTCLOUD_REGION")]
    pub(crate) region: Option<String>,
    /// A profile of the tccli configuration
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// How long a call may take in all: 2s, 500ms, 90 [default: 90s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,
    /// How often a call that surely was not carried out is sent again
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct Covers {
    /// Video files, or cos://BUCKET/KEY
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) options: CoverOptions,
    /// The folder for the covers and their contact sheet
    #[arg(long, value_name = "DIR", default_value = "covers")]
    pub(crate) out: PathBuf,
    /// How long the jobs may take in all
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) wait_timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

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
}

#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Create a SmartCover job
    Create(Box<JobsCreate>),
    /// Describe jobs
    Get(JobsGet),
    /// Wait until jobs have ended
    Wait(JobsWait),
}

#[derive(Args, Debug)]
pub(crate) struct JobsCreate {
    /// The key of the video in the bucket
    #[arg(long, value_name = "KEY")]
    pub(crate) input: String,
    /// The keys of the covers, with ${number} where there are several
    #[arg(long, value_name = "KEY_TEMPLATE")]
    pub(crate) output: String,
    /// A template instead of the flags below
    #[arg(long, value_name = "ID", conflicts_with_all = ["count", "width", "height", "format", "dedupe"])]
    pub(crate) template: Option<TemplateId>,
    #[command(flatten)]
    pub(crate) options: CoverOptions,
    /// Where the service reports the end of the job; `no` keeps the queue from reporting it
    #[arg(long, value_name = "URL|no")]
    pub(crate) callback: Option<String>,
    /// How the report is written
    #[arg(long, ignore_case = true, value_parser = PossibleValuesParser::new(["XML", "JSON"]))]
    pub(crate) callback_format: Option<String>,
    /// Text that comes back with the job: printable ASCII, at most 1024 long
    #[arg(long, value_name = "TEXT", value_parser = values::user_data)]
    pub(crate) user_data: Option<UserData>,
    /// Jobs of a higher level start earlier: 0 to 2
    #[arg(long, value_name = "LEVEL", value_parser = values::quantity::<JobLevel>)]
    pub(crate) level: Option<JobLevel>,
    /// The queue [default: the bucket's]
    #[arg(long, value_name = "ID")]
    pub(crate) queue: Option<QueueId>,
    /// Wait until the job has ended
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How jobs are waited for.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pace {
    /// The time between two looks [default: 1s, growing to 10s]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) interval: Option<Duration>,
    /// How long to wait in all [default: until the end]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) wait_timeout: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct JobsGet {
    /// Job ids
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<JobId>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct JobsWait {
    /// Job ids
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<JobId>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Objects {
    /// Store a file as an object; `-` reads stdin
    Put(ObjectsPut),
    /// Fetch an object; without FILE, or with `-`, it goes to stdout
    Get(ObjectsGet),
}

#[derive(Args, Debug)]
pub(crate) struct ObjectsPut {
    pub(crate) file: PathBuf,
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct ObjectsGet {
    pub(crate) key: String,
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct Sign {
    /// Show each step, and where a server's echo differs
    #[arg(long)]
    pub(crate) explain: bool,
    /// A file with the server's error document, to compare with
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub(crate) against: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// The document; `-` or nothing reads stdin
    pub(crate) file: Option<PathBuf>,
}
