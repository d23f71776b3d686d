//! `cosci completions`: what a shell needs to complete the command line.

use serde_json::json;

use crate::args::{Completions, command};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(args: &Completions, output: Output) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "cosci", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    output.either(
        || json!({ "shell": args.shell.to_string(), "script": script }),
        || script.clone(),
    )?;
    Ok(0)
}
