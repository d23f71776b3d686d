//! Which crate may stand on which, and what must never come along, read from `cargo metadata`.
//!
//! docs/architecture.md draws the same arrows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::shell::{cargo, read};

/// One crate of ours: the crates of ours it may name, and what its whole tree must not hold.
struct Layer {
    name: &'static str,
    ours: &'static [&'static str],
    never: &'static [&'static str],
    /// The most crates its tree may have on Linux, itself included.
    most: Option<usize>,
}

const TLS: &str = "rustls";
const LAYERS: &[Layer] = &[
    Layer {
        name: "ci-model",
        ours: &[],
        never: &["http", "tokio", "hyper", TLS, "openssl"],
        most: None,
    },
    Layer {
        name: "cos-sign",
        ours: &[],
        never: &["serde", "tokio", "hyper", TLS, "openssl"],
        most: None,
    },
    Layer {
        name: "ci-core",
        ours: &["ci-model", "cos-sign"],
        never: &["tokio", "hyper", TLS, "openssl"],
        most: Some(35),
    },
    Layer {
        name: "ci-client",
        ours: &["ci-core", "ci-model", "cos-sign"],
        never: &["reqwest", "openssl", "axum", "rusqlite"],
        most: Some(95),
    },
    Layer {
        name: "smart-cover",
        ours: &[],
        never: &["http", "tokio", "hyper", "ffmpeg-sys-next"],
        most: None,
    },
    Layer {
        name: "ci-local",
        ours: &["ci-model", "cos-sign", "smart-cover"],
        never: &["reqwest", "openssl", "hyper-rustls"],
        most: None,
    },
    Layer {
        name: "ci-cli",
        ours: &[
            "ci-client",
            "ci-core",
            "ci-local",
            "ci-model",
            "cos-sign",
            "smart-cover",
        ],
        never: &["reqwest", "openssl"],
        most: None,
    },
];

/// Crates that must not name each other even for their tests: `tests` brings them together.
const STRANGERS: &[(&str, &str)] = &[
    ("ci-client", "ci-local"),
    ("ci-local", "ci-client"),
    ("ci-local", "ci-core"),
    ("ci-core", "ci-client"),
];

/// Every arrow that is not allowed, every crate that came along, every tree that grew too large.
pub(super) fn check() -> Result<Vec<String>, String> {
    let text = read(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|e| format!("cargo metadata is not JSON: {e}"))?;
    let graph = Graph::of(&metadata);
    let mut faults = Vec::new();
    for layer in LAYERS {
        let Some(id) = graph.ids.get(layer.name) else {
            faults.push(format!("the crate {} is not in the workspace", layer.name));
            continue;
        };
        for named in graph
            .normal
            .get(id)
            .into_iter()
            .flatten()
            .map(|id| graph.name(id))
        {
            if graph.ids.contains_key(named) && !layer.ours.contains(&named) {
                faults.push(format!("{} must not depend on {named}", layer.name));
            }
        }
        for (_, stranger) in STRANGERS.iter().filter(|(name, _)| *name == layer.name) {
            if graph
                .dev
                .get(id)
                .into_iter()
                .flatten()
                .any(|id| graph.name(id) == *stranger)
            {
                faults.push(format!(
                    "{} must not depend on {stranger}, not even in its tests",
                    layer.name
                ));
            }
        }
        let tree = graph.tree(id);
        for banned in layer.never {
            if tree.iter().any(|id| graph.name(id) == *banned) {
                faults.push(format!("{} must not pull in {banned}", layer.name));
            }
        }
        if let Some(most) = layer.most {
            let count = own_tree(layer.name)?;
            if count > most {
                faults.push(format!(
                    "the tree of {} has {count} crates, at most {most} are wanted",
                    layer.name
                ));
            }
        }
    }
    faults.extend(manifests(&metadata));
    Ok(faults)
}

/// How many crates a user of this crate alone compiles: features that other members switch on do not count.
fn own_tree(name: &str) -> Result<usize, String> {
    let mut command = cargo(&[
        "tree",
        "--package",
        name,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    command.args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"]);
    let lines = read(&mut command)?;
    Ok(lines
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect::<BTreeSet<_>>()
        .len())
}

/// What every published crate states in its manifest.
fn manifests(metadata: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(name), true) = (package["name"].as_str(), package["source"].is_null()) else {
            continue;
        };
        let published = package["publish"]
            .as_array()
            .is_none_or(|to| !to.is_empty());
        for field in ["description", "license", "readme", "rust_version"] {
            if published && package[field].as_str().is_none_or(str::is_empty) {
                faults.push(format!("the manifest of {name} lacks {field}"));
            }
        }
        for field in ["categories", "keywords"] {
            if published && package[field].as_array().is_none_or(Vec::is_empty) {
                faults.push(format!("the manifest of {name} lacks {field}"));
            }
        }
        if published && package["metadata"]["docs"]["rs"].is_null() {
            faults.push(format!(
                "the manifest of {name} does not say what docs.rs builds"
            ));
        }
    }
    faults
}

#[derive(Default)]
struct Graph {
    /// The members of the workspace: name to package id.
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    normal: BTreeMap<String, Vec<String>>,
    dev: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn of(metadata: &Value) -> Self {
        let mut graph = Self::default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            if package["source"].is_null() {
                graph.ids.insert(name.clone(), id.clone());
            }
            graph.names.insert(id, name);
        }
        for node in metadata["resolve"]["nodes"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let id = text(&node["id"]);
            for dep in node["deps"].as_array().into_iter().flatten() {
                for kind in dep["dep_kinds"].as_array().into_iter().flatten() {
                    let edges = match kind["kind"].as_str() {
                        None => &mut graph.normal,
                        Some("dev") => &mut graph.dev,
                        Some(_) => continue,
                    };
                    edges.entry(id.clone()).or_default().push(text(&dep["pkg"]));
                }
            }
        }
        graph
    }

    fn name(&self, id: &str) -> &str {
        self.names.get(id).map_or("?", String::as_str)
    }

    fn tree<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(
                    self.normal
                        .get(id)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(kind: &Value) -> Value {
        json!({
            "packages": [
                {"id": "a", "name": "ci-model", "source": null},
                {"id": "b", "name": "serde", "source": "registry"},
                {"id": "c", "name": "tokio", "source": "registry"},
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": null}]}]},
                {"id": "b", "deps": [{"pkg": "c", "dep_kinds": [{"kind": kind}]}]},
            ]}
        })
    }

    #[test]
    fn a_tree_holds_what_its_dependencies_bring() {
        let graph = Graph::of(&metadata(&Value::Null));
        assert_eq!(graph.tree("a"), BTreeSet::from(["a", "b", "c"]));
        assert_eq!(graph.name("c"), "tokio");
    }

    #[test]
    fn what_a_dependency_needs_for_its_own_tests_does_not_come_along() {
        let graph = Graph::of(&metadata(&json!("dev")));
        assert_eq!(graph.tree("a"), BTreeSet::from(["a", "b"]));
    }

    #[test]
    fn a_published_crate_without_a_licence_is_a_fault() {
        let metadata = json!({"packages": [{"name": "x", "source": null, "description": "d", "license": null, "readme": "R", "rust_version": "1.86", "categories": ["c"], "keywords": ["k"], "metadata": {"docs": {"rs": {}}}}]});
        assert_eq!(manifests(&metadata), ["the manifest of x lacks license"]);
    }
}
