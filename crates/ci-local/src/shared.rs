//! What all parts of a running engine hold in common.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smart_cover::Cancel;
use tokio::sync::{Notify, broadcast, watch};

use crate::auth::Keys;
use crate::clock::Clock;
use crate::config::{Config, JobProfile};
use crate::faults::Faults;
use crate::ids::Ids;
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::record::Record;
use crate::store::Store;

/// One engine. Handlers, dispatcher and notifier share it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) metrics: Metrics,
    pub(crate) record: Record,
    pub(crate) faults: Faults,
    pub(crate) profile: Mutex<JobProfile>,
    /// Jobs that run now, by id.
    pub(crate) running: Mutex<HashMap<String, Running>>,
    /// There may be a job to start.
    pub(crate) work: Notify,
    /// There may be a callback to deliver.
    pub(crate) outbox: Notify,
    /// Ids of jobs whose state has changed.
    pub(crate) news: broadcast::Sender<String>,
    /// Whether an address beyond this machine is served.
    pub(crate) exposed: AtomicBool,
    /// True once a port that is served is about to close: streams without end must end.
    pub(crate) closing: watch::Sender<bool>,
    /// True once the engine stops.
    pub(crate) stop: watch::Sender<bool>,
    /// Holds the lock of the data folder, and the folder itself when it is temporary.
    pub(crate) folder: crate::folder::Folder,
}

/// A job that runs now.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) queue: String,
    pub(crate) cancel: Cancel,
}

impl Shared {
    pub(crate) fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn profile(&self) -> JobProfile {
        *self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) fn is_exposed(&self) -> bool {
        self.exposed.load(Ordering::Relaxed)
    }

    /// Tells everybody that looks that a job's state has changed.
    pub(crate) fn announce(&self, job: &str) {
        // Nobody may be looking.
        let _ = self.news.send(job.to_owned());
    }
}
