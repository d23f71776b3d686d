//! Flags of the commands on templates, queues and buckets.

use ci_model::{QueueId, TemplateId, TemplateName};
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};

use super::{Connection, CoverOptions, values};

#[derive(Debug, Subcommand)]
pub(crate) enum Templates {
    /// Create a template
    Create(TemplatesCreate),
    /// Describe templates
    Get(TemplatesGet),
    /// List templates
    List(TemplatesList),
    /// Replace a template as a whole: what is not given gets its default
    Update(TemplatesUpdate),
    /// Delete a template; jobs made with it stay as they are
    Delete(TemplatesDelete),
}

#[derive(Args, Debug)]
pub(crate) struct TemplatesCreate {
    /// Its name: letters, digits, `-`, `_` and `*`, at most 64
    #[arg(long, value_parser = values::template_name)]
    pub(crate) name: TemplateName,
    #[command(flatten)]
    pub(crate) options: CoverOptions,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct TemplatesGet {
    /// Template ids
    #[arg(required = true, value_name = "ID", num_args = 1..=100)]
    pub(crate) ids: Vec<TemplateId>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct TemplatesList {
    /// What the names begin with
    #[arg(long, value_name = "PREFIX")]
    pub(crate) name: Option<String>,
    /// Whose: the user's or the service's own
    #[arg(long, default_value = "custom", ignore_case = true, value_parser = PossibleValuesParser::new(["custom", "official"]))]
    pub(crate) category: String,
    /// Most templates to list; more than 100 take several calls
    #[arg(long, value_name = "N", default_value = "100", value_parser = values::limit)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct TemplatesUpdate {
    /// The template
    pub(crate) id: TemplateId,
    #[command(flatten)]
    pub(crate) becomes: TemplatesCreate,
}

#[derive(Args, Debug)]
pub(crate) struct TemplatesDelete {
    /// The template
    pub(crate) id: TemplateId,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Queues {
    /// List queues
    List(QueuesList),
    /// Change a queue: what is not given stays as it is
    Update(QueuesUpdate),
}

#[derive(Args, Debug)]
pub(crate) struct QueuesList {
    /// Queue ids [default: all]
    #[arg(value_name = "ID", num_args = 0..=10)]
    pub(crate) ids: Vec<QueueId>,
    /// Queues in this state
    #[arg(long, ignore_case = true, value_parser = PossibleValuesParser::new(["active", "paused"]))]
    pub(crate) state: Option<String>,
    /// Most queues to list; more than 100 take several calls
    #[arg(long, value_name = "N", default_value = "100", value_parser = values::limit)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args(["name", "state", "callback", "callback_format"]))]
pub(crate) struct QueuesUpdate {
    /// The queue
    pub(crate) id: QueueId,
    /// Its name, at most 128 characters
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A paused queue begins nothing new
    #[arg(long, ignore_case = true, value_parser = PossibleValuesParser::new(["active", "paused"]))]
    pub(crate) state: Option<String>,
    /// Where the ends of its jobs are reported; `no` reports none
    #[arg(long, value_name = "URL|no")]
    pub(crate) callback: Option<String>,
    /// How the reports are written
    #[arg(long, ignore_case = true, value_parser = PossibleValuesParser::new(["XML", "JSON"]))]
    pub(crate) callback_format: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Buckets {
    /// List the buckets of the account whose media service is open
    List(BucketsList),
    /// Open the media service of the bucket, which gives it a queue
    Open(BucketsOpen),
    /// Close the media service of the bucket, which also deletes its queue
    Close(BucketsClose),
}

#[derive(Args, Debug)]
pub(crate) struct BucketsOpen {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct BucketsClose {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct BucketsList {
    /// What the names begin with
    #[arg(long, value_name = "PREFIX")]
    pub(crate) name: Option<String>,
    /// Most buckets to list; more than 100 take several calls
    #[arg(long, value_name = "N", default_value = "100", value_parser = values::limit)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
