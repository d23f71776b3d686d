//! Running programs: where the repository is, what is run, and a failure that names the command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// The root of the repository, wherever the task was started from.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// `cargo` as it was when this program was started, in the root of the repository.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    // Build scripts look at what cargo says of the package it runs, which is this one: without it they build what
    // any other build has made.
    for (name, _) in std::env::vars_os() {
        let says = name.to_string_lossy();
        if says.starts_with("CARGO_PKG_") || says.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command with its output shown.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let text = text_of(command);
    eprintln!("$ {text}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{text}` ended with {status}")),
        Err(error) => Err(format!("`{text}` could not be started: {error}")),
    }
}

/// Runs a command and returns what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String, String> {
    let text = text_of(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{text}` could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{text}` ended with {}", output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("`{text}` printed bytes that are not text"))
}

/// Whether a program of this name stands in a folder of `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn text_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![
        program
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
