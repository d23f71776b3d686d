//! Flags of the commands on jobs.

use std::time::Duration;

use ci_model::{CiTime, JobId, JobLevel, JobState, QueueId, Tag, TemplateId, UserData};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::{Connection, CoverOptions, duration, values};

#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Create a SmartCover job
    Create(Box<JobsCreate>),
    /// Describe jobs
    Get(JobsGet),
    /// List jobs of one kind
    List(JobsList),
    /// Cancel a job that has not begun
    Cancel(JobsCancel),
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

#[derive(Args, Debug)]
pub(crate) struct JobsList {
    /// The kind of work
    #[arg(long, default_value = "SmartCover")]
    pub(crate) tag: Tag,
    /// Jobs of one queue
    #[arg(long, value_name = "ID")]
    pub(crate) queue: Option<QueueId>,
    /// Jobs in these states, joined by commas: Submitted, Running, Success, Failed, Pause, Cancel
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = values::state)]
    pub(crate) states: Vec<JobState>,
    /// Jobs created at this time or later: 2022-06-27T15:23:10+0800
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) since: Option<CiTime>,
    /// Jobs created at this time or earlier
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) until: Option<CiTime>,
    /// Newest or oldest first
    #[arg(long, default_value = "desc", ignore_case = true, value_parser = PossibleValuesParser::new(["desc", "asc"]))]
    pub(crate) order: String,
    /// Most jobs to list; more than 100 take several calls
    #[arg(long, value_name = "N", default_value = "100", value_parser = values::limit)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct JobsCancel {
    /// The job
    pub(crate) id: JobId,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
