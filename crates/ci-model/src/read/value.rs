//! serde's view of one node: where all leniency about single values lives.

use super::fields::{Entries, Fields};
use super::path::At;
use crate::error::excerpt;
use crate::tree::{Node, Tree};
use crate::{Extras, ReadError};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// Why reading stopped. One pointer wide, so that passing values up costs nothing.
#[derive(Debug)]
pub(crate) struct Fault(Box<ReadError>);

impl Fault {
    /// Says where, unless a deeper place has been said.
    #[cold]
    pub(super) fn at(mut self, place: &At<'_>) -> Self {
        match &mut *self.0 {
            ReadError::At { path, .. } if path.is_empty() => *path = place.to_string(),
            _ => {}
        }
        self
    }

    /// Says in which document.
    pub(crate) fn under(mut self, name: &'static str) -> ReadError {
        if let ReadError::At { root, path, .. } = &mut *self.0 {
            *root = name;
            if path.is_empty() {
                path.push_str("its top");
            }
        }
        *self.0
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Fault(Box::new(error))
    }
}

impl serde::de::Error for Fault {
    #[cold]
    fn custom<M: fmt::Display>(message: M) -> Self {
        ReadError::At {
            root: "",
            path: String::new(),
            message: message.to_string(),
        }
        .into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

/// A node about to be read, with the siblings that follow it up to `end` in case a list is wanted.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) node: u32,
    pub(super) end: u32,
    pub(super) at: &'t At<'t>,
    pub(super) extras: Option<&'t RefCell<Extras>>,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn node(&self) -> Result<&'t Node<'a>, Fault> {
        self.tree
            .get(self.node)
            .ok_or_else(|| serde::de::Error::custom("nothing is there"))
    }

    fn text(&self) -> Result<&'t str, Fault> {
        if self.tree.is_container(self.node) {
            return Err(self.expected("a text", "elements"));
        }
        let node = self.node()?;
        Ok(if node.is_blank() { "" } else { &node.text })
    }

    #[cold]
    fn expected(&self, what: &str, found: &str) -> Fault {
        <Fault as serde::de::Error>::custom(format_args!("expected {what}, found {found}"))
            .at(self.at)
    }

    fn parse<N: std::str::FromStr>(&self, what: &str) -> Result<N, Fault> {
        let text = self.text()?.trim();
        text.parse()
            .map_err(|_| self.expected(what, &format!("{:?}", excerpt(text))))
    }

    /// The children, for a visitor that knows no fields.
    fn entries<'x, V: Visitor<'x>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor
            .visit_map(Entries::new(self))
            .map_err(|fault| fault.at(self.at))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $what:literal)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.parse($what)?).map_err(|fault: Fault| fault.at(self.at))
        }
    )+};
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = Fault;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.tree.is_container(self.node) {
            self.entries(visitor)
        } else {
            self.deserialize_str(visitor)
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor
            .visit_str(self.text()?)
            .map_err(|fault: Fault| fault.at(self.at))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.text()?.trim();
        let value = match text {
            "1" => true,
            "0" => false,
            _ if text.eq_ignore_ascii_case("true") => true,
            _ if text.eq_ignore_ascii_case("false") => false,
            _ => return Err(self.expected("true or false", &format!("{:?}", excerpt(text)))),
        };
        visitor
            .visit_bool(value)
            .map_err(|fault: Fault| fault.at(self.at))
    }

    numbers! {
        deserialize_u8 visit_u8 "a whole number from 0 to 255"
        deserialize_u16 visit_u16 "a whole number from 0 to 65535"
        deserialize_u32 visit_u32 "a whole number from 0 to 4294967295"
        deserialize_u64 visit_u64 "a whole number, not negative"
        deserialize_i8 visit_i8 "a whole number from -128 to 127"
        deserialize_i16 visit_i16 "a whole number from -32768 to 32767"
        deserialize_i32 visit_i32 "a whole number"
        deserialize_i64 visit_i64 "a whole number"
        deserialize_f32 visit_f32 "a number"
        deserialize_f64 visit_f64 "a number"
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.tree.is_empty(self.node) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == super::CONTAINER && self.node()?.object {
            return visitor.visit_some(self);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Items {
            list: self,
            next: self.node,
            count: 0,
            name: &self.node()?.name,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if !self.tree.is_container(self.node) && !self.tree.is_empty(self.node) {
            return Err(self.expected("elements", &format!("{:?}", excerpt(self.text()?))));
        }
        visitor
            .visit_map(Fields::new(self, name, fields))
            .map_err(|fault| fault.at(self.at))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.entries(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor
            .visit_enum(self.text()?.trim().into_deserializer())
            .map_err(|fault: Fault| fault.at(self.at))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit_struct tuple tuple_struct identifier
    }
}

/// The siblings of one name, wherever they stand; empty ones are no entries.
struct Items<'t, 'a> {
    list: Reader<'t, 'a>,
    next: u32,
    count: usize,
    name: &'t str,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Reader {
            tree,
            end,
            at,
            extras,
            ..
        } = self.list;
        let found = tree
            .siblings(self.next, end)
            .find(|(index, node)| node.name == self.name && !tree.is_empty(*index));
        let Some((node, found)) = found else {
            self.next = end;
            return Ok(None);
        };
        self.next = found.end;
        let at = At::Item(at, self.count);
        self.count += 1;
        let item = Reader {
            tree,
            node,
            end: found.end,
            at: &at,
            extras,
        };
        seed.deserialize(item)
            .map(Some)
            .map_err(|fault| fault.at(&at))
    }
}
