//! The steps of the gate, in order: what is cheap and says most comes first.

use crate::shell::{self, cargo};
use crate::{Outcome, test, tidy};

/// The task `ci`.
pub(crate) fn run() -> Outcome {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    shell::run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    shell::run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    test::run(&[])
}
