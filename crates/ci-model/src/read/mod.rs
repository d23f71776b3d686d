//! From bytes to documents: limits, format and root first, then the typed reading.

mod fields;
mod path;
mod stream;
mod value;

use crate::error::excerpt;
use crate::tree::xml::XmlSource;
use crate::tree::{Tree, json};
use crate::{Document, ErrorDocument, Extras, ReadError};
use path::At;
use std::cell::RefCell;
use value::{Fault, Reader};

/// What a document may cost, against hostile input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes; 256 MiB by default.
    pub bytes: usize,
    /// Most elements; 16 million by default.
    pub elements: usize,
    /// Most levels, the root included; 128 by default and at most.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 256 << 20,
            elements: 16 << 20,
            depth: 128,
        }
    }
}

impl Limits {
    /// Sets the most bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the most elements.
    #[must_use]
    pub fn elements(mut self, elements: usize) -> Self {
        self.elements = elements;
        self
    }

    /// Sets the most levels, up to 128.
    #[must_use]
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth.min(128);
        self
    }
}

/// Reads a document from XML.
///
/// Elements may come in any order, lists scattered; empty elements count as absent; unknown ones are passed over.
///
/// # Errors
/// See [`ReadError`]; an `<Error>` where another document was asked for is [`ReadError::Refused`].
pub fn from_xml<T: Document>(bytes: impl AsRef<[u8]>) -> Result<T, ReadError> {
    read_xml(
        text_of(bytes.as_ref(), Limits::default())?,
        Limits::default(),
        None,
    )
}

/// Reads a document from the service's JSON, which has no root.
///
/// A single value may stand where a list belongs, numbers and booleans may be text, null is absence.
///
/// # Errors
/// See [`ReadError`].
pub fn from_json<T: Document>(bytes: impl AsRef<[u8]>) -> Result<T, ReadError> {
    read_json(
        text_of(bytes.as_ref(), Limits::default())?,
        Limits::default(),
        None,
    )
}

/// Reads a document from XML or JSON, whichever it is.
///
/// # Errors
/// See [`ReadError`].
pub fn from_bytes<T: Document>(bytes: impl AsRef<[u8]>) -> Result<T, ReadError> {
    from_bytes_within(bytes, &Limits::default())
}

/// Reads a document from XML or JSON within limits of the caller's.
///
/// # Errors
/// See [`ReadError`].
pub fn from_bytes_within<T: Document>(
    bytes: impl AsRef<[u8]>,
    limits: &Limits,
) -> Result<T, ReadError> {
    // Reading is recursive: the depth is what the stack is sure to hold.
    let limits = limits.depth(limits.depth);
    let text = text_of(bytes.as_ref(), limits)?;
    if is_json(text) {
        read_json(text, limits, None)
    } else {
        read_xml(text, limits, None)
    }
}

/// Reads a document from XML or JSON together with what this version has no field for.
///
/// # Errors
/// See [`ReadError`].
pub fn from_bytes_with_extras<T: Document>(
    bytes: impl AsRef<[u8]>,
) -> Result<(T, Extras), ReadError> {
    let limits = Limits::default();
    let (text, extras) = (text_of(bytes.as_ref(), limits)?, RefCell::default());
    let read = if is_json(text) {
        read_json(text, limits, Some(&extras))
    } else {
        read_xml(text, limits, Some(&extras))
    };
    Ok((read?, extras.into_inner()))
}

pub(crate) fn is_json(text: &str) -> bool {
    text.starts_with('{')
}

