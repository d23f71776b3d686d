//! Runs the benches and prints their tables: those of the workspace, and those with a package of their own.

use std::collections::BTreeMap;
use std::process::Command;

use crate::Outcome;
use crate::outside::{self, targets};
use crate::shell::{self, cargo};

/// A bench: its own name, where it has one besides its crate's, and how it is run.
type Bench = (Option<String>, Command);

/// The task `bench`: all of them, or those that are named: by their own name (`engine`) or by their
/// crate's, with or without `ci-` or `cos-`.
pub(crate) fn run(rest: &[String]) -> Outcome {
    let benches = find()?;
    let wanted = |of: &str, own: Option<&str>, name: &str| goes_by(of, name) || own == Some(name);
    for name in rest {
        let is_there = |(of, benches): (&String, &Vec<Bench>)| {
            benches
                .iter()
                .any(|(own, _)| wanted(of, own.as_deref(), name))
        };
        if !benches.iter().any(is_there) {
            let known: Vec<&str> = benches.keys().map(|of| short(of)).collect();
            let known = known.join(", ");
            return Err(format!("there is no bench {name:?}; there are {known}"));
        }
    }
    for (of, benches) in benches {
        for (own, mut command) in benches {
            let own = own.as_deref();
            if rest.is_empty() || rest.iter().any(|name| wanted(&of, own, name)) {
                println!("{of}");
                shell::run(&mut command)?;
            }
        }
    }
    Ok(())
}

/// The benches of each crate.
fn find() -> Result<BTreeMap<String, Vec<Bench>>, String> {
    let mut benches: BTreeMap<String, Vec<Bench>> = BTreeMap::new();
    let metadata = shell::read(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
    ]))?;
    for (package, bench) in targets(&metadata, "bench")? {
        let command = cargo(&["bench", "--quiet", "--package", &package, "--bench", &bench]);
        let own = (Some(bench), command);
        benches.entry(package).or_default().push(own);
    }
    for package in outside::find("bench")? {
        let mut command = cargo(&["run", "--quiet", "--release", "--manifest-path"]);
        command.arg(&package.manifest);
        let bench = (None, command);
        benches.entry(package.of).or_default().push(bench);
    }
    Ok(benches)
}

/// `sign` for `cos-sign`, `model` for `ci-model`, `covers` for `smart-cover`.
fn short(of: &str) -> &str {
    if of == "smart-cover" {
        return "covers";
    }
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
        assert!(goes_by("smart-cover", "smart-cover") && goes_by("smart-cover", "covers"));
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
