//! Texts that callers choose and the service limits: the mark of a job and the name of a template.

use crate::InvalidValue;

macro_rules! user_text {
    ($(#[$meta:meta])* $name:ident, $what:literal, $rule:literal, $within:expr) => {
        $(#[$meta])*
        ///
        /// Made by [`new`](Self::new) only as the service accepts it. One that was read keeps the text that was sent;
        /// [`is_within`](Self::is_within) tells.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub(crate) const RULE: &'static str = $rule;

            /// Checks the text.
            ///
            /// # Errors
            /// When the service would refuse it; the error names the text and the rule.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let made = Self(text.into());
                if made.is_within() { Ok(made) } else { Err(InvalidValue::new($what, &made.0, $rule)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the service accepts the text.
            #[must_use]
            pub fn is_within(&self) -> bool {
                let within: fn(&str) -> bool = $within;
                within(&self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }
    };
}

user_text!(
    /// What a caller attaches to a job to know it again: printable ASCII, at most 1024 characters. It comes back in every
    /// answer and callback. Source: 460/84791.
    UserData,
    "UserData",
    "printable ASCII, at most 1024 characters",
    |text| text.len() <= 1024 && text.bytes().all(|b| matches!(b, b' '..=b'~'))
);
user_text!(
    /// Name of a template: letters (Chinese ones too), digits, `_`, `-` and `*`, 1 to 64 characters.
    /// Source: 436/84992; older pages give no length.
    TemplateName,
    "Name",
    "letters, digits, '_', '-' and '*', 1 to 64 characters",
    |text| {
        (1..=64).contains(&text.chars().count()) && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '*'))
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_printable_ascii_up_to_1024() {
        assert!(UserData::new("~ !".repeat(341)).is_ok());
        assert!(UserData::new("x".repeat(1024)).is_ok());
        for text in [
            "x".repeat(1025),
            "tab\t".into(),
            "订单".into(),
            "del\u{7f}".into(),
        ] {
            assert!(UserData::new(text).is_err());
        }
    }

    #[test]
    fn a_template_name_takes_chinese_letters_but_no_spaces() {
        assert!(
            TemplateName::new("封面-1_*").is_ok() && TemplateName::new("封".repeat(64)).is_ok()
        );
        for text in [String::new(), "a b".into(), "a/b".into(), "封".repeat(65)] {
            assert!(TemplateName::new(text).is_err());
        }
    }
}
