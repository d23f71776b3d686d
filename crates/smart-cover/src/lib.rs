#![doc = include_str!("../README.md")]

mod album;
mod cancel;
mod choose;
mod decode;
mod error;
mod explain;
mod face;
mod feature;
mod filter;
mod log;
mod options;
mod picked;
mod plane;
mod probe;
mod program;
mod render;
mod sample;
mod sniff;
mod source;
mod spool;
mod stages;
mod thin;
mod work;

pub use cancel::Cancel;
pub use choose::quality::Reason;
pub use error::{CoverError, ToolStatus};
pub use explain::{Thumbnail, contact_sheet};
pub use options::{Fit, Format, Limits, Options, Tools};
pub use picked::{Candidate, Cover, PassedOver, Picked, Progress};
pub use probe::MediaInfo;
pub use spool::pick_from;
pub use stages::{Chosen, Looked, Video};
pub use work::pick;
