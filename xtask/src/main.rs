//! What people and CI run in this repository: `cargo xtask help` lists it.

mod api;
mod bench;
mod ci;
mod coverage;
mod demo;
mod features;
mod fuzz;
mod outside;
mod package;
mod prove;
mod provision;
mod sdks;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

/// What a task returns: nothing, or one sentence that says what failed and what to do.
type Outcome = Result<(), String>;

const HELP: &str = "\
cargo xtask <task>

  demo      pick covers from the clip in tests/data and say where they are
  test      run every test, installing the programs they need
  ci        format, clippy, tidy, docs, then the tests: all that the gate runs
  tidy      check the layers between the crates and the rules for files
  coverage  write docs/api-coverage.md from the code
  api       write docs/public-api from the documentation of the libraries
  pages     write all pages that are written by a program: coverage, api, and the list of blocks
  features  check every combination of features of every library
  package   make the archives that would be published, and look at what is in them; `package --verify` also
            builds each crate from its archive, with the others as archives, which takes minutes
  fuzz      run the fuzz targets: `fuzz [target or crate] [--seconds N]`, 60 seconds for each
  bench     run the benches and print their tables: `bench [sign|model|covers|…]`
  prove     what takes too long for every change: `prove crash [--kills N]` kills the engine 100 times,
            `prove batch [--jobs N]` a batch of 10,000 jobs 5 times
  help      print this

Programs that are missing (ffmpeg and the like) are installed with apt-get, as root or through sudo.";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next();
    let rest: Vec<String> = args.collect();
    let outcome = match task.as_deref() {
        Some("demo") => demo::run(&rest),
        Some("test") => test::run(&rest),
        Some("ci") => ci::run(),
        Some("tidy") => tidy::run(),
        Some("coverage") => coverage::run(),
        Some("api") => api::run(),
        Some("pages") => pages(),
        Some("features") => features::run(),
        Some("package") => package::run(rest.iter().any(|word| word == "--verify")),
        Some("fuzz") => fuzz::run(&rest),
        Some("bench") => bench::run(&rest),
        Some("prove") => prove::run(&rest),
        None | Some("help" | "-h" | "--help") => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!(
            "there is no task {other:?}; `cargo xtask help` lists them"
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The task `pages`: everything under `docs` that a program writes.
fn pages() -> Outcome {
    coverage::run()?;
    api::run()?;
    let mut list = shell::cargo(&["test", "--package", "ci-tests", "--test", "it"]);
    list.arg("doc_blocks::every_block").env("UPDATE_DOCS", "1");
    shell::run(&mut list)
}
