//! A document as a flat list of nodes that borrow from its bytes; XML and JSON look the same here.
//!
//! Repeated elements are siblings of one name, as in XML: a JSON array becomes siblings, and null becomes nothing. From
//! here on there is one reader for both formats.

pub(crate) mod json;
pub(crate) mod xml;

use crate::Element;
use std::borrow::Cow;

/// One element. Its descendants follow it in the list, up to `end`.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) name: Cow<'a, str>,
    /// Text of a leaf; of an element with children, noise that nobody reads.
    pub(crate) text: Cow<'a, str>,
    /// Position after the last descendant.
    pub(crate) end: u32,
    /// Whether some of the text was written so that even white space counts (CDATA, reference, JSON).
    pub(crate) literal: bool,
    /// Whether it is a JSON object, which is there even without members.
    pub(crate) object: bool,
}

/// Nodes in document order; indexes stay valid until [`clear`](Tree::clear).
#[derive(Debug, Default)]
pub(crate) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
    }

    pub(crate) fn len(&self) -> u32 {
        // The element limit of the readers keeps every tree far below this.
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Marks a node as an object.
    pub(crate) fn set_object(&mut self, index: u32) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.object = true;
        }
    }

    /// Adds an element whose descendants are still to come.
    pub(crate) fn open(&mut self, name: Cow<'a, str>) -> u32 {
        let index = self.len();
        self.nodes.push(Node {
            name,
            text: Cow::Borrowed(""),
            end: index + 1,
            literal: false,
            object: false,
        });
        index
    }

    /// Ends an element after its last descendant.
    pub(crate) fn close(&mut self, index: u32) {
        let end = self.len();
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.end = end;
        }
    }

    pub(crate) fn add_text(&mut self, index: u32, text: Cow<'a, str>, literal: bool) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.literal |= literal;
            if node.text.is_empty() {
                node.text = text;
            } else {
                node.text.to_mut().push_str(&text);
            }
        }
    }

    /// Moves all nodes of another tree behind those of this one.
    pub(crate) fn append(&mut self, other: &mut Tree<'a>) {
        let offset = self.len();
        self.nodes.extend(other.nodes.drain(..).map(|node| Node {
            end: node.end + offset,
            ..node
        }));
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Node<'a>> {
        self.nodes.get(index as usize)
    }

    /// Whether a node has children.
    pub(crate) fn is_container(&self, index: u32) -> bool {
        self.get(index).is_some_and(|node| node.end > index + 1)
    }

    /// Whether a node holds nothing: neither children nor text.
    pub(crate) fn is_empty(&self, index: u32) -> bool {
        self.get(index)
            .is_none_or(|node| node.end == index + 1 && node.is_blank())
    }

    /// The siblings from `start` on, where `end` ends their parent.
    pub(crate) fn siblings(&self, start: u32, end: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        let mut next = start;
        std::iter::from_fn(move || {
            let (index, node) = (next, self.get(next).filter(|_| next < end)?);
            next = node.end;
            Some((index, node))
        })
    }

    /// The children of a node.
    pub(crate) fn children(&self, index: u32) -> impl Iterator<Item = (u32, &Node<'a>)> {
        self.siblings(index + 1, self.get(index).map_or(0, |node| node.end))
    }

    /// The first child of a name.
    pub(crate) fn child(&self, index: u32, name: &str) -> Option<u32> {
        self.children(index)
            .find(|(_, node)| node.name == name)
            .map(|(child, _)| child)
    }

    /// A node with its descendants as owned elements. Recursion is bounded by the depth limit of the readers.
    pub(crate) fn element(&self, index: u32) -> Element {
        let Some(node) = self.get(index) else {
            return Element::default();
        };
        let children: Vec<Element> = self
            .children(index)
            .map(|(child, _)| self.element(child))
            .collect();
        let text = if children.is_empty() && !node.is_blank() {
            node.text.clone().into_owned()
        } else {
            String::new()
        };
        Element {
            name: node.name.clone().into_owned(),
            text,
            children,
        }
    }
}

impl Node<'_> {
    /// Whether there is no text worth reading: white space counts only where it was written on purpose.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty() || (!self.literal && self.text.trim_ascii().is_empty())
    }
}
