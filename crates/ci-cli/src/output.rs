//! What goes to stdout and stderr; a reader that went away is not a failure.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::advice::advice;
use crate::failure::{Failure, Kind};

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    verbose: bool,
}

impl Output {
    pub(crate) fn new(json: bool, verbose: bool) -> Self {
        Self { json, verbose }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One JSON document on one line.
    pub(crate) fn document(self, value: &Value) -> Result<(), Failure> {
        print(&format!("{value}\n"))
    }

    /// Text for people, or the document where scripts listen.
    pub(crate) fn either(
        self,
        value: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            self.document(&value())
        } else {
            print(&text())
        }
    }

    /// Tells of a failure: a line for people on stderr, a document for scripts on stdout.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            // Nobody is left to tell when stdout is closed too; the exit code stays that of the failure.
            let _ = writeln!(
                io::stdout().lock(),
                "{}",
                serde_json::json!({ "error": failure.to_json() })
            );
        }
        note(&format!("cosci: {}", self.line(failure)));
        for line in failure.said.details.iter().filter(|_| self.verbose) {
            note(&format!("  {line}"));
        }
    }
}

impl Output {
    /// A failure and the next step, in one line.
    pub(crate) fn line(self, failure: &Failure) -> String {
        let more = !failure.said.details.is_empty() && !self.verbose;
        let next = if more {
            Some("-v shows what the server signed")
        } else {
            advice(failure)
        };
        next.map_or_else(|| failure.to_string(), |next| format!("{failure}; {next}"))
    }
}

/// Writes to stdout; a closed pipe ends the program quietly, as `head` expects.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

/// Writes bytes to stdout, for objects that are sent there.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(
            Kind::Other,
            format!("cannot write to stdout: {error}"),
        )),
        Ok(()) => Ok(()),
    }
}

/// One line on stderr.
pub(crate) fn note(line: &str) {
    // A closed stderr is no reason to stop the work.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a progress bar has somebody to look at it.
pub(crate) fn has_viewer() -> bool {
    io::stderr().is_terminal()
}

/// Columns aligned by the widest cell, two blanks between them; the first row is the heading.
///
/// Names come from others: a control character in one would move the cursor of a terminal.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let plain = |cell: &String| cell.chars().flat_map(visible).collect::<String>();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(plain).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A character, or what stands for it when it cannot be shown.
fn visible(c: char) -> impl Iterator<Item = char> {
    let (shown, escaped) = match c.is_control() {
        true => (None, Some(c.escape_default())),
        false => (Some(c), None),
    };
    shown.into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_its_columns_and_leaves_no_blanks_at_the_end() {
        let rows = [
            vec!["a".into(), "bb".into()],
            vec!["ccc".into(), String::new()],
        ];
        assert_eq!(table(&rows), "a    bb\nccc\n");
    }

    #[test]
    fn a_table_shows_control_characters_instead_of_obeying_them() {
        assert_eq!(table(&[vec!["a\u{1b}[2J\n".into()]]), "a\\u{1b}[2J\\n\n");
    }
}
