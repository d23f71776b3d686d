//! Reading what clients send, never more and never longer than allowed.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap};
use http_body_util::BodyExt as _;
use md5::{Digest, Md5};
use tokio::time::{Instant, timeout};

use super::call::header;
use crate::ids;
use crate::reply::Refusal;

/// The largest document of the media API that is read; six operations fit many times.
const MOST_DOCUMENT_BYTES: usize = 512 * 1024;
/// What is read and thrown away after a refusal.
const MOST_DRAINED_BYTES: usize = 4 << 20;

/// What an upload must at least bring in each idle time that it is waited for: with 30 s, 273 bytes a second.
const LEAST_UPLOAD_BYTES: u64 = 8 * 1024;

/// How fast an upload comes: one that drips would hold a connection for ever, although it is never silent.
pub(super) struct Pace {
    idle: Duration,
    waited: Duration,
    got: u64,
}

impl Pace {
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            idle,
            waited: Duration::ZERO,
            got: 0,
        }
    }

    /// The next piece, if the sender keeps pace. Only waiting for it counts: a slow disk here is not its fault.
    pub(super) async fn next(&mut self, body: &mut Body) -> Result<Option<Bytes>, Refusal> {
        let asked = Instant::now();
        let piece = next(body, self.idle).await?;
        let Some(bytes) = &piece else {
            return Ok(None);
        };
        self.waited += asked.elapsed();
        self.got += bytes.len() as u64;
        if self.waited >= self.idle {
            if self.got < LEAST_UPLOAD_BYTES {
                return Err(late());
            }
            (self.waited, self.got) = (Duration::ZERO, 0);
        }
        Ok(piece)
    }
}

fn late() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "RequestTimeout",
        "The request body did not arrive in time.",
    )
}

/// The next piece of a body. `None` at its end.
async fn next(body: &mut Body, idle: Duration) -> Result<Option<Bytes>, Refusal> {
    loop {
        let frame = timeout(idle, body.frame()).await.map_err(|_| late())?;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => {
                // Trailers carry nothing that is looked at.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) => {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "IncompleteBody",
                    format!("The request body ended early: {error}."),
                ));
            }
        }
    }
}

/// The whole document of a media call.
pub(crate) async fn document(
    body: &mut Body,
    headers: &HeaderMap,
    idle: Duration,
) -> Result<Bytes, Refusal> {
    let declared = header(headers, CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
    let too_large = || {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "XMLSizeLimit",
            format!("The request body is larger than {MOST_DOCUMENT_BYTES} bytes."),
        )
    };
    if declared.is_some_and(|length| length > MOST_DOCUMENT_BYTES) {
        return Err(too_large());
    }
    // One time for the whole document: a sender of one byte a second gets no longer.
    let read = timeout(idle, async {
        let mut whole = BytesMut::new();
        while let Some(piece) = next(body, idle).await? {
            if whole.len() + piece.len() > MOST_DOCUMENT_BYTES {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    });
    let bytes = match read.await {
        Ok(read) => read?,
        Err(_) => return Err(late()),
    };
    if let Some(sent) = header(headers, "content-md5")
        && sent.trim() != ids::base64(&Md5::digest(&bytes))
    {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidContent",
            "The request body differs from its Content-MD5.",
        ));
    }
    Ok(bytes)
}

/// Reads a little more of a refused body, so that its sender can see the answer.
pub(super) async fn drain(body: &mut Body, idle: Duration) {
    let limit = idle.min(Duration::from_secs(2));
    let _ = timeout(limit, async {
        let mut left = MOST_DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(size) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use http_body::Frame;
    use tokio::time::{Sleep, sleep};

    use super::*;

    const IDLE: Duration = Duration::from_secs(30);

    /// So many pieces of one size, each after the same pause.
    struct Drip {
        left: usize,
        size: usize,
        pause: Duration,
        next: Pin<Box<Sleep>>,
    }

    impl http_body::Body for Drip {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            ready!(self.next.as_mut().poll(cx));
            self.left -= 1;
            self.next = Box::pin(sleep(self.pause));
            let piece = Bytes::from(vec![0; self.size]);
            Poll::Ready(Some(Ok(Frame::data(piece))))
        }
    }

    /// How many bytes are taken, and how long that takes.
    async fn taken(left: usize, size: usize, seconds: u64) -> (Result<usize, Refusal>, Duration) {
        let pause = Duration::from_secs(seconds);
        let next = Box::pin(sleep(pause));
        let mut body = Body::new(Drip {
            left,
            size,
            pause,
            next,
        });
        let (mut pace, mut taken, start) = (Pace::new(IDLE), 0, Instant::now());
        loop {
            match pace.next(&mut body).await {
                Ok(Some(piece)) => taken += piece.len(),
                Ok(None) => return (Ok(taken), start.elapsed()),
                Err(refusal) => return (Err(refusal), start.elapsed()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_drips_is_refused_and_one_that_is_merely_slow_is_not() {
        // A byte every 29 seconds is never silent for long enough, and would take 29,000 seconds.
        let (refused, after) = taken(1000, 1, 29).await;
        assert_eq!(refused.unwrap_err().code, "RequestTimeout");
        assert!(after <= IDLE * 2, "{after:?}");
        // An hour at 300 bytes a second.
        let (whole, after) = taken(3600, 300, 1).await;
        assert_eq!((whole.unwrap(), after.as_secs()), (3600 * 300, 3600));
        // Little that comes soon is whole, however little.
        let (whole, _) = taken(2, 1, 14).await;
        assert_eq!(whole.unwrap(), 2);
        // Silence ends it as before.
        let (refused, _) = taken(1, 0, 31).await;
        assert_eq!(refused.unwrap_err().code, "RequestTimeout");
    }
}
