//! `cosci batch`: many jobs from lines of JSON, each submitted once, however often the tool is broken off.

mod line;
mod source;

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ci_client::batch::{BatchEnd, BatchFault, BatchItem, BatchOptions, Journal, JournalError};
use ci_client::core::Endpoint;
use ci_model::JobsDetail;
use futures_core::Stream;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use self::source::Source;
use super::jobs::options;
use crate::args::Batch;
use crate::connect;
use crate::failure::{Failure, Kind, Said};
use crate::output::{Output, has_viewer, note};
use crate::runtime::{Stop, interrupted};

pub(crate) async fn run(args: Batch, output: Output) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let client = connect::client(&args.connection, None)?;
    let stdin = args.file == Path::new("-");
    let source = Source::open((!stdin).then_some(args.file.as_path()))?;
    let path = args
        .journal
        .or_else(|| (!stdin).then(|| beside(&args.file)));
    let journal = match &path {
        Some(path) => Journal::open(path)?,
        None => {
            note(
                "cosci: lines from stdin have no journal: give --journal FILE to be able to go on after a break",
            );
            Journal::none()
        }
    };
    let mut batch = BatchOptions::default();
    batch.concurrency = args.concurrency.into();
    batch.rate = args.rate;
    batch.absent = args.absent;
    batch.wait = options(&args.pace);

    let report = RefCell::new(Report::new(output));
    let items = Lines {
        source,
        number: 0,
        endpoint: client.endpoint().clone(),
        report: &report,
    };
    let running = client.batch_from(items, &journal, batch, |end| report.borrow_mut().ended(end));
    let outcome = tokio::select! {
        outcome = running => Some(outcome),
        () = stop.asked() => None,
    };
    let mut report = report.into_inner();
    report.bar.finish_and_clear();
    if let Some(failure) = report.broken.take() {
        return Err(failure);
    }
    let Some(summary) = outcome.transpose()? else {
        note(&format!(
            "cosci: {} ended so far; {}",
            report.ended,
            match path {
                Some(_) => "run the same command again to go on",
                None => "without a journal, what was submitted is not known to a further run",
            }
        ));
        return Err(interrupted());
    };
    note(&format!(
        "cosci: {} succeeded, {} failed, {} lines refused, {} ended in an earlier run",
        summary.succeeded, summary.failed, report.refused, summary.ended_before
    ));
    Ok(report.first.map_or(0, Kind::exit))
}

/// The journal that belongs to a file: its name with `.journal` behind it.
fn beside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".journal");
    name.into()
}

/// The jobs of the lines that can be read; what cannot is told at once, by its number.
struct Lines<'a> {
    source: Source,
    number: u64,
    endpoint: Endpoint,
    report: &'a RefCell<Report>,
}

impl Stream for Lines<'_> {
    type Item = BatchItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<BatchItem>> {
        loop {
            let Some(read) = ready!(self.source.poll_line(cx)) else {
                return Poll::Ready(None);
            };
            self.number += 1;
            let number = self.number;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) => {
                    let why = format!("line {number} cannot be read: {error}");
                    self.report.borrow_mut().broken = Some(Failure::bad_input(why));
                    return Poll::Ready(None);
                }
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let job = std::str::from_utf8(&bytes)
                .map_err(|_| "it is not UTF-8".to_owned())
                .and_then(|text| line::read(text.trim(), &self.endpoint));
            match job {
                Ok(request) => return Poll::Ready(Some(BatchItem::new(number, request))),
                Err(why) => self.report.borrow_mut().refused(number, &why),
            }
        }
    }
}

/// What is said on the way.
struct Report {
    output: Output,
    bar: ProgressBar,
    ended: u64,
    refused: u64,
    first: Option<Kind>,
    /// Why nothing more can be read or said.
    broken: Option<Failure>,
}

impl Report {
    fn new(output: Output) -> Self {
        let bar = if has_viewer() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{spinner} {pos} ended ({per_sec}) {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self {
            output,
            bar,
            ended: 0,
            refused: 0,
            first: None,
            broken: None,
        }
    }

    fn refused(&mut self, number: u64, why: &str) {
        self.refused += 1;
        let failure = Failure::bad_input(format!("line {number}: {why}"));
        let value =
            json!({"line": number, "input": null, "job_id": null, "state": null, "objects": []});
        self.tell(value, Some(&failure));
    }

    fn ended(&mut self, end: BatchEnd) {
        self.ended += 1;
        self.bar.inc(1);
        let (job, failure) = match end.result {
            Ok(job) => (Some(job), None),
            Err(BatchFault::Wait(error)) => (error.job().cloned(), Some(Failure::from(error))),
            Err(BatchFault::Submit(error)) => (None, Some(Failure::from(error))),
            Err(fault) => {
                let mark = match &fault {
                    BatchFault::Unknown { mark, .. } => Some(mark.clone()),
                    _ => None,
                };
                let failure = Failure::chain(Kind::UnknownOutcome, &fault).said(Said {
                    mark,
                    ..Said::default()
                });
                (None, Some(failure))
            }
        };
        let state = job.as_ref().and_then(|job| job.state.as_ref());
        let value = json!({
            "line": end.line,
            "input": end.input,
            "job_id": end.job_id.as_ref().map(ci_model::JobId::as_str),
            "state": state.map(ci_model::JobState::as_str),
            "objects": job.as_ref().map_or(&[][..], JobsDetail::object_names),
        });
        self.tell(value, failure.as_ref());
    }

    fn tell(&mut self, mut value: Value, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            self.first.get_or_insert(failure.kind);
            value["error"] = failure.to_json();
        }
        let said = self.bar.suspend(|| self.output.document(&value));
        if let Err(failure) = said {
            self.broken.get_or_insert(failure);
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let kind = match &error {
            JournalError::Io { .. } | JournalError::Line { .. } | JournalError::Changed { .. } => {
                Kind::BadInput
            }
            _ => Kind::Other,
        };
        Self::chain(kind, &error)
    }
}
