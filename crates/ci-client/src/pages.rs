//! Lists as one sequence instead of pages: by hand with `next`, or as a `Stream`.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ci_core::{ListBuckets, ListJobs, ListObjects, ListQueues, ListTemplates, ObjectSummary};
use ci_model::{JobsDetail, MediaBucket, Queue, Template};
use futures_core::Stream;

use crate::client::Client;
use crate::error::CallError;

/// The entries of one page, and the call for the next one.
type Page<T> = (Vec<T>, Option<Next<T>>);
type Fetching<T> = Pin<Box<dyn Future<Output = Result<Page<T>, CallError>> + Send>>;
struct Next<T>(Box<dyn FnOnce() -> Fetching<T> + Send>);

/// The entries of a list, fetched page by page as they are asked for. After an error it ends.
pub struct Pages<T> {
    ready: VecDeque<T>,
    next: Option<Next<T>>,
    fetching: Option<Fetching<T>>,
}

impl<T> Unpin for Pages<T> {}

impl<T> Pages<T> {
    fn new(first: impl FnOnce() -> Fetching<T> + Send + 'static) -> Self {
        Self {
            ready: VecDeque::new(),
            next: Some(Next(Box::new(first))),
            fetching: None,
        }
    }

    /// The next entry; nothing at the end.
    ///
    /// # Errors
    /// [`CallError`], after which there is nothing more.
    pub async fn next(&mut self) -> Result<Option<T>, CallError> {
        std::future::poll_fn(|cx| self.poll_one(cx))
            .await
            .transpose()
    }

    /// All entries that are left.
    ///
    /// # Errors
    /// [`CallError`]; what was read before it is lost.
    pub async fn all(mut self) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        while let Some(one) = self.next().await? {
            all.push(one);
        }
        Ok(all)
    }

    fn poll_one(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, CallError>>> {
        loop {
            if let Some(one) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(one)));
            }
            if self.fetching.is_none() {
                match self.next.take() {
                    Some(next) => self.fetching = Some((next.0)()),
                    None => return Poll::Ready(None),
                }
            }
            let Some(fetching) = &mut self.fetching else {
                return Poll::Ready(None);
            };
            let fetched = ready!(fetching.as_mut().poll(cx));
            self.fetching = None;
            match fetched {
                Ok((page, next)) => {
                    self.ready = page.into();
                    self.next = next;
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_one(cx)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// All jobs that `list` asks for, from its page on.
    #[must_use]
    pub fn all_jobs(&self, list: ListJobs) -> Pages<JobsDetail> {
        let client = self.clone();
        Pages::new(move || jobs(client, list, Seen::default()))
    }

    /// All objects that `list` asks for, from its marker on.
    #[must_use]
    pub fn all_objects(&self, list: ListObjects) -> Pages<ObjectSummary> {
        let client = self.clone();
        Pages::new(move || objects(client, list, Seen::default()))
    }

    /// All templates that `list` asks for, from its page on.
    #[must_use]
    pub fn all_templates(&self, list: ListTemplates) -> Pages<Template> {
        let client = self.clone();
        Pages::new(move || templates(client, list))
    }

    /// All queues that `list` asks for, from its page on.
    #[must_use]
    pub fn all_queues(&self, list: ListQueues) -> Pages<Queue> {
        let client = self.clone();
        Pages::new(move || queues(client, list))
    }

    /// All buckets that `list` asks for, from its page on.
    #[must_use]
    pub fn all_buckets(&self, list: ListBuckets) -> Pages<MediaBucket> {
        let client = self.clone();
        Pages::new(move || buckets(client, list))
    }
}

/// Where a list went on already. A service that leads back there would be followed in circles for ever.
#[derive(Default)]
struct Seen(HashSet<u64>);

impl Seen {
    /// What is behind `place`; nothing when there is none, or when it was gone to before.
    fn new_place(&mut self, place: Option<String>) -> Option<String> {
        let place = place.filter(|place| !place.is_empty())?;
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        self.0.insert(hasher.finish()).then_some(place)
    }
}

fn jobs(client: Client, mut list: ListJobs, mut seen: Seen) -> Fetching<JobsDetail> {
    Box::pin(async move {
        seen.new_place(list.next_token.clone());
        let page = client.send(list.clone()).await?.output;
        // The end of the list is not documented: no token, an empty one, or an earlier one again all mean it.
        let next = seen.new_place(page.next_token).map(|token| {
            list.next_token = Some(token);
            Next(Box::new(move || jobs(client, list, seen)))
        });
        Ok((page.jobs_detail, next))
    })
}

fn objects(client: Client, mut list: ListObjects, mut seen: Seen) -> Fetching<ObjectSummary> {
    Box::pin(async move {
        seen.new_place(list.marker.clone());
        let page = client.send(list.clone()).await?.output;
        let next = seen.new_place(page.next_marker).map(|marker| {
            list.marker = Some(marker);
            Next(Box::new(move || objects(client, list, seen)))
        });
        Ok((page.objects, next))
    })
}

/// Lists with numbered pages: they end with a page that is not full, or when as many were seen as there are.
macro_rules! numbered {
    ($name:ident, $list:ty, $entry:ty, $field:ident) => {
        fn $name(client: Client, mut list: $list) -> Fetching<$entry> {
            Box::pin(async move {
                let page = client.send(list.clone()).await?.output;
                let number = list.page_number.unwrap_or(1);
                let size = page.page_size.or(list.page_size).unwrap_or(10).max(1);
                let seen = u64::from(number) * u64::from(size);
                let more = match page.total_count {
                    Some(total) => seen < u64::from(total) && !page.$field.is_empty(),
                    None => page.$field.len() >= usize::try_from(size).unwrap_or(usize::MAX),
                };
                let next = more.then(|| {
                    list.page_number = Some(number.saturating_add(1));
                    Next(Box::new(move || $name(client, list)))
                });
                Ok((page.$field, next))
            })
        }
    };
}

numbered!(templates, ListTemplates, Template, template_list);
numbered!(queues, ListQueues, Queue, queue_list);
numbered!(buckets, ListBuckets, MediaBucket, media_bucket_list);
