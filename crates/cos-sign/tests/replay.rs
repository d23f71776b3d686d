//! The fuzz targets without a fuzzer: their corpus, and mutations of it that are the same in every run.

#[path = "../fuzz/properties.rs"]
mod properties;

use std::path::Path;

/// Mutations of each file of the corpus.
const MUTATIONS: usize = 400;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
        .into_iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// A small generator with a fixed seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    /// One to four changes: a byte set, put in, taken out; a piece doubled or taken from another file.
    fn mutate(&mut self, mut data: Vec<u8>, other: &[u8]) -> Vec<u8> {
        const WORDS: [&[u8]; 12] = [
            b"%",
            b"%00",
            b"%ff",
            b"&",
            b"=",
            b";",
            b"+",
            b"?",
            b"\n",
            b"q-ak=",
            b"sign=",
            b"18446744073709551616",
        ];
        for _ in 0..=self.below(4) {
            let at = self.below(data.len() + 1);
            match self.below(6) {
                0 => data.insert(at, self.below(256) as u8),
                1 if at < data.len() => drop(data.remove(at)),
                2 if at < data.len() => data[at] = self.below(256) as u8,
                3 => drop(data.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
                4 => {
                    let end = (at + self.below(24)).min(data.len());
                    let piece = data[at..end].to_vec();
                    drop(data.splice(at..at, piece));
                }
                _ => {
                    let from = self.below(other.len());
                    let end = (from + self.below(40)).min(other.len());
                    drop(data.splice(at..at, other[from..end].iter().copied()));
                }
            }
        }
        data
    }
}

fn replay(target: &str, property: fn(&[u8])) -> usize {
    let corpus = corpus(target);
    let mut dice = Dice(7);
    let mut runs = 0;
    for seed in &corpus {
        property(seed);
        for _ in 0..MUTATIONS {
            let other = &corpus[dice.below(corpus.len())];
            let data = dice.mutate(seed.clone(), other);
            let run = std::panic::catch_unwind(|| property(&data));
            assert!(
                run.is_ok(),
                "{target}: {:?}",
                String::from_utf8_lossy(&data)
            );
            runs += 1;
        }
    }
    runs
}

#[test]
fn any_text_that_reads_as_a_signature_reads_back() {
    assert!(replay("authorization", properties::authorization) >= 5 * MUTATIONS);
}

#[test]
fn any_request_can_be_verified_and_signed() {
    assert!(replay("verify", properties::verify) >= 15 * MUTATIONS);
}

#[test]
fn any_described_request_is_signed_as_the_real_one() {
    assert!(replay("case", properties::case) >= 40 * MUTATIONS);
}
