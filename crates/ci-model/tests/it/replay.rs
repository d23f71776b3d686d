//! The fuzz targets without a fuzzer: their corpus, and mutations of it that are the same in every run.

#[path = "../../fuzz/properties.rs"]
mod properties;

use std::path::Path;

/// Mutations of each file of the corpus.
const ROUNDS: usize = 150;

/// A generator that gives the same numbers in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

const PIECES: [&[u8]; 45] = [
    b"<",
    b">",
    b"/>",
    b"</",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<!DOCTYPE x [",
    b"<!ENTITY",
    b"&#",
    b"&amp;",
    b"&x;",
    b";",
    b"<?",
    b"?>",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"-1",
    b"1e99",
    b"4294967296",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\0",
    b"\xef\xbb\xbf",
    b"${",
    b"${number}",
    b"-",
    b" ",
    b"JobsDetail",
    b"<JobsDetail>",
    b"</JobsDetail>",
    b"<Operation>",
    b"<Tag>",
    b"<Error>",
    b"Response",
    b"<Count>x</Count>",
    b"\"JobsDetail\":",
];

fn mutated(dice: &mut Dice, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let upto = |length: usize, bytes: &[u8]| (at + length).min(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..upto(dice.below(20), &bytes))),
            2 => drop(bytes.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied())),
            3 => {
                let start = dice.below(other.len());
                let part = &other[start..(start + dice.below(80)).min(other.len())];
                drop(bytes.splice(at..at, part.iter().copied()));
            }
            4 => {
                let part = bytes[at..upto(dice.below(60), &bytes)].to_vec();
                drop(bytes.splice(at..at, part));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(dice.below(256)).unwrap();
                }
            }
        }
    }
    bytes
}

#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The folder's order differs between machines; the numbers would meet other files.
    files.sort();
    let corpus: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    assert!(!corpus.is_empty(), "no corpus for {target}");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for seed in &corpus {
        check(seed);
        for _ in 0..ROUNDS {
            let other = &corpus[dice.below(corpus.len())];
            check(&mutated(&mut dice, seed, other));
        }
    }
}

#[test]
fn any_xml_is_read_or_refused() {
    replay("xml", properties::xml);
}

#[test]
fn any_json_is_read_or_refused() {
    replay("json", properties::json);
}

#[test]
fn any_callback_is_read_or_refused() {
    replay("callback", properties::callback);
}

#[test]
fn any_error_is_read_or_refused() {
    replay("error", properties::error);
}

#[test]
fn anything_is_inspected_or_refused() {
    replay("inspected", properties::inspected);
}

#[test]
fn any_text_is_a_pattern() {
    replay("pattern", properties::pattern);
}
