//! Table `callbacks`: the outbox, and what became of each delivery.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::{from_json, to_json};
use crate::clock::Millis;
use crate::error::StoreError;

/// A callback as the table has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallbackRow {
    pub(crate) id: i64,
    pub(crate) job: String,
    pub(crate) url: String,
    /// The media type of the body.
    pub(crate) media: String,
    pub(crate) body: Vec<u8>,
    /// `Waiting`, `Delivered` or `GivenUp`.
    pub(crate) state: String,
    pub(crate) due: Millis,
    pub(crate) created: Millis,
    pub(crate) attempts: Vec<Attempt>,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: Millis,
    pub(crate) millis: i64,
    /// The receiver's HTTP status, if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

const COLUMNS: &str = "id, job, url, media, body, state, due, created, attempts";

/// Puts a callback into the outbox.
pub(crate) fn insert(
    connection: &Connection,
    job: &str,
    url: &str,
    media: &str,
    body: &[u8],
    now: Millis,
    due: Millis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO callbacks (job, url, media, body, state, due, created) \
             VALUES (?1, ?2, ?3, ?4, 'Waiting', ?5, ?6)",
        )?
        .execute(params![job, url, media, body, due, now])?;
    Ok(())
}

/// Callbacks that are due at `now`, oldest first, except those in `busy`.
pub(crate) fn due(
    connection: &Connection,
    now: Millis,
    busy: &[i64],
    most: usize,
) -> Result<Vec<CallbackRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM callbacks WHERE state = 'Waiting' AND due <= ?1 \
         ORDER BY due, id LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let limit = i64::try_from(most + busy.len()).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![now, limit])?;
    let mut callbacks = Vec::new();
    while let Some(row) = rows.next()? {
        let callback = read(row)?;
        if !busy.contains(&callback.id) && callbacks.len() < most {
            callbacks.push(callback);
        }
    }
    Ok(callbacks)
}

/// When the next callback that is not in `busy` is due.
pub(crate) fn next_due(
    connection: &Connection,
    busy: &[i64],
) -> Result<Option<Millis>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, due FROM callbacks WHERE state = 'Waiting' ORDER BY due, id LIMIT ?1",
    )?;
    let limit = i64::try_from(1 + busy.len()).unwrap_or(i64::MAX);
    let mut rows = statement.query([limit])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if !busy.contains(&id) {
            return Ok(Some(row.get(1)?));
        }
    }
    Ok(None)
}

/// Records an attempt and what follows from it.
pub(crate) fn record(
    connection: &Connection,
    id: i64,
    attempts: &[Attempt],
    state: &str,
    due: Millis,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE callbacks SET attempts = ?2, state = ?3, due = ?4 WHERE id = ?1")?
        .execute(params![id, to_json(&attempts)?, state, due])?;
    Ok(())
}

/// Makes a callback due again. Whether it is there.
pub(crate) fn redeliver(connection: &Connection, id: i64, now: Millis) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached("UPDATE callbacks SET state = 'Waiting', due = ?2 WHERE id = ?1")?
        .execute(params![id, now])?;
    Ok(changed > 0)
}

/// The latest callbacks, of one job or of all, newest first.
pub(crate) fn latest(
    connection: &Connection,
    job: Option<&str>,
    most: usize,
) -> Result<Vec<CallbackRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM callbacks WHERE ?1 IS NULL OR job = ?1 ORDER BY id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![job, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut callbacks = Vec::new();
    while let Some(row) = rows.next()? {
        callbacks.push(read(row)?);
    }
    Ok(callbacks)
}

/// How many callbacks wait.
pub(crate) fn waiting(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .query_row(
            "SELECT count(*) FROM callbacks WHERE state = 'Waiting'",
            [],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(0))
}

fn read(row: &Row<'_>) -> Result<CallbackRow, StoreError> {
    let id: i64 = row.get(0)?;
    let attempts: String = row.get(8)?;
    Ok(CallbackRow {
        id,
        job: row.get(1)?,
        url: row.get(2)?,
        media: row.get(3)?,
        body: row.get(4)?,
        state: row.get(5)?,
        due: row.get(6)?,
        created: row.get(7)?,
        attempts: from_json("callbacks", &id.to_string(), &attempts)?,
    })
}
