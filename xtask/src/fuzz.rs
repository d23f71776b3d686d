//! Runs the fuzz targets, guided by coverage, on whatever toolchain is there.
//!
//! With a nightly toolchain and cargo-fuzz, cargo-fuzz does it, with the address sanitizer. Without them the same
//! targets are built here by the stable toolchain: its compiler counts coverage too, and sanitizers look for
//! mistakes of `unsafe` code, of which the crates have none.
//! Inputs that reach something new are kept in `target/fuzz` and are where the next run begins; the corpus that
//! git knows is only read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::outside::{self, Outside};
use crate::provision::{CXX, ensure};
use crate::shell::{self, cargo, root};

/// What cargo-fuzz hands to the compiler for libFuzzer, without a sanitizer.
const COVERAGE: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// All targets when absent.
    target: Option<String>,
    /// For each target.
    seconds: u64,
}

/// The task `fuzz`: every target, or the one that is named, for some seconds each.
pub(crate) fn run(rest: &[String]) -> Outcome {
    let asked = read(rest)?;
    let mut chosen = Vec::new();
    let mut known = Vec::new();
    for package in outside::find("fuzz")? {
        let programs = package.programs()?;
        known.extend(programs.iter().map(|name| format!("{}/{name}", package.of)));
        let wanted = |name: &String| is_wanted(asked.target.as_deref(), &package.of, name);
        let programs: Vec<String> = programs.into_iter().filter(wanted).collect();
        if !programs.is_empty() {
            chosen.push((package, programs));
        }
    }
    if let (true, Some(target)) = (chosen.is_empty(), asked.target) {
        let known = known.join(", ");
        return Err(format!(
            "there is no fuzz target {target:?}; there are {known}"
        ));
    }
    ensure(&[CXX])?;
    let runner = Runner::find()?;
    let mut failed = Vec::new();
    for (package, targets) in &chosen {
        for target in targets {
            let place = root().join("target/fuzz").join(&package.of).join(target);
            match runner.fuzz(package, target, &place, asked.seconds) {
                Ok(row) => println!("{}/{target}: {row}", package.of),
                Err(why) => {
                    println!("{}/{target}: {why}", package.of);
                    failed.push(format!("{}/{target}", package.of));
                }
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("fuzzing failed for {}", failed.join(", ")))
}

fn read(rest: &[String]) -> Result<Asked, String> {
    let mut asked = Asked {
        target: None,
        seconds: 60,
    };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let number = words.next().and_then(|text| text.parse().ok());
                asked.seconds = number
                    .filter(|&seconds| seconds > 0)
                    .ok_or("--seconds wants a whole number above 0")?;
            }
            name if !name.starts_with('-') && asked.target.is_none() => {
                asked.target = Some(name.to_owned());
            }
            other => {
                return Err(format!(
                    "{other:?} is not understood; `cargo xtask fuzz [target] [--seconds N]`"
                ));
            }
        }
    }
    Ok(asked)
}

/// A target goes by its name, by `<crate>/<name>`, and with the others of its crate by `<crate>`.
fn is_wanted(asked: Option<&str>, of: &str, name: &str) -> bool {
    match asked {
        None => true,
        Some(asked) => match asked.split_once('/') {
            Some((package, target)) => package == of && target == name,
            None => asked == name || asked == of,
        },
    }
}

/// How targets are built and run on this machine.
enum Runner {
    CargoFuzz,
    Stable { host: String },
}

impl Runner {
    fn find() -> Result<Self, String> {
        let mut probe = Command::new("rustup");
        probe.args(["run", "nightly", "cargo", "fuzz", "--version"]);
        let there = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.is_ok_and(|status| status.success()) {
            eprintln!("fuzzing with cargo-fuzz on the nightly toolchain");
            return Ok(Self::CargoFuzz);
        }
        eprintln!(
            "no nightly toolchain with cargo-fuzz here: fuzzing with the stable one, without a sanitizer"
        );
        let version = shell::read(Command::new("rustc").arg("-vV").current_dir(root()))?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or("`rustc -vV` does not name its host")?.to_owned();
        Ok(Self::Stable { host })
    }

    /// The command that builds the target and runs it; libFuzzer's arguments may follow.
    fn command(&self, package: &Outside, target: &str) -> Command {
        match self {
            Self::CargoFuzz => {
                let folder = package.manifest.parent().unwrap_or(&package.manifest);
                let mut command = Command::new("rustup");
                command.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir"]);
                command.arg(root().join(folder)).arg(target);
                command.current_dir(root().join(folder));
                command
            }
            Self::Stable { host } => {
                let mut command = cargo(&["run", "--release", "--config"]);
                command.arg("profile.release.debug-assertions=true");
                // Named, so that the flags meet the targets and not the build scripts.
                command.args(["--target", host, "--bin", target]);
                command.arg("--manifest-path").arg(&package.manifest);
                command.env("RUSTFLAGS", COVERAGE);
                command
            }
        }
    }

