//! Takes waiting jobs up, as many at a time as there are workers, in the order the table says.

mod ending;
mod synthetic;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::error::StoreError;
use crate::shared::{Running, Shared};
use crate::store::jobs::{self, JobRow};

/// How long to wait after the database failed before looking for jobs again.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Runs jobs until the engine stops; returns when all of them have ended or are back in their queue.
pub(crate) async fn dispatch(shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let mut workers = JoinSet::new();
    loop {
        let free = shared.config.workers.saturating_sub(workers.len());
        let mut failed = false;
        if free > 0 && !shared.is_stopping() {
            match claim(&shared, free).await {
                Ok(claimed) => {
                    for job in claimed {
                        shared.announce(&job.id);
                        workers.spawn(worker::run(Arc::clone(&shared), job));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "no jobs can be taken up");
                    failed = true;
                }
            }
        }
        if shared.is_stopping() {
            break;
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = shared.work.notified() => {}
            _ = workers.join_next(), if !workers.is_empty() => {}
            () = tokio::time::sleep(AFTER_FAILURE), if failed => {}
        }
    }
    finish(&shared, &mut workers).await;
}

/// Lets what runs end within the grace, then sends it back to its queue.
async fn finish(shared: &Shared, workers: &mut JoinSet<()>) {
    let all = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(shared.config.grace, all).await.is_ok() {
        return;
    }
    for running in shared.running().values() {
        running.cancel.cancel();
    }
    while workers.join_next().await.is_some() {}
}

async fn claim(shared: &Arc<Shared>, most: usize) -> Result<Vec<JobRow>, StoreError> {
    let mut busy = HashMap::<String, usize>::new();
    for running in shared.running().values() {
        *busy.entry(running.queue.clone()).or_default() += 1;
    }
    let now = shared.clock.now();
    let known = Arc::clone(shared);
    let ids = Arc::<Mutex<Vec<String>>>::default();
    let taken = Arc::clone(&ids);
    // The job is known as running before it is said to be, so that a stop finds it.
    let claimed = shared
        .store
        .write(move |c| {
            let claimed = jobs::claim(c, most, busy, now)?;
            let mut running = known.running();
            let mut ids = taken.lock().unwrap_or_else(PoisonError::into_inner);
            for job in &claimed {
                let cancel = smart_cover::Cancel::new();
                let queue = job.queue.clone();
                running.insert(job.id.clone(), Running { queue, cancel });
                ids.push(job.id.clone());
            }
            Ok(claimed)
        })
        .await;
    if claimed.is_err() {
        // The commit failed: nothing runs, and no place of a queue may stay taken.
        let mut running = shared.running();
        for id in ids.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            running.remove(id);
        }
    }
    claimed
}
