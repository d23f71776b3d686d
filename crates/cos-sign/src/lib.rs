#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod authorization;
mod case;
mod choice;
mod credentials;
mod difference;
mod encode;
mod error;
mod explain;
mod head;
mod http_string;
mod lists;
mod presign;
mod sign;
mod signature;
mod text;
mod validity;
mod verify;

pub use authorization::{Authorization, AuthorizationError};
pub use case::Case;
pub use choice::{CI_TOKEN, COS_TOKEN, SignedHeaders, SignedParams, TokenName, is_ci_host};
pub use credentials::{Credentials, SecretKey};
pub use difference::{Difference, Part};
pub use encode::{encode_component, encode_path};
pub use error::SignError;
pub use explain::{Diagnosis, Explanation, explain};
pub use head::without_port;
pub use presign::{Presigned, presign};
pub use sign::{Signed, Signer, sign};
pub use signature::SigningKey;
pub use text::Plus;
pub use validity::{Validity, ValidityError};
pub use verify::{Mismatch, Place, Verified, VerifyError, verify, verify_with};
