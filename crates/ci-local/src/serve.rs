//! Serves a port: bounded connections, bounded heads, no waiting for ever, a graceful end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::shared::Shared;
use crate::stall::Stall;

/// The largest request head.
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// How long answers may still take after the end was asked for.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

pub(crate) async fn serve(
    shared: &Shared,
    router: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let config = &shared.config;
    let places = Arc::new(Semaphore::new(config.max_connections));
    let connections = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(config.idle_timeout)
        .max_buf_size(MOST_HEAD_BYTES)
        .half_close(false);
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else {
            break;
        };
        // Small answers must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let stream = Stall::new(stream, config.idle_timeout);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    shared.closing.send_replace(true);
    if tokio::time::timeout(LAST_ANSWERS, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("connections were cut that did not end in time");
    }
}

type Accepted = (tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it. Beyond that the system's backlog waits.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, place)),
            Err(error) => {
                // Out of file descriptors, or a peer that left: neither is a reason to stop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
