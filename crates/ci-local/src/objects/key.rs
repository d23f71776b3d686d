//! Object keys as paths inside a bucket's folder, and nowhere else.

use std::path::PathBuf;

/// The longest key of COS, in bytes.
const MOST_BYTES: usize = 850;
/// The longest file name that common file systems take, in bytes.
const MOST_SEGMENT_BYTES: usize = 255;

/// A key that is a relative path of plain names: no way out of the folder it is joined to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(String);

/// Why a key cannot be a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the key is empty")]
    Empty,
    #[error("the key is longer than 850 bytes")]
    TooLong,
    #[error("a part of the key between slashes is longer than 255 bytes")]
    SegmentTooLong,
    #[error("a part of the key between slashes is empty, . or ..")]
    Segment,
    #[error("the key contains a control character")]
    Control,
}

impl Key {
    /// Checks a decoded key. One leading slash is taken off: `/a` and `a` are the same object.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.strip_prefix('/').unwrap_or(text);
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > MOST_BYTES {
            return Err(KeyError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(KeyError::Control);
        }
        for segment in text.split('/') {
            if segment.is_empty() || segment == "." || segment == ".." {
                return Err(KeyError::Segment);
            }
            if segment.len() > MOST_SEGMENT_BYTES {
                return Err(KeyError::SegmentTooLong);
            }
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The names from the bucket's folder down to the file.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The path relative to the bucket's folder.
    pub(crate) fn relative(&self) -> PathBuf {
        self.segments().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_that_leave_the_folder_are_refused() {
        for (text, why) in [
            ("", KeyError::Empty),
            ("/", KeyError::Empty),
            ("..", KeyError::Segment),
            ("a/../../etc/passwd", KeyError::Segment),
            ("//etc/passwd", KeyError::Segment),
            ("a//b", KeyError::Segment),
            ("a/", KeyError::Segment),
            ("./a", KeyError::Segment),
            ("a\0b", KeyError::Control),
            ("a\nb", KeyError::Control),
        ] {
            assert_eq!(Key::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(Key::parse(&"a".repeat(851)), Err(KeyError::TooLong));
        assert_eq!(Key::parse(&"a".repeat(256)), Err(KeyError::SegmentTooLong));
    }

    #[test]
    fn ordinary_keys_keep_their_bytes() {
        for text in [
            "in/a b.mp4",
            "输入/视频.mp4",
            "a/..b/c..",
            "x*?:\"<>|",
            "-",
            "é",
            "e\u{301}",
        ] {
            assert_eq!(Key::parse(text).map(|k| k.0), Ok(text.to_owned()));
        }
        assert_eq!(Key::parse("/a/b").unwrap().as_str(), "a/b");
    }

    proptest! {
        #[test]
        fn an_accepted_key_never_leaves_the_folder(text in "\\PC{0,40}|[./a\\\\\u{0}]{0,12}|(/?(\\.|\\.\\.|a|é|)){0,8}") {
            if let Ok(key) = Key::parse(&text) {
                let relative = key.relative();
                prop_assert!(relative.components().all(|c| matches!(c, Component::Normal(_))));
                prop_assert!(Path::new("/root").join(&relative).starts_with("/root"));
                // The path gives the key back: two keys never share a file.
                let again: Vec<_> = relative.iter().map(|s| s.to_str().unwrap()).collect();
                prop_assert_eq!(again.join("/"), key.as_str());
            }
        }
    }
}
