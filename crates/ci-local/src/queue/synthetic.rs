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

/// A picture of one colour of a palette of 256: one byte a pixel, stored without compression.
fn png(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, 3, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &head);
    let palette: Vec<u8> = (0..=255_u8)
        .flat_map(|n| {
            [
                n.wrapping_mul(97),
                n.wrapping_mul(57).wrapping_add(80),
                200_u8.wrapping_sub(n.wrapping_mul(31)),
            ]
        })
        .collect();
    chunk(&mut out, b"PLTE", &palette);
    // Every row begins with its filter, 0: none.
    let mut row = vec![colour; width as usize + 1];
    if let Some(filter) = row.first_mut() {
        *filter = 0;
    }
    let raw = row.repeat(height as usize);
    let mut data = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        data.push(u8::from(blocks.peek().is_none()));
        let length = block.len() as u16;
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &raw {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    data.extend((b << 16 | a).to_be_bytes());
    chunk(&mut out, b"IDAT", &data);
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend(kind);
    out.extend(data);
    let mut crc = !0_u32;
    for byte in out.iter().skip(from) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    out.extend((!crc).to_be_bytes());
}
