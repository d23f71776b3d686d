//! `docs/api-coverage.md`, written from the code: each page of the API, what is here for it, and its fixtures.
//!
//! A public item names its page in its documentation (`Source: 460/84791`), and a fixture stands in a folder named
//! after its page. What neither says is missing, and the page says so.

mod items;
mod pages;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use crate::Outcome;
use crate::shell::root;
use items::Items;
use pages::{PAGES, Page, TAGS};

const FILE: &str = "docs/api-coverage.md";
const FIXTURES: &str = "crates/ci-model/tests/fixtures";

/// The task `coverage`: writes the page.
pub(crate) fn run() -> Outcome {
    let text = text()?;
    fs::write(root().join(FILE), text).map_err(|e| format!("{FILE}: {e}"))?;
    eprintln!("coverage: wrote {FILE}");
    Ok(())
}

/// Whether the page is what the code says.
pub(crate) fn check() -> Outcome {
    if fs::read_to_string(root().join(FILE)).unwrap_or_default() == text()? {
        eprintln!("coverage: {FILE} is up to date");
        return Ok(());
    }
    Err(format!("{FILE} is out of date: run `cargo xtask coverage`"))
}

fn text() -> Result<String, String> {
    let items = items::read(&root().join("crates"))?;
    let fixtures = fixtures()?;
    let faults = faults(&items, &fixtures);
    if !faults.is_empty() {
        return Err(format!("coverage: {}", faults.join("; ")));
    }
    Ok(page(&items, &fixtures))
}

/// Names of fixtures by page, `460-84791` written `460/84791`.
fn fixtures() -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut found = BTreeMap::new();
    for folder in items::entries(&root().join(FIXTURES))? {
        let names = items::entries(&folder)?;
        let name = |path: &std::path::Path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        found.insert(
            name(&folder).replacen('-', "/", 1),
            names.iter().map(|path| name(path)).collect(),
        );
    }
    Ok(found)
}

fn faults(items: &Items, fixtures: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for number in items.of_page.keys().chain(fixtures.keys()) {
        if !PAGES.iter().any(|page| page.number == number) {
            faults.push(format!(
                "the page {number} is named in the code and not in xtask/src/coverage/pages.rs"
            ));
        }
    }
    for page in PAGES {
        let here = items.of_page.contains_key(page.number);
        if !here && page.absent.is_empty() {
            faults.push(format!(
                "nothing names the page {} as its source",
                page.number
            ));
        }
        if here && !page.absent.is_empty() {
            faults.push(format!(
                "the page {} is said to be absent and is not",
                page.number
            ));
        }
    }
    faults
}

fn missing(page: &Page, items: &Items, fixtures: bool) -> String {
    if !page.absent.is_empty() {
        return page.absent.to_owned();
    }
    let documents = page.number.starts_with("460") || page.number.starts_with("1045");
    let mut missing = Vec::new();
    let named = items.of_page.get(page.number);
    if !page.line.is_empty() && !named.is_some_and(|n| n.iter().any(|i| i.starts_with("ci_core"))) {
        missing.push("an operation");
    }
    // A cancelled job is answered with nothing, and objects are not documents.
    if documents && !fixtures && page.number != "1045/73112" {
        missing.push("a fixture of its own");
    }
    missing.join(", ")
}

fn page(items: &Items, fixtures: &BTreeMap<String, Vec<String>>) -> String {
    let here = PAGES.iter().filter(|page| page.absent.is_empty()).count();
    let files: usize = fixtures.values().map(Vec::len).sum();
    let typed = items.tags.iter().filter(|tag| tag.typed).count();
    let mut text = format!(
        "# API coverage\n\n\
         Written by `cargo xtask coverage` from the code, and checked by the gate.\n\
         A page is a document number of the service: 460 and 1045 are CI (China, international), 436 is COS.\n\n\
         - pages: {}, of which {here} have something here\n\
         - operations: {}\n\
         - fixtures: {files}\n\
         - kinds of jobs (`Tag`): {} known by name, {typed} with typed parameters; unknown ones are kept as sent\n\n\
         ## Pages\n\n\
         | page | about | request | items | fixtures | missing |\n|---|---|---|---|---|---|\n",
        PAGES.len(),
        items.operations,
        items.tags.len(),
    );
    for page in PAGES {
        let named = items.of_page.get(page.number);
        let names: Vec<_> = named
            .into_iter()
            .flatten()
            .map(|name| format!("`{name}`"))
            .collect();
        let own = fixtures.get(page.number);
        let line = if page.line.is_empty() {
            String::new()
        } else {
            format!("`{}`", page.line)
        };
        writeln!(
            text,
            "| {} | {} | {line} | {} | {} | {} |",
            page.number,
            page.about,
            names.join(", "),
            own.into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
            missing(page, items, own.is_some()),
        )
        .expect("a string takes all");
    }
    text.push_str("\n## Kinds of jobs\n\n| Tag | page | item | parameters |\n|---|---|---|---|\n");
    for tag in &items.tags {
        let page = TAGS.iter().find(|(name, _)| *name == tag.name);
        writeln!(
            text,
            "| {} | {} | `ci_model::Tag::{}` | {} |",
            tag.name,
            page.map_or("not known", |(_, page)| page),
            tag.variant,
            if tag.typed {
                format!("`ci_model::{}`", tag.variant)
            } else {
                "kept as `Extras`".to_owned()
            },
        )
        .expect("a string takes all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_no_table_knows_and_a_page_that_nothing_names_are_faults() {
        let mut items = Items::default();
        items
            .of_page
            .insert("999/1".into(), vec!["ci_model::A".into()]);
        let faults = faults(&items, &BTreeMap::new());
        assert!(faults[0].contains("999/1"), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("460/84791")));
    }

    #[test]
    fn a_call_without_an_operation_misses_one() {
        let mut items = Items::default();
        let page = PAGES
            .iter()
            .find(|page| page.number == "460/84766")
            .expect("the page");
        items
            .of_page
            .insert("460/84766".into(), vec!["ci_model::Tag".into()]);
        assert_eq!(missing(page, &items, true), "an operation");
    }
}
