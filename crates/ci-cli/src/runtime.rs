//! The runtime under the commands that call or serve, and what Ctrl-C does to them.

use std::future::Future;

use crate::failure::{Failure, Kind};

/// Runs a command to its end or until the person interrupts it.
///
/// Dropping the command's future is all it takes: requests are cancelled, temporary folders go.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = command => outcome,
            () = interrupted() => Err(Failure::new(Kind::Interrupted, "interrupted")),
        }
    });
    // A thread that still decodes must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// Ends when the person presses Ctrl-C; never, where that cannot be heard.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
