//! The command of `cosci listen --exec`: one run for each callback, within bounds of time and number.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use ci_model::Callback;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio::sync::{Semaphore, watch};

use super::{Received, event, text};

/// How long the processes of commands may take to end once they were killed.
const KILLED: Duration = Duration::from_secs(2);

/// The command, and how often and how long it may run.
pub(super) struct Exec {
    line: String,
    limit: Duration,
    parallel: u32,
    free: Semaphore,
    over: watch::Sender<bool>,
}

impl Exec {
    pub(super) fn new(line: String, limit: Duration, parallel: u16) -> Self {
        Self {
            line,
            limit,
            parallel: parallel.into(),
            free: Semaphore::new(parallel.into()),
            over: watch::Sender::new(false),
        }
    }

    /// Runs the command with the document on its stdin. What it prints goes to stderr: stdout is for the lines.
    pub(super) async fn run(
        &self,
        callback: &Callback,
        received: &Received,
        duplicate: bool,
    ) -> Result<(), String> {
        let _free = self
            .free
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        let mut over = self.over.subscribe();
        if *over.borrow() {
            return Err("it was not started: the end was asked for".to_owned());
        }
        let mut run = self.start(callback, duplicate)?;
        let ended = tokio::select! {
            ended = tokio::time::timeout(self.limit, run.feed_and_wait(&received.bytes)) => ended,
            // The sender of the signal to stop is not kept waiting by a command.
            _ = over.changed() => Ok(Err("it was ended with the tool".to_owned())),
        };
        let result = match ended {
            Ok(Ok(status)) if status.success() => {
                run.done();
                return Ok(());
            }
            Ok(Ok(status)) => Err(status.to_string()),
            Ok(Err(why)) => Err(why),
            Err(_) => Err(format!(
                "it was ended after {:?}, see --exec-timeout",
                self.limit
            )),
        };
        run.end().await;
        result
    }

    fn start(&self, callback: &Callback, duplicate: bool) -> Result<Run, String> {
        let job = callback.jobs_detail.first();
        let objects = job.map(|job| job.object_names().join("\n"));
        let child = tokio::process::Command::new("sh")
            .args(["-c", &self.line])
            .env("COSCI_EVENT", event(callback))
            .env(
                "COSCI_JOB_ID",
                text(job.and_then(|job| job.job_id.as_ref())),
            )
            .env("COSCI_STATE", text(job.and_then(|job| job.state.as_ref())))
            .env("COSCI_OBJECTS", text(objects))
            .env("COSCI_DUPLICATE", if duplicate { "1" } else { "0" })
            .stdin(Stdio::piped())
            .stdout(std::io::stderr())
            // A shell starts others: what has to end, ends with all of them.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Run {
            child,
            group: id.and_then(Pid::from_raw),
        })
    }

    /// Ends all runs, and waits until they have ended.
    pub(super) async fn stop(&self) {
        self.over.send_replace(true);
        let all = self.free.acquire_many(self.parallel);
        let _ = tokio::time::timeout(KILLED, all).await;
    }
}

/// A run; what it started is killed when it is dropped before its end.
struct Run {
    child: Child,
    group: Option<Pid>,
}

impl Run {
    async fn feed_and_wait(&mut self, document: &[u8]) -> Result<ExitStatus, String> {
        let stdin = self.child.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // A command that does not read its input is no failure.
                let _ = stdin.write_all(document).await;
            }
        };
        // Side by side: a command may end, or wait for another, without having read all of it.
        let mut feed = std::pin::pin!(feed);
        let mut fed = false;
        loop {
            tokio::select! {
                () = &mut feed, if !fed => fed = true,
                ended = self.child.wait() => return ended.map_err(|error| error.to_string()),
            }
        }
    }

    /// It ended by itself. What it left running in the background is meant to run.
    fn done(mut self) {
        self.group = None;
    }

    async fn end(mut self) {
        self.kill();
        let _ = tokio::time::timeout(KILLED, self.child.wait()).await;
    }

    fn kill(&mut self) {
        // A group that has just ended is no failure.
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.kill();
    }
}
