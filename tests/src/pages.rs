//! The pages of the repository and the blocks of code in them.
//!
//! A comment of HTML on the line before a block says what cannot be seen from the block itself:
//!
//! - `<!-- from FILE -->`: these lines stand in that program, which the tests run.
//! - `<!-- background -->`: this block of a shell goes on running while the blocks after it run.
//! - `<!-- fails -->`: this block of a shell ends with a failure, which is what it shows.
//! - `<!-- compiled only: WHY -->`: this Rust is not run.
//! - `<!-- run by TEST -->`: that test runs the block by itself.
//! - `<!-- not run: WHY -->`: no test does anything with it.

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a page.
#[derive(Debug)]
pub struct Block {
    /// The page, from the root of the repository.
    pub page: String,
    /// The line of its fence, from 1.
    pub line: usize,
    /// The first word after the fence; nothing for drawings and other text.
    pub language: String,
    /// Further words after it, such as `no_run`.
    pub attributes: Vec<String>,
    /// The comment before it.
    pub marker: Option<String>,
    /// What stands between the fences, without the indentation of the fence.
    pub text: String,
}

/// The root of the repository.
#[must_use]
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The README, those of the crates and the examples, and every page under `docs`, sorted.
///
/// # Panics
///
/// When a folder cannot be read.
#[must_use]
pub fn all() -> Vec<String> {
    let mut pages = ["README.md", "tests/examples/README.md"]
        .map(|page| root().join(page))
        .to_vec();
    for folder in entries(&root().join("crates")) {
        pages.extend(Some(folder.join("README.md")).filter(|page| page.is_file()));
    }
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    let mut names: Vec<String> = pages
        .iter()
        .map(|page| page.strip_prefix(root()).unwrap_or(page))
        .map(|page| page.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// The blocks of one page, from top to bottom.
///
/// # Panics
///
/// When the page cannot be read.
#[must_use]
pub fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"));
    blocks_of(page, &text)
}

fn blocks_of(page: &str, text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<usize> = None;
    let mut before = "";
    for (index, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        match open {
            Some(_) if bare.starts_with("```") => open = None,
            Some(indent) => {
                let block = blocks.last_mut().expect("an open block");
                let keep = line.char_indices().nth(indent.min(indent_of(line)));
                block
                    .text
                    .push_str(keep.map_or("", |(start, _)| &line[start..]));
                block.text.push('\n');
            }
            None => {
                if let Some(info) = bare.strip_prefix("```") {
                    let mut words = info.split([',', ' ']).filter(|word| !word.is_empty());
                    let mut attributes: Vec<String> = words.by_ref().map(str::to_owned).collect();
                    // rustdoc takes a block for Rust when nothing but its own words follows the fence.
                    let language = match attributes.first().map(String::as_str) {
                        Some("no_run" | "should_panic" | "compile_fail") => "rust".to_owned(),
                        Some(_) => attributes.remove(0),
                        None => String::new(),
                    };
                    blocks.push(Block {
                        page: page.to_owned(),
                        line: index + 1,
                        language,
                        attributes,
                        marker: marker(before),
                        text: String::new(),
                    });
                    open = Some(indent);
                }
                if !bare.is_empty() {
                    before = bare;
                }
            }
        }
    }
    blocks
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn marker(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inner.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_line_language_marker_and_text() {
        let page = "# A\n\n<!-- background -->\n```sh\na\n\n  b\n```\n\nwords\n\n```rust,no_run\nc\n```\n1. x\n\n   ```\n   d\n   ```\n";
        let found = blocks_of("a.md", page);
        let seen: Vec<_> = found
            .iter()
            .map(|b| {
                (
                    b.line,
                    b.language.as_str(),
                    b.marker.as_deref(),
                    b.text.as_str(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (4, "sh", Some("background"), "a\n\n  b\n"),
                (12, "rust", None, "c\n"),
                (17, "", None, "d\n"),
            ]
        );
        assert_eq!(found[1].attributes, ["no_run"]);
    }

    #[test]
    fn a_block_for_rustdoc_without_a_language_is_rust() {
        let found = blocks_of("a.md", "```no_run\nlet a = 1;\n```\n");
        assert_eq!(
            (found[0].language.as_str(), &found[0].attributes[..]),
            ("rust", &["no_run".to_owned()][..])
        );
    }
}
