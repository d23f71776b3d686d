//! Reads a request's document, and says what is wrong with one that cannot be read.

use ci_model::{Document, Limits, ReadError, from_bytes_within};
use http::StatusCode;

use crate::reply::Refusal;

/// Elements of a request: six operations with everything set have about a hundred.
const MOST_ELEMENTS: usize = 2_000;
/// Levels of a request; the deepest that means something is five.
const MOST_LEVELS: usize = 16;

/// Reads the document of a media call.
pub(super) fn read<T: Document>(bytes: &[u8]) -> Result<T, Refusal> {
    let limits = Limits::default().elements(MOST_ELEMENTS).depth(MOST_LEVELS);
    from_bytes_within(bytes, &limits).map_err(|error| {
        let (code, message) = match &error {
            ReadError::Empty => ("MissingContent", "The request body is missing.".to_owned()),
            ReadError::At { .. } => ("InvalidArgument", format!("{error}.")),
            _ => (
                "InvalidContent",
                format!("The request body cannot be read: {error}."),
            ),
        };
        Refusal::new(StatusCode::BAD_REQUEST, code, message)
    })
}
