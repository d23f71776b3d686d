//! Where in a document reading stands: links on the stack, made into text only when somebody asks.

use std::fmt;

/// A place, linked to the one it is in.
#[derive(Clone, Copy)]
pub(super) enum At<'p> {
    /// The document itself.
    Document,
    /// An element of the place before.
    Field(&'p At<'p>, &'p str),
    /// An entry of the list before, counted from 0.
    Item(&'p At<'p>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Document => Ok(()),
            At::Field(At::Document, name) => f.write_str(name),
            At::Field(parent, name) => write!(f, "{parent}.{name}"),
            At::Item(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}
