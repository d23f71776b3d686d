//! Covers of a stream: kept in a file while it is looked at, because videos are sought in.

use std::{
    io::{ErrorKind, Read, Write},
    path::Path,
};

use crate::{Cancel, CoverError, Options, Picked, Progress, pick};

/// Bytes between two looks at the switch.
const CHUNK: usize = 256 * 1024;

/// Picks covers of what a reader gives, like [`pick`].
///
/// The bytes are kept in a temporary file in `out`, which is gone afterwards. Nothing bounds how many there are:
/// give a [`Read::take`] where the reader is not trusted.
///
/// ```no_run
/// # use std::path::Path;
/// use smart_cover::{Cancel, Options, pick_from};
/// let mut video = std::io::stdin().lock();
/// let picked = pick_from(&mut video, &Options::new(), Path::new("covers"), &mut |_| {}, &Cancel::new())?;
/// # Ok::<(), smart_cover::CoverError>(())
/// ```
///
/// # Errors
/// As [`pick`]; [`CoverError::Io`] when the reader fails or the file cannot be written.
pub fn pick_from(
    video: &mut dyn Read,
    options: &Options,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Picked, CoverError> {
    options.check()?;
    let failed = |error| CoverError::io("cannot keep the video in", out, error);
    let mut file = tempfile::Builder::new()
        .prefix(".video-")
        .tempfile_in(out)
        .map_err(failed)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        if cancel.is_cancelled() {
            return Err(CoverError::Cancelled);
        }
        match video.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => file.write_all(&chunk[..count]).map_err(failed)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    pick(file.path(), options, out, progress, cancel)
}
