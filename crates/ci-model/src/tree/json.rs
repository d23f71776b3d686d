//! JSON into nodes: members become elements, arrays become siblings of their name, null becomes nothing.

use super::Tree;
use crate::{Limits, ReadError};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// What serde_json calls the only member of a number when its feature `arbitrary_precision` is on in some other crate.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads a JSON object into a tree whose node 0 is the document, without a name.
pub(crate) fn parse<'a>(text: &'a str, limits: Limits) -> Result<Tree<'a>, ReadError> {
    let mut tree = Tree::default();
    let refused = Cell::new(None);
    let root = tree.open(Cow::Borrowed(""));
    let mut reader = serde_json::Deserializer::from_str(text);
    // Only an object is a document; without this check a list would become several roots.
    if !text.trim_start().starts_with('{') {
        return Err(ReadError::NotADocument {
            start: crate::error::excerpt(text.trim_start()),
        });
    }
    let seed = Value {
        tree: &mut tree,
        target: Target::Into(root),
        depth: 1,
        limits,
        refused: &refused,
    };
    let read = seed.deserialize(&mut reader).and_then(|()| reader.end());
    tree.close(root);
    read.map(|()| tree).map_err(|error| {
        if let Some(limit) = refused.take() {
            return limit;
        }
        let at = offset(text, error.line(), error.column());
        let message = error.to_string();
        if message.starts_with("recursion limit") {
            ReadError::TooDeep {
                limit: limits.depth,
            }
        } else if error.is_eof() {
            ReadError::CutOff {
                length: text.len(),
                inside: "its JSON".into(),
            }
        } else {
            ReadError::Malformed { at, message }
        }
    })
}

/// serde_json counts lines and columns from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    lines.map(str::len).sum::<usize>() + column.saturating_sub(1)
}

#[derive(Clone)]
enum Target<'a> {
    /// The value fills this node.
    Into(u32),
    /// The value becomes a new node of this name, or several.
    Under(Cow<'a, str>),
}

struct Value<'t, 'a> {
    tree: &'t mut Tree<'a>,
    target: Target<'a>,
    depth: usize,
    limits: Limits,
    refused: &'t Cell<Option<ReadError>>,
}

impl<'a> Value<'_, 'a> {
    fn node<E: serde::de::Error>(&mut self) -> Result<u32, E> {
        if self.tree.len() as usize >= self.limits.elements {
            self.refused.set(Some(ReadError::TooLarge {
                limit: self.limits.elements,
                unit: "elements",
            }));
            return Err(E::custom("too many elements"));
        }
        Ok(match &self.target {
            Target::Into(node) => *node,
            Target::Under(name) => self.tree.open(name.clone()),
        })
    }

    fn leaf<E: serde::de::Error>(mut self, text: Cow<'a, str>) -> Result<(), E> {
        if text.contains('\0') {
            return Err(E::custom("a NUL character"));
        }
        let node = self.node()?;
        self.tree.add_text(node, text, true);
        Ok(())
    }

    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth >= self.limits.depth {
            self.refused.set(Some(ReadError::TooDeep {
                limit: self.limits.depth,
            }));
            return Err(E::custom("too deep"));
        }
        Ok(self.depth + 1)
    }
}

impl<'a> DeserializeSeed<'a> for Value<'_, 'a> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Value<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'a str) -> Result<(), E> {
        self.leaf(Cow::Borrowed(text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.leaf(Cow::Owned(text.to_owned()))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Cow::Owned(value.to_string()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.leaf(Cow::Owned(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        let Value {
            tree,
            target,
            limits,
            refused,
            ..
        } = &self;
        let (limits, refused, target, depth) = (*limits, *refused, target.clone(), self.deeper()?);
        let _ = tree;
        let tree = self.tree;
        while items
            .next_element_seed(Value {
                tree: &mut *tree,
                target: target.clone(),
                depth,
                limits,
                refused,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut members: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let node = self.node()?;
        self.tree.set_object(node);
        while let Some(Key(name)) = members.next_key()? {
            if name == NUMBER {
                let digits: String = members.next_value()?;
                self.tree.add_text(node, Cow::Owned(digits), true);
                continue;
            }
            if name.is_empty() {
                return Err(A::Error::custom("a member without name"));
            }
            let (limits, refused) = (self.limits, self.refused);
            members.next_value_seed(Value {
                tree: &mut *self.tree,
                target: Target::Under(name),
                depth,
                limits,
                refused,
            })?;
        }
        self.tree.close(node);
        Ok(())
    }
}

/// A member's name, borrowed when it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Name)
    }
}
