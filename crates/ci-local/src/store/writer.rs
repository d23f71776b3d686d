//! The one thread that writes: takes all that waits, one transaction, one sync, then the answers.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;

/// Writes that may wait for the thread; callers beyond wait for a place.
const WAITING: usize = 4096;
/// Writes that share one transaction at most.
const GROUP: usize = 1024;

/// Told whether the commit worked; sends the caller its answer.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// One write, or the reason why there can be none now; `false` when it must be undone.
type Work = Box<dyn FnOnce(Result<&Connection, StoreError>) -> (bool, Answer) + Send>;

#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Work>,
    thread: Arc<Thread>,
}

#[derive(Debug)]
struct Thread {
    stop: Mutex<Option<oneshot::Sender<()>>>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, works) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        let handle = thread::Builder::new()
            .name("ci-local-store".to_owned())
            .spawn(move || serve(&connection, works, stopped))?;
        Ok(Self {
            queue,
            thread: Arc::new(Thread {
                stop: Mutex::new(Some(stop)),
                handle: Mutex::new(Some(handle)),
            }),
        })
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (send, receive) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let out = connection.map_err(E::from).and_then(work);
            let good = out.is_ok();
            let answer: Answer = Box::new(move |commit| {
                // A caller that went away does not need its answer.
                let _ = send.send(match commit {
                    Ok(()) => out,
                    Err(error) => out.and(Err(error.into())),
                });
            });
            (good, answer)
        });
        if self.queue.send(work).await.is_err() {
            return Err(StoreError::Closed.into());
        }
        receive
            .await
            .unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    pub(super) async fn close(&self) {
        let stop = lock(&self.thread.stop).take();
        let handle = lock(&self.thread.handle).take();
        if let Some(stop) = stop {
            let _ = stop.send(());
        }
        // Wakes the thread so that it sees the stop; all that was queued before still runs.
        let _ = self
            .queue
            .send(Box::new(|_| (true, Box::new(|_| ()))))
            .await;
        if let Some(handle) = handle {
            let _ = tokio::task::spawn_blocking(move || handle.join()).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    connection: &Connection,
    mut works: mpsc::Receiver<Work>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut group = Vec::new();
    while let Some(first) = works.blocking_recv() {
        group.push(first);
        while group.len() < GROUP {
            match works.try_recv() {
                Ok(work) => group.push(work),
                Err(_) => break,
            }
        }
        commit(connection, group.drain(..));
        if stop.try_recv().is_ok() {
            works.close();
        }
    }
}

fn commit(connection: &Connection, works: impl Iterator<Item = Work>) {
    let begun = step(connection, "BEGIN IMMEDIATE");
    if let Err(error) = &begun {
        tracing::error!(%error, "the database takes no writes");
    }
    let mut answers = Vec::new();
    for work in works {
        let ready = begun.clone().and_then(|()| savepoint(connection));
        let usable = ready.is_ok();
        let (good, answer) = work(ready.map(|()| connection));
        if usable && !good {
            let _ = step(connection, "ROLLBACK TO one");
        }
        if usable {
            let _ = step(connection, "RELEASE one");
        }
        answers.push(answer);
    }
    let done = begun.and_then(|()| step(connection, "COMMIT"));
    if let Err(error) = &done {
        tracing::error!(%error, "a group of writes was lost");
        let _ = step(connection, "ROLLBACK");
    }
    for answer in answers {
        answer(done.clone());
    }
}

/// A full disk may end the whole transaction; nothing may be written outside one after that.
fn savepoint(connection: &Connection) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Err(StoreError::Sqlite(
            "the transaction was rolled back".to_owned(),
        ));
    }
    step(connection, "SAVEPOINT one")
}

fn step(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
