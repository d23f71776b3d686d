//! Text and names as XML and JSON spell them.

use std::fmt::Write;

pub(super) fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

pub(super) fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Whether a name can stand in a tag. Stricter than XML about ASCII, laxer about the rest, which cannot end a tag.
pub(super) fn is_name(name: &str) -> bool {
    let letter = |c: char| c == '_' || c.is_alphabetic();
    let part = |c: char| letter(c) || c.is_alphanumeric() || matches!(c, '-' | '.');
    name.starts_with(letter) && name.chars().all(part)
}

/// Text of an element. What a reader would change or take for noise is written as a reference: control characters, and
/// the first character of a text that is nothing but white space.
pub(super) fn xml(out: &mut String, text: &str) {
    let blank = text.trim_ascii().is_empty();
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            // XML has no spelling for it.
            0 => "\u{fffd}",
            1..b' ' => "",
            b' ' if blank && at == 0 => "",
            _ => continue,
        };
        // Only ASCII is replaced, so both ends are character boundaries.
        out.push_str(text.get(plain..at).unwrap_or_default());
        if reference.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(out, "&#{byte};");
        } else {
            out.push_str(reference);
        }
        plain = at + 1;
    }
    out.push_str(text.get(plain..).unwrap_or_default());
}

/// A JSON string.
pub(super) fn json(out: &mut String, text: &str) {
    // Writing a text as JSON cannot fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// The comma that a member or entry needs unless it is the first. No complete value ends in an opening bracket.
pub(super) fn comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

/// The name of a member.
pub(super) fn key(out: &mut String, name: &str) {
    comma(out);
    json(out, name);
    out.push(':');
}
