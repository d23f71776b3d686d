//! Ids as checked text: whoever holds one can put it into a path.

use crate::InvalidValue;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        ///
        /// Never empty and free of `/`, `,`, `?`, `#`, `%`, white space and control characters, and neither `.` nor
        /// `..`: an id put into a path cannot reach another resource. Nothing else is assumed about its form.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// When the text is empty or holds a character that means something in a path.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                if is_safe(&text) { Ok(Self(text)) } else { Err(InvalidValue::new($what, &text, RULE)) }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
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

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidValue;
            fn try_from(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::visit_trimmed(deserializer, &[], |text| Self::new(text))
            }
        }
    };
}

id!(
    /// A job, such as `j1a2b3c4df5e411ec926ef19d53ba9c6f`. Source: 460/84791.
    JobId, "JobId"
);
id!(
    /// A queue, such as `p2242ab62c7c94486915508540933a2c6`. Source: 1045/72939.
    QueueId, "QueueId"
);
id!(
    /// A template, such as `t1f16e1dfbdc994105b31292d45710642a`. Source: 460/84734.
    TemplateId, "TemplateId"
);

const RULE: &str =
    "not empty, no '/', ',', '?', '#', '%', white space or control character, not '.' or '..'";

fn is_safe(text: &str) -> bool {
    let stop =
        |c: char| matches!(c, '/' | ',' | '?' | '#' | '%') || c.is_whitespace() || c.is_control();
    !text.is_empty() && text != "." && text != ".." && !text.contains(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_would_change_a_path_is_refused_with_its_text() {
        for text in [
            "", "a/b", "a,b", "a?b", "a#b", "a%2F", "a b", "a\n", ".", "..", "a\u{7f}",
        ] {
            let refused = JobId::new(text).unwrap_err();
            assert_eq!((refused.what, refused.value.as_str()), ("JobId", text));
        }
        assert_eq!(JobId::new("j0-_.").unwrap().as_str(), "j0-_.");
    }
}
