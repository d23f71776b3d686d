//! serde's view of an element's children, with or without a list of known fields.

use super::path::At;
use super::value::{Fault, Reader};
use crate::tree::Node;
use serde::de::value::{StrDeserializer, U64Deserializer};
use serde::de::{DeserializeSeed, MapAccess};

/// Which field a child is, and which have been read.
pub(super) struct Known {
    pub(super) fields: &'static [&'static str],
    seen: u128,
    /// The field after the last one found: documents tend to have the order of the type.
    guess: usize,
}

impl Known {
    pub(super) fn new(fields: &'static [&'static str]) -> Self {
        Known {
            fields,
            seen: 0,
            guess: 0,
        }
    }

    /// The field of a name, also under the other spellings seen in the wild.
    pub(super) fn find(&mut self, name: &str) -> Option<usize> {
        let fields = self.fields;
        let at = match fields.get(self.guess) {
            Some(field) if *field == name => self.guess,
            _ => {
                let position = |name: &str| fields.iter().position(|field| *field == name);
                position(name).or_else(|| position(other_spelling(name)?))?
            }
        };
        self.guess = at + 1;
        Some(at)
    }

    /// Notes that a field is being read; `false` if it has been before.
    pub(super) fn first(&mut self, field: usize) -> bool {
        let bit = 1_u128
            .checked_shl(u32::try_from(field).unwrap_or(u32::MAX))
            .unwrap_or(0);
        let first = self.seen & bit == 0;
        self.seen |= bit;
        first
    }
}

/// `RequestID` is PHP's reading, `QueueID` and `QueueId` both occur in requests, and the small letters are the JSON of
/// errors.
fn other_spelling(name: &str) -> Option<&'static str> {
    Some(match name {
        "RequestID" | "requestId" | "request_id" => "RequestId",
        "QueueID" => "QueueId",
        "QueueId" => "QueueID",
        "TraceID" | "trace_id" => "TraceId",
        "code" => "Code",
        "message" => "Message",
        "resource" => "Resource",
        _ => return None,
    })
}

/// The children of an element as the fields of a struct.
pub(super) struct Fields<'t, 'a> {
    parent: Reader<'t, 'a>,
    struct_name: &'static str,
    known: Known,
    next: u32,
    value: u32,
    field: &'static str,
}

impl<'t, 'a> Fields<'t, 'a> {
    pub(super) fn new(
        parent: Reader<'t, 'a>,
        struct_name: &'static str,
        fields: &'static [&'static str],
    ) -> Self {
        // The node's own end, which is not that of its siblings.
        let end = parent.tree.get(parent.node).map_or(0, |node| node.end);
        let next = parent.node + 1;
        Fields {
            parent: Reader { end, ..parent },
            struct_name,
            known: Known::new(fields),
            next,
            value: 0,
            field: "",
        }
    }

    /// Jobs made several at once carry their Tag inside the operation (460/84764).
    fn tag_inside(&mut self) -> Option<u32> {
        let tag = self
            .known
            .fields
            .iter()
            .position(|field| *field == "Tag")
            .filter(|_| self.struct_name == "JobsDetail")?;
        if !self.known.first(tag) {
            return None;
        }
        let tree = self.parent.tree;
        tree.child(self.parent.node, "Operation")
            .and_then(|operation| tree.child(operation, "Tag"))
    }

    fn note(&self, index: u32, node: &Node<'_>) {
        let Some(extras) = self.parent.extras else {
            return;
        };
        if !(self.struct_name == "Operation" && node.name == "Tag") {
            extras
                .borrow_mut()
                .insert(&self.parent.at.to_string(), self.parent.tree.element(index));
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let tree = self.parent.tree;
        while let Some(node) = tree.get(self.next).filter(|_| self.next < self.parent.end) {
            let index = self.next;
            self.next = node.end;
            match self.known.find(&node.name) {
                Some(field) if self.known.first(field) => {
                    (self.value, self.field) = (
                        index,
                        self.known.fields.get(field).copied().unwrap_or_default(),
                    );
                    return seed
                        .deserialize(U64Deserializer::new(field as u64))
                        .map(Some);
                }
                // A further sibling: an entry of the list that was read with the first one.
                Some(_) => {}
                None => self.note(index, node),
            }
        }
        match self.tag_inside() {
            Some(tag) => {
                (self.value, self.field) = (tag, "Tag");
                seed.deserialize(StrDeserializer::new("Tag")).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let at = At::Field(self.parent.at, self.field);
        seed.deserialize(Reader {
            node: self.value,
            at: &at,
            ..self.parent
        })
        .map_err(|fault| fault.at(&at))
    }
}

/// The children of an element one by one, for readers that know no fields.
pub(super) struct Entries<'t, 'a> {
    parent: Reader<'t, 'a>,
    next: u32,
    value: u32,
}

impl<'t, 'a> Entries<'t, 'a> {
    pub(super) fn new(parent: Reader<'t, 'a>) -> Self {
        let end = parent.tree.get(parent.node).map_or(0, |node| node.end);
        Entries {
            next: parent.node + 1,
            value: 0,
            parent: Reader { end, ..parent },
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(node) = self
            .parent
            .tree
            .get(self.next)
            .filter(|_| self.next < self.parent.end)
        else {
            return Ok(None);
        };
        (self.value, self.next) = (self.next, node.end);
        seed.deserialize(StrDeserializer::new(&node.name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Reader { tree, at, .. } = self.parent;
        let name = tree.get(self.value).map_or("", |node| &*node.name);
        let at = At::Field(at, name);
        // Ends at the value itself: here every sibling is an entry of its own.
        seed.deserialize(Reader {
            node: self.value,
            end: self.next,
            at: &at,
            ..self.parent
        })
        .map_err(|fault| fault.at(&at))
    }
}
