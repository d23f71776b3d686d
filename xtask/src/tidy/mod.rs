//! The rules of the repository that a program can check: layers between crates, shape of files.

mod files;
mod layers;
mod supply;

use crate::{Outcome, coverage};

/// Runs every check and lists all that is wrong, not only the first.
pub(crate) fn run() -> Outcome {
    let mut faults = layers::check()?;
    faults.extend(files::check()?);
    faults.extend(supply::check()?);
    faults.extend(coverage::check().err());
    if faults.is_empty() {
        eprintln!("tidy: the layers hold and the files are in order");
        return Ok(());
    }
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    Err(format!("tidy found {} fault(s)", faults.len()))
}
