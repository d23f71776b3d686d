//! What an earlier run may have sent: one reading of the list settles all of it.
//!
//! A look of its own for each job would list the same jobs over and over, and each would have to be absent for its own
//! ten seconds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ci_model::{JobId, Tag};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::client::Client;
use crate::clock::after;

/// The jobs of these marks, or why the list could not be read.
type Read = Result<HashMap<String, JobId>, String>;

/// The readings of the list: at once, and for what was missing then, once more when it has been absent long enough.
#[derive(Default)]
struct Readings {
    first: OnceCell<Read>,
    last: OnceCell<Read>,
}

/// The marks that were sent, or about to be, when an earlier run ended.
pub(super) struct Earlier {
    marks: HashSet<String>,
    /// When the first of them was sent, in Unix seconds.
    since: i64,
    absent: Duration,
    /// One reading for each kind of work.
    settled: Mutex<Vec<(Tag, Arc<Readings>)>>,
}

impl Earlier {
    pub(super) fn new<'a>(
        sent: impl Iterator<Item = (&'a str, i64)>,
        absent: Duration,
    ) -> Arc<Self> {
        let (mut marks, mut since) = (HashSet::new(), i64::MAX);
        for (mark, at) in sent {
            marks.insert(mark.to_owned());
            since = since.min(at);
        }
        Arc::new(Self {
            marks,
            since,
            absent,
            settled: Mutex::default(),
        })
    }

    pub(super) fn absent(&self) -> Duration {
        self.absent
    }

    /// The job of this mark; nothing when it was absent from the whole list, and still was later. The error says why
    /// neither can be told.
    pub(super) async fn find(
        &self,
        client: &Client,
        tag: &Tag,
        mark: &str,
    ) -> Result<Option<JobId>, String> {
        let settled = {
            let mut all = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, settled)) = all.iter().find(|(of, _)| of == tag) {
                Arc::clone(settled)
            } else {
                let settled = Arc::new(Readings::default());
                all.push((tag.clone(), Arc::clone(&settled)));
                settled
            }
        };
        let sure = after(Instant::now(), self.absent);
        let read = async |before: HashMap<String, JobId>| {
            let mut found = before;
            let reading = client.find_marks(tag, self.since, &self.marks, &mut found);
            reading.await.map(|()| found)
        };
        // What is found at once is followed at once.
        let first = settled.first.get_or_init(|| read(HashMap::new())).await;
        let first = first.as_ref().map_err(Clone::clone)?;
        if let Some(job) = first.get(mark) {
            return Ok(Some(job.clone()));
        }
        let later = async || {
            tokio::time::sleep_until(sure).await;
            read(first.clone()).await
        };
        let last = settled.last.get_or_init(later).await;
        let last = last.as_ref().map_err(Clone::clone)?;
        Ok(last.get(mark).cloned())
    }
}
