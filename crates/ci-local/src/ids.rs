//! New identifiers in the shapes the service uses: `j…` for jobs, `t…` for templates, request ids.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use md5::{Digest, Md5};

use crate::clock::Millis;

/// A source of identifiers; the same seed and clock give the same ones in the same order.
#[derive(Debug)]
pub(crate) struct Ids(AtomicU64);

impl Ids {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        // The keys of `RandomState` come from the system's random source.
        let start = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        Self(AtomicU64::new(start))
    }

    pub(crate) fn random(&self) -> u64 {
        // SplitMix64: a counter through a mixer, so that many threads need no lock.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `j` and 32 hex digits. Time comes first: an index that grows at its end stays fast.
    pub(crate) fn job(&self, now: Millis) -> String {
        format!(
            "j{:012x}{:04x}{:016x}",
            now & 0xffff_ffff_ffff,
            self.random() & 0xffff,
            self.random()
        )
    }

    /// `t` and 33 hex digits, as in the samples of the service.
    pub(crate) fn template(&self) -> String {
        format!("t1{:016x}{:016x}", self.random(), self.random())
    }

    /// What `x-ci-request-id` carries: Base64 of a readable text, as the service's are.
    pub(crate) fn request(&self, now: Millis) -> String {
        let text = format!(
            "{:08x}_{:016x}_{:05x}",
            now / 1000,
            self.random(),
            self.random() & 0xf_ffff
        );
        base64(text.as_bytes())
    }
}

/// The id of a bucket's queue: the same on every machine, so that scripts can name it.
pub(crate) fn queue(bucket: &str, name: &str) -> String {
    let mut id = String::from("p");
    for byte in Md5::digest(format!("{bucket}/{name}")) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Standard Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = 0_u32;
        for at in 0..3 {
            group = group << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            if at > chunk.len() {
                text.push('=');
            } else {
                let six = (group >> (18 - 6 * at) & 63) as usize;
                text.push(char::from(ALPHABET.get(six).copied().unwrap_or(b'=')));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shapes_of_the_service() {
        let ids = Ids::new(None);
        let job = ids.job(1_700_000_000_000);
        assert!(job.len() == 33 && job.starts_with('j'), "{job}");
        assert!(job[1..].bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(ids.template().len(), 34);
        assert_eq!(queue("demo-1250000000", "queue-1").len(), 33);
        assert_ne!(ids.job(0), ids.job(0));
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (a, b) = (Ids::new(Some(7)), Ids::new(Some(7)));
        assert_eq!(a.job(1), b.job(1));
        assert_eq!(a.template(), b.template());
        assert_ne!(Ids::new(Some(8)).job(1), Ids::new(Some(7)).job(1));
    }

    #[test]
    fn base64_pads_as_the_standard_says() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
