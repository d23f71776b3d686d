//! Runs one child process under limits: its own process group, a deadline, bounded memory and output, the tail of its stderr kept.
//!
//! Limits on address space, processor time and file size are set by `sh -c 'ulimit …; exec …'`, because setting them
//! between fork and exec from here would need `unsafe`. The shell is replaced by the program, so the process group is the program's.
//!
//! A child must not outlive a process that is killed without a chance to end it. Linux kills it with its parent when it
//! asks for that, which `setpriv` of util-linux does for it. "Parent" means the thread that started it: that is the one
//! in [`run`], which waits for it. Elsewhere, and without `setpriv`, a child left alone ends at its next write.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{Condvar, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::{cancel::Cancel, error::CoverError, options::Limits};

const TAIL_LINES: usize = 12;
const TAIL_LINE_BYTES: usize = 240;
/// Longer lines of stderr are cut: no well-meant line is longer, and a hostile one must not fill the memory.
const LINE_BYTES: u64 = 4096;

/// What all children of one [`pick`](crate::pick) share.
pub(crate) struct Watch<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) deadline: Instant,
    pub(crate) cancel: &'a Cancel,
}

impl Watch<'_> {
    /// Fails when the work was cancelled or its time is over.
    pub(crate) fn check(&self) -> Result<(), CoverError> {
        if self.cancel.is_cancelled() {
            return Err(CoverError::Cancelled);
        }
        if Instant::now() >= self.deadline {
            return Err(CoverError::TimedOut {
                after: self.limits.time,
            });
        }
        Ok(())
    }
}

/// How a child ended: its status, the last lines of its stderr, and what the reader of its stdout returned.
#[derive(Debug)]
pub(crate) struct Ended<T> {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
    pub(crate) value: T,
}

impl<T> Ended<T> {
    pub(crate) fn failure(&self, program: &Path) -> CoverError {
        CoverError::ToolFailed {
            program: program
                .file_name()
                .unwrap_or(program.as_os_str())
                .to_string_lossy()
                .into_owned(),
            status: self.status.into(),
            stderr: self.stderr.clone(),
        }
    }
}

/// Runs `program` to its end. `read` gets its stdout and returns when it has seen enough, after which the child is killed;
/// `line` gets each line of its stderr on a second thread and says whether the line is worth keeping for an error.
pub(crate) fn run<T>(
    watch: &Watch<'_>,
    program: &Path,
    arguments: &[OsString],
    read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    line: impl FnMut(&str) -> bool + Send,
) -> Result<Ended<T>, CoverError> {
    watch.check()?;
    let mut child = spawn(watch, program, arguments)?;
    let group = Pid::from_child(&child);
    watch.cancel.enter(group);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let done = Done::default();
    let (value, tail) = std::thread::scope(|scope| {
        let drain = scope.spawn(|| stderr.map_or_else(String::new, |stderr| drain(stderr, line)));
        scope.spawn(|| done.wait_until(watch.deadline, || kill(group)));
        let value = match stdout {
            Some(mut stdout) => read(&mut stdout),
            None => Err(io::Error::other("no pipe")),
        };
        // Nothing more is wanted; a child that ended by itself is past being killed.
        let ended = waitid(
            WaitId::Pid(group),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG,
        );
        if value.is_err() && !matches!(ended, Ok(Some(_))) {
            kill(group);
        }
        let tail = drain.join().unwrap_or_default();
        // The child stays a zombie until `leave` is done, so its number cannot be reused while others may kill it.
        let _ = waitid(
            WaitId::Pid(group),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        done.set();
        (value, tail)
    });
    kill(group);
    watch.cancel.leave(group);
    let status = child
        .wait()
        .map_err(|e| CoverError::io("cannot wait for", program, e))?;
    watch.check()?;
    match value {
        Ok(value) => Ok(Ended {
            status,
            stderr: tail,
            value,
        }),
        Err(e) => Err(CoverError::io("cannot read from", program, e)),
    }
}

/// Whether a child ended by itself or was ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    Itself,
    Signal,
}

pub(crate) fn stopped(status: ExitStatus) -> Stopped {
    if status.code().is_some() {
        Stopped::Itself
    } else {
        Stopped::Signal
    }
}

fn kill(group: Pid) {
    // Fails only when the group is already gone.
    let _ = kill_process_group(group, Signal::KILL);
}

fn spawn(watch: &Watch<'_>, program: &Path, arguments: &[OsString]) -> Result<Child, CoverError> {
    if !program.is_file() {
        return Err(CoverError::FfmpegMissing {
            program: program.display().to_string(),
        });
    }
    let left = watch
        .deadline
        .saturating_duration_since(Instant::now())
        .as_secs()
        .saturating_add(2);
    let with_us = if dies_with_parent() {
        "setpriv --pdeathsig KILL "
    } else {
        ""
    };
    // A limit that the shell does not know (macOS has no address space limit) must not stop the work.
    let script = format!(
        "ulimit -c 0; ulimit -v {} 2>/dev/null; ulimit -t {} 2>/dev/null; ulimit -f {} 2>/dev/null; exec {with_us}\"$0\" \"$@\"",
        watch.limits.memory / 1024,
        left.saturating_mul(64),
        watch.limits.output / 512,
    );
    Command::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .arg(program)
        .args(arguments)
        .env_remove("FFREPORT")
        .env("AV_LOG_FORCE_NOCOLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| CoverError::io("cannot start", program, e))
}

/// Whether this machine has a `setpriv` that knows how; asked once.
fn dies_with_parent() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        cfg!(target_os = "linux")
            && Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "true"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    })
}

/// Set once when the child has ended; waited for by the thread that holds the deadline.
#[derive(Default)]
struct Done(Mutex<bool>, Condvar);

impl Done {
    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    fn wait_until(&self, deadline: Instant, too_late: impl FnOnce()) {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let (done, _) = self
            .1
            .wait_timeout_while(guard, left, |done| !*done)
            .unwrap_or_else(PoisonError::into_inner);
        if !*done {
            too_late();
        }
    }
}

fn drain(stderr: ChildStderr, mut line: impl FnMut(&str) -> bool) -> String {
    let mut reader = BufReader::new(stderr);
    let mut tail: VecDeque<String> = VecDeque::new();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader
            .by_ref()
            .take(LINE_BYTES)
            .read_until(b'\n', &mut bytes)
        {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end();
        if line(text) && !text.is_empty() {
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(text.chars().take(TAIL_LINE_BYTES).collect());
        }
    }
    Vec::from(tail).join("\n")
}
