//! Runs the benches and prints their tables: those of the workspace, and those with a package of their own.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Outcome;
use crate::outside::{self, targets};
use crate::shell::{self, cargo};

/// The task `bench`: all of them, or those of the crates that are named, with or without `ci-` or `cos-`.
pub(crate) fn run(rest: &[String]) -> Outcome {
    let benches = find()?;
    for name in rest {
        if !benches.keys().any(|of| goes_by(of, name)) {
            let known: Vec<&str> = benches.keys().map(|of| short(of)).collect();
            let known = known.join(", ");
            return Err(format!("there is no bench {name:?}; there are {known}"));
        }
    }
    for (of, commands) in benches {
        if rest.is_empty() || rest.iter().any(|name| goes_by(&of, name)) {
            println!("{of}");
            for mut command in commands {
                shell::run(&mut command)?;
            }
        }
    }
    Ok(())
}

/// The commands that run the benches of each crate.
fn find() -> Result<BTreeMap<String, Vec<Command>>, String> {
    let mut benches: BTreeMap<String, Vec<Command>> = BTreeMap::new();
    let metadata = shell::read(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
    ]))?;
    for (package, bench) in targets(&metadata, "bench")? {
        let command = cargo(&["bench", "--quiet", "--package", &package, "--bench", &bench]);
        benches.entry(package).or_default().push(command);
    }
    for package in outside::find("bench")? {
        let mut command = cargo(&["run", "--quiet", "--release", "--manifest-path"]);
        command.arg(&package.manifest);
        benches.entry(package.of).or_default().push(command);
    }
    Ok(benches)
}

/// `sign` for `cos-sign`, `model` for `ci-model`.
fn short(of: &str) -> &str {
    ["ci-", "cos-"]
        .iter()
        .find_map(|prefix| of.strip_prefix(prefix))
        .unwrap_or(of)
}

fn goes_by(of: &str, name: &str) -> bool {
    name == of || name == short(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_goes_by_the_name_of_its_crate_and_by_its_short_name() {
        assert!(goes_by("cos-sign", "sign") && goes_by("cos-sign", "cos-sign"));
        assert!(goes_by("ci-model", "model") && !goes_by("ci-model", "sign"));
        assert!(goes_by("smart-cover", "smart-cover"));
    }

    #[test]
    fn benches_of_both_kinds_are_found() {
        let benches = find().unwrap();
        assert!(benches.contains_key("ci-model"), "a bench of the workspace");
        assert!(benches.contains_key("cos-sign"), "a package of its own");
    }

    #[test]
    fn a_bench_that_is_not_there_is_refused_with_those_that_are() {
        let message = run(&["speed".to_owned()]).unwrap_err();
        assert!(
            message.contains("sign") && message.contains("model"),
            "{message}"
        );
    }
}
