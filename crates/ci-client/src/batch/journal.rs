//! What a batch has done, on disk: one line a step, synced before the step counts.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use ci_model::JobId;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::oneshot;

/// Why a journal cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("the journal {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another batch is writing to it.
    #[error("the journal {0} is in use by another batch")]
    InUse(PathBuf),
    /// A line that no batch writes.
    #[error("line {number} of the journal {path} is no step of a batch")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        number: usize,
    },
    /// The journal belongs to another list of jobs.
    #[error(
        "line {line} asks for something else than when the journal was written: use another journal"
    )]
    Changed {
        /// The line of the list.
        line: u64,
    },
    /// The journal could not be written, and nothing more was submitted.
    #[error("the journal could not be written, so nothing more was submitted: {0}")]
    Broken(String),
}

/// How far one line of a list got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// About to be sent with this mark.
    Sending { mark: String, digest: u64, at: i64 },
    /// There is a job.
    Created { job: JobId, digest: u64 },
    /// Nothing more to do.
    Ended { digest: u64 },
}

impl Step {
    pub(super) fn digest(&self) -> u64 {
        match self {
            Self::Sending { digest, .. }
            | Self::Created { digest, .. }
            | Self::Ended { digest } => *digest,
        }
    }

    fn to_json(&self, line: u64) -> Value {
        match self {
            Self::Sending { mark, digest, at } => {
                json!({"line": line, "step": "sending", "mark": mark, "digest": format!("{digest:016x}"), "at": at})
            }
            Self::Created { job, digest } => {
                json!({"line": line, "step": "created", "job_id": job.as_str(), "digest": format!("{digest:016x}")})
            }
            Self::Ended { digest } => {
                json!({"line": line, "step": "ended", "digest": format!("{digest:016x}")})
            }
        }
    }

    fn from_json(value: &Value) -> Option<(u64, Self)> {
        let text = |name: &str| value.get(name)?.as_str();
        let digest = u64::from_str_radix(text("digest")?, 16).ok()?;
        let step = match text("step")? {
            "sending" => Self::Sending {
                mark: text("mark")?.to_owned(),
                digest,
                at: value.get("at")?.as_i64()?,
            },
            "created" => Self::Created {
                job: text("job_id")?.parse().ok()?,
                digest,
            },
            "ended" => Self::Ended { digest },
            _ => return None,
        };
        Some((value.get("line")?.as_u64()?, step))
    }
}

/// Told when a line is on disk, or why it is not.
type Told = oneshot::Sender<Result<(), String>>;

/// What to write, and whom to tell when it is on disk.
type Line = (String, Option<Told>);

/// The journal of a batch. One thread writes, and syncs once for all steps that wait.
#[derive(Debug)]
pub struct Journal {
    steps: HashMap<u64, Step>,
    writer: Writer,
}

#[derive(Debug, Clone)]
pub(super) struct Writer(Option<mpsc::Sender<Line>>);

impl Journal {
    /// Opens a journal, or begins one. A last line that was cut off by a crash is taken back: its step never counted.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref().to_owned();
        let failed = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::InUse(path)),
            Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        let mut steps = HashMap::new();
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        for number in 1.. {
            let mut text = Vec::new();
            let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
            let foreign = || JournalError::Line {
                path: path.clone(),
                number,
            };
            if !text.ends_with(b"\n") {
                if !text.is_empty() && !text.starts_with(b"{") {
                    return Err(foreign());
                }
                break;
            }
            let value: Option<Value> = serde_json::from_slice(&text).ok();
            let (line, step) = value
                .as_ref()
                .and_then(Step::from_json)
                .ok_or_else(foreign)?;
            steps.insert(line, step);
            whole += length as u64;
        }
        file.set_len(whole).map_err(failed)?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || write_all(&file, &receiver));
        Ok(Self {
            steps,
            writer: Writer(Some(sender)),
        })
    }

    /// Keeps nothing: a batch that is interrupted begins anew, and submits again.
    #[must_use]
    pub fn none() -> Self {
        Self {
            steps: HashMap::new(),
            writer: Writer(None),
        }
    }

    /// How far a line got, if it was begun.
    pub(super) fn step(&self, line: u64) -> Option<&Step> {
        self.steps.get(&line)
    }

    /// The marks that may have been sent and led to no answer, with the times in Unix seconds.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&str, i64)> {
        self.steps.values().filter_map(|step| match step {
            Step::Sending { mark, at, .. } => Some((mark.as_str(), *at)),
            Step::Created { .. } | Step::Ended { .. } => None,
        })
    }

    pub(super) fn writer(&self) -> Writer {
        self.writer.clone()
    }
}

