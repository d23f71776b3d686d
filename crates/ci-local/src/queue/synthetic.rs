//! Pictures that are made without looking at the input, for programs whose flow is tested.

use std::fs;
use std::io;
use std::path::Path;

use super::worker::Picture;
use crate::spec::CoverSpec;

/// As many pictures as asked for, each of its own colour, 640 by 360 unless the job says otherwise.
///
/// They are PNG whatever the format asked for: nothing is encoded that nobody looks at.
pub(super) fn pictures(spec: &CoverSpec, folder: &Path) -> io::Result<Vec<Picture>> {
    let (width, height) = size(spec);
    (0..spec.count.unwrap_or(3))
        .map(|number| {
            let file = folder.join(format!("cover-{number}.png"));
            fs::write(&file, png(width, height, number as u8))?;
            Ok(Picture {
                file,
                time: None,
                score: None,
                width,
                height,
            })
        })
        .collect()
}

fn size(spec: &CoverSpec) -> (u32, u32) {
    match (spec.width, spec.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, (width * 9).div_ceil(16)),
        (None, Some(height)) => ((height * 16).div_ceil(9), height),
        (None, None) => (640, 360),
    }
}

/// A picture of one colour: a palette of one, one bit a pixel, all of them 0, stored without compression.
///
/// A queue of thousands of jobs is tested with these, so they are small: 29 kB where a byte a pixel takes 230.
fn png(width: u32, height: u32, number: u8) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([1, 3, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &head);
    chunk(&mut out, b"PLTE", &colour(number));
    // Every row begins with its filter, 0: none.
    let raw = vec![0; (width.div_ceil(8) as usize + 1) * height as usize];
    let mut data = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        data.push(u8::from(blocks.peek().is_none()));
        let length = block.len() as u16;
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    // Adler-32 of zeros: the first sum stays 1, the second counts the bytes.
    let sum = (raw.len() % 65_521) as u32;
    data.extend((sum << 16 | 1).to_be_bytes());
    chunk(&mut out, b"IDAT", &data);
    chunk(&mut out, b"IEND", &[]);
    out
}

/// Red, green and blue of the picture of this number; no two numbers share a colour.
fn colour(number: u8) -> [u8; 3] {
    [
        number.wrapping_mul(97),
        number.wrapping_mul(57).wrapping_add(80),
        200_u8.wrapping_sub(number.wrapping_mul(31)),
    ]
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    let crc = kind.iter().chain(data).fold(!0_u32, |crc, byte| {
        let at = (crc ^ u32::from(*byte)) & 0xff;
        CRC.get(at as usize).copied().unwrap_or_default() ^ (crc >> 8)
    });
    out.extend((!crc).to_be_bytes());
}

/// CRC-32 of each byte, as PNG takes it (polynomial `0xedb88320`, lowest bit first).
const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};
