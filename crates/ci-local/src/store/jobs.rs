//! Table `jobs`: every job ever accepted, and which one runs next.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params, params_from_iter};

use super::{from_json, to_json};
use crate::clock::Millis;
use crate::error::StoreError;
use crate::spec::{CoverRecord, Spec};

/// The states that nothing follows.
const ENDED: [&str; 3] = ["Success", "Failed", "Cancel"];

/// A job as the table has it.
#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) region: String,
    pub(crate) queue: String,
    pub(crate) tag: String,
    pub(crate) level: u8,
    /// `Submitted`, `Running`, `Success`, `Failed` or `Cancel`; `Pause` is `Submitted` in a paused queue.
    pub(crate) state: String,
    pub(crate) input: String,
    pub(crate) spec: Spec,
    pub(crate) created: Millis,
    pub(crate) started: Option<Millis>,
    pub(crate) ended: Option<Millis>,
    pub(crate) runs: u32,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) covers: Vec<CoverRecord>,
}

impl JobRow {
    pub(crate) fn is_over(&self) -> bool {
        ENDED.contains(&self.state.as_str())
    }
}

/// How a job ended.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    Success(Vec<CoverRecord>),
    Failed { code: String, message: String },
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancelled {
    Done,
    /// The job is in this state and stays in it.
    TooLate(String),
    Absent,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) bucket: String,
    pub(crate) tag: Option<String>,
    pub(crate) queue: Option<String>,
    pub(crate) queue_category: Option<String>,
    /// Shown states, `Pause` among them; empty is all.
    pub(crate) states: Vec<String>,
    pub(crate) since: Option<Millis>,
    pub(crate) until: Option<Millis>,
    pub(crate) input: Option<String>,
    pub(crate) ascending: bool,
    /// The `seq` where the page before ended.
    pub(crate) after: Option<i64>,
    pub(crate) most: usize,
}

const COLUMNS: &str = "j.seq, j.id, j.bucket, j.region, j.queue, j.tag, j.level, \
    CASE WHEN j.state = 'Submitted' AND q.state = 'Paused' THEN 'Pause' ELSE j.state END AS shown, \
    j.input, j.spec, j.created, j.started, j.ended, j.runs, j.code, j.message, j.covers";
const TABLES: &str = "jobs j LEFT JOIN queues q ON q.id = j.queue";

pub(crate) fn insert(connection: &Connection, job: &JobRow) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO jobs (id, bucket, region, queue, tag, level, state, input, spec, created) \
             VALUES (:id, :bucket, :region, :queue, :tag, :level, :state, :input, :spec, :created)",
        )?
        .execute(named_params! {
            ":id": job.id, ":bucket": job.bucket, ":region": job.region, ":queue": job.queue,
            ":tag": job.tag, ":level": job.level, ":state": job.state, ":input": job.input,
            ":spec": to_json(&job.spec)?, ":created": job.created,
        })?;
    Ok(connection.last_insert_rowid())
}

/// The job with this id, in `bucket` or, without one, in any.
pub(crate) fn find(
    connection: &Connection,
    bucket: Option<&str>,
    id: &str,
) -> Result<Option<JobRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM {TABLES} WHERE j.id = ?1 AND (?2 IS NULL OR j.bucket = ?2)");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![id, bucket])?;
    rows.next()?.map(read).transpose()
}

/// A page of jobs and, if there are more, the `seq` to go on after.
pub(crate) fn list(
    connection: &Connection,
    filter: &Filter,
) -> Result<(Vec<JobRow>, Option<i64>), StoreError> {
    let mut sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE j.bucket = ?");
    let mut values = vec![Value::from(filter.bucket.clone())];
    let mut and = |clause: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(clause);
        values.push(value);
    };
    for (clause, text) in [
        ("j.tag = ?", &filter.tag),
        ("j.queue = ?", &filter.queue),
        ("q.category = ?", &filter.queue_category),
        ("j.input = ?", &filter.input),
    ] {
        if let Some(text) = text {
            and(clause, text.clone().into());
        }
    }
    if let Some(since) = filter.since {
        and("j.created >= ?", since.into());
    }
    if let Some(until) = filter.until {
        and("j.created < ?", until.into());
    }
    if let Some(after) = filter.after {
        and(
            if filter.ascending {
                "j.seq > ?"
            } else {
                "j.seq < ?"
            },
            after.into(),
        );
    }
    if let [state] = filter.states.as_slice()
        && ENDED.contains(&state.as_str())
    {
        // In the words of the index, which is found by them.
        and("j.state = ?", state.clone().into());
        sql.push_str(" AND j.state IN ('Success', 'Failed', 'Cancel')");
    } else if !filter.states.is_empty() {
        let marks = vec!["?"; filter.states.len()].join(", ");
        sql.push_str(&format!(" AND shown IN ({marks})"));
        values.extend(filter.states.iter().map(|s| Value::from(s.clone())));
    }
    let order = if filter.ascending { "ASC" } else { "DESC" };
    sql.push_str(&format!(" ORDER BY j.seq {order} LIMIT ?"));
    values.push(i64::try_from(filter.most + 1).unwrap_or(i64::MAX).into());

    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        if jobs.len() == filter.most {
            return Ok((jobs.clone(), jobs.last().map(|job: &JobRow| job.seq)));
        }
        jobs.push(read(row)?);
    }
    Ok((jobs, None))
}

/// The latest jobs of all buckets, newest first.
pub(crate) fn latest(connection: &Connection, most: usize) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} ORDER BY j.seq DESC LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(read(row)?);
    }
    Ok(jobs)
}

