//! `cosci inspect`: any document of the service, read and printed.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::args::Inspect;
use crate::failure::{Failure, Kind};
use crate::output::Output;

pub(crate) fn run(args: &Inspect, output: Output) -> Result<u8, Failure> {
    let bytes = super::input(args.file.as_deref())?;
    let read = ci_model::inspect(&bytes).map_err(|error| Failure::chain(Kind::BadInput, &error))?;
    let (kind, format) = (read.kind.to_string(), read.format.to_string());
    output.either(
        || json!({ "kind": kind, "format": format, "document": read.document }),
        || {
            let mut text = format!("{kind} ({format})\n");
            tree(&mut text, &read.document, 0);
            text
        },
    )?;
    Ok(0)
}

/// One field a line, containers indented below their name, lists with one heading an entry.
fn tree(text: &mut String, value: &Value, depth: usize) {
    let Some(fields) = value.as_object() else {
        let _ = writeln!(text, "{:1$}{2}", "", depth * 2, leaf(value));
        return;
    };
    for (name, value) in fields {
        let entries: &[Value] = match value {
            Value::Array(entries) => entries,
            one => std::slice::from_ref(one),
        };
        for entry in entries {
            let indent = depth * 2;
            if entry.is_object() {
                let _ = writeln!(text, "{:indent$}{name}", "");
                tree(text, entry, depth + 1);
            } else {
                let _ = writeln!(text, "{:indent$}{name}: {}", "", leaf(entry));
            }
        }
    }
}

/// Text as it is, but on one line: a document may hold anything.
fn leaf(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    text.chars()
        .fold(String::with_capacity(text.len()), |mut line, c| {
            if c.is_control() {
                line.extend(c.escape_default());
            } else {
                line.push(c);
            }
            line
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_shows_lists_entry_by_entry_and_no_control_characters() {
        let mut text = String::new();
        tree(
            &mut text,
            &json!({"A": [{"Id": "a\u{1b}"}, {"Id": "b"}], "B": ["x", "y"], "C": 2}),
            0,
        );
        assert_eq!(text, "A\n  Id: a\\u{1b}\nA\n  Id: b\nB: x\nB: y\nC: 2\n");
    }
}
