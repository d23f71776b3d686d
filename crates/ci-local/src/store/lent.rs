//! Table `lent`: local files that stand for objects, so that unfinished jobs find them again.

use rusqlite::{Connection, params};

use crate::error::StoreError;

pub(crate) fn put(
    connection: &Connection,
    bucket: &str,
    key: &str,
    path: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO lent (bucket, key, path) VALUES (?1, ?2, ?3)")?
        .execute(params![bucket, key, path])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, bucket: &str, key: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM lent WHERE bucket = ?1 AND key = ?2")?
        .execute([bucket, key])?;
    Ok(())
}

/// All of them, as bucket, key and path.
pub(crate) fn all(connection: &Connection) -> Result<Vec<(String, String, String)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT bucket, key, path FROM lent")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?)
}
