//! Packages beside the crates but outside the workspace, so that nobody who builds a crate compiles what they need.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shell::{cargo, read, root};

/// One such package: `crates/<of>/<folder>`.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The crate it belongs to.
    pub(crate) of: String,
    /// Its `Cargo.toml`, from the root of the repository.
    pub(crate) manifest: PathBuf,
}

/// The packages that stand in a folder of this name, in the order of their crates.
pub(crate) fn find(folder: &str) -> Result<Vec<Outside>, String> {
    find_in(&root(), folder)
}

fn find_in(root: &Path, folder: &str) -> Result<Vec<Outside>, String> {
    let crates = root.join("crates");
    let unreadable = |error| format!("{} cannot be read: {error}", crates.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&crates).map_err(unreadable)? {
        let of = entry.map_err(unreadable)?.file_name();
        let manifest = Path::new("crates")
            .join(&of)
            .join(folder)
            .join("Cargo.toml");
        if root.join(&manifest).is_file() {
            let of = of.to_string_lossy().into_owned();
            found.push(Outside { of, manifest });
        }
    }
    found.sort_by(|a, b| a.of.cmp(&b.of));
    Ok(found)
}

impl Outside {
    /// Its programs, in the order of their names.
    pub(crate) fn programs(&self) -> Result<Vec<String>, String> {
        let mut metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        metadata.arg("--manifest-path").arg(&self.manifest);
        targets(&read(&mut metadata)?, "bin")
            .map(|found| found.into_iter().map(|(_, target)| target).collect())
    }
}

/// Package and name of every target of a kind, read from what `cargo metadata` printed, sorted.
pub(crate) fn targets(metadata: &str, kind: &str) -> Result<Vec<(String, String)>, String> {
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| format!("`cargo metadata` printed something else: {error}"))?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for package in list(&metadata["packages"]) {
        for target in list(&package["targets"]) {
            if let (true, Some(package), Some(name)) = (
                list(&target["kind"]).iter().any(|k| k == kind),
                package["name"].as_str(),
                target["name"].as_str(),
            ) {
                found.push((package.to_owned(), name.to_owned()));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_apart_by_their_kind() {
        let metadata = r#"{"packages": [{"name": "p", "targets": [
            {"kind": ["lib"], "name": "l"}, {"kind": ["bench"], "name": "b"}, {"kind": ["bench"], "name": "a"}]}]}"#;
        let pair = |name: &str| ("p".to_owned(), name.to_owned());
        assert_eq!(targets(metadata, "bench"), Ok(vec![pair("a"), pair("b")]));
        assert_eq!(targets(metadata, "bin"), Ok(vec![]));
        assert!(targets("warning", "bin").is_err());
    }

    #[test]
    fn packages_of_this_repository_are_found() {
        let of = |folder| -> Vec<String> {
            let found = find(folder).unwrap();
            found.into_iter().map(|package| package.of).collect()
        };
        assert!(of("fuzz").starts_with(&["ci-model".to_owned(), "cos-sign".to_owned()]));
        assert!(of("bench").contains(&"cos-sign".to_owned()));
        assert!(of("no-such-folder").is_empty());
    }
}
