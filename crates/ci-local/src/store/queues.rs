//! Table `queues`: the lines that jobs wait in, their limits and their callback settings.

use rusqlite::{Connection, Row, params};

use super::{from_json, to_json};
use crate::clock::Millis;
use crate::error::StoreError;
use crate::ids;
use crate::spec::NotifySpec;

/// The queue that every bucket gets.
pub(crate) const DEFAULT_NAME: &str = "queue-1";
/// The category of the queue that every bucket gets.
pub(crate) const TRANSCODING: &str = "Transcoding";
/// Jobs of one queue that run at the same time, as in the service's samples.
const MAX_CONCURRENT: u32 = 10;
/// Jobs that may wait in one queue; far above the service's 10,000, so that load tests fit.
const MAX_SIZE: u32 = 10_000_000;

/// A queue as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueRow {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) name: String,
    pub(crate) category: String,
    /// `Active` or `Paused`.
    pub(crate) state: String,
    pub(crate) max_size: u32,
    pub(crate) max_concurrent: u32,
    pub(crate) notify: NotifySpec,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
}

const COLUMNS: &str =
    "id, bucket, name, category, state, max_size, max_concurrent, notify, created, updated";

/// Gives a bucket its queue, unless it has it.
pub(super) fn add_default(
    connection: &Connection,
    bucket: &str,
    now: Millis,
) -> Result<(), StoreError> {
    add(
        connection,
        bucket,
        DEFAULT_NAME,
        TRANSCODING,
        MAX_CONCURRENT,
        now,
    )?;
    Ok(())
}

/// Adds a queue, unless the bucket has one of that name, and returns its id.
pub(crate) fn add(
    connection: &Connection,
    bucket: &str,
    name: &str,
    category: &str,
    max_concurrent: u32,
    now: Millis,
) -> Result<String, StoreError> {
    let id = ids::queue(bucket, name);
    connection
        .prepare_cached(
            "INSERT INTO queues (id, bucket, name, category, state, max_size, max_concurrent, \
             notify, created, updated) VALUES (?1, ?2, ?3, ?4, 'Active', ?5, ?6, '{}', ?7, ?7) \
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            id,
            bucket,
            name,
            category,
            MAX_SIZE,
            max_concurrent,
            now
        ])?;
    Ok(id)
}

pub(crate) fn find(connection: &Connection, id: &str) -> Result<Option<QueueRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM queues WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(read).transpose()
}

/// A bucket's queues, or all, oldest first.
pub(crate) fn list(
    connection: &Connection,
    bucket: Option<&str>,
) -> Result<Vec<QueueRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM queues WHERE ?1 IS NULL OR bucket = ?1 ORDER BY bucket, created, id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([bucket])?;
    let mut queues = Vec::new();
    while let Some(row) = rows.next()? {
        queues.push(read(row)?);
    }
    Ok(queues)
}

/// Writes back name, state, limits and callback settings of a queue.
pub(crate) fn update(connection: &Connection, queue: &QueueRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE queues SET name = ?2, state = ?3, max_concurrent = ?4, notify = ?5, \
             updated = ?6 WHERE id = ?1",
        )?
        .execute(params![
            queue.id,
            queue.name,
            queue.state,
            queue.max_concurrent,
            to_json(&queue.notify)?,
            queue.updated
        ])?;
    Ok(())
}

pub(super) fn remove_of_bucket(connection: &Connection, bucket: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM queues WHERE bucket = ?1")?
        .execute([bucket])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<QueueRow, StoreError> {
    let id: String = row.get(0)?;
    let notify: String = row.get(7)?;
    Ok(QueueRow {
        bucket: row.get(1)?,
        name: row.get(2)?,
        category: row.get(3)?,
        state: row.get(4)?,
        max_size: row.get(5)?,
        max_concurrent: row.get(6)?,
        notify: from_json("queues", &id, &notify)?,
        created: row.get(8)?,
        updated: row.get(9)?,
        id,
    })
}
