//! Features only add: every combination of the features of every library compiles, alone.

use serde_json::Value;

use crate::Outcome;
use crate::shell::{self, cargo, read};

/// Cryptography that takes minutes to build and adds no public item; it is checked alone and with everything.
const HEAVY: &str = "aws-lc-rs";

/// The task `features`.
pub(crate) fn run() -> Outcome {
    let text = read(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let published = package["publish"]
            .as_array()
            .is_none_or(|to| !to.is_empty());
        let is_library = package["targets"]
            .as_array()
            .is_some_and(|targets| targets.iter().any(|target| target["kind"][0] == "lib"));
        let Some(name) = package["name"].as_str().filter(|_| published && is_library) else {
            continue;
        };
        let features: Vec<&str> = package["features"]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .map(String::as_str)
            .filter(|feature| *feature != "default")
            .collect();
        for set in sets(&features) {
            let mut command = cargo(&["check", "--locked", "--quiet", "--no-default-features"]);
            command.args(["--package", name, "--features", &set.join(",")]);
            shell::run(&mut command)?;
        }
    }
    Ok(())
}

/// Every combination; those with the heavy feature only when it stands alone or with all.
fn sets<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    let light: Vec<&str> = features.iter().copied().filter(|f| *f != HEAVY).collect();
    let mut sets: Vec<Vec<&str>> = (0..1_usize << light.len())
        .map(|mask| {
            let taken = |(index, _): &(usize, &&str)| mask & (1 << index) != 0;
            light
                .iter()
                .enumerate()
                .filter(taken)
                .map(|(_, f)| *f)
                .collect()
        })
        .collect();
    if light.len() < features.len() {
        sets.push(vec![HEAVY]);
        sets.push(features.to_vec());
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_there_and_the_heavy_one_twice() {
        assert_eq!(sets(&[]), [Vec::<&str>::new()]);
        assert_eq!(
            sets(&["a", "b"]),
            [vec![], vec!["a"], vec!["b"], vec!["a", "b"]]
        );
        let with = sets(&["a", HEAVY]);
        assert_eq!(with, [vec![], vec!["a"], vec![HEAVY], vec!["a", HEAVY]]);
    }
}
