//! Records how a job ended, with its callback, in one transaction that is tried until it holds.

use std::sync::Arc;

use smart_cover::Cancel;

use super::worker::{BETWEEN_TRIES, Work};
use crate::error::StoreError;
use crate::notify;
use crate::shared::Shared;
use crate::store::jobs::{self, Ending, JobRow};
use crate::store::objects::{self, ObjectRow};

/// Writes the end of a job. A disk that is full for a while delays the end and loses nothing.
pub(super) async fn record(shared: &Arc<Shared>, job: &JobRow, work: Work, cancel: &Cancel) {
    let stopped = cancel.is_cancelled();
    let work = Arc::new(work);
    loop {
        let (this, at) = (Arc::clone(shared), job.seq);
        let (work, bucket) = (Arc::clone(&work), job.spec.output.bucket.clone());
        let ended = shared
            .store
            .write(move |c| {
                if stopped && matches!(work.ending, Ending::Failed { .. }) {
                    // Cancelled jobs have their state already; the rest were stopped with the engine.
                    jobs::requeue(c, at)?;
                    return Ok(None);
                }
                let now = this.clock.now();
                let ended = jobs::finish(c, at, &work.ending, now)?;
                if let Some(row) = &ended {
                    for (key, found, digests) in &work.placed {
                        let object = ObjectRow {
                            size: found.size,
                            modified: found.modified,
                            md5: digests.md5_hex(),
                            crc64: digests.crc64.to_string(),
                            headers: Vec::new(),
                        };
                        objects::put(c, &bucket, key.as_str(), &object)?;
                    }
                    notify::post(c, row, now)?;
                }
                Ok::<_, StoreError>(ended)
            })
            .await;
        match ended {
            Ok(Some(row)) => {
                let metrics = &shared.metrics;
                if row.state == "Success" {
                    &metrics.succeeded
                } else {
                    &metrics.failed
                }
                .add(1);
                tracing::info!(
                    job = row.id,
                    state = row.state,
                    code = row.code,
                    "a job ended"
                );
                shared.outbox.notify_one();
                return;
            }
            Ok(None) => return,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, job = job.id, "the end of a job is not recorded yet");
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
        if shared.is_stopping() {
            // At the next start the job is found running and runs again.
            return;
        }
    }
}
