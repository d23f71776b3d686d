//! The one percent-encoder: what it writes is signed, and is what URLs are built from.
//!
//! Unreserved are `A-Z a-z 0-9 - _ . ~`; every other byte becomes `%XX` with upper-case hex (436/7778).
//! Reading is lenient, as servers are: a `%` that two hex digits do not follow stands for itself.

/// Takes bytes as they are produced, so that nothing has to be collected before it is hashed.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);

    fn put_byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// Puts `bytes` encoded, as values are: case kept, upper-case hex.
    fn put_encoded(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let (written, len) = encoded_byte(byte);
            self.put(written.get(..len).unwrap_or_default());
        }
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn put_byte(&mut self, byte: u8) {
        self.push(byte);
    }
}

/// Counts instead of keeping, to size a buffer exactly.
pub(crate) struct Count(pub(crate) usize);

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        table[byte] = c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'~');
        byte += 1;
    }
    table
};

/// Each byte as it is written: one or three bytes, lowest first, and above them how many count.
///
/// One number, so that it is loaded and stored at once.
const ENCODED: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = u32::from_le_bytes(if UNRESERVED[byte] {
            [byte as u8, 0, 0, 1]
        } else {
            [b'%', UPPER[byte >> 4], UPPER[byte & 15], 3]
        });
        byte += 1;
    }
    table
};

/// The bytes that stand for `byte`, and how many of them count.
#[inline]
pub(crate) fn encoded_byte(byte: u8) -> ([u8; 4], usize) {
    let written = ENCODED[usize::from(byte)];
    (written.to_le_bytes(), (written >> 24) as usize)
}

/// Whether all of a piece is unreserved: arithmetic without a branch, so that it is done for all bytes at once.
#[inline]
pub(crate) fn all_unreserved(piece: &[u8; 16]) -> bool {
    let mut all = true;
    for &byte in piece {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        let mark = (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~');
        all &= letter | digit | mark;
    }
    all
}

pub(crate) fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

/// Percent-encodes text for use as one name or value of a query, or as one segment of a path.
///
/// `/` is escaped too; [`encode_path`] keeps it. Source: 436/7778.
///
/// ```
/// assert_eq!(cos_sign::encode_component("a b/c+封面~"), "a%20b%2Fc%2B%E5%B0%81%E9%9D%A2~");
/// ```
#[must_use]
pub fn encode_component(text: &str) -> String {
    encoded(text, |_| false)
}

/// Percent-encodes an object key for use as the path of a URL: as [`encode_component`], with `/` kept.
///
/// Nothing is added or tidied: an empty segment, `.` and `..` stay, because they are part of the key.
/// The path of the object `key` is `/` followed by this.
///
/// ```
/// assert_eq!(cos_sign::encode_path("in put/演示.mp4"), "in%20put/%E6%BC%94%E7%A4%BA.mp4");
/// ```
#[must_use]
pub fn encode_path(key: &str) -> String {
    encoded(key, |byte| byte == b'/')
}

fn encoded(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if is_unreserved(byte) || keep(byte) {
            out.push(char::from(byte));
        } else {
            let (written, len) = encoded_byte(byte);
            out.extend(written.into_iter().take(len).map(char::from));
        }
    }
    out
}

/// The two lower-case digits of each byte.
const HEX: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [LOWER[byte >> 4], LOWER[byte & 15]];
        byte += 1;
    }
    table
};

/// The lower-case hex of a SHA-1 value.
pub(crate) fn hex20(bytes: [u8; 20]) -> [u8; 40] {
    let mut out = [0; 40];
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&HEX[usize::from(byte)]);
    }
    out
}

pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// The reverse of [`hex20`]; upper-case digits are refused, because nobody signs with them.
pub(crate) fn unhex20(text: &str) -> Option<[u8; 20]> {
    let bytes: &[u8; 40] = text.as_bytes().try_into().ok()?;
    if bytes.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut out = [0; 20];
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let all: String = (0u8..128).map(char::from).collect();
        let kept: String = encode_component(&all)
            .split('%')
            .enumerate()
            .map(|(i, part)| if i == 0 { part } else { &part[2..] })
            .collect();
        assert_eq!(
            kept,
            "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
    }

    #[test]
    fn a_piece_is_unreserved_when_each_byte_is() {
        for byte in 0..=255u8 {
            let mut piece = [b'a'; 16];
            piece[usize::from(byte % 16)] = byte;
            assert_eq!(all_unreserved(&piece), is_unreserved(byte), "{byte}");
        }
    }

    #[test]
    fn hex_of_a_hash_reads_back_and_upper_case_does_not() {
        let bytes = std::array::from_fn(|i| (i * 13) as u8);
        let text = String::from_utf8(hex20(bytes).to_vec()).unwrap();
        assert_eq!(unhex20(&text), Some(bytes));
        assert_eq!(unhex20(&text.to_uppercase()), None);
        assert_eq!(unhex20(&text[1..]), None);
    }
}
