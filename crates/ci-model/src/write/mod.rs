//! From documents to text: XML as the service reads it, JSON as it posts it, and JSON with typed numbers to look at.

mod escape;
mod value;

use crate::extras::canonical;
use crate::{Document, Element, Extras};
use value::Writer;

/// Writes a document as XML, without a declaration. What is absent is left out.
#[must_use]
pub fn to_xml<T: Document>(document: &T) -> String {
    write(document, T::ROOT, Style::Xml, None)
}

/// Writes a document as XML with elements this version has no field for. One whose name XML does not allow is left out.
#[must_use]
pub fn to_xml_with<T: Document>(document: &T, extras: &Extras) -> String {
    write(document, T::ROOT, Style::Xml, Some(extras))
}

/// Writes a document as the service's JSON: no root, numbers and booleans as text, nothing that is empty.
#[must_use]
pub fn to_json<T: Document>(document: &T) -> String {
    write(document, T::ROOT, Style::Json { typed: false }, None)
}

/// Writes a document as the service's JSON with elements this version has no field for.
#[must_use]
pub fn to_json_with<T: Document>(document: &T, extras: &Extras) -> String {
    write(
        document,
        T::ROOT,
        Style::Json { typed: false },
        Some(extras),
    )
}

/// Writes a document as JSON in which documented numbers and booleans are typed, as [`inspect`](crate::inspect()) shows it.
#[must_use]
pub fn to_typed_json<T: Document>(document: &T, extras: Option<&Extras>) -> String {
    write(document, T::ROOT, Style::Json { typed: true }, extras)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Xml,
    Json {
        /// Whether numbers and booleans are written as such.
        typed: bool,
    },
}

fn write<T: Document>(
    document: &T,
    root: &'static str,
    style: Style,
    extras: Option<&Extras>,
) -> String {
    let mut writer = Writer {
        out: String::with_capacity(512),
        style,
        extras: extras.filter(|extras| !extras.is_empty()),
        path: String::new(),
    };
    // Documents are sealed and made of what the writer knows; a test writes each of them in full.
    let written = serde::Serialize::serialize(document, writer.root(root));
    debug_assert!(written.is_ok(), "{written:?}");
    writer.out
}

/// Writes an element that no type knows, with all that is in it.
fn element(out: &mut String, style: Style, element: &Element) {
    match style {
        // Names come from outside, where JSON allows what would end a tag.
        Style::Xml if !escape::is_name(&element.name) => {}
        Style::Xml => {
            escape::open(out, &element.name);
            if element.children.is_empty() {
                escape::xml(out, &element.text);
            }
            for child in &element.children {
                self::element(out, style, child);
            }
            escape::close(out, &element.name);
        }
        Style::Json { .. } if element.children.is_empty() => escape::json(out, &element.text),
        Style::Json { .. } => {
            out.push('{');
            elements(out, style, &element.children);
            out.push('}');
        }
    }
}

/// Writes elements into the one that is open; in JSON those of one name become one member.
fn elements(out: &mut String, style: Style, all: &[Element]) {
    if style == Style::Xml {
        return all.iter().for_each(|one| element(out, style, one));
    }
    let mut by_name: Vec<(&str, Vec<&Element>)> = Vec::new();
    let mut positions = std::collections::HashMap::new();
    for one in all
        .iter()
        .filter(|one| !one.children.is_empty() || !one.text.is_empty())
    {
        let position = *positions.entry(one.name.as_str()).or_insert(by_name.len());
        match by_name.get_mut(position) {
            Some((_, same)) => same.push(one),
            None => by_name.push((&one.name, vec![one])),
        }
    }
    for (name, same) in by_name {
        escape::key(out, name);
        if let [one] = same.as_slice() {
            element(out, style, one);
            continue;
        }
        out.push('[');
        for one in same {
            escape::comma(out);
            element(out, style, one);
        }
        out.push(']');
    }
}

impl Writer<'_> {
    /// The unknown elements that belong at the end of the element that is open.
    fn put_extras(&mut self) {
        if let Some(extras) = self.extras {
            elements(&mut self.out, self.style, extras.at(&canonical(&self.path)));
        }
    }
}
