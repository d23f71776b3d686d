//! Reading XML child by child of the root: a list there is read entry by entry, and what stands between waits its turn.

use super::fields::Known;
use super::path::At;
use super::value::{Fault, Reader};
use crate::Extras;
use crate::tree::Tree;
use crate::tree::xml::XmlSource;
use serde::de::value::U64Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};
use std::cell::RefCell;

/// Reads the document whose root has been opened.
pub(super) fn read<T: DeserializeOwned>(
    source: XmlSource<'_>,
    extras: Option<&RefCell<Extras>>,
) -> Result<T, Fault> {
    T::deserialize(Root { source, extras })
}

struct Root<'x, 'a> {
    source: XmlSource<'a>,
    extras: Option<&'x RefCell<Extras>>,
}

impl<'de> Deserializer<'de> for Root<'_, '_> {
    type Error = Fault;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let mut children = Children {
            source: self.source,
            extras: self.extras,
            known: Known::new(fields),
            now: Tree::default(),
            later: Tree::default(),
            next: 0,
            value: None,
            field: "",
        };
        let read = visitor.visit_map(&mut children)?;
        if children.source.root_has_text() {
            return Err(Fault::custom("expected elements, found only text"));
        }
        Ok(read)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::custom("a document must be a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The children of the root as the fields of a struct.
struct Children<'x, 'a> {
    source: XmlSource<'a>,
    extras: Option<&'x RefCell<Extras>>,
    known: Known,
    /// The child being read, when it comes from the source.
    now: Tree<'a>,
    /// Known children that stood between the entries of a list; read when the source is at its end.
    later: Tree<'a>,
    next: u32,
    /// The node in `later` being read; `None` when it is the one in `now`.
    value: Option<u32>,
    field: &'static str,
}

impl Children<'_, '_> {
    /// Puts the next child of the source into `now`.
    fn advance(&mut self) -> Result<bool, Fault> {
        self.now.clear();
        Ok(self.source.next_child(&mut self.now)?)
    }

    /// The field of the child in `now`; an unknown one is noted.
    fn field_of_now(&mut self) -> Option<usize> {
        let name = &self.now.get(0)?.name;
        let field = self.known.find(name);
        if let (None, Some(extras)) = (field, self.extras) {
            extras.borrow_mut().insert("", self.now.element(0));
        }
        field
    }

    fn start(&mut self, field: usize, value: Option<u32>) -> U64Deserializer<Fault> {
        (self.value, self.field) = (
            value,
            self.known.fields.get(field).copied().unwrap_or_default(),
        );
        U64Deserializer::new(field as u64)
    }
}

impl<'de> MapAccess<'de> for &mut Children<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        while self.advance()? {
            if let Some(field) = self.field_of_now().filter(|field| self.known.first(*field)) {
                return seed.deserialize(self.start(field, None)).map(Some);
            }
        }
        while let Some(node) = self.later.get(self.next) {
            let (index, end) = (self.next, node.end);
            let field = self.known.find(&node.name);
            self.next = end;
            if let Some(field) = field.filter(|field| self.known.first(*field)) {
                return seed.deserialize(self.start(field, Some(index))).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let at = At::Field(&At::Document, self.field);
        let extras = self.extras;
        let read = match self.value {
            Some(node) => seed.deserialize(Reader {
                tree: &self.later,
                node,
                end: self.later.len(),
                at: &at,
                extras,
            }),
            None => seed.deserialize(Child {
                children: self,
                at: &at,
            }),
        };
        read.map_err(|fault| fault.at(&at))
    }
}

/// The child in `now`, which may turn out to be the first entry of a list.
struct Child<'c, 'x, 'a> {
    children: &'c mut Children<'x, 'a>,
    at: &'c At<'c>,
}

impl Child<'_, '_, '_> {
    fn reader(&self) -> Reader<'_, '_> {
        Reader {
            tree: &self.children.now,
            node: 0,
            end: self.children.now.len(),
            at: self.at,
            extras: self.children.extras,
        }
    }
}

macro_rules! as_node {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.reader().$method(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Child<'_, '_, '_> {
    type Error = Fault;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Items {
            children: self.children,
            at: self.at,
            count: 0,
            first: true,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.reader().deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.reader().deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.reader().deserialize_newtype_struct(name, visitor)
    }

    as_node! {
        deserialize_any deserialize_bool deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8
        deserialize_i16 deserialize_i32 deserialize_i64 deserialize_f32 deserialize_f64 deserialize_str
        deserialize_string deserialize_option deserialize_map deserialize_ignored_any deserialize_unit
    }

    serde::forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit_struct tuple tuple_struct identifier }
}

/// A list that is read straight from the source, to its end.
struct Items<'c, 'x, 'a> {
    children: &'c mut Children<'x, 'a>,
    at: &'c At<'c>,
    count: usize,
    first: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, '_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        loop {
            if std::mem::take(&mut self.first) {
                // `now` holds the child that began the list.
            } else if !self.children.advance()? {
                return Ok(None);
            } else {
                match self
                    .children
                    .field_of_now()
                    .and_then(|field| self.children.known.fields.get(field))
                {
                    Some(field) if *field == self.children.field => {}
                    Some(_) => {
                        let Children { later, now, .. } = &mut *self.children;
                        later.append(now);
                        continue;
                    }
                    None => continue,
                }
            }
            let Children { now, extras, .. } = &*self.children;
            if now.is_empty(0) {
                continue;
            }
            let at = At::Item(self.at, self.count);
            self.count += 1;
            let item = Reader {
                tree: now,
                node: 0,
                end: now.len(),
                at: &at,
                extras: *extras,
            };
            return seed
                .deserialize(item)
                .map(Some)
                .map_err(|fault| fault.at(&at));
        }
    }
}
