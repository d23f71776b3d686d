//! Bytes of a request part, read without a copy: as a header holds them, or percent-encoded as in a query.

use crate::encode::{Sink, encoded_byte, hex_digit, is_unreserved};

/// How a `+` in a query is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plus {
    /// As a blank, as forms and the Go SDK read it. What signing does.
    Space,
    /// As itself.
    Literal,
}

/// How the bytes of a request part are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// What it says, as in a header.
    Plain,
    /// Percent-encoded, as in a query.
    Query(Plus),
}

/// Bytes of a request part, read without a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    raw: &'a [u8],
    form: Form,
    /// Whether the raw bytes are known to be what is written for a name: unreserved and in lower case.
    canonical: bool,
    /// The first eight of those bytes as a number, to compare most names without looking further.
    prefix: u64,
}

fn prefix(raw: &[u8]) -> u64 {
    if let Some(first) = raw.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let mut first = [0; 8];
    for (place, byte) in first.iter_mut().zip(raw) {
        *place = *byte;
    }
    u64::from_be_bytes(first)
}

impl<'a> Text<'a> {
    pub(crate) const EMPTY: Self = Text {
        raw: &[],
        form: Form::Plain,
        canonical: true,
        prefix: 0,
    };

    /// A value that means what it says.
    pub(crate) fn plain(raw: &'a [u8]) -> Self {
        Text {
            raw,
            form: Form::Plain,
            canonical: false,
            prefix: 0,
        }
    }

    /// A value of a query.
    pub(crate) fn query(raw: &'a [u8], plus: Plus) -> Self {
        Text {
            raw,
            form: Form::Query(plus),
            canonical: false,
            prefix: 0,
        }
    }

    /// A name that is known to be written as it stands.
    pub(crate) fn known_name(raw: &'a str) -> Self {
        Text {
            raw: raw.as_bytes(),
            form: Form::Plain,
            canonical: true,
            prefix: prefix(raw.as_bytes()),
        }
    }

    /// Looks once whether this is written as it stands, for what is compared often.
    pub(crate) fn name(mut self) -> Self {
        let stays = |&b: &u8| is_unreserved(b) && !b.is_ascii_uppercase();
        self.canonical = self.raw.iter().all(stays);
        self.prefix = prefix(self.raw);
        self
    }

    /// The decoded bytes.
    pub(crate) fn bytes(&self) -> Decoded<'a> {
        Decoded {
            rest: self.raw,
            form: self.form,
        }
    }

    /// Writes the value: decoded once, then encoded.
    pub(crate) fn write_value(&self, out: &mut impl Sink) {
        let escaped = |b: &u8| matches!(b, b'%' | b'+');
        if self.form == Form::Plain || !self.raw.iter().any(escaped) {
            return out.put_encoded(self.raw);
        }
        for byte in self.bytes() {
            out.put_encoded(&[byte]);
        }
    }

    /// Writes the name: decoded once, encoded, then lower-cased, escapes included.
    pub(crate) fn write_name(&self, out: &mut impl Sink) {
        if self.canonical {
            return out.put(self.raw);
        }
        for byte in self.bytes() {
            let (mut written, len) = encoded_byte(byte);
            written.make_ascii_lowercase();
            out.put(written.get(..len).unwrap_or_default());
        }
    }

    /// Orders by what [`Text::write_name`] writes.
    #[inline]
    pub(crate) fn cmp_names(&self, other: &Self) -> std::cmp::Ordering {
        if self.canonical && other.canonical {
            return self
                .prefix
                .cmp(&other.prefix)
                .then_with(|| self.raw.cmp(other.raw));
        }
        self.name_bytes().cmp(other.name_bytes())
    }

    /// Whether both are written as the same name.
    pub(crate) fn is_name(&self, other: &Self) -> bool {
        self.cmp_names(other).is_eq()
    }

    fn name_bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.bytes().flat_map(|byte| {
            let (mut written, len) = encoded_byte(byte);
            written.make_ascii_lowercase();
            written.into_iter().take(len)
        })
    }

    /// The decoded text for a message; bytes that are not UTF-8 are replaced.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.bytes().collect::<Vec<u8>>()).into_owned()
    }
}

/// Iterator over the decoded bytes of a [`Text`].
#[derive(Debug, Clone)]
pub(crate) struct Decoded<'a> {
    rest: &'a [u8],
    form: Form,
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, tail) = self.rest.split_first()?;
        self.rest = tail;
        let Form::Query(plus) = self.form else {
            return Some(first);
        };
        match first {
            b'%' => {
                if let [high, low, after @ ..] = tail {
                    if let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) {
                        self.rest = after;
                        return Some(high << 4 | low);
                    }
                }
                Some(b'%')
            }
            b'+' if plus == Plus::Space => Some(b' '),
            byte => Some(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: Text<'_>) -> String {
        let mut out = Vec::new();
        text.write_name(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn value(text: Text<'_>) -> String {
        let mut out = Vec::new();
        text.write_value(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_are_lower_cased_after_encoding_and_values_are_not() {
        let text = Text::query(b"A%2FB%e4", Plus::Space);
        assert_eq!(name(text), "a%2fb%e4");
        assert_eq!(value(text), "A%2FB%E4");
    }

    #[test]
    fn a_plus_is_a_blank_only_where_asked() {
        assert_eq!(value(Text::query(b"a+b", Plus::Space)), "a%20b");
        assert_eq!(value(Text::query(b"a+b", Plus::Literal)), "a%2Bb");
        assert_eq!(value(Text::plain(b"a+b")), "a%2Bb");
    }

    #[test]
    fn a_percent_sign_without_two_digits_stands_for_itself() {
        assert_eq!(value(Text::query(b"100%", Plus::Space)), "100%25");
        assert_eq!(value(Text::query(b"%zz%4", Plus::Space)), "%25zz%254");
        assert_eq!(value(Text::query(b"%+1", Plus::Space)), "%25%201");
    }

    #[test]
    fn names_sort_by_their_encoded_form() {
        let order = |a: &'static [u8], b: &'static [u8]| {
            Text::query(a, Plus::Space)
                .name()
                .cmp_names(&Text::query(b, Plus::Space).name())
        };
        assert!(order(b"a%3Ab", b"a1").is_lt());
        assert!(order(b"a-b", b"a").is_gt());
        assert!(order(b"AB", b"ab").is_eq());
        // Beyond the eight bytes that are compared first, and across their end.
        assert!(order(b"x-cos-meta-b", b"x-cos-meta-a").is_gt());
        assert!(order(b"12345678", b"123456789").is_lt());
        assert!(order(b"123456%3A", b"123456%3a").is_eq());
        assert!(order(b"1234567%C3", b"1234567%C4").is_lt());
    }
}
