//! What a server finds wrong with a request it could read.

use std::fmt;

/// One way in which a request breaks the documented rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Where, such as `Operation[0].SmartCover.Count`.
    pub path: String,
    /// What is wrong, with the value and what is allowed.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Collects violations under a growing path.
#[derive(Default)]
pub(crate) struct Violations {
    path: String,
    pub(crate) found: Vec<Violation>,
}

impl Violations {
    pub(crate) fn under(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        check(self);
        self.path.truncate(length);
    }

    pub(crate) fn add(&mut self, name: &str, message: impl Into<String>) {
        self.under(name, |this| {
            this.found.push(Violation {
                path: this.path.clone(),
                message: message.into(),
            });
        });
    }

    /// A part that must be there and not empty.
    pub(crate) fn need(&mut self, name: &str, value: Option<&str>) {
        if value.is_none_or(str::is_empty) {
            self.add(name, "is missing");
        }
    }

    /// A part that, when there, must follow a rule.
    pub(crate) fn rule<T: fmt::Display>(
        &mut self,
        name: &str,
        value: Option<T>,
        within: impl FnOnce(&T) -> bool,
        rule: &str,
    ) {
        if let Some(value) = value.filter(|value| !within(value)) {
            let value = crate::error::excerpt(&value.to_string());
            self.add(name, format!("{value:?} is refused: {rule}"));
        }
    }
}
