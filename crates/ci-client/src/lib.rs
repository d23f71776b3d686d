#![doc = include_str!("../README.md")]

pub mod batch;
mod body;
pub mod callbacks;
mod client;
mod clock;
pub mod credentials;
mod error;
mod pages;
mod retry;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod transport;
mod wait;
mod watch;

pub use body::Body;
pub use client::{BuildError, Client, ClientBuilder, CreatedJob, Limits, Reply};
pub use clock::{Clock, SystemClock};
pub use error::{Attempt, CallError, Cause};
pub use pages::Pages;
pub use retry::RetryPolicy;
pub use wait::{Progress, WaitError, WaitOptions};
pub use watch::{Watch, WatchEvent};

pub use ci_core as core;
pub use ci_model as model;
pub use cos_sign::{Credentials, Diagnosis, Presigned, TokenName};