/// The text of a document without byte-order mark and surrounding white space; refuses what cannot be one.
pub(crate) fn text_of(bytes: &[u8], limits: Limits) -> Result<&str, ReadError> {
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLarge {
            limit: limits.bytes,
            unit: "bytes",
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    if bytes.contains(&0) {
        // XML cannot carry it in any spelling, so what was read could not be written.
        let at = text.find('\0').unwrap_or_default();
        return Err(ReadError::Malformed {
            at,
            message: "a NUL character".into(),
        });
    }
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .trim_ascii_start();
    if text.is_empty() {
        return Err(ReadError::Empty);
    }
    let starts = |prefix: &&str| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if ["<!doctype html", "<html", "<head>", "<body"]
        .iter()
        .any(starts)
    {
        return Err(ReadError::Html {
            start: excerpt(text),
        });
    }
    if text.starts_with('<') || is_json(text) {
        Ok(text)
    } else {
        Err(ReadError::NotADocument {
            start: excerpt(text),
        })
    }
}

fn read_xml<T: Document>(
    text: &str,
    limits: Limits,
    extras: Option<&RefCell<Extras>>,
) -> Result<T, ReadError> {
    if is_json(text) {
        return Err(ReadError::NotADocument {
            start: excerpt(text),
        });
    }
    let source = XmlSource::open(text, limits)?;
    if source.root() != T::ROOT {
        if source.root() == ErrorDocument::ROOT {
            return Err(read_xml(text, limits, None)
                .map_or_else(|error| error, |error| ReadError::Refused(Box::new(error))));
        }
        return Err(ReadError::WrongRoot {
            expected: T::ROOT,
            found: excerpt(source.root()),
        });
    }
    stream::read(source, extras).map_err(|fault| fault.under(T::ROOT))
}

fn read_json<T: Document>(
    text: &str,
    limits: Limits,
    extras: Option<&RefCell<Extras>>,
) -> Result<T, ReadError> {
    if !is_json(text) {
        return Err(ReadError::NotADocument {
            start: excerpt(text),
        });
    }
    let tree = json::parse(text, limits)?;
    let error = json_error(&tree);
    let root = if T::ROOT == ErrorDocument::ROOT {
        error.unwrap_or_else(|| json_root(&tree, T::ROOT))
    } else {
        json_root(&tree, T::ROOT)
    };
    if let Some(error) = error.filter(|_| T::ROOT != ErrorDocument::ROOT) {
        let error =
            read_tree(&tree, error, None).map_err(|fault| fault.under(ErrorDocument::ROOT))?;
        return Err(ReadError::Refused(Box::new(error)));
    }
    read_tree(&tree, root, extras).map_err(|fault| fault.under(T::ROOT))
}

/// The service's JSON has no root, but some who convert its XML keep it: an object of that single name is looked into.
pub(crate) fn json_root(tree: &Tree<'_>, name: &str) -> u32 {
    let mut children = tree.children(0);
    match (children.next(), children.next()) {
        (Some((index, only)), None) if only.name == name && tree.is_container(index) => index,
        _ => 0,
    }
}

/// An error in JSON, told by its code and message: no other document has a code at its top.
pub(crate) fn json_error(tree: &Tree<'_>) -> Option<u32> {
    let root = json_root(tree, ErrorDocument::ROOT);
    let has = |names: [&str; 2]| names.iter().any(|name| tree.child(root, name).is_some());
    (has(["Code", "code"])
        && (root != 0 || has(["Message", "message"]) || has(["RequestId", "request_id"])))
    .then_some(root)
}

/// Reads one node of a tree.
pub(crate) fn read_tree<T: serde::de::DeserializeOwned>(
    tree: &Tree<'_>,
    node: u32,
    extras: Option<&RefCell<Extras>>,
) -> Result<T, Fault> {
    T::deserialize(Reader {
        tree,
        node,
        end: tree.get(node).map_or(0, |n| n.end),
        at: &At::Document,
        extras,
    })
}

/// What [`container`] calls itself, so that the reader knows that a container is wanted.
const CONTAINER: &str = "Container";

/// Reads a container, which JSON may show without members: the service's `"Stream":{}` is there, its `<Stream/>` is not.
pub(crate) fn container<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    struct Container<T>(std::marker::PhantomData<T>);
    impl<'de, T: serde::Deserialize<'de>> serde::de::Visitor<'de> for Container<T> {
        type Value = Option<T>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("elements")
        }
        fn visit_some<D: serde::Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Option<T>, D::Error> {
            T::deserialize(deserializer).map(Some)
        }
        fn visit_newtype_struct<D: serde::Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Option<T>, D::Error> {
            serde::Deserialize::deserialize(deserializer)
        }
    }
    deserializer.deserialize_newtype_struct(CONTAINER, Container(std::marker::PhantomData))
}

/// The texts of an element, however deep: one for a leaf, any number for a container.
pub(crate) struct Leaves(pub(crate) Vec<String>);

impl<'de> serde::Deserialize<'de> for Leaves {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> serde::de::Visitor<'de> for Any {
            type Value = Leaves;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<Leaves, E> {
                Ok(Leaves(vec![text.to_owned()]))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Leaves, A::Error> {
                let mut all = Vec::new();
                while let Some((serde::de::IgnoredAny, Leaves(more))) = map.next_entry()? {
                    all.extend(more);
                }
                Ok(Leaves(all))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
