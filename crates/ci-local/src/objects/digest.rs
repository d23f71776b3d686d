//! The two checksums COS gives with an object: MD5 (`ETag`) and CRC-64/XZ (`x-cos-hash-crc64ecma`).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::{Digest, Md5};

/// Checksums of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    /// 16 bytes.
    pub(crate) md5: [u8; 16],
    pub(crate) crc64: u64,
}

impl Digests {
    /// 32 lower-case hex digits.
    pub(crate) fn md5_hex(&self) -> String {
        hex::encode(self.md5)
    }

    /// Reads a file once for both.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut summer = Summer::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                return Ok(summer.finish());
            }
            summer.add(buffer.get(..n).unwrap_or_default());
        }
    }
}

/// Takes bytes as they pass by.
#[derive(Debug)]
pub(crate) struct Summer {
    md5: Md5,
    crc: u64,
}

impl Default for Summer {
    fn default() -> Self {
        Self {
            md5: Md5::new(),
            crc: !0,
        }
    }
}

impl Summer {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        for byte in bytes {
            let at = (self.crc as u8 ^ byte) as usize;
            self.crc = TABLE[at] ^ (self.crc >> 8);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            md5: self.md5.finalize().into(),
            crc64: !self.crc,
        }
    }
}

/// The reflected polynomial of ECMA-182, byte by byte.
static TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xc96c_5795_d787_0f42
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_values_come_out() {
        let mut summer = Summer::default();
        summer.add(b"1234");
        summer.add(b"56789");
        let got = summer.finish();
        assert_eq!(got.crc64, 0x995d_c9bb_df19_39fa);
        assert_eq!(got.md5_hex(), "25f9e794323b453885f5181f1b624d0b");
    }
}
