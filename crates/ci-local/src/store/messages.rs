//! Table `messages`: what TDMQ and Kafka callbacks put into named local queues.

use rusqlite::{Connection, params};

use crate::clock::Millis;
use crate::error::StoreError;

/// A message as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageRow {
    pub(crate) id: i64,
    pub(crate) job: String,
    pub(crate) media: String,
    pub(crate) body: Vec<u8>,
    pub(crate) created: Millis,
}

/// Appends a message to a queue; a queue is there as soon as something is in it.
pub(crate) fn insert(
    connection: &Connection,
    queue: &str,
    job: &str,
    media: &str,
    body: &[u8],
    now: Millis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO messages (queue, job, media, body, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![queue, job, media, body, now])?;
    Ok(())
}

/// The oldest messages of a queue. They stay until acknowledged.
pub(crate) fn list(
    connection: &Connection,
    queue: &str,
    most: usize,
) -> Result<Vec<MessageRow>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, job, media, body, created FROM messages WHERE queue = ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map(params![queue, i64::try_from(most).unwrap_or(i64::MAX)], |row| {
            Ok(MessageRow {
                id: row.get(0)?,
                job: row.get(1)?,
                media: row.get(2)?,
                body: row.get(3)?,
                created: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// Names of the queues that hold messages, with how many.
pub(crate) fn queues(connection: &Connection) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT queue, count(*) FROM messages GROUP BY queue ORDER BY queue")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

/// Removes a message that its consumer has dealt with. Whether it was there.
pub(crate) fn acknowledge(
    connection: &Connection,
    queue: &str,
    id: i64,
) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("DELETE FROM messages WHERE queue = ?1 AND id = ?2")?
        .execute(params![queue, id])?;
    Ok(changed > 0)
}
