//! What would be published: one archive for each crate, with its licences and its front page.

use std::fs;

use crate::Outcome;
use crate::shell::{self, cargo, read, root};

/// What every archive has to hold.
const WANTED: &[&str] = &["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The task `package`: packs every published crate and looks inside; with `verify` each is built from its archive.
pub(crate) fn run(verify: bool) -> Outcome {
    let mut names: Vec<String> = fs::read_dir(root().join("crates"))
        .map_err(|e| format!("crates: {e}"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut faults = Vec::new();
    let mut pack = cargo(&["package", "--locked", "--quiet", "--allow-dirty"]);
    if !verify {
        pack.arg("--no-verify");
    }
    for name in &names {
        let mut list = cargo(&["package", "--locked", "--quiet", "--list", "--allow-dirty"]);
        let held = read(list.args(["--package", name]))?;
        for wanted in WANTED {
            if !held.lines().any(|file| file == *wanted) {
                faults.push(format!("the archive of {name} lacks {wanted}"));
            }
        }
        pack.args(["--package", name]);
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    // All in one go: cargo then resolves the crates among themselves, none of which is published yet.
    shell::run(&mut pack)?;
    for name in &names {
        let archive = root().join(format!("target/package/{name}-0.1.0.crate"));
        let size = fs::metadata(&archive).map_err(|e| format!("{}: {e}", archive.display()))?;
        eprintln!("package: {name} is {} KiB", size.len() / 1024);
    }
    Ok(())
}
