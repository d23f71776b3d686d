//! One call as a value: what it sends, what it expects, and whether it may be sent twice.

use bytes::Bytes;
use ci_model::{JobsDetail, Tag};

use crate::{Endpoint, ReplyError, RequestError};

/// Whether a request may be sent again when nobody knows if the first one was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// Twice has the effect of once.
    Safe,
    /// Twice costs twice, or makes two of something.
    Never,
}

/// A call of the API. Building its request and reading its reply are pure functions.
///
/// The trait is open: implement it to call what this crate lacks, see [`document`](crate::document).
pub trait Operation {
    /// As the API page spells it; stands in errors and spans.
    const NAME: &'static str;
    /// Whether the request may be sent again.
    const REPEAT: Repeat;
    /// Most bytes of a reply that make sense: 16 MiB unless an operation says otherwise.
    const LARGEST_REPLY: usize = 16 << 20;
    /// What a good reply holds.
    type Output;

    /// The request, complete but for its signature. The URI says where to connect; the `Host` header is always set and
    /// says whom to address, which is another place when the endpoint has a base of its own.
    ///
    /// # Errors
    /// [`RequestError`] when the service would refuse what was asked for.
    fn request(&self, to: &Endpoint) -> Result<http::Request<Bytes>, RequestError>;

    /// Reads the reply.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] when the service said no, under whatever status; [`ReplyError::Unreadable`] otherwise.
    fn response(head: &http::response::Parts, body: &Bytes) -> Result<Self::Output, ReplyError>;

    /// Marks the request, so that its effect can be found again, and says whether the mark was taken. Operations that
    /// cannot be marked, or carry a mark of the caller's, ignore it.
    fn stamp(&mut self, mark: &str) -> bool {
        let _ = mark;
        false
    }

    /// How to find out whether a request whose answer was lost was carried out; nothing when there is no way.
    fn lookup(&self) -> Option<Lookup<Self::Output>> {
        None
    }
}

/// How the effect of a lost request is found among the jobs that exist.
pub struct Lookup<T> {
    /// The kinds of work to list.
    pub tags: Vec<Tag>,
    /// The input object, which the list can be narrowed to.
    pub input: Option<String>,
    /// What identifies the effect, for the message when it is not found.
    pub mark: String,
    /// Whether the mark is one of a kind. If not, the time and the objects have to agree, and nothing older counts.
    pub unique: bool,
    /// The answer that was lost, if these jobs hold it. The number is the Unix time in seconds of the service before
    /// which a job cannot be the one.
    #[expect(clippy::type_complexity, reason = "a closure over what was asked for")]
    pub pick: Box<dyn Fn(&[JobsDetail], i64) -> Picked<T> + Send + Sync>,
}

/// What a [`Lookup`] found.
#[derive(Debug)]
pub enum Picked<T> {
    /// The effect, as the lost answer would have shown it.
    Found(T),
    /// Nothing yet; lists can lag.
    Missing,
    /// More than one candidate: no way to tell.
    Ambiguous,
}

impl<T> std::fmt::Debug for Lookup<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup")
            .field("tags", &self.tags)
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}
