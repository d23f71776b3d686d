//! Which item names which page: read from the comments of the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the sources say.
#[derive(Default)]
pub(super) struct Items {
    /// Items by the page they name, in the order they were found.
    pub(super) of_page: BTreeMap<String, Vec<String>>,
    /// How many operations there are.
    pub(super) operations: usize,
    /// The kinds of jobs.
    pub(super) tags: Vec<Tag>,
}

/// A kind of job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// The word of the service.
    pub(super) name: String,
    /// The variant.
    pub(super) variant: String,
    /// Whether a request has a field for its parameters.
    pub(super) typed: bool,
}

/// Reads the libraries that speak of pages.
pub(super) fn read(crates: &Path) -> Result<Items, String> {
    let mut items = Items::default();
    for (name, krate) in [
        ("ci-core", "ci_core"),
        ("ci-model", "ci_model"),
        ("cos-sign", "cos_sign"),
    ] {
        let mut files = Vec::new();
        let mut folders = vec![crates.join(name).join("src")];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder)? {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    files.push(path);
                }
            }
        }
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            items.add(krate, &text);
        }
    }
    let jobs = crates.join("ci-model/src/job");
    let text = |name: &str| fs::read_to_string(jobs.join(name)).map_err(|e| format!("{name}: {e}"));
    items.tags = tags(&text("state.rs")?, &text("request.rs")?);
    // The signature is one page for a whole crate, which its front page names.
    let readme = fs::read_to_string(crates.join("cos-sign/README.md")).unwrap_or_default();
    if readme.contains("436/7778") {
        let steps = ["sign", "presign", "verify"].map(|f| format!("cos_sign::{f}"));
        items.of_page.insert("436/7778".into(), steps.to_vec());
    }
    Ok(items)
}

/// What stands in a folder, sorted.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

impl Items {
    fn add(&mut self, krate: &str, text: &str) {
        let operations: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("impl Operation for "))
            .filter_map(|rest| rest.split([' ', '<']).next())
            .collect();
        self.operations += operations.len();
        let mut named = Vec::new();
        let mut comment = String::new();
        let mut module = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("//!") {
                module.push_str(words);
            } else if let Some(words) = line.strip_prefix("///") {
                comment.push(' ');
                comment.push_str(words);
            } else if !line.starts_with("#[") {
                let numbers = numbers(&comment);
                comment.clear();
                // Fields, constants and variants speak for the type that holds them.
                let Some(item) = type_of(line).filter(|_| !numbers.is_empty()) else {
                    continue;
                };
                named.push(item);
                for number in numbers {
                    self.name(number, format!("{krate}::{item}"));
                }
            }
        }
        for number in numbers(&module) {
            for item in operations.iter().filter(|item| !named.contains(item)) {
                self.name(number.clone(), format!("{krate}::{item}"));
            }
        }
    }

    fn name(&mut self, number: String, item: String) {
        let items = self.of_page.entry(number).or_default();
        if !items.contains(&item) {
            items.push(item);
        }
    }
}

/// The type that a line declares; macros declare some without a keyword, as `pub Name` or `Name,`.
fn type_of(line: &str) -> Option<&str> {
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let word = words.filter(|w| !w.is_empty()).find(|w| {
        !matches!(
            *w,
            "pub" | "struct" | "enum" | "trait" | "crate" | "document"
        )
    })?;
    word.starts_with(|c: char| c.is_ascii_uppercase())
        .then_some(word)
        .filter(|word| word.chars().any(char::is_lowercase))
}

/// Document numbers after the word `Source:`.
fn numbers(comment: &str) -> Vec<String> {
    let Some((_, source)) = comment.split_once("Source:") else {
        return Vec::new();
    };
    let is_number = |part: &str| {
        part.split_once('/').is_some_and(|(product, page)| {
            let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            digits(product) && digits(page)
        })
    };
    source
        .split(|c: char| !(c.is_ascii_digit() || c == '/'))
        .filter(|part| is_number(part))
        .map(str::to_owned)
        .collect()
}

/// The variants of `Tag`, with the word of each.
fn tags(list: &str, request: &str) -> Vec<Tag> {
    let body = list.split("pub enum Tag {").nth(1).unwrap_or_default();
    let body = body.split('}').next().unwrap_or_default();
    body.lines()
        .filter_map(|line| line.trim().strip_suffix("\","))
        .filter_map(|line| line.split_once(" = \""))
        .map(|(variant, name)| Tag {
            name: name.to_owned(),
            variant: variant.to_owned(),
            typed: request.contains(&format!("pub {}: Option<{variant}>", snake(variant))),
        })
        .collect()
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_the_page_it_names() {
        let mut items = Items::default();
        items.add(
            "ci_core",
            "//! All. Source: 1/2.\n\n/// Lists. Source: 460/84766,\n/// 436/1.\n#[derive(Debug)]\npub struct ListJobs {\n    \
             /// Which. Source: 5/6.\n    pub tag: Tag,\n}\nimpl Operation for ListJobs {\n}\nimpl Operation for Other {\n}\n",
        );
        let of = |page: &str| items.of_page.get(page).cloned().unwrap_or_default();
        assert_eq!(of("460/84766"), ["ci_core::ListJobs"]);
        assert_eq!(of("436/1"), ["ci_core::ListJobs"]);
        assert_eq!(of("1/2"), ["ci_core::Other"]);
        assert_eq!(of("5/6"), [""; 0]);
        assert_eq!(items.operations, 2);
    }

    #[test]
    fn a_tag_is_typed_when_a_request_holds_its_parameters() {
        let text = "pub enum Tag {\n    /// A.\n    SmartCover = \"SmartCover\",\n    /// B.\n    SdrToHdr = \"SDRtoHDR\",\n}\n";
        let found = tags(text, "pub smart_cover: Option<SmartCover>,");
        assert_eq!(
            found.iter().map(|tag| tag.typed).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(found[1].name, "SDRtoHDR");
    }
}
