//! Table `buckets`: where the media service is open. A bucket without a row has only its folder.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::queues;
use crate::clock::Millis;
use crate::error::StoreError;

/// A bucket known to the media service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketRow {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) open: bool,
    pub(crate) created: Millis,
}

pub(crate) fn find(connection: &Connection, name: &str) -> Result<Option<BucketRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT name, region, open, created FROM buckets WHERE name = ?1")?
        .query_row([name], read)
        .optional()?)
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<BucketRow>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT name, region, open, created FROM buckets ORDER BY name")?
        .query_map([], read)?
        .collect::<Result<_, _>>()?)
}

/// Opens the media service of a bucket and gives it its queue; an open one stays as it is.
pub(crate) fn open(
    connection: &Connection,
    name: &str,
    region: &str,
    now: Millis,
) -> Result<BucketRow, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO buckets (name, region, open, created) VALUES (?1, ?2, 1, ?3) \
             ON CONFLICT (name) DO UPDATE SET open = 1",
        )?
        .execute(params![name, region, now])?;
    queues::add_default(connection, name, now)?;
    find(connection, name)?.ok_or_else(|| StoreError::Row {
        table: "buckets",
        row: name.to_owned(),
        why: "it was just written and is not there".to_owned(),
    })
}

/// Closes the media service of a bucket; its queues go with it. Whether it was open.
pub(crate) fn close(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE buckets SET open = 0 WHERE name = ?1 AND open = 1")?
        .execute([name])?;
    queues::remove_of_bucket(connection, name)?;
    Ok(changed > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<BucketRow> {
    Ok(BucketRow {
        name: row.get(0)?,
        region: row.get(1)?,
        open: row.get(2)?,
        created: row.get(3)?,
    })
}
