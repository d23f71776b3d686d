//! The steps of the gate, in order: what is cheap and says most comes first.

use crate::shell::{self, cargo};
use crate::{Outcome, api, features, package, test, tidy};

/// The task `ci`.
pub(crate) fn run() -> Outcome {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    shell::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    api::check()?;
    features::run()?;
    package::run(false)?;
    test::run(&[])
}
