//! Query strings, percent-encoded by the encoder that signs them.

use std::fmt::Write;

use cos_sign::encode_component;

/// Parameters in the order they are given; what is absent is left out.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn opt(mut self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            self.push(name, value.as_ref());
        }
        self
    }

    pub(crate) fn num(self, name: &str, value: Option<u32>) -> Self {
        self.opt(name, value.map(|value| value.to_string()))
    }

    /// A list joined by commas; an empty one is left out.
    pub(crate) fn list<T: AsRef<str>>(self, name: &str, values: &[T]) -> Self {
        let joined = values
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<_>>()
            .join(",");
        self.opt(name, (!values.is_empty()).then_some(joined))
    }

    /// A name alone, such as `?cancel`.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.separate();
        self.0.push_str(name);
        self
    }

    fn separate(&mut self) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.separate();
        // Writing to a string cannot fail.
        let _ = write!(
            self.0,
            "{}={}",
            encode_component(name),
            encode_component(value)
        );
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_the_signature_reads_them() {
        let query = Query::new()
            .opt("startCreationTime", Some("2022-06-27T00:00:00+0800"))
            .opt("absent", None::<&str>)
            .list("states", &["Success", "Failed"])
            .list::<&str>("ids", &[])
            .num("size", Some(10))
            .flag("cancel");
        let expected = "startCreationTime=2022-06-27T00%3A00%3A00%2B0800&states=Success%2CFailed&size=10&cancel";
        assert_eq!(query.as_str(), expected);
    }
}
