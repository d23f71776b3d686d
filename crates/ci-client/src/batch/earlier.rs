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
type Settled = Arc<OnceCell<Result<HashMap<String, JobId>, String>>>;

/// The marks that were sent, or about to be, when an earlier run ended.
pub(super) struct Earlier {
    marks: HashSet<String>,
    /// When the first of them was sent, in Unix seconds.
    since: i64,
    absent: Duration,
    /// One reading for each kind of work.
    settled: Mutex<Vec<(Tag, Settled)>>,
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
                let settled = Settled::default();
                all.push((tag.clone(), Arc::clone(&settled)));
                settled
            }
        };
        let found = settled.get_or_init(|| self.read(client, tag)).await;
        match found {
            Ok(found) => Ok(found.get(mark).cloned()),
            Err(why) => Err(why.clone()),
        }
    }

    async fn read(&self, client: &Client, tag: &Tag) -> Result<HashMap<String, JobId>, String> {
        let sure = after(Instant::now(), self.absent);
        let mut found = HashMap::new();
        loop {
            let last = Instant::now() >= sure;
            client
                .find_marks(tag, self.since, &self.marks, &mut found)
                .await?;
            if last || found.len() == self.marks.len() {
                return Ok(found);
            }
            tokio::time::sleep_until(sure).await;
        }
    }
}
