//! The official SDKs that the tests run as clients of the engine: pinned, and installed below `target`.
//!
//! What is installed is decided by `tests/sdks/requirements.txt` and `tests/sdks/package-lock.json`: all of it, down
//! to the last package, and for Node with checksums.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::provision::{NODE, NPM, PYTHON, PYTHON_VENV, ensure, install_library};
use crate::shell::{root, run};

/// Makes sure that both are there, as they are pinned.
pub(crate) fn ensure_all() -> Outcome {
    let (pins, home) = (root().join("tests/sdks"), root().join("target/sdks"));
    fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    up_to_date(
        &home.join("python"),
        &[pins.join("requirements.txt")],
        |into| {
            ensure(&[PYTHON])?;
            if !python(&["-c", "import ensurepip, venv"]) {
                install_library(PYTHON_VENV)?;
            }
            run(Command::new("python3").args(["-m", "venv"]).arg(into))?;
            run(Command::new(into.join("bin/pip"))
                .args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                ])
                .arg(pins.join("requirements.txt")))
        },
    )?;
    let node_pins = [pins.join("package.json"), pins.join("package-lock.json")];
    up_to_date(&home.join("node"), &node_pins, |into| {
        ensure(&[NODE, NPM])?;
        fs::create_dir_all(into).map_err(|error| format!("{}: {error}", into.display()))?;
        for pin in &node_pins {
            fs::copy(pin, into.join(pin.file_name().unwrap_or_default()))
                .map_err(|error| format!("{}: {error}", pin.display()))?;
        }
        let quietly = [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ];
        run(Command::new("npm").args(quietly).current_dir(into))
    })
}

/// Installs into a fresh folder unless what is there was made from the same pins.
fn up_to_date<P: AsRef<Path>>(
    into: &Path,
    pins: &[P],
    install: impl FnOnce(&Path) -> Outcome,
) -> Outcome {
    let mut wanted = String::new();
    for pin in pins {
        let text = fs::read_to_string(pin);
        wanted += &text.map_err(|error| format!("{}: {error}", pin.as_ref().display()))?;
    }
    let stamp = into.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if into.exists() {
        fs::remove_dir_all(into).map_err(|error| format!("{}: {error}", into.display()))?;
    }
    install(into)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn python(args: &[&str]) -> bool {
    let mut command = Command::new("python3");
    command.args(args).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_was_made_from_other_pins_or_half_made_is_made_again() {
        let folder = std::env::temp_dir().join(format!("xtask-sdks-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (pin, into) = (folder.join("pin"), folder.join("into"));
        let installed = Cell::new(0);
        let go = |ends: Outcome| {
            let done = up_to_date(&into, &[&pin], |into| {
                installed.set(installed.get() + 1);
                fs::create_dir(into).expect("a fresh folder");
                ends
            });
            (done.is_ok(), installed.get())
        };
        fs::write(&pin, "a==1").expect("written");
        assert_eq!(go(Err("no network".to_owned())), (false, 1));
        assert_eq!(go(Ok(())), (true, 2));
        assert_eq!(go(Ok(())), (true, 2));
        fs::write(&pin, "a==2").expect("written");
        assert_eq!(go(Ok(())), (true, 3));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
