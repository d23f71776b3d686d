//! Open sets of words: known ones have a name, unknown ones keep their text.

/// Declares an enum of words the service uses; a word this version does not know becomes `Other` and is written back as
/// it came.
macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A word this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The word as the service writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $word,)+ Self::Other(word) => word }
            }

            /// Whether this version knows the word.
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }

            /// The known words, for messages.
            pub(crate) const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word { $($word => Self::$variant,)+ other => Self::Other(other.to_owned()) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Ok(word.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::visit_trimmed(deserializer, $name::WORDS, |word| Ok($name::from(word)))
            }
        }
    };
}
pub(crate) use text_enum;

use std::fmt;

/// Reads a text without its surrounding white space and makes a value of it.
pub(crate) fn visit_trimmed<'de, D, T>(
    deserializer: D,
    words: &'static [&'static str],
    make: impl FnOnce(&str) -> Result<T, crate::InvalidValue>,
) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
{
    struct Text<F>(&'static [&'static str], F);
    impl<T, F: FnOnce(&str) -> Result<T, crate::InvalidValue>> serde::de::Visitor<'_> for Text<F> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0.is_empty() {
                f.write_str("a text")
            } else {
                write!(f, "one of {}", self.0.join(", "))
            }
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text.trim()).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(words, make))
}
