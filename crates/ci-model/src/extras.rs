//! Elements this version has no field for: kept on request when reading, put in when writing.

use std::collections::BTreeMap;

/// An element by name, with text or with children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Element {
    /// Name as the service writes it.
    pub name: String,
    /// Text of an element without children.
    pub text: String,
    /// Children in order; repeated names are a list.
    pub children: Vec<Element>,
}

impl Element {
    /// An element with text.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Element {
            name: name.into(),
            text: text.into(),
            children: Vec::new(),
        }
    }

    /// An element with children.
    pub fn container(name: impl Into<String>, children: Vec<Element>) -> Self {
        Element {
            name: name.into(),
            text: String::new(),
            children,
        }
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Elements that a document has beyond its type, by the path of the element they stand in.
///
/// A path is written as in error messages, `JobsDetail[2].Operation`; the document itself is the empty path, and `[0]` may
/// be left out.
///
/// ```
/// use ci_model::{CreateJobRequest, Element, Extras};
///
/// let mut extras = Extras::new();
/// extras.insert("Operation[0].SmartCover", Element::text("Sharpen", "true"));
/// let sent = ci_model::to_xml_with(&CreateJobRequest::default(), &extras);
/// # let sent = { let mut r = CreateJobRequest::default(); r.operation.push(Default::default());
/// # r.operation[0].smart_cover = Some(Default::default()); ci_model::to_xml_with(&r, &extras) };
/// assert!(sent.contains("<SmartCover><Sharpen>true</Sharpen></SmartCover>"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    by_path: BTreeMap<String, Vec<Element>>,
}

impl Extras {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an element to the one at a path. Written only where the document has an element at that path.
    pub fn insert(&mut self, path: &str, element: Element) {
        self.by_path
            .entry(canonical(path))
            .or_default()
            .push(element);
    }

    /// The elements that stand in the one at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> &[Element] {
        self.by_path
            .get(&canonical(path))
            .map_or(&[], Vec::as_slice)
    }

    /// The first element of a name in the one at a path.
    #[must_use]
    pub fn get(&self, path: &str, name: &str) -> Option<&Element> {
        self.at(path).iter().find(|element| element.name == name)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// All of them with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Element)> {
        self.by_path
            .iter()
            .flat_map(|(path, elements)| elements.iter().map(|element| (path.as_str(), element)))
    }
}

/// Paths are compared without `[0]`, so that a list of one and a single element are the same place.
pub(crate) fn canonical(path: &str) -> String {
    path.replace("[0]", "")
}
