//! Step one: the lines that stand for the request, hashed as they are written.

use sha1::{Digest, Sha1};

use crate::encode::{Sink, all_unreserved, encoded_byte};
use crate::lists::{Lists, write_pairs};
use crate::text::{Plus, Text};

/// Collects small pieces, because a hash function is slow with them.
pub(crate) struct HashSink {
    hasher: Sha1,
    buffer: [u8; 512],
    len: usize,
}

impl HashSink {
    pub(crate) fn new() -> Self {
        Self {
            hasher: Sha1::new(),
            buffer: [0; 512],
            len: 0,
        }
    }

    pub(crate) fn finish(mut self) -> [u8; 20] {
        self.flush();
        self.hasher.finalize().into()
    }

    fn flush(&mut self) {
        self.hasher
            .update(self.buffer.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

impl Sink for HashSink {
    fn put(&mut self, bytes: &[u8]) {
        if self.len + bytes.len() > self.buffer.len() {
            self.flush();
        }
        match self.buffer.get_mut(self.len..self.len + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.hasher.update(bytes),
        }
    }

    fn put_byte(&mut self, byte: u8) {
        if self.len == self.buffer.len() {
            self.flush();
        }
        if let Some(place) = self.buffer.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    fn put_encoded(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((piece, tail)) = rest.split_first_chunk::<16>() {
            if all_unreserved(piece) {
                self.put(piece);
            } else {
                self.put_escaped(piece);
            }
            rest = tail;
        }
        self.put_escaped(rest);
    }
}

impl HashSink {
    /// Encodes at most sixteen bytes.
    fn put_escaped(&mut self, bytes: &[u8]) {
        // Four bytes are stored for each, of which one or three count: room for all of them is asked for at once.
        if self.len + 4 * 16 > self.buffer.len() {
            self.flush();
        }
        let mut len = self.len;
        for &byte in bytes {
            let (written, count) = encoded_byte(byte);
            if let Some(place) = self.buffer.get_mut(len..len + 4) {
                place.copy_from_slice(&written);
            }
            len += count;
        }
        self.len = len;
    }
}

/// What of a request is signed, in the order in which it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    /// As on the wire; written decoded.
    pub(crate) path: &'a str,
    pub(crate) lists: &'a Lists<'a>,
}

impl Signable<'_> {
    /// Writes `HttpString`: method, path, parameters and headers, each ended by a line feed.
    pub(crate) fn write_http_string(&self, out: &mut impl Sink) {
        let mut lower = [0; 16];
        match lower.get_mut(..self.method.len()) {
            Some(place) => {
                place.copy_from_slice(self.method.as_bytes());
                place.make_ascii_lowercase();
                out.put(place);
            }
            None => out.put(self.method.to_ascii_lowercase().as_bytes()),
        }
        out.put_byte(b'\n');
        write_path(self.path, out);
        out.put_byte(b'\n');
        write_pairs(self.lists.params(), out);
        out.put_byte(b'\n');
        write_pairs(self.lists.headers(), out);
        out.put_byte(b'\n');
    }

    /// SHA-1 of `HttpString`.
    pub(crate) fn hash(&self) -> [u8; 20] {
        let mut sink = HashSink::new();
        self.write_http_string(&mut sink);
        sink.finish()
    }

    /// `HttpString` as text; path bytes that are not UTF-8 are replaced.
    pub(crate) fn http_string(&self) -> String {
        let mut out = Vec::new();
        self.write_http_string(&mut out);
        String::from_utf8(out)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }
}

/// Writes the decoded path; an absent one is `/`, as the request line will say.
fn write_path(path: &str, out: &mut impl Sink) {
    if path.is_empty() {
        return out.put(b"/");
    }
    let mut rest = path.as_bytes();
    while let Some(stop) = rest.iter().position(|&byte| byte == b'%') {
        let (run, escaped) = rest.split_at(stop);
        out.put(run);
        let (escape, after) = escaped.split_at(escaped.len().min(3));
        let mut decoded = Text::query(escape, Plus::Literal).bytes();
        match (decoded.next(), decoded.next()) {
            (Some(byte), None) => {
                out.put(&[byte]);
                rest = after;
            }
            _ => {
                out.put(b"%");
                rest = escaped.get(1..).unwrap_or_default();
            }
        }
    }
    out.put(rest);
}

/// Whether the decoded path is UTF-8, found without keeping it.
pub(crate) fn is_utf8(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    let mut check = Utf8Check {
        buffer: [0; 128],
        len: 0,
        valid: true,
    };
    write_path(path, &mut check);
    check.flush();
    check.valid && check.len == 0
}

/// Checks UTF-8 in pieces; a character may lie across two of them.
struct Utf8Check {
    buffer: [u8; 128],
    len: usize,
    valid: bool,
}

impl Utf8Check {
    /// Checks what is there and keeps the beginning of an unfinished character.
    fn flush(&mut self) {
        let filled = self.buffer.get(..self.len).unwrap_or_default();
        match std::str::from_utf8(filled) {
            Ok(_) => self.len = 0,
            Err(e) if e.error_len().is_some() => self.valid = false,
            Err(e) => {
                self.buffer.copy_within(e.valid_up_to()..self.len, 0);
                self.len -= e.valid_up_to();
            }
        }
    }
}

impl Sink for Utf8Check {
    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.len == self.buffer.len() {
                self.flush();
            }
            if !self.valid {
                return;
            }
            if let Some(place) = self.buffer.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(wire: &str) -> String {
        let mut out = Vec::new();
        write_path(wire, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_path_is_decoded_and_otherwise_left_alone() {
        for (wire, signed) in [
            ("", "/"),
            ("/", "/"),
            ("/a//b/./../c/", "/a//b/./../c/"),
            ("/a%2Fb%20c+d", "/a/b c+d"),
            ("/%e6%96%87", "/文"),
            ("/文", "/文"),
            ("/100%", "/100%"),
            ("/%zz%4%41", "/%zz%4A"),
            ("/%%41", "/%A"),
        ] {
            assert_eq!(path(wire), signed, "{wire}");
        }
    }

    #[test]
    fn a_path_that_is_not_utf8_is_noticed() {
        assert!(is_utf8("/%e6%96%87"));
        assert!(!is_utf8("/%e6%96"));
        assert!(!is_utf8("/%ff/"));
        for pad in 120..136 {
            assert!(is_utf8(&format!("/{}%e6%96%87", "a".repeat(pad))));
            assert!(!is_utf8(&format!("/{}%e6%96", "a".repeat(pad))));
            assert!(!is_utf8(&format!(
                "/{}%e6%41{}",
                "a".repeat(pad),
                "b".repeat(300)
            )));
        }
    }

    #[test]
    fn hashing_in_pieces_is_hashing_the_whole() {
        let long = format!("/{}", "x%20".repeat(700));
        let signable = Signable {
            method: "GET",
            path: &long,
            lists: &Lists::new(),
        };
        let whole: [u8; 20] = Sha1::digest(signable.http_string()).into();
        assert_eq!(signable.hash(), whole);
    }

    #[test]
    fn a_method_of_any_length_is_lower_cased() {
        let signable = Signable {
            method: "VERSION-CONTROL-EXTENDED",
            path: "/",
            lists: &Lists::new(),
        };
        assert_eq!(signable.http_string(), "version-control-extended\n/\n\n\n");
    }
}
