//! What keeps the engine itself from starting or working; refusals to a caller are in `reply`.

use std::path::PathBuf;

/// Why an engine could not start or carry out a call made on it as a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Another engine holds the folder.
    #[error(
        "another engine already works in {}: stop it, or choose another data folder",
        path.display()
    )]
    Locked {
        /// The data folder.
        path: PathBuf,
    },
    /// A file or folder of the engine could not be used.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried: `create`, `open`, `lock`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("the database in {} cannot be used", path.display())]
    Store {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: StoreError,
    },
    /// The database was written by a later version of this program.
    #[error(
        "{} has schema version {found}, this program knows up to {known}: use the newer program",
        path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The version found in the file.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// A bucket name or key that cannot be a file in the data folder.
    #[error("{text:?} cannot be used as {what}: {why}")]
    Name {
        /// `a bucket name` or `an object key`.
        what: &'static str,
        /// The text that was refused.
        text: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// No such job in this engine.
    #[error("no job {id} in this engine")]
    NoSuchJob {
        /// The id asked for.
        id: String,
    },
    /// The engine's settings contradict each other.
    #[error("{why}")]
    Config {
        /// What is wrong and what to do.
        why: String,
    },
}

impl EngineError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite's own words; the disk may be full or read-only.
    #[error("{0}")]
    Sqlite(String),
    /// The engine is shutting down, nothing is written any more.
    #[error("the engine is shutting down")]
    Closed,
    /// A row that this version cannot read.
    #[error("row {row} of table {table} cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with it.
        why: String,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.to_string())
    }
}
