#![doc = include_str!("../README.md")]

mod endpoint;
mod error;
mod operation;
mod ops;
mod presign;
mod query;
mod reply;

pub use endpoint::{Domain, Endpoint, ObjectAccess, Service};
pub use error::{Refusal, ReplyError, RequestError, Unreadable};
pub use operation::{Lookup, Operation, Picked, Repeat};
pub use ops::*;
pub use presign::{presign_get, presign_put};
pub use reply::{accept, document, request_id};