impl Writer {
    /// Writes a step and waits until it is on disk.
    pub(super) async fn commit(&self, line: u64, step: &Step) -> Result<(), JournalError> {
        self.wait_for(step.to_json(line).to_string() + "\n").await
    }

    /// Writes a step that nothing depends on; it is on disk with the next one that is waited for, or soon.
    pub(super) fn note(&self, line: u64, step: &Step) -> Result<(), JournalError> {
        self.hand_over(step.to_json(line).to_string() + "\n", None)
    }

    /// Waits until all that was noted is on disk.
    pub(super) async fn flush(&self) -> Result<(), JournalError> {
        self.wait_for(String::new()).await
    }

    async fn wait_for(&self, text: String) -> Result<(), JournalError> {
        if self.0.is_none() {
            return Ok(());
        }
        let (done, wait) = oneshot::channel();
        self.hand_over(text, Some(done))?;
        wait.await
            .map_err(|_| writer_ended())?
            .map_err(JournalError::Broken)
    }

    fn hand_over(&self, text: String, done: Option<Told>) -> Result<(), JournalError> {
        match &self.0 {
            None => Ok(()),
            Some(sender) => sender.send((text, done)).map_err(|_| writer_ended()),
        }
    }
}

fn writer_ended() -> JournalError {
    JournalError::Broken("its writer has ended".into())
}

fn write_all(mut file: &File, lines: &mpsc::Receiver<Line>) {
    let mut broken: Option<String> = None;
    while let Ok(first) = lines.recv() {
        // All that came while the last sync was under way share the next one.
        let waiting: Vec<_> = std::iter::once(first).chain(lines.try_iter()).collect();
        let text: String = waiting.iter().map(|(text, _)| text.as_str()).collect();
        if broken.is_none() {
            let written = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_data());
            broken = written.err().map(|error| error.to_string());
        }
        for (_, done) in waiting {
            if let Some(done) = done {
                let _ = done.send(broken.clone().map_or(Ok(()), Err));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("ci-client-journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_a_crash_and_half_a_line_is_not() {
        let path = file("crash");
        let steps = [
            (
                1,
                Step::Sending {
                    mark: "m1".into(),
                    digest: 7,
                    at: 100,
                },
            ),
            (
                2,
                Step::Sending {
                    mark: "m2".into(),
                    digest: 8,
                    at: 101,
                },
            ),
            (
                1,
                Step::Created {
                    job: "j1".parse().unwrap(),
                    digest: 7,
                },
            ),
        ];
        let journal = Journal::open(&path).unwrap();
        for (line, step) in &steps {
            journal.writer().commit(*line, step).await.unwrap();
        }
        assert!(matches!(Journal::open(&path), Err(JournalError::InUse(_))));
        drop(journal);
        let journal = loop {
            match Journal::open(&path) {
                Ok(journal) => break journal,
                // The writer lets go of the file when it sees that nobody is left.
                Err(JournalError::InUse(_)) => std::thread::yield_now(),
                Err(other) => panic!("{other}"),
            }
        };
        assert_eq!(
            (journal.step(1), journal.step(2), journal.step(3)),
            (Some(&steps[2].1), Some(&steps[1].1), None)
        );
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(file("cut"), [&whole[..], br#"{"line":3,"st"#].concat()).unwrap();
        let cut =
            std::env::temp_dir().join(format!("ci-client-journal-cut-{}", std::process::id()));
        let journal = Journal::open(&cut).unwrap();
        assert_eq!(journal.step(3), None);
        journal
            .writer()
            .commit(3, &Step::Ended { digest: 9 })
            .await
            .unwrap();
        assert!(
            std::fs::read_to_string(&cut)
                .unwrap()
                .ends_with("\"line\":3,\"step\":\"ended\"}\n")
        );
        for path in [path, cut] {
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_no_journal_is_refused_and_left_alone() {
        let path = file("foreign");
        for text in ["hello\n", "hello", "{}\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(
                Journal::open(&path),
                Err(JournalError::Line { number: 1, .. })
            ));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::remove_file(path).unwrap();
    }
}
