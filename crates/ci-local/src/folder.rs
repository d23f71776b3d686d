//! The data folder: made, locked against a second engine, and gone afterwards if it is temporary.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::config::Data;
use crate::error::EngineError;

/// A data folder that belongs to one engine for as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
    _temporary: Option<tempfile::TempDir>,
}

impl Folder {
    pub(crate) fn open(data: &Data) -> Result<Self, EngineError> {
        let (path, temporary) = match data {
            Data::At(path) => {
                fs::create_dir_all(path).map_err(EngineError::io("create", path))?;
                (path.clone(), None)
            }
            Data::Ephemeral => {
                let folder = tempfile::Builder::new()
                    .prefix("ci-local-")
                    .tempdir()
                    .map_err(EngineError::io("create a folder in", std::env::temp_dir()))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(EngineError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path,
                _lock: lock,
                _temporary: temporary,
            }),
            Err(TryLockError::WouldBlock) => Err(EngineError::Locked { path }),
            Err(TryLockError::Error(source)) => Err(EngineError::io("lock", lock_path)(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
