//! The contact sheet: one self-contained page that shows the covers of a run, best first.

use std::fmt::Write as _;
use std::path::Path;

use super::CoverFile;

/// The covers of one input.
pub(super) struct Section<'a> {
    pub(super) input: &'a str,
    pub(super) covers: &'a [CoverFile],
}

/// The page; `folder` is where it will stand, so that the pictures are named relative to it.
pub(super) fn page(sections: &[Section<'_>], folder: &Path) -> String {
    let mut html = String::from(HEAD);
    for section in sections {
        let count = section.covers.len();
        let plural = if count == 1 { "" } else { "s" };
        let _ = write!(
            html,
            "<section>\n<h1>{}</h1>\n<p>{count} cover{plural}, best first</p>\n<ol>\n",
            text(section.input)
        );
        for cover in section.covers {
            let name = cover
                .file
                .strip_prefix(folder)
                .unwrap_or(&cover.file)
                .to_string_lossy();
            let mut facts = Vec::new();
            facts.extend(cover.time.map(clock));
            facts.extend(cover.score.map(|score| format!("score {score:.2}")));
            facts.push(format!("{} × {}", cover.width, cover.height));
            facts.push(format!("{} KB", cover.bytes.div_ceil(1000)));
            let _ = writeln!(
                html,
                "<li><a href=\"{link}\"><img src=\"{link}\" alt=\"{name}\" width=\"{}\" height=\"{}\" loading=\"lazy\"></a><div>{name}</div><small>{}</small></li>",
                cover.width,
                cover.height,
                text(&facts.join(" · ")),
                link = text(&link(&name)),
                name = text(&name),
            );
        }
        html.push_str("</ol>\n</section>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'">
<title>Covers</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 1200px; padding: 0 1rem; }
h1 { font-size: 1.2rem; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; opacity: .7; }
section { margin-bottom: 3rem; }
ol { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); list-style: none; margin: 0; padding: 0; }
li div { font-weight: 600; margin-top: .4rem; overflow-wrap: anywhere; }
img { background: #8882; border-radius: 6px; display: block; height: auto; max-height: 70vh; object-fit: contain; width: 100%; }
small { opacity: .7; }
</style>
</head>
<body>
"#;

/// A position as a viewer would read it: `0:12.4`, `1:02:03.0`.
pub(super) fn clock(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    let (hours, minutes, rest) = (tenths / 36_000, tenths / 600 % 60, tenths % 600);
    let (seconds, tenth) = (rest / 10, rest % 10);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{tenth}")
    } else {
        format!("{minutes}:{seconds:02}.{tenth}")
    }
}

/// A file name as a relative link: only what is safe in a URL path stays as it is.
fn link(name: &str) -> String {
    let mut link = String::from("./");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                link.push(char::from(byte));
            }
            _ => {
                let _ = write!(link, "%{byte:02X}");
            }
        }
    }
    link
}

/// Text that cannot leave its place in the page.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_like_a_clock() {
        assert_eq!(
            [clock(0.0), clock(12.44), clock(59.96), clock(3723.0)],
            ["0:00.0", "0:12.4", "1:00.0", "1:02:03.0"]
        );
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let cover = CoverFile {
            file: "out/a\"><script>-0.jpg".into(),
            object: String::new(),
            time: None,
            score: None,
            width: 1,
            height: 1,
            bytes: 1,
            md5: String::new(),
        };
        let html = page(
            &[Section {
                input: "<b>",
                covers: &[cover],
            }],
            Path::new("out"),
        );
        assert!(
            html.contains("&lt;b&gt;") && !html.contains("<b>") && !html.contains("<script>"),
            "{html}"
        );
        assert!(
            html.contains("src=\"./a%22%3E%3Cscript%3E-0.jpg\""),
            "{html}"
        );
    }
}
