//! What the whole-system tests share: the tool as a program, waiting for events, places for files.

pub mod browser;
pub mod local;
pub mod on_port;
pub mod pages;
pub mod picture;
pub mod receiver;
pub mod sdks;
pub mod served;
pub mod shell_page;
pub mod tls;
pub mod tool;
pub mod until;

use std::path::{Path, PathBuf};

/// A file of `tests/data`; its source and licence stand beside it.
#[must_use]
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name)
}

/// The MD5 of bytes, as the service writes it.
#[must_use]
pub fn md5_of(bytes: &[u8]) -> String {
    use md5::Digest;
    hex::encode(md5::Md5::digest(bytes))
}
