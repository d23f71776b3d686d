//! A failure as the tool tells it: one line for people, one JSON document for scripts, one exit code for both.

use std::fmt;

use serde_json::{Value, json};

/// Why a command failed, in one word; the word decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A flag or argument that cannot be taken.
    Usage,
    /// Input that the command or the service refuses: a file, a document, a parameter.
    BadInput,
    /// The service does not know the caller or does not let it.
    Auth,
    NotFound,
    JobFailed,
    JobCancelled,
    TimedOut,
    Network,
    Throttled,
    /// The service failed (5xx).
    Service,
    /// A submission that may or may not have been carried out.
    UnknownOutcome,
    FfmpegMissing,
    Interrupted,
    Other,
}

impl Kind {
    /// The word scripts read in `error.kind`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::BadInput => "bad_input",
            Self::Auth => "auth",
            Self::NotFound => "not_found",
            Self::JobFailed => "job_failed",
            Self::JobCancelled => "job_cancelled",
            Self::TimedOut => "timed_out",
            Self::Network => "network",
            Self::Throttled => "throttled",
            Self::Service => "service",
            Self::UnknownOutcome => "unknown_outcome",
            Self::FfmpegMissing => "ffmpeg_missing",
            Self::Interrupted => "interrupted",
            Self::Other => "other",
        }
    }

    /// The exit code; the README lists them.
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Other | Self::FfmpegMissing => 1,
            Self::Usage | Self::BadInput => 2,
            Self::Auth => 3,
            Self::NotFound => 4,
            Self::JobFailed | Self::JobCancelled => 5,
            Self::TimedOut => 6,
            Self::Network | Self::Throttled | Self::Service | Self::UnknownOutcome => 7,
            Self::Interrupted => 130,
        }
    }

    /// What a refusal with this status means.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Auth,
            404 => Self::NotFound,
            429 => Self::Throttled,
            400..=499 => Self::BadInput,
            500..=599 => Self::Service,
            _ => Self::Other,
        }
    }
}

/// A failure with all that is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// What a reply said; boxed, because most failures have none.
    pub(crate) said: Box<Said>,
}

/// What is known of a call or a job that failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) attempts: u32,
    /// What a submission of unknown outcome can be looked up by.
    pub(crate) mark: Option<String>,
    /// Lines beyond the first: what the server signed.
    pub(crate) details: Vec<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self {
            kind,
            message: one_line(&message.to_string()),
            said: Box::default(),
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn bad_input(message: impl fmt::Display) -> Self {
        Self::new(Kind::BadInput, message)
    }

    pub(crate) fn other(message: impl fmt::Display) -> Self {
        Self::new(Kind::Other, message)
    }

    /// The whole chain of causes as one message.
    pub(crate) fn chain(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self::new(kind, text)
    }

    #[must_use]
    pub(crate) fn said(mut self, said: Said) -> Self {
        *self.said = said;
        self
    }

    /// Names what the failure is about, unless the message does.
    pub(crate) fn about(mut self, name: &str) -> Self {
        if !self.message.contains(name) {
            self.message = one_line(&format!("{name}: {}", self.message));
        }
        self
    }

    /// The value of `error`, every key present.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = json!({
            "kind": self.kind.word(),
            "code": self.said.code,
            "message": self.message,
            "request_id": self.said.request_id,
            "http_status": self.said.http_status,
            "attempts": self.said.attempts,
        });
        if let Some(mark) = &self.said.mark {
            value["mark"] = json!(mark);
        }
        if !self.said.details.is_empty() {
            value["details"] = json!(self.said.details);
        }
        value
    }
}

/// One line, whatever the text was made of: a message can quote a file name or a server.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_present_even_when_nothing_is_known() {
        let value = Failure::other("it broke").to_json();
        for key in [
            "kind",
            "code",
            "message",
            "request_id",
            "http_status",
            "attempts",
        ] {
            assert!(
                value.as_object().is_some_and(|o| o.contains_key(key)),
                "{key}"
            );
        }
        assert!(value.get("mark").is_none());
    }

    #[test]
    fn a_message_is_one_line_without_control_characters() {
        assert_eq!(
            Failure::other("a\nb\u{1b}[31m\u{7}").message,
            "a b\\u{1b}[31m\\u{7}"
        );
    }

    #[test]
    fn statuses_have_their_exit_codes() {
        let exit = |status| Kind::of_status(status).exit();
        assert_eq!(
            (exit(400), exit(403), exit(404), exit(429), exit(503)),
            (2, 3, 4, 7, 7)
        );
    }
}
