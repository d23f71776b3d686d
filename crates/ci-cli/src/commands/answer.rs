//! What a command says after its calls: the document for scripts, text for people, the exit code for both.

use ci_client::Reply;
use ci_model::Document;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind, Said};
use crate::output::{Output, note};

/// The document of an answer with what is known of the calls behind it.
pub(super) struct Answer {
    /// Id of the last request.
    pub(super) request_id: Option<String>,
    /// How often requests were sent, in all.
    pub(super) attempts: u32,
    /// As `cosci inspect` shows it.
    pub(super) document: Value,
}

impl Answer {
    /// The answer of one call.
    pub(super) fn of<T: Document>(reply: &Reply<T>) -> Self {
        Self::with(reply, document(&reply.output))
    }

    /// The answer of one call whose document is none of the media service's.
    pub(super) fn with<T>(reply: &Reply<T>, document: Value) -> Self {
        Self {
            request_id: reply.request_id.clone(),
            attempts: reply.attempts,
            document,
        }
    }

    /// Prints it.
    pub(super) fn print(
        self,
        output: Output,
        text: impl FnOnce() -> String,
    ) -> Result<u8, Failure> {
        output.either(
            || {
                json!({
                    "request_id": self.request_id,
                    "attempts": self.attempts,
                    "document": self.document,
                })
            },
            text,
        )?;
        Ok(0)
    }

    /// Prints what was found of what was asked for by id; what was not decides the exit code.
    pub(super) fn print_found(
        self,
        output: Output,
        what: &str,
        found: usize,
        missing: &[String],
        text: impl FnOnce() -> String,
    ) -> Result<u8, Failure> {
        if missing.is_empty() {
            return self.print(output, text);
        }
        let ids = missing.join(", ");
        let failure = Failure::new(Kind::NotFound, format!("there is no {what} {ids}"));
        if found == 0 {
            return Err(failure.said(Said {
                request_id: self.request_id,
                http_status: Some(200),
                attempts: self.attempts,
                ..Said::default()
            }));
        }
        self.print(output, text)?;
        note(&format!("cosci: {failure}"));
        Ok(failure.kind.exit())
    }
}

/// The document as `cosci inspect` shows it.
pub(super) fn document<T: Document>(document: &T) -> Value {
    // What was just written can be read.
    ci_model::inspect(ci_model::to_xml(document)).map_or(Value::Null, |read| read.document)
}

/// A cell for a value that may be absent.
pub(super) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
