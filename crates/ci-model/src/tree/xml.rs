//! XML into nodes, one child of the root at a time, so that a list of any length needs the memory of one entry.

use super::Tree;
use crate::error::excerpt;
use crate::{Limits, ReadError};
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

/// An XML document whose root has been opened.
pub(crate) struct XmlSource<'a> {
    reader: quick_xml::Reader<&'a [u8]>,
    text: &'a str,
    limits: Limits,
    elements: usize,
    root: &'a str,
    root_text: bool,
    ended: bool,
}

impl<'a> XmlSource<'a> {
    /// Reads up to and with the root's start tag.
    pub(crate) fn open(text: &'a str, limits: Limits) -> Result<Self, ReadError> {
        let mut reader = quick_xml::Reader::from_str(text);
        reader.config_mut().check_comments = false;
        let mut source = XmlSource {
            reader,
            text,
            limits,
            elements: 0,
            root: "",
            root_text: false,
            ended: false,
        };
        loop {
            match source.next()? {
                Event::Start(start) => source.root = source.name(&start, 1)?,
                Event::Empty(start) => {
                    (source.root, source.ended) = (source.name(&start, 2)?, true);
                }
                Event::Text(text) if text.trim_ascii().is_empty() => continue,
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
                Event::Eof => return Err(ReadError::Empty),
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(source.fault("text before the root element"));
                }
                Event::End(_) | Event::DocType(_) => return Err(source.fault("no root element")),
            }
            if source.root.eq_ignore_ascii_case("html") {
                return Err(ReadError::Html {
                    start: excerpt(text),
                });
            }
            if source.ended {
                source.finish()?;
            }
            return Ok(source);
        }
    }

    pub(crate) fn root(&self) -> &'a str {
        self.root
    }

    /// Whether the root, read to its end, held text instead of elements.
    pub(crate) fn root_has_text(&self) -> bool {
        self.root_text && self.elements == 1
    }

    /// Appends the root's next child to a tree, with its descendants; `false` after the last.
    pub(crate) fn next_child(&mut self, tree: &mut Tree<'a>) -> Result<bool, ReadError> {
        while !self.ended {
            match self.next()? {
                Event::Start(start) => {
                    let name = self.name(&start, 1)?;
                    return self.child(name, tree).map(|()| true);
                }
                Event::Empty(start) => {
                    let name = self.name(&start, 2)?;
                    tree.open(Cow::Borrowed(name));
                    return Ok(true);
                }
                Event::End(_) => {
                    self.ended = true;
                    self.finish()?;
                }
                Event::Text(text) => self.root_text |= !text.trim_ascii().is_empty(),
                Event::CData(_) => self.root_text = true,
                Event::GeneralRef(reference) => {
                    self.character(&reference)?;
                    self.root_text = true;
                }
                Event::Eof => return Err(self.cut_off(tree, &[])),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
            }
        }
        Ok(false)
    }

    /// Reads an element whose start tag has been read.
    fn child(&mut self, name: &'a str, tree: &mut Tree<'a>) -> Result<(), ReadError> {
        let mut open = vec![tree.open(Cow::Borrowed(name))];
        while let Some(&current) = open.last() {
            let event = match self.reader.read_event() {
                Ok(Event::Eof) => return Err(self.cut_off(tree, &open)),
                Ok(event) => event,
                Err(error) => return Err(self.translate(&error, tree, &open)),
            };
            match event {
                Event::Start(start) => {
                    let name = self.name(&start, 1)?;
                    // The root is one level that is not on the stack.
                    if open.len() + 2 > self.limits.depth {
                        return Err(ReadError::TooDeep {
                            limit: self.limits.depth,
                        });
                    }
                    open.push(tree.open(Cow::Borrowed(name)));
                }
                Event::Empty(start) => {
                    let name = self.name(&start, 2)?;
                    if open.len() + 2 > self.limits.depth {
                        return Err(ReadError::TooDeep {
                            limit: self.limits.depth,
                        });
                    }
                    tree.open(Cow::Borrowed(name));
                }
                Event::End(_) => {
                    tree.close(current);
                    open.pop();
                }
                Event::Text(text) => tree.add_text(current, text.into_inner(), false),
                Event::CData(text) => tree.add_text(current, text.into_inner(), true),
                Event::GeneralRef(reference) => {
                    let mut buffer = [0; 4];
                    let character = self
                        .character(&reference)?
                        .encode_utf8(&mut buffer)
                        .to_owned();
                    tree.add_text(current, Cow::Owned(character), true);
                }
                Event::DocType(text) => return Err(refused_doctype(&text)),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::Eof => {}
            }
        }
        Ok(())
    }

    /// Only white space, comments and instructions may follow the root.
    fn finish(&mut self) -> Result<(), ReadError> {
        loop {
            match self.next()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Comment(_) | Event::PI(_) => {}
                _ => return Err(self.fault("something follows the root element")),
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, ReadError> {
        match self.reader.read_event() {
            Ok(Event::DocType(text))
                if text
                    .trim_ascii_start()
                    .get(..4)
                    .is_some_and(|name| name.eq_ignore_ascii_case("html")) =>
            {
                Err(ReadError::Html {
                    start: excerpt(self.text),
                })
            }
            Ok(Event::DocType(text)) => Err(refused_doctype(&text)),
            Ok(event) => Ok(event),
            Err(error) => Err(self.translate(&error, &Tree::default(), &[])),
        }
    }

    /// The name in a tag that has just been read and that ends in `tail` characters, borrowed from the document.
    fn name(&mut self, start: &BytesStart<'_>, tail: usize) -> Result<&'a str, ReadError> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(ReadError::TooLarge {
                limit: self.limits.elements,
                unit: "elements",
            });
        }
        let end = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let begin = end.saturating_sub(tail + start.len());
        let name_end = begin + start.name().as_ref().len();
        let attributes = self.text.get(name_end..end.saturating_sub(tail));
        if let Some(attributes) = attributes.filter(|text| text.contains('&')) {
            self.attribute_references(attributes)?;
        }
        let name = self.text.get(begin..name_end).unwrap_or_default();
        let name = name.rsplit_once(':').map_or(name, |(_, local)| local);
        if name.is_empty() {
            Err(self.fault("an element without name"))
        } else {
            Ok(name)
        }
    }

    /// Attributes say nothing here, but an entity of the document's own is refused wherever it stands.
    fn attribute_references(&self, attributes: &str) -> Result<(), ReadError> {
        for rest in attributes.split('&').skip(1) {
            match rest.split_once(';') {
                Some(("lt" | "gt" | "amp" | "quot" | "apos", _)) => {}
                Some((name, _)) if name.starts_with('#') => {}
                Some((name, _)) if !name.contains([' ', '"', '\'']) => {
                    return Err(ReadError::Entity {
                        what: format!("&{};", excerpt(name)),
                    });
                }
                _ => return Err(self.fault("an attribute with `&` that begins no reference")),
            }
        }
        Ok(())
    }

    fn character(&self, reference: &quick_xml::events::BytesRef<'_>) -> Result<char, ReadError> {
        let known = match &**reference {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            name if name.starts_with('#') => match reference.resolve_char_ref() {
                Ok(Some(character)) => character,
                _ => return Err(self.fault(&format!("&{}; is no character", excerpt(name)))),
            },
            name => {
                return Err(ReadError::Entity {
                    what: format!("&{};", excerpt(name)),
                });
            }
        };
        Ok(known)
    }

    fn fault(&self, message: &str) -> ReadError {
        ReadError::Malformed {
            at: usize::try_from(self.reader.buffer_position()).unwrap_or_default(),
            message: message.into(),
        }
    }

    fn translate(&self, error: &Error, tree: &Tree<'a>, open: &[u32]) -> ReadError {
        let at = usize::try_from(self.reader.error_position()).unwrap_or_default();
        let rest = self.text.get(at..).unwrap_or_default();
        let cut = match error {
            // Reported for unknown markup too, which is not the end of the text.
            Error::Syntax(SyntaxError::InvalidBangMarkup) => ["<![CDATA[", "<!DOCTYPE", "<!--"]
                .iter()
                .any(|m| m.starts_with(rest)),
            Error::Syntax(_) => true,
            Error::IllFormed(IllFormedError::MissingEndTag(_)) => true,
            Error::IllFormed(IllFormedError::UnclosedReference) => !rest.contains(['<', ' ']),
            _ => false,
        };
        if cut {
            self.cut_off(tree, open)
        } else {
            ReadError::Malformed {
                at,
                message: excerpt(&error.to_string()),
            }
        }
    }

    fn cut_off(&self, tree: &Tree<'a>, open: &[u32]) -> ReadError {
        let names = open
            .iter()
            .filter_map(|index| tree.get(*index))
            .map(|node| &*node.name);
        let inside = std::iter::once(self.root)
            .filter(|root| !root.is_empty())
            .chain(names)
            .collect::<Vec<_>>()
            .join("/");
        let inside = if inside.is_empty() {
            "its beginning".to_owned()
        } else {
            format!("<{inside}>")
        };
        ReadError::CutOff {
            length: self.text.len(),
            inside,
        }
    }
}

fn refused_doctype(text: &str) -> ReadError {
    let what = if text.contains("<!ENTITY") {
        "an entity declaration".to_owned()
    } else {
        format!("<!DOCTYPE {}>", excerpt(text))
    };
    ReadError::Entity { what }
}
