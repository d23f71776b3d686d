//! Installs the programs that a task needs: with apt-get as root, through sudo, or not at all.
//!
//! A developer's machine is never changed behind a password prompt: where neither root nor a
//! password-less sudo is at hand, the task stops and prints the command for the person to run.

use std::process::Command;

use crate::Outcome;
use crate::shell::{on_path, run};

/// A program and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needed {
    program: &'static str,
    package: &'static str,
}

/// Decodes the videos and writes the covers.
pub(crate) const FFMPEG: Needed = Needed {
    program: "ffmpeg",
    package: "ffmpeg",
};
/// Comes with ffmpeg; named on its own because a broken installation can lack it.
pub(crate) const FFPROBE: Needed = Needed {
    program: "ffprobe",
    package: "ffmpeg",
};
/// Sends the hand-made requests of the tests.
pub(crate) const CURL: Needed = Needed {
    program: "curl",
    package: "curl",
};
/// Reads the engine's state from outside, in the crash test.
pub(crate) const SQLITE3: Needed = Needed {
    program: "sqlite3",
    package: "sqlite3",
};
/// Makes loopback work in a network of its own, in the test that nothing is called.
pub(crate) const IP: Needed = Needed {
    program: "ip",
    package: "iproute2",
};
/// Runs the official Python SDK.
pub(crate) const PYTHON: Needed = Needed {
    program: "python3",
    package: "python3",
};
/// Makes a place for it: no program of its own, and in Debian no part of `python3`.
pub(crate) const PYTHON_VENV: &str = "python3-venv";
/// Runs the official Node SDK.
pub(crate) const NODE: Needed = Needed {
    program: "node",
    package: "nodejs",
};
/// Installs it.
pub(crate) const NPM: Needed = Needed {
    program: "npm",
    package: "npm",
};
/// Shows the console.
pub(crate) const CHROMIUM: Needed = Needed {
    program: "chromium",
    package: "chromium",
};
/// Drives it.
pub(crate) const CHROMEDRIVER: Needed = Needed {
    program: "chromedriver",
    package: "chromium-driver",
};
/// Compiles libFuzzer for the fuzz targets.
pub(crate) const CXX: Needed = Needed {
    program: "c++",
    package: "g++",
};

/// Makes sure that every program is there.
pub(crate) fn ensure(needed: &[Needed]) -> Outcome {
    let missing: Vec<&Needed> = needed.iter().filter(|n| !on_path(n.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<&str> = missing.iter().map(|n| n.program).collect();
    let mut packages: Vec<&str> = missing.iter().map(|n| n.package).collect();
    packages.dedup();
    install_for(&programs.join(", "), &packages)?;
    match needed.iter().find(|n| !on_path(n.program)) {
        Some(still) => Err(format!(
            "{} is still missing after installing {}",
            still.program, still.package
        )),
        None => Ok(()),
    }
}

/// Installs a package that brings no program to look for.
pub(crate) fn install_library(package: &str) -> Outcome {
    install_for(package, &[package])
}

fn install_for(what: &str, packages: &[&str]) -> Outcome {
    let by_hand = format!(
        "{what} is missing: run `sudo apt-get install -y {}` (or the like for your system) and try again",
        packages.join(" ")
    );
    if !on_path("apt-get") {
        return Err(by_hand);
    }
    let Some(prefix) = privileges() else {
        return Err(by_hand);
    };
    eprintln!("{what} is missing; installing {}", packages.join(" "));
    // The lists of a fresh container are empty; on other machines they are seldom too old, so
    // they are fetched only when the first try fails.
    if run(&mut install(prefix, packages)).is_err() {
        run(&mut apt(prefix, &["update", "-qq"])).map_err(|why| format!("{why}; {by_hand}"))?;
        run(&mut install(prefix, packages)).map_err(|why| format!("{why}; {by_hand}"))?;
    }
    Ok(())
}

/// The words before `apt-get`, or `None` when this user may not install.
fn privileges() -> Option<&'static [&'static str]> {
    let says_zero = |output: std::process::Output| output.stdout.trim_ascii() == b"0";
    if Command::new("id").arg("-u").output().is_ok_and(says_zero) {
        return Some(&[]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).output();
    sudo.is_ok_and(|output| output.status.success())
        .then_some(&["sudo", "-n"])
}

fn install(prefix: &[&str], packages: &[&str]) -> Command {
    let mut command = apt(prefix, &["install", "-y", "-qq", "--no-install-recommends"]);
    command.args(packages);
    command
}

fn apt(prefix: &[&str], args: &[&str]) -> Command {
    let mut words =
        prefix
            .iter()
            .copied()
            .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("env"));
    command.args(words).args(args);
    command
}
