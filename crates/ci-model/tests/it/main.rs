//! Tests of the crate as its users see it.

mod errors;
mod fixtures;
mod hostile;
mod inspected;
mod leniency;
mod properties;
mod replay;
mod requests;
