//! A page that shows every candidate with its measures, and why it was passed over or chosen.

use std::fmt::Write;

use crate::{
    feature::likeness::{CELLS, Look, THUMB},
    picked::{Candidate, PassedOver, Picked},
};

/// Candidates on one page; more are thinned evenly, chosen ones always stay.
const MOST: usize = 240;

/// A small colour picture of a candidate.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thumbnail {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green and blue of each pixel, row after row.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Thumbnail({} x {})", self.width, self.height)
    }
}

impl Thumbnail {
    /// Fine luma and coarse colour, which is all that is kept of a frame.
    pub(crate) fn of(look: &Look) -> Self {
        let (width, height) = THUMB;
        let mut rgb = Vec::with_capacity(width * height * 3);
        for (k, luma) in look.thumb.iter().enumerate() {
            let cell = (k / width * CELLS.1 / height) * CELLS.0 + k % width * CELLS.0 / width;
            let colour = |plane: usize| {
                look.layout
                    .get(cell * 3 + plane)
                    .map_or(0.0, |value| value - 128.0)
            };
            let (u, v) = (colour(1), colour(2));
            for value in [
                luma + 1.402 * v,
                luma - 0.344 * u - 0.714 * v,
                luma + 1.772 * u,
            ] {
                rgb.push(value.round().clamp(0.0, 255.0) as u8);
            }
        }
        Self {
            width: width as u32,
            height: height as u32,
            rgb,
        }
    }

    /// The picture as a `data:` address (an uncompressed bitmap).
    #[must_use]
    pub fn data_url(&self) -> String {
        let size = self.rgb.len() as u32;
        let mut bytes = Vec::with_capacity(54 + self.rgb.len());
        bytes.extend(b"BM");
        for field in [54 + size, 0, 54, 40, self.width] {
            bytes.extend(field.to_le_bytes());
        }
        // A negative height says that the first row is the top one.
        bytes.extend((-i64::from(self.height) as i32).to_le_bytes());
        bytes.extend([1, 0, 24, 0]);
        for field in [0, size, 2835, 2835, 0, 0] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(
            self.rgb
                .chunks_exact(3)
                .flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]),
        );
        format!("data:image/bmp;base64,{}", base64(&bytes))
    }
}

/// One self-contained page of HTML about the candidates of a video, covers first.
///
/// Pictures are there when [`Options::explain`](crate::Options::explain) was set; otherwise only the measures.
///
/// ```no_run
/// # use std::path::Path;
/// use smart_cover::{Cancel, Options, contact_sheet, pick};
/// let picked = pick(Path::new("demo.mp4"), &Options::new().explain(true), Path::new("covers"), &mut |_| {}, &Cancel::new())?;
/// std::fs::write("covers/explain.html", contact_sheet(&picked, "demo.mp4")).expect("a writable folder");
/// # Ok::<(), smart_cover::CoverError>(())
/// ```
#[must_use]
pub fn contact_sheet(picked: &Picked, title: &str) -> String {
    let every = picked.candidates.len().div_ceil(MOST).max(1);
    let shown = |k: usize, c: &Candidate| c.cover.is_some() || k.is_multiple_of(every);
    let mut chosen: Vec<&Candidate> = picked
        .candidates
        .iter()
        .filter(|c| c.cover.is_some())
        .collect();
    chosen.sort_by_key(|c| c.cover);
    let rest = picked
        .candidates
        .iter()
        .enumerate()
        .filter(|(k, c)| shown(*k, c))
        .map(|(_, c)| c);
    let shape = picked.media.display_size();
    let cards = |candidates: &mut dyn Iterator<Item = &Candidate>| -> String {
        candidates.map(card).collect()
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\n<style>{STYLE}img{{aspect-ratio:{:.4}}}</style>\n\
         <h1>{title}</h1>\n<p>{} frames were looked at, {} became covers.</p>\n<h2>Covers, best first</h2>\n<ol start=\"0\">{}</ol>\n\
         <h2>Candidates in order of time</h2>\n<ul>{}</ul>\n</html>\n",
        shape.0 / shape.1,
        picked.candidates.len(),
        chosen.len(),
        cards(&mut chosen.iter().copied()),
        cards(&mut rest.into_iter()),
        title = escape(title),
    )
}

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}ol,ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:10px}\
li{width:200px;border:1px solid #ccc;border-radius:4px;padding:6px}li.cover{border:3px solid #2a7}img{width:100%;image-rendering:auto;display:block;background:#000}\
small{color:#666}b.bad{color:#b22}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}small{color:#999}li{border-color:#444}}";

fn card(candidate: &Candidate) -> String {
    let mut card = format!(
        "<li{}>",
        if candidate.cover.is_some() {
            " class=\"cover\""
        } else {
            ""
        }
    );
    if let Some(thumbnail) = &candidate.thumbnail {
        let _ = write!(
            card,
            "<img alt=\"frame at {:.2} s\" src=\"{}\">",
            candidate.time,
            thumbnail.data_url()
        );
    }
    let _ = write!(card, "<b>{:.2} s</b> ", candidate.time);
    match (candidate.cover, candidate.scene) {
        (Some(cover), Some(scene)) => {
            let _ = write!(card, "cover {cover}, scene {scene}");
        }
        (Some(cover), None) => {
            let _ = write!(card, "cover {cover}");
        }
        (None, Some(scene)) => {
            let _ = write!(card, "scene {scene}");
        }
        (None, None) => card.push_str("<b class=\"bad\">not in the running</b>"),
    }
    let _ = write!(
        card,
        "<br>quality {:.2}, worth {:.2}<br><small>light {:.0}, contrast {:.0}, detail {:.1}, focus {:.2}</small>",
        candidate.quality,
        candidate.worth,
        candidate.mean,
        candidate.contrast,
        candidate.detail,
        candidate.focus
    );
    if let Some(why) = candidate.passed_over {
        card.push_str("<br>");
        card.push_str(&passed_over(why));
    }
    for (reason, factor) in &candidate.reasons {
        let _ = write!(
            card,
            "<br><b class=\"bad\">{}</b> <small>× {factor:.2}</small>",
            reason.words()
        );
    }
    card.push_str("</li>\n");
    card
}

fn passed_over(why: PassedOver) -> String {
    match why {
        PassedOver::Alike { cover, similarity } => format!("like cover {cover} ({similarity:.2})"),
        PassedOver::EyesShut { cover } => format!("eyes shut, open in cover {cover}"),
        PassedOver::SceneHasCover { cover } => format!("its scene has cover {cover}"),
        PassedOver::OthersAddedMore => "others added more".to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let number = group
            .iter()
            .fold(0_u32, |n, byte| n << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for k in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * k) & 63) as usize];
            text.push(if k <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_the_standard_says() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|t| base64(t.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }

    #[test]
    fn a_grey_look_gives_a_grey_thumbnail() {
        let look = Look {
            layout: vec![128.0; CELLS.0 * CELLS.1 * 3],
            thumb: vec![77.0; THUMB.0 * THUMB.1],
        };
        let thumbnail = Thumbnail::of(&look);
        assert!(thumbnail.rgb.iter().all(|value| *value == 77));
        assert!(thumbnail.data_url().starts_with("data:image/bmp;base64,Qk"));
    }

    #[test]
    fn a_title_is_escaped() {
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
