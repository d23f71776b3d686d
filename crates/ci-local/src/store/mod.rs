//! The engine's memory: one SQLite file, one thread that writes, any number of readers.
//!
//! Writes are closures. The writer runs all that wait in one transaction and answers each after
//! the commit, so that thousands of callers share one sync of the disk.

pub(crate) mod buckets;
pub(crate) mod callbacks;
pub(crate) mod jobs;
pub(crate) mod lent;
pub(crate) mod messages;
pub(crate) mod objects;
pub(crate) mod queues;
mod schema;
pub(crate) mod templates;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::{EngineError, StoreError};
use writer::Writer;

/// Handle to the database; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    writer: Writer,
    readers: Arc<Readers>,
}

#[derive(Debug)]
struct Readers {
    path: PathBuf,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// Readers at the same time. Each has its connection with its cache; more than a few only wait for
/// each other's processor, and a thousand would cost their memory.
const READERS: usize = 4;

impl Store {
    /// Opens or creates `path`, brings its schema up to date and starts the writer.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let failed = |source: StoreError| EngineError::Store {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(|e| failed(e.into()))?;
        prepare(&connection).map_err(|e| failed(e.into()))?;
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(|e| failed(e.into()))?;
        // WAL with FULL syncs at every commit: an answered request survives a power cut.
        connection
            .pragma_update(None, "synchronous", "full")
            .map_err(|e| failed(e.into()))?;
        schema::upgrade(&mut connection, path)?;
        let writer =
            Writer::start(connection).map_err(EngineError::io("start a thread for", path))?;
        Ok(Self {
            writer,
            readers: Arc::new(Readers {
                path: path.to_owned(),
                places: Semaphore::new(READERS),
                idle: Mutex::default(),
            }),
        })
    }

    /// Runs `work` in a transaction of the writer; the answer comes after the commit.
    ///
    /// What a failing `work` wrote is undone, what its neighbours wrote is kept.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `work` on a reading connection, on a thread where blocking is allowed.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let _place = self
            .readers
            .places
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        tokio::task::spawn_blocking(move || {
            let connection = readers.take()?;
            let out = work(&connection);
            readers.give(connection);
            out
        })
        .await
        .map_err(|error| StoreError::Sqlite(format!("a reader stopped: {error}")))?
    }

    /// Finishes what is queued and stops the writer.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
    }
}

impl Readers {
    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let connection =
            Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        prepare(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn give(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Empties every table.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    let tables = "jobs templates queues buckets callbacks messages objects lent";
    for table in tables.split(' ') {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: &str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Row {
        table,
        row: row.to_owned(),
        why: error.to_string(),
    })
}

/// Writes a JSON column.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Sqlite(error.to_string()))
}

#[cfg(test)]
mod tests;
