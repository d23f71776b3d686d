#![doc = include_str!("../README.md")]

mod address;
mod auth;
mod clock;
mod config;
mod console;
mod control;
mod documents;
mod engine;
mod error;
mod faults;
mod folder;
mod handlers;
mod ids;
mod metrics;
mod notify;
mod objects;
mod queue;
mod record;
mod reply;
mod serve;
mod shared;
mod spec;
mod stall;
mod store;

pub use config::{AuthMode, Config, JobProfile, LOCAL_SECRET_ID, LOCAL_SECRET_KEY, Media};
pub use engine::Engine;
pub use error::{EngineError, StoreError};
pub use faults::{Effect, Fault};
pub use spec::CoverRecord;
