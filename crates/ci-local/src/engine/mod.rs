//! The engine as a value: start it, mount its router or serve a port, look into it, stop it.

mod control;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use cos_sign::SecretKey;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;

use crate::auth::Keys;
use crate::clock::Clock;
use crate::config::{Config, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use crate::error::{EngineError, StoreError};
use crate::faults::Faults;
use crate::folder::Folder;
use crate::ids::Ids;
use crate::metrics::Metrics;
use crate::objects::{Key, Objects};
use crate::record::Record;
use crate::shared::Shared;
use crate::spec::CoverRecord;
use crate::store::{Store, jobs, lent};
use crate::{address, handlers, notify, queue};

/// News that one reader may be behind; a slower one misses some.
const NEWS_KEPT: usize = 1024;

/// A running engine. Its jobs run until [`shutdown`](Self::shutdown), or until it is dropped.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Starts an engine: opens its folder, puts unfinished jobs back to work. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`EngineError::Locked`] when another engine has the folder; others when the folder or its
    /// database cannot be used.
    pub async fn start(config: Config) -> Result<Self, EngineError> {
        config.check()?;
        let opened = tokio::task::spawn_blocking(move || open(config))
            .await
            .map_err(|error| EngineError::Config {
                why: format!("the start was interrupted: {error}"),
            })?;
        let shared = Arc::new(opened?);
        let found = shared
            .store
            .write(|c| {
                let again = jobs::requeue_all(c)?;
                Ok::<_, StoreError>((again, lent::all(c)?))
            })
            .await;
        let (again, lent) = found.map_err(|source| EngineError::Store {
            path: shared.folder.path().join(DATABASE),
            source,
        })?;
        if again > 0 {
            tracing::info!(jobs = again, "unfinished jobs run again");
        }
        for (bucket, key, path) in lent {
            if let Ok(key) = Key::parse(&key) {
                shared.objects.lend(&bucket, &key, path.into());
            }
        }
        let tasks = vec![
            tokio::spawn(queue::dispatch(Arc::clone(&shared))),
            tokio::spawn(notify::run(Arc::clone(&shared))),
        ];
        Ok(Self {
            shared,
            tasks: Mutex::new(tasks),
        })
    }

    /// An engine with default settings and data that is gone afterwards.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn ephemeral() -> Result<Self, EngineError> {
        Self::start(Config::ephemeral()).await
    }

    /// The service as a value: no port is bound. Clones share the engine.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(handlers::handle)
            .with_state(Arc::clone(&self.shared))
    }

    /// Serves a port until `shutdown` is ready; then answers what was asked and returns.
    ///
    /// On an address that is not loopback the fixed local pair opens nothing any more, and the
    /// control interface needs its key.
    ///
    /// Jobs go on running: see [`shutdown`](Self::shutdown).
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()>,
    ) {
        let is_local = listener
            .local_addr()
            .is_ok_and(|address| address.ip().is_loopback());
        if !is_local {
            self.shared.exposed.store(true, Ordering::Relaxed);
        }
        crate::serve::serve(&self.shared, self.router(), listener, shutdown).await;
    }

    /// Makes a local file an object of a bucket, without copying it.
    ///
    /// # Errors
    /// [`EngineError::Name`] for a bucket or key that cannot be, [`EngineError::Io`] when there is
    /// no such file.
    pub async fn lend(&self, bucket: &str, key: &str, path: &Path) -> Result<(), EngineError> {
        let name = |what, text: &str, why| EngineError::Name {
            what,
            text: text.to_owned(),
            why,
        };
        if !address::is_bucket(bucket) {
            let why = "use 1 to 60 lower-case letters, digits and inner hyphens";
            return Err(name("a bucket name", bucket, why));
        }
        let parsed = Key::parse(key).map_err(|_| {
            let why = "use names joined by slashes, none of them empty, . or ..";
            name("an object key", key, why)
        })?;
        let path = tokio::fs::canonicalize(path)
            .await
            .map_err(EngineError::io("open", path))?;
        let Some(text) = path.to_str().map(str::to_owned) else {
            let shown = path.to_string_lossy().into_owned();
            return Err(name("a path", &shown, "it is not UTF-8"));
        };
        let (bucket_row, key_row) = (bucket.to_owned(), parsed.as_str().to_owned());
        self.shared
            .store
            .write(move |c| lent::put(c, &bucket_row, &key_row, &text))
            .await
            .map_err(|source| self.store_error(source))?;
        self.shared
            .objects
            .create_bucket(bucket)
            .map_err(EngineError::io(
                "create a bucket in",
                self.shared.folder.path(),
            ))?;
        self.shared.objects.lend(bucket, &parsed, path);
        Ok(())
    }

    /// The covers of a job with what the wire protocol has no field for; none before its success.
    ///
    /// # Errors
    /// [`EngineError::NoSuchJob`] for an unknown id.
    pub async fn covers_of(&self, job: &str) -> Result<Vec<CoverRecord>, EngineError> {
        let id = job.to_owned();
        self.shared
            .store
            .read(move |c| jobs::find(c, None, &id))
            .await
            .map_err(|source| self.store_error(source))?
            .map(|job| job.covers)
            .ok_or_else(|| EngineError::NoSuchJob { id: job.to_owned() })
    }

    /// Ids of jobs whose state, or whose callback, has changed, as it happens.
    ///
    /// A receiver that falls behind by more than a thousand misses some and is told so.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<String> {
        self.shared.news.subscribe()
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.shared.folder.path()
    }

    /// Stops taking up jobs, lets running ones finish within the grace, puts the others back.
    pub async fn shutdown(&self) {
        self.shared.stop.send_replace(true);
        let tasks = match self.tasks.lock() {
            Ok(mut tasks) => std::mem::take(&mut *tasks),
            Err(_) => Vec::new(),
        };
        for task in tasks {
            let _ = task.await;
        }
        self.shared.store.close().await;
    }

    fn store_error(&self, source: StoreError) -> EngineError {
        EngineError::Store {
            path: self.shared.folder.path().join(DATABASE),
            source,
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        // Nobody waits for running jobs any more: at the next start they run again.
        for running in self.shared.running().values() {
            running.cancel.cancel();
        }
    }
}

const DATABASE: &str = "engine.db";

fn open(config: Config) -> Result<Shared, EngineError> {
    let folder = Folder::open(&config.data)?;
    let store = Store::open(&folder.path().join(DATABASE))?;
    let objects = Objects::open(folder.path())?;
    let keys = if config.keys.is_empty() {
        vec![(LOCAL_SECRET_ID.to_owned(), SecretKey::new(LOCAL_SECRET_KEY))]
    } else {
        config.keys.clone()
    };
    Ok(Shared {
        clock: Clock::default(),
        ids: Ids::new(config.seed),
        keys: Keys::new(keys),
        store,
        objects,
        metrics: Metrics::default(),
        record: Record::default(),
        faults: Faults::default(),
        exposed: AtomicBool::new(false),
        profile: Mutex::new(config.profile),
        running: Mutex::default(),
        work: Notify::new(),
        outbox: Notify::new(),
        news: broadcast::Sender::new(NEWS_KEPT),
        closing: watch::Sender::new(false),
        stop: watch::Sender::new(false),
        folder,
        config,
    })
}
