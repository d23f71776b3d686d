//! The signed headers and parameters: chosen, sorted by encoded name, checked for repeats.

use crate::encode::Sink;
use crate::text::Text;

/// One name and value that is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) value: Text<'a>,
}

impl Entry<'_> {
    pub(crate) fn is_named(&self) -> bool {
        self.name.bytes().next().is_some()
    }
}

const INLINE: usize = 16;

/// Signed parameters and then signed headers, each sorted.
///
/// The first [`INLINE`] live on the stack, so that signing needs no heap.
#[derive(Debug)]
pub(crate) struct Lists<'a> {
    inline: [Entry<'a>; INLINE],
    len: usize,
    params: usize,
    spilled: Vec<Entry<'a>>,
}

impl<'a> Lists<'a> {
    pub(crate) fn new() -> Self {
        const EMPTY: Entry<'static> = Entry {
            name: Text::EMPTY,
            value: Text::EMPTY,
        };
        Self {
            inline: [EMPTY; INLINE],
            len: 0,
            params: 0,
            spilled: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: Entry<'a>) {
        match self.inline.get_mut(self.len) {
            Some(place) => *place = entry,
            None => {
                if self.spilled.is_empty() {
                    self.spilled.extend_from_slice(&self.inline);
                }
                self.spilled.push(entry);
            }
        }
        self.len += 1;
    }

    /// Sorts what was pushed as parameters; what follows are headers.
    pub(crate) fn end_params(&mut self) {
        self.params = self.len;
        sort(self.entries_mut());
    }

    /// Sorts what was pushed as headers.
    pub(crate) fn end_headers(&mut self) {
        let params = self.params;
        sort(self.entries_mut().get_mut(params..).unwrap_or_default());
    }

    pub(crate) fn params(&self) -> &[Entry<'a>] {
        self.entries().get(..self.params).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> &[Entry<'a>] {
        self.entries().get(self.params..).unwrap_or_default()
    }

    fn entries(&self) -> &[Entry<'a>] {
        if self.spilled.is_empty() {
            self.inline.get(..self.len).unwrap_or_default()
        } else {
            &self.spilled
        }
    }

    fn entries_mut(&mut self) -> &mut [Entry<'a>] {
        if self.spilled.is_empty() {
            self.inline.get_mut(..self.len).unwrap_or_default()
        } else {
            &mut self.spilled
        }
    }
}

/// Sorts by encoded name, bytewise; entries of one name by decoded value, as the Go SDK does.
fn sort(entries: &mut [Entry<'_>]) {
    entries.sort_unstable_by(|a, b| {
        a.name
            .cmp_names(&b.name)
            .then_with(|| a.value.bytes().cmp(b.value.bytes()))
    });
}

/// The first name that stands twice in a sorted list.
pub(crate) fn repeated<'l, 'a>(sorted: &'l [Entry<'a>]) -> Option<&'l Entry<'a>> {
    sorted.windows(2).find_map(|pair| match pair {
        [a, b] if a.name.is_name(&b.name) => Some(b),
        _ => None,
    })
}

/// Whether a list has the name.
pub(crate) fn has(list: &[Entry<'_>], name: &Text<'_>) -> bool {
    list.iter().any(|entry| entry.name.is_name(name))
}

/// Writes `name;name;…`.
pub(crate) fn write_names(list: &[Entry<'_>], out: &mut impl Sink) {
    for (i, entry) in list.iter().enumerate() {
        if i > 0 {
            out.put_byte(b';');
        }
        entry.name.write_name(out);
    }
}

/// Writes `name=value&name=value…`.
pub(crate) fn write_pairs(list: &[Entry<'_>], out: &mut impl Sink) {
    for (i, entry) in list.iter().enumerate() {
        if i > 0 {
            out.put_byte(b'&');
        }
        entry.name.write_name(out);
        out.put_byte(b'=');
        entry.value.write_value(out);
    }
}

/// The pairs of a query as sent. Empty pieces (`a&&b`) are no parameters; a flag has an empty value.
pub(crate) fn query_pairs(query: &str, plus: crate::Plus) -> impl Iterator<Item = Entry<'_>> {
    query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(move |piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Entry {
                name: Text::query(name.as_bytes(), plus).name(),
                value: Text::query(value.as_bytes(), plus),
            }
        })
}

/// A header value without the blanks and tabs around it, which HTTP does not carry.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !blank(b))
        .map_or(start, |i| i + 1);
    value.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plus;

    fn list(query: &str) -> Lists<'_> {
        let mut lists = Lists::new();
        query_pairs(query, Plus::Space).for_each(|entry| lists.push(entry));
        lists.end_params();
        lists
    }

    fn pairs(query: &str) -> String {
        let mut out = Vec::new();
        write_pairs(list(query).params(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn flags_empty_values_and_empty_pieces_are_told_apart() {
        assert_eq!(pairs("&b&&a=&=x&"), "=x&a=&b=");
    }

    #[test]
    fn more_names_than_fit_on_the_stack_keep_their_order() {
        let query = (0..100)
            .rev()
            .map(|i| format!("n{i:03}=1"))
            .collect::<Vec<_>>()
            .join("&");
        let mut sorted: Vec<_> = query.split('&').collect();
        sorted.sort_unstable();
        assert_eq!(pairs(&query), sorted.join("&"));
    }

    #[test]
    fn a_name_that_repeats_after_lower_casing_is_found() {
        assert!(repeated(list("ab=1&a=2&aB=3").params()).is_some());
        assert!(repeated(list("ab=1&a=2&a%62c=3").params()).is_none());
        assert!(repeated(list("ab=1&a%62=3").params()).is_some());
    }

    #[test]
    fn only_blanks_and_tabs_around_a_value_go() {
        assert_eq!(trim(b" \t a  b\t "), b"a  b");
        assert_eq!(trim(b"  "), b"");
        assert_eq!(trim("\u{a0}x".as_bytes()), "\u{a0}x".as_bytes());
    }
}