/// Cancels a waiting job; with `running` also one that runs.
pub(crate) fn cancel(
    connection: &Connection,
    bucket: Option<&str>,
    id: &str,
    running: bool,
    now: Millis,
) -> Result<Cancelled, StoreError> {
    let Some(job) = find(connection, bucket, id)? else {
        return Ok(Cancelled::Absent);
    };
    if job.is_over() || (job.state == "Running" && !running) {
        return Ok(Cancelled::TooLate(job.state));
    }
    connection
        .prepare_cached("UPDATE jobs SET state = 'Cancel', ended = ?2 WHERE seq = ?1")?
        .execute(params![job.seq, now])?;
    Ok(Cancelled::Done)
}

/// Marks up to `most` waiting jobs as running and returns them, best first.
///
/// `busy` counts the running jobs of each queue: a queue at its limit waits. Among queues the one
/// with fewer running jobs comes first, so that a long queue does not starve a short one.
pub(crate) fn claim(
    connection: &Connection,
    most: usize,
    mut busy: HashMap<String, usize>,
    now: Millis,
) -> Result<Vec<JobRow>, StoreError> {
    let queues: Vec<(String, u32)> = connection
        .prepare_cached("SELECT id, max_concurrent FROM queues WHERE state = 'Active'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut head = connection.prepare_cached(
        "SELECT seq, level FROM jobs WHERE state = 'Submitted' AND queue = ?1 \
         ORDER BY level DESC, seq LIMIT 1",
    )?;
    let mut start = connection.prepare_cached(
        "UPDATE jobs SET state = 'Running', started = ?2, runs = runs + 1 WHERE seq = ?1",
    )?;
    let mut claimed = Vec::new();
    while claimed.len() < most {
        let mut best: Option<((usize, i64, i64), &String)> = None;
        for (queue, limit) in &queues {
            let running = busy.get(queue).copied().unwrap_or(0);
            if running >= *limit as usize {
                continue;
            }
            let first: Option<(i64, i64)> = head
                .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            if let Some((seq, level)) = first {
                let rank = (running, -level, seq);
                if best.is_none_or(|(other, _)| rank < other) {
                    best = Some((rank, queue));
                }
            }
        }
        let Some(((_, _, seq), queue)) = best else {
            break;
        };
        start.execute(params![seq, now])?;
        *busy.entry(queue.clone()).or_default() += 1;
        claimed.extend(by_seq(connection, seq)?);
    }
    Ok(claimed)
}

fn by_seq(connection: &Connection, seq: i64) -> Result<Option<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE j.seq = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq])?;
    rows.next()?.map(read).transpose()
}

/// Ends a running job. `None` when it is not running any more, because it was cancelled.
pub(crate) fn finish(
    connection: &Connection,
    seq: i64,
    ending: &Ending,
    now: Millis,
) -> Result<Option<JobRow>, StoreError> {
    let (state, code, message, covers) = match ending {
        Ending::Success(covers) => ("Success", "Success", "", Some(to_json(covers)?)),
        Ending::Failed { code, message } => ("Failed", code.as_str(), message.as_str(), None),
    };
    let changed = connection
        .prepare_cached(
            "UPDATE jobs SET state = ?2, code = ?3, message = ?4, covers = ?5, ended = ?6 \
             WHERE seq = ?1 AND state = 'Running'",
        )?
        .execute(params![seq, state, code, message, covers, now])?;
    if changed == 0 {
        return Ok(None);
    }
    by_seq(connection, seq)
}

/// Puts back one running job, when the engine stops before the job does.
pub(crate) fn requeue(connection: &Connection, seq: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE jobs SET state = 'Submitted', started = NULL WHERE seq = ?1 AND state = 'Running'",
        )?
        .execute([seq])?;
    Ok(())
}

/// Puts back all running jobs: they belong to an engine that is gone. How many there were.
pub(crate) fn requeue_all(connection: &Connection) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "UPDATE jobs SET state = 'Submitted', started = NULL WHERE state = 'Running'",
        [],
    )?)
}

/// Counts one more description of a job, for the profile that ends jobs after some polls.
pub(crate) fn poll(connection: &Connection, seq: i64) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached("UPDATE jobs SET polls = polls + 1 WHERE seq = ?1 RETURNING polls")?
        .query_row([seq], |row| row.get(0))?)
}

/// How many jobs wait, how many run.
pub(crate) fn counts(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let count = |state: &str| {
        connection.query_row(
            &format!("SELECT count(*) FROM jobs WHERE state = '{state}'"),
            [],
            |row| row.get(0),
        )
    };
    Ok((count("Submitted")?, count("Running")?))
}

fn read(row: &Row<'_>) -> Result<JobRow, StoreError> {
    let id: String = row.get(1)?;
    let spec: String = row.get(9)?;
    let covers: Option<String> = row.get(16)?;
    Ok(JobRow {
        seq: row.get(0)?,
        bucket: row.get(2)?,
        region: row.get(3)?,
        queue: row.get(4)?,
        tag: row.get(5)?,
        level: row.get(6)?,
        state: row.get(7)?,
        input: row.get(8)?,
        spec: from_json("jobs", &id, &spec)?,
        created: row.get(10)?,
        started: row.get(11)?,
        ended: row.get(12)?,
        runs: row.get(13)?,
        code: row.get(14)?,
        message: row.get(15)?,
        covers: covers.map_or(Ok(Vec::new()), |text| from_json("jobs", &id, &text))?,
        id,
    })
}
