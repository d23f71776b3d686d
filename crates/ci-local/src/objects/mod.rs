//! Objects as plain files: `buckets/<bucket>/<key>` under the data folder, whole or not there.
//!
//! A file is written beside the buckets, synced, and renamed into place. Symbolic links inside a
//! bucket's folder are not followed: they are as good as absent.

mod digest;
mod key;
mod list;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::UNIX_EPOCH;

pub(crate) use digest::{Digests, Summer};
pub(crate) use key::{Key, KeyError};
#[cfg(test)]
pub(crate) use list::Entry;
pub(crate) use list::{ListQuery, Listing};

use crate::error::EngineError;

/// The folder of objects, and the local files lent to buckets.
#[derive(Debug)]
pub(crate) struct Objects {
    buckets: PathBuf,
    scratch: PathBuf,
    next: AtomicU64,
    lent: RwLock<BTreeMap<(String, String), PathBuf>>,
}

/// A file that is an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Nanoseconds since 1970; with the size it tells whether a recorded checksum still holds.
    pub(crate) modified: i64,
}

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectError {
    #[error("no such object")]
    Absent,
    #[error("a folder stands where the object would, or an object where a folder would")]
    Conflict,
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for ObjectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::AlreadyExists => Self::Conflict,
            _ => Self::Io(error),
        }
    }
}

impl Objects {
    /// Opens the folders under `data` and clears what an interrupted run left in scratch.
    pub(crate) fn open(data: &Path) -> Result<Self, EngineError> {
        let (buckets, scratch) = (data.join("buckets"), data.join("scratch"));
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(EngineError::io("clear", &scratch))?;
        }
        for folder in [&buckets, &scratch] {
            fs::create_dir_all(folder).map_err(EngineError::io("create", folder))?;
        }
        Ok(Self {
            buckets,
            scratch,
            next: AtomicU64::new(0),
            lent: RwLock::default(),
        })
    }

    /// Makes a local file an object of the bucket without copying it.
    pub(crate) fn lend(&self, bucket: &str, key: &Key, path: PathBuf) {
        self.lent
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((bucket.to_owned(), key.as_str().to_owned()), path);
    }

    fn lent(&self, bucket: &str, key: &Key) -> Option<PathBuf> {
        let lent = self.lent.read().unwrap_or_else(PoisonError::into_inner);
        if lent.is_empty() {
            return None;
        }
        lent.get(&(bucket.to_owned(), key.as_str().to_owned()))
            .cloned()
    }

    /// A fresh path in the scratch folder, on the same file system as the buckets.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.scratch
            .join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    pub(crate) fn bucket_exists(&self, bucket: &str) -> bool {
        fs::symlink_metadata(self.buckets.join(bucket)).is_ok_and(|m| m.is_dir())
    }

    pub(crate) fn create_bucket(&self, bucket: &str) -> io::Result<()> {
        match fs::create_dir(self.buckets.join(bucket)) {
            Ok(()) => sync_folder(&self.buckets),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Names of the folders that are buckets, also those made by hand.
    pub(crate) fn bucket_names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.buckets)? {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Ok(name) = entry.file_name().into_string()
                && crate::address::is_bucket(&name)
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Finds an object, following no link on the way.
    pub(crate) fn find(&self, bucket: &str, key: &Key) -> Result<Found, ObjectError> {
        if let Some(path) = self.lent(bucket, key) {
            let metadata = fs::metadata(&path)?;
            return found(path, &metadata);
        }
        let mut path = self.buckets.join(bucket);
        let mut metadata = fs::symlink_metadata(&path)?;
        for segment in key.segments() {
            if !metadata.is_dir() {
                return Err(ObjectError::Absent);
            }
            path.push(segment);
            metadata = fs::symlink_metadata(&path).map_err(|error| match error.kind() {
                // A name that the file system cannot hold is the name of no object.
                io::ErrorKind::InvalidFilename => ObjectError::Absent,
                _ => error.into(),
            })?;
        }
        found(path, &metadata)
    }

    /// Moves a finished file from scratch into the bucket, replacing what was there.
    pub(crate) fn place(&self, from: &Path, bucket: &str, key: &Key) -> Result<Found, ObjectError> {
        let mut folder = self.buckets.join(bucket);
        self.create_bucket(bucket)?;
        if !fs::symlink_metadata(&folder)?.is_dir() {
            return Err(ObjectError::Conflict);
        }
        let mut segments = key.segments().peekable();
        while let Some(segment) = segments.next() {
            if segments.peek().is_none() {
                break;
            }
            let parent = folder.clone();
            folder.push(segment);
            match fs::create_dir(&folder) {
                Ok(()) => sync_folder(&parent)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !fs::symlink_metadata(&folder)?.is_dir() {
                        return Err(ObjectError::Conflict);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        let path = self.buckets.join(bucket).join(key.relative());
        fs::rename(from, &path)?;
        sync_folder(&folder)?;
        self.lent
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(bucket.to_owned(), key.as_str().to_owned()));
        let metadata = fs::symlink_metadata(&path)?;
        found(path, &metadata)
    }

    /// Deletes an object and the folders it leaves empty; an absent one is no error.
    pub(crate) fn remove(&self, bucket: &str, key: &Key) -> Result<(), ObjectError> {
        let mut lent = self.lent.write().unwrap_or_else(PoisonError::into_inner);
        if lent
            .remove(&(bucket.to_owned(), key.as_str().to_owned()))
            .is_some()
        {
            return Ok(());
        }
        drop(lent);
        let path = match self.find(bucket, key) {
            Ok(found) => found.path,
            Err(ObjectError::Absent) => return Ok(()),
            Err(error) => return Err(error),
        };
        fs::remove_file(&path)?;
        let bucket = self.buckets.join(bucket);
        let mut folder = path.parent();
        while let Some(empty) = folder.filter(|f| *f != bucket && f.starts_with(&bucket)) {
            if fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }

    /// Deletes every bucket's folder and all that was lent.
    pub(crate) fn clear(&self) -> io::Result<()> {
        self.lent
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        for name in self.bucket_names()? {
            fs::remove_dir_all(self.buckets.join(name))?;
        }
        Ok(())
    }

    pub(crate) fn list(&self, bucket: &str, query: &ListQuery) -> io::Result<Listing> {
        let lent = self.lent.read().unwrap_or_else(PoisonError::into_inner);
        let extra: Vec<(String, PathBuf)> = lent
            .iter()
            .filter(|((of, _), _)| of == bucket)
            .map(|((_, key), path)| (key.clone(), path.clone()))
            .collect();
        drop(lent);
        list::list(&self.buckets.join(bucket), extra, query)
    }
}

fn found(path: PathBuf, metadata: &Metadata) -> Result<Found, ObjectError> {
    if !metadata.is_file() {
        return Err(ObjectError::Absent);
    }
    Ok(Found {
        path,
        size: metadata.len(),
        modified: modified(metadata),
    })
}

/// The modification time in nanoseconds since 1970.
fn modified(metadata: &Metadata) -> i64 {
    metadata
        .modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

/// A rename is only durable once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
