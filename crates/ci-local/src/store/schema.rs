//! The tables and their versions: `user_version` counts the steps that a file has taken.

use std::path::Path;

use rusqlite::Connection;

use crate::error::EngineError;

/// Each step brings a file from version N to N + 1 and is never changed once released.
const STEPS: &[&str] = &[include_str!("schema-1.sql"), include_str!("schema-2.sql")];

/// Takes the steps that the file still lacks, all or none.
pub(super) fn upgrade(connection: &mut Connection, path: &Path) -> Result<(), EngineError> {
    let failed = |error: rusqlite::Error| EngineError::Store {
        path: path.to_owned(),
        source: error.into(),
    };
    let transaction = connection.transaction().map_err(failed)?;
    let found: i64 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let known = STEPS.len();
    let from = usize::try_from(found).unwrap_or(usize::MAX);
    if from > known {
        return Err(EngineError::Newer {
            path: path.to_owned(),
            found,
            known: i64::try_from(known).unwrap_or(i64::MAX),
        });
    }
    if from == known {
        return Ok(());
    }
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction
        .pragma_update(
            None,
            "user_version",
            i64::try_from(known).unwrap_or(i64::MAX),
        )
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}
