//! The runtime under the commands that call or serve, and what Ctrl-C and SIGTERM do to them.

use std::future::Future;

use crate::failure::{Failure, Kind};

/// Runs a command to its end or until it is asked to stop.
///
/// Dropping the command's future is all it takes: requests are cancelled. A command that leaves more behind than that
/// hears [`Stop`] itself and runs with [`block_on_whole`].
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    block_on_whole(async {
        let mut stop = Stop::listen()?;
        tokio::select! {
            outcome = command => outcome,
            () = stop.asked() => Err(interrupted()),
        }
    })
}

/// Runs a command to its own end.
pub(crate) fn block_on_whole<T>(
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(command);
    // A thread that still decodes must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// What a command ends with that was asked to stop before it was done.
pub(crate) fn interrupted() -> Failure {
    Failure::new(Kind::Interrupted, "interrupted")
}

/// Ctrl-C, and SIGTERM where there is such a thing: heard from the moment this is made, not from the first wait on.
pub(crate) struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Stop {
    pub(crate) fn listen() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hear = |kind| {
                signal(kind)
                    .map_err(|error| Failure::other(format!("cannot listen for signals: {error}")))
            };
            Ok(Self {
                signals: [
                    hear(SignalKind::interrupt())?,
                    hear(SignalKind::terminate())?,
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Ends when the end is asked for; never, where that cannot be heard.
    pub(crate) async fn asked(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
