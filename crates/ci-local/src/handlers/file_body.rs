//! A file, or a part of one, as the body of an answer: read as it is sent, never held whole.

use std::io::{self, SeekFrom};
use std::path::Path;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::channel::Channel;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// `length` bytes of the file from `start`. The file is opened now: a later delete does not cut it.
pub(super) async fn of(path: &Path, start: u64, length: u64) -> io::Result<Body> {
    let mut file = File::open(path).await?;
    if start > 0 {
        file.seek(SeekFrom::Start(start)).await?;
    }
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    tokio::spawn(async move {
        let mut rest = file.take(length);
        let mut left = length;
        while left > 0 {
            let mut piece = BytesMut::with_capacity(PIECE);
            match rest.read_buf(&mut piece).await {
                // Someone cut the file: an answer shorter than promised must not look whole.
                Ok(0) => {
                    sender.abort(io::ErrorKind::UnexpectedEof.into());
                    return;
                }
                Ok(n) => {
                    left = left.saturating_sub(n as u64);
                    if sender.send_data(piece.freeze()).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    sender.abort(error);
                    return;
                }
            }
        }
    });
    Ok(Body::new(body))
}
