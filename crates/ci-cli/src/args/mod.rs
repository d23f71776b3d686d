//! Every flag of the tool.

mod duration;
mod examples;
mod jobs;
mod many;
mod objects;
mod rest;
mod serve;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use ci_model::{CoverCount, Pixels};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

pub(crate) use examples::command;
pub(crate) use jobs::{Jobs, JobsCancel, JobsCreate, JobsGet, JobsList, JobsWait, Pace};
pub(crate) use many::{Batch, Doctor, Listen};
pub(crate) use objects::{Objects, ObjectsGet, ObjectsList, ObjectsPut, ObjectsRm};
pub(crate) use rest::{
    Buckets, BucketsClose, BucketsList, BucketsOpen, Queues, QueuesList, QueuesUpdate, Templates,
    TemplatesCreate, TemplatesDelete, TemplatesGet, TemplatesList, TemplatesUpdate,
};
pub(crate) use serve::Serve;

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
    // The flags of the command itself come first in its help.
    #[arg(long, global = true, display_order = 100)]
    pub(crate) json: bool,
    /// Say more on stderr; twice for every step of a call
    #[arg(short, long, global = true, display_order = 101, action = clap::ArgAction::Count)]
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
    /// Create, look up, list, cancel and wait for jobs
    #[command(subcommand)]
    Jobs(Jobs),
    /// Keep parameters of covers under an id
    #[command(subcommand)]
    Templates(Templates),
    /// Look at queues, pause them, and say whom they tell
    #[command(subcommand)]
    Queues(Queues),
    /// Open and close the media service of a bucket, and list those where it is open
    #[command(subcommand)]
    Buckets(Buckets),
    /// Bring a video in and the covers out
    #[command(subcommand)]
    Objects(Objects),
    Batch(Box<Batch>),
    Listen(Listen),
    /// Sign or presign a request described in JSON on stdin and show every step
    Sign(Sign),
    /// Read any CI document (request, answer, error, callback; XML or JSON) and print it
    Inspect(Inspect),
    Doctor(Doctor),
    /// Print the completions of a shell, to be put where it looks for them
    Completions(Completions),
    /// Write a manual page for each command into a folder
    Man(Man),
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
    /// A profile of the tccli configuration, for what neither flags nor environment say
    #[arg(long, value_name = "NAME")]
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
    /// Also write NAME-explain.html for each file: every frame that was looked at, with its measures and why it is a cover or not
    #[arg(long)]
    pub(crate) explain: bool,
    /// How long the jobs may take in all
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) wait_timeout: Option<Duration>,
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

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// Whose
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Where the pages go; made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
