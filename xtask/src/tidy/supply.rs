//! What comes along from elsewhere: licences, sources and duplicates, held against `deny.toml`.
//!
//! The same rules as those of cargo-deny, which takes minutes to build and asks the network for advisories; whoever
//! has it runs `cargo deny check`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::shell::{cargo, read, root};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every crate that should not be here as it is, and every exception that is no longer needed.
pub(super) fn check() -> Result<Vec<String>, String> {
    let everywhere = metadata(&[])?;
    let linux = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"])?;
    let rules =
        fs::read_to_string(root().join("deny.toml")).map_err(|e| format!("deny.toml: {e}"))?;
    let rules = Rules::read(&rules);
    let mut faults = strangers(&everywhere, &rules);
    // What other systems bring twice is not built together with what this one brings.
    faults.extend(duplicates(&linux, &rules));
    Ok(faults)
}

fn metadata(more: &[&str]) -> Result<Value, String> {
    let mut command = cargo(&["metadata", "--locked", "--format-version", "1"]);
    let text = read(command.args(more))
        .map_err(|why| format!("{why}: is Cargo.lock what the manifests say?"))?;
    serde_json::from_str(&text).map_err(|e| format!("cargo metadata is not JSON: {e}"))
}

/// Name, version and source of every crate from elsewhere, and the rest of what is known about it.
fn from_elsewhere(metadata: &Value) -> impl Iterator<Item = (&str, &str, &str, &Value)> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter_map(|package| {
        let name = package["name"].as_str()?;
        Some((
            name,
            package["version"].as_str()?,
            package["source"].as_str()?,
            package,
        ))
    })
}

/// The parts of `deny.toml` that are checked here.
#[derive(Debug, Default)]
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
    /// `name@version`.
    skipped: Vec<String>,
}

impl Rules {
    /// Reads lists as the file writes them: one entry a line.
    fn read(text: &str) -> Self {
        let mut rules = Self::default();
        let mut list = "";
        for line in text.lines().map(str::trim) {
            if let Some((name, "[")) = line.split_once(" = ") {
                list = name;
            } else if line == "]" {
                list = "";
            } else if let Some(value) = line.split('"').nth(1) {
                match list {
                    "allow" => rules.licences.push(value.to_owned()),
                    "deny" => rules.banned.push(value.to_owned()),
                    "skip" => rules.skipped.push(value.to_owned()),
                    _ => {}
                }
            }
        }
        rules
    }
}

fn strangers(metadata: &Value, rules: &Rules) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, _, source, package) in from_elsewhere(metadata) {
        if source != REGISTRY {
            faults.push(format!("{name} comes from {source}, not from crates.io"));
        }
        if rules.banned.iter().any(|banned| banned == name) {
            faults.push(format!("{name} is banned by deny.toml"));
        }
        let licence = package["license"].as_str().unwrap_or_default();
        if !allowed(licence, &rules.licences) {
            faults.push(format!(
                "the licence of {name}, {licence:?}, is not allowed by deny.toml"
            ));
        }
    }
    faults
}

fn duplicates(metadata: &Value, rules: &Rules) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version, _, _) in from_elsewhere(metadata) {
        versions.entry(name).or_default().push(version);
    }
    let mut faults = Vec::new();
    for (name, found) in &versions {
        let is_skipped = |version: &&&str| rules.skipped.contains(&format!("{name}@{version}"));
        let kept = found.iter().filter(|version| !is_skipped(version)).count();
        if kept > 1 {
            faults.push(format!(
                "{name} is here more than once ({}): agree on one, or give the reason in deny.toml",
                found.join(", ")
            ));
        }
    }
    for skip in &rules.skipped {
        let (name, version) = skip.split_once('@').unwrap_or((skip, ""));
        let twice = versions
            .get(name)
            .is_some_and(|found| found.len() > 1 && found.contains(&version));
        if !twice {
            faults.push(format!("deny.toml excuses {skip}, which needs no excuse"));
        }
    }
    faults
}

/// Whether an expression of SPDX can be met with these licences; `/` is an old way to write `OR`.
fn allowed(expression: &str, licences: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    // `A WITH B` is one licence.
    let words = spaced.replace(" WITH ", "\u{1}");
    let mut words = words.split_whitespace().peekable();
    let met = any(&mut words, licences);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, licences: &[String]) -> bool {
    let mut met = all(words, licences);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, licences);
    }
    met
}

fn all(words: &mut Words<'_>, licences: &[String]) -> bool {
    let mut met = one(words, licences);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, licences);
    }
    met
}

fn one(words: &mut Words<'_>, licences: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any(words, licences);
        return words.next_if_eq(&")").is_some() && met;
    }
    words.next().is_some_and(|word| {
        let name = word.replace('\u{1}', " WITH ");
        licences.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn licences() -> Vec<String> {
        ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn an_expression_is_met_by_one_alternative_or_by_all_parts() {
        for (expression, wanted) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("Unlicense/MIT", true),
            ("MIT AND ISC", true),
            ("MIT AND BSD-3-Clause", false),
            ("(GPL-3.0 OR MIT) AND ISC", true),
            ("(GPL-3.0 OR MIT) AND Zlib", false),
            ("Apache-2.0 WITH LLVM-exception OR Zlib", true),
            ("MIT ISC", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression, &licences()), wanted, "{expression:?}");
        }
    }

    #[test]
    fn a_duplicate_a_ban_and_a_strange_source_are_faults() {
        let package = |name: &str, version: &str, source: &str| json!({"name": name, "version": version, "source": source, "license": "MIT"});
        let metadata = json!({"packages": [
            package("a", "1.0.0", REGISTRY),
            package("a", "2.0.0", REGISTRY),
            package("b", "1.0.0", REGISTRY),
            package("b", "2.0.0", REGISTRY),
            package("openssl", "1.0.0", REGISTRY),
            package("c", "1.0.0", "git+https://example.com/c"),
        ]});
        let rules = Rules::read(
            "allow = [\n    \"MIT\",\n]\ndeny = [\n    { name = \"openssl\" },\n]\nskip = [\n    { crate = \"b@1.0.0\" },\n    { crate = \"d@1.0.0\" },\n]\n",
        );
        let mut faults = strangers(&metadata, &rules);
        faults.extend(duplicates(&metadata, &rules));
        let has = |text: &str| faults.iter().any(|fault| fault.contains(text));
        assert!(has("a is here more than once (1.0.0, 2.0.0)"), "{faults:?}");
        assert!(has("openssl is banned") && has("git+https") && has("excuses d@1.0.0"));
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
