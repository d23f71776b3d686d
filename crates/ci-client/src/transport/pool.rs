//! Connections kept for the next request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::HeaderValue;
use hyper::client::conn::http1::{Connection as Driver, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::connect::Destination;
use super::watched::{Progress, Watched};
use crate::body::Body;
use crate::clock::after;

/// Most idle connections kept for one destination.
const MOST: usize = 256;
/// Destinations from which on a new one clears out those whose connections have ended.
const MANY: usize = 64;
/// A request that must not be repeated takes no connection that rested longer: servers close after 5 s and more.
const FRESH: Duration = Duration::from_secs(2);

/// One connection, in use or at rest.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Body>,
    pub(crate) progress: Arc<Progress>,
    /// It carried a request before, and may have gone stale since.
    pub(crate) rested: bool,
    /// Present when a proxy wants absolute URIs; inside, its credentials.
    pub(crate) proxy_authorization: Option<Option<HeaderValue>>,
}

/// The resting connections of a client. Dropping it closes them.
#[derive(Default)]
pub(crate) struct Pool {
    resting: Mutex<HashMap<Destination, Vec<Connection>>>,
}

/// How long connections are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// After the last byte.
    pub(crate) idle: Duration,
    /// After they were opened.
    pub(crate) age: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(20),
            age: Duration::from_secs(300),
        }
    }
}

impl Pool {
    fn resting(&self) -> MutexGuard<'_, HashMap<Destination, Vec<Connection>>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that rested least, if it is still good.
    pub(crate) async fn take(
        &self,
        to: &Destination,
        once: bool,
        keep: Keep,
    ) -> Option<Connection> {
        loop {
            let mut connection = self.resting().get_mut(to)?.pop()?;
            let rested = connection.progress.moved_at().elapsed();
            let longest = if once {
                FRESH.min(keep.idle)
            } else {
                keep.idle
            };
            if rested > longest || connection.progress.age() > keep.age {
                continue;
            }
            if once {
                // Lets the driver of this connection see that the other side has closed, if it has.
                tokio::task::yield_now().await;
            }
            if !connection.sender.is_closed() && connection.sender.ready().await.is_ok() {
                connection.progress.set_in_use(true);
                connection.rested = true;
                return Some(connection);
            }
        }
    }

    /// Lays a connection to rest.
    pub(crate) fn put(&self, to: Destination, connection: Connection) {
        if connection.sender.is_closed() {
            return;
        }
        connection.progress.set_in_use(false);
        let mut resting = self.resting();
        if resting.len() >= MANY && !resting.contains_key(&to) {
            // Nobody takes from the shelf of a place that is not asked any more.
            resting.retain(|_, shelf| {
                shelf.retain(|connection| !connection.sender.is_closed());
                !shelf.is_empty()
            });
        }
        let shelf = resting.entry(to).or_default();
        if shelf.len() < MOST {
            shelf.push(connection);
        }
    }
}

/// Drives a connection until it ends, or has rested for too long. When its owner drops it, it ends too, so no task
/// outlives the last clone of a client.
pub(crate) async fn drive(
    driver: Driver<TokioIo<Watched>, Body>,
    progress: Arc<Progress>,
    idle: Duration,
) {
    let mut driver = std::pin::pin!(driver);
    loop {
        let since = if progress.is_in_use() {
            Instant::now()
        } else {
            progress.moved_at()
        };
        match tokio::time::timeout_at(after(since, idle), driver.as_mut()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::trace!(%error, "a connection ended");
                return;
            }
            Err(_) if !progress.is_in_use() && progress.moved_at().elapsed() >= idle => return,
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::client::conn::http1;

    use super::*;

    async fn connection() -> (Connection, Driver<TokioIo<Watched>, Body>) {
        let (ours, _theirs) = tokio::io::duplex(64);
        let progress = Progress::new();
        let io = TokioIo::new(Watched::new(Box::new(ours), Arc::clone(&progress)));
        let (sender, driver) = http1::handshake(io).await.unwrap();
        let connection = Connection {
            sender,
            progress,
            rested: false,
            proxy_authorization: None,
        };
        (connection, driver)
    }

    #[tokio::test]
    async fn places_that_are_asked_once_leave_nothing_behind() {
        let pool = Pool::default();
        for number in 0..1000 {
            let (connection, driver) = connection().await;
            let to = Destination {
                tls: false,
                host: format!("b{number}.example"),
                port: 80,
            };
            pool.put(to, connection);
            // Its time at rest is over.
            drop(driver);
        }
        assert!(pool.resting().len() <= MANY);
    }
}
