//! Flags of the commands on objects.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connection, values};

#[derive(Debug, Subcommand)]
pub(crate) enum Objects {
    /// Store a file as an object; `-` reads stdin
    Put(ObjectsPut),
    /// Fetch an object; without FILE, or with `-`, it goes to stdout
    Get(ObjectsGet),
    /// List objects by key
    List(ObjectsList),
    /// Delete an object
    Rm(ObjectsRm),
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
pub(crate) struct ObjectsList {
    /// What the keys begin with
    pub(crate) prefix: Option<String>,
    /// Most objects to list; more than 1000 take several calls
    #[arg(long, value_name = "N", default_value = "1000", value_parser = values::limit)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Args, Debug)]
pub(crate) struct ObjectsRm {
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}
