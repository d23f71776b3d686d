//! Table `objects`: checksums and headers of objects that were uploaded or made here.
//!
//! The files are the truth: a row counts only while size and time of its file are as recorded.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{from_json, to_json};
use crate::error::StoreError;

/// What is known of an object besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRow {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
    /// 32 lower-case hex digits.
    pub(crate) md5: String,
    /// Decimal, as its header carries it.
    pub(crate) crc64: String,
    /// Headers to give back: `content-type`, `x-cos-meta-…` and the like.
    pub(crate) headers: Vec<(String, String)>,
}

pub(crate) fn put(
    connection: &Connection,
    bucket: &str,
    key: &str,
    object: &ObjectRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO objects (bucket, key, size, modified, md5, crc64, headers) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            bucket,
            key,
            i64::try_from(object.size).unwrap_or(i64::MAX),
            object.modified,
            object.md5,
            object.crc64,
            to_json(&object.headers)?
        ])?;
    Ok(())
}

pub(crate) fn find(
    connection: &Connection,
    bucket: &str,
    key: &str,
) -> Result<Option<ObjectRow>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT size, modified, md5, crc64, headers FROM objects WHERE bucket = ?1 AND key = ?2",
        )?
        .query_row([bucket, key], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, String>(4)?,
            ))
        })
        .optional()?;
    row.map(|(size, modified, md5, crc64, headers)| {
        Ok(ObjectRow {
            size: u64::try_from(size).unwrap_or(0),
            modified,
            md5,
            crc64,
            headers: from_json("objects", key, &headers)?,
        })
    })
    .transpose()
}

pub(crate) fn remove(connection: &Connection, bucket: &str, key: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?
        .execute([bucket, key])?;
    Ok(())
}
