//! serde's way into the text: each value knows the element it is written as, so that absence writes nothing.

use super::{Style, escape};
use crate::Extras;
use serde::ser::{Error as _, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};
use std::fmt;

/// The text so far.
pub(super) struct Writer<'e> {
    pub(super) out: String,
    pub(super) style: Style,
    pub(super) extras: Option<&'e Extras>,
    /// Path of the element that is open; kept only when there are extras.
    pub(super) path: String,
}

/// A document holds something the formats have no shape for. Does not happen: documents are sealed.
#[derive(Debug)]
pub(super) struct Unwritable(String);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl serde::ser::Error for Unwritable {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Unwritable(message.to_string())
    }
}

impl<'e> Writer<'e> {
    pub(super) fn root<'w>(&'w mut self, name: &'static str) -> Value<'w, 'e> {
        Value {
            writer: self,
            name,
            place: Place::Root,
            wanted: true,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Field,
    Entry(usize),
}

/// A value about to be written.
pub(super) struct Value<'w, 'e> {
    writer: &'w mut Writer<'e>,
    name: &'static str,
    place: Place,
    /// Whether it is written even when it holds nothing.
    wanted: bool,
}

impl<'w, 'e> Value<'w, 'e> {
    fn leaf(self, text: &str, quoted: bool) -> Result<(), Unwritable> {
        let Writer { out, style, .. } = self.writer;
        match style {
            Style::Xml => {
                escape::open(out, self.name);
                escape::xml(out, text);
                escape::close(out, self.name);
            }
            Style::Json { .. } if text.is_empty() => {}
            Style::Json { typed } => {
                if self.place == Place::Field {
                    escape::key(out, self.name);
                } else {
                    escape::comma(out);
                }
                if quoted || !*typed {
                    escape::json(out, text);
                } else {
                    out.push_str(text);
                }
            }
        }
        Ok(())
    }

    fn open(self) -> Open<'w, 'e> {
        let Value {
            writer,
            name,
            place,
            wanted,
        } = self;
        let (start, path) = (writer.out.len(), writer.path.len());
        if writer.extras.is_some() && place == Place::Field {
            if path > 0 {
                writer.path.push('.');
            }
            writer.path.push_str(name);
        }
        if let (Some(_), Place::Entry(index)) = (writer.extras, place) {
            writer.path.push_str(&format!("[{index}]"));
        }
        match (writer.style, place) {
            (Style::Xml, _) => escape::open(&mut writer.out, name),
            (Style::Json { .. }, Place::Field) => escape::key(&mut writer.out, name),
            (Style::Json { .. }, Place::Entry(_)) => escape::comma(&mut writer.out),
            (Style::Json { .. }, Place::Root) => {}
        }
        if writer.style != Style::Xml {
            writer.out.push('{');
        }
        // Both count as soon as they are there; whoever looks at them learns no more from an empty one.
        let hidden = matches!(name, "SmartCover" | "NotifyConfig")
            && writer.style == (Style::Json { typed: true });
        let wanted = wanted && !hidden;
        Open {
            inside: writer.out.len(),
            writer,
            name,
            wanted,
            first: "",
            start,
            path,
        }
    }
}

/// An element that is open.
pub(super) struct Open<'w, 'e> {
    writer: &'w mut Writer<'e>,
    name: &'static str,
    wanted: bool,
    /// Name of the first field.
    first: &'static str,
    start: usize,
    inside: usize,
    path: usize,
}

impl SerializeStruct for Open<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        if self.first.is_empty() {
            self.first = name;
        }
        value.serialize(Value {
            writer: &mut *self.writer,
            name,
            place: Place::Field,
            wanted: false,
        })
    }

    fn end(self) -> Result<(), Unwritable> {
        let Open {
            writer,
            name,
            wanted,
            first,
            start,
            inside,
            path,
        } = self;
        writer.put_extras();
        // An empty element counts as absent, so one that is there shows an empty child, as the service's own
        // `<Stream><Audio/></Stream>` does. `SmartCover` alone counts without.
        if writer.out.len() == inside
            && wanted
            && writer.style == Style::Xml
            && name != "SmartCover"
        {
            escape::open(&mut writer.out, first);
            escape::close(&mut writer.out, first);
        }
        if writer.out.len() == inside && !wanted {
            writer.out.truncate(start);
        } else if writer.style == Style::Xml {
            escape::close(&mut writer.out, name);
        } else {
            writer.out.push('}');
        }
        writer.path.truncate(path);
        Ok(())
    }
}

/// A list whose entries are being written.
pub(super) struct List<'w, 'e> {
    writer: &'w mut Writer<'e>,
    name: &'static str,
    start: usize,
    inside: usize,
    path: usize,
    count: usize,
}

impl SerializeSeq for List<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Unwritable> {
        let place = Place::Entry(self.count);
        self.count += 1;
        value.serialize(Value {
            writer: &mut *self.writer,
            name: self.name,
            place,
            wanted: true,
        })
    }

    fn end(self) -> Result<(), Unwritable> {
        let List {
            writer,
            start,
            inside,
            path,
            ..
        } = self;
        if writer.style != Style::Xml {
            if writer.out.len() == inside {
                writer.out.truncate(start);
            } else {
                writer.out.push(']');
            }
        }
        writer.path.truncate(path);
        Ok(())
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty)+) => {$(
        fn $method(self, value: $type) -> Result<(), Unwritable> {
            self.leaf(&value.to_string(), false)
        }
    )+};
}

impl<'w, 'e> Serializer for Value<'w, 'e> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = List<'w, 'e>;
    type SerializeStruct = Open<'w, 'e>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Impossible<(), Unwritable>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    /// Tells times how to write one that has not come.
    fn is_human_readable(&self) -> bool {
        self.writer.style != Style::Xml
    }

    numbers! {
        serialize_bool bool serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unwritable> {
        self.leaf(&value.to_string(), true)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unwritable> {
        self.leaf(&value.to_string(), true)
    }

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.leaf(value.encode_utf8(&mut [0; 4]), true)
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        self.leaf(value, true)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(Value {
            wanted: true,
            ..self
        })
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unwritable> {
        self.leaf(variant, true)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w, 'e>, Unwritable> {
        let Value { writer, name, .. } = self;
        let (start, path) = (writer.out.len(), writer.path.len());
        if writer.extras.is_some() {
            if path > 0 {
                writer.path.push('.');
            }
            writer.path.push_str(name);
        }
        if writer.style != Style::Xml {
            escape::key(&mut writer.out, name);
            writer.out.push('[');
        }
        Ok(List {
            inside: writer.out.len(),
            writer,
            name,
            start,
            path,
            count: 0,
        })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w, 'e>, Unwritable> {
        Ok(self.open())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unwritable> {
        Err(Unwritable::custom("bytes"))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(Unwritable::custom(variant))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
        Err(Unwritable::custom("a tuple"))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(Unwritable::custom(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable::custom(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unwritable> {
        Err(Unwritable::custom("a map"))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable::custom(name))
    }
}