    /// Runs a target and says in one line what came of it. What the fuzzer printed goes to a file.
    fn fuzz(
        &self,
        package: &Outside,
        target: &str,
        place: &Path,
        seconds: u64,
    ) -> Result<String, String> {
        let (found, failed, log) = (place.join("found"), place.join("failed"), place.join("log"));
        let cannot = |error| format!("{} cannot be written: {error}", place.display());
        fs::create_dir_all(&found).map_err(cannot)?;
        fs::create_dir_all(&failed).map_err(cannot)?;
        let mut command = self.command(package, target);
        if let Self::CargoFuzz = self {
            command.arg(&found);
        } else {
            command.arg("--").arg(&found);
        }
        command.args(corpus(package, target));
        if let Self::CargoFuzz = self {
            command.arg("--");
        }
        command
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", failed.display()))
            .args(["-print_final_stats=1", "-timeout=10"])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).map_err(cannot)?);
        let result = shell::run(&mut command);
        let text = fs::read(&log).map_err(cannot)?;
        let text = String::from_utf8_lossy(&text);
        match result {
            Ok(()) => summary(&text).ok_or_else(|| {
                format!("the fuzzer does not say what it did; see {}", log.display())
            }),
            Err(why) => Err(format!(
                "{why}; inputs that fail are kept in {}, and all that was printed in {}\n{}",
                failed.display(),
                log.display(),
                last_lines(&text)
            )),
        }
    }
}

/// The inputs of the repository for a target, if it has any.
fn corpus(package: &Outside, target: &str) -> Option<PathBuf> {
    let folder = root()
        .join(&package.manifest)
        .parent()?
        .join("corpus")
        .join(target);
    folder.is_dir().then_some(folder)
}

/// One line from what libFuzzer prints at its end.
fn summary(log: &str) -> Option<String> {
    let stat = |name: &str| -> Option<u64> {
        let mut values = log.lines().rev().filter_map(|line| {
            let (key, value) = line.strip_prefix("stat::")?.split_once(':')?;
            (key == name).then(|| value.trim().parse().ok()).flatten()
        });
        values.next()
    };
    Some(format!(
        "{} runs, {} a second, {} inputs that reach something new, none that fails",
        stat("number_of_executed_units")?,
        stat("average_exec_per_sec")?,
        stat("new_units_added")?
    ))
}

/// Where the reason stands, when a build or a run fails.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_target_and_a_time_may_be_asked_for_in_any_order() {
        let asked = |target: Option<&str>, seconds| {
            let target = target.map(str::to_owned);
            Ok(Asked { target, seconds })
        };
        assert_eq!(read(&[]), asked(None, 60));
        assert_eq!(read(&words("xml --seconds 5")), asked(Some("xml"), 5));
        assert_eq!(read(&words("--seconds 5 xml")), asked(Some("xml"), 5));
        for wrong in [
            "--seconds",
            "--seconds 0",
            "--seconds x",
            "xml json",
            "--jobs",
        ] {
            assert!(read(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_target_goes_by_its_name_its_crate_or_both() {
        for asked in [None, Some("xml"), Some("ci-model"), Some("ci-model/xml")] {
            assert!(is_wanted(asked, "ci-model", "xml"), "{asked:?}");
        }
        for asked in ["json", "cos-sign", "cos-sign/xml", "ci-model/json"] {
            assert!(!is_wanted(Some(asked), "ci-model", "xml"), "{asked}");
        }
    }

    #[test]
    fn the_summary_is_read_from_the_last_figures() {
        let log = "#7 NEW cov: 3\nstat::number_of_executed_units: 10\nstat::average_exec_per_sec:     5\n\
                   stat::new_units_added:          2\nstat::number_of_executed_units: 11\n";
        let row = summary(log).unwrap();
        assert!(row.starts_with("11 runs, 5 a second, 2 inputs"), "{row}");
        assert_eq!(summary("error: could not compile"), None);
    }

    #[test]
    fn every_target_of_the_repository_has_a_corpus() {
        for package in outside::find("fuzz").unwrap() {
            for target in package.programs().unwrap() {
                assert!(
                    corpus(&package, &target).is_some(),
                    "{}/{target}",
                    package.of
                );
            }
        }
    }
}
