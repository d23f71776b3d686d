//! The official SDKs, installed by `cargo xtask test` and run as programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::pages::root;

/// An official SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// `cos-python-sdk-v5`.
    Python,
    /// `cos-nodejs-sdk-v5`.
    Node,
}

fn installed(path: &str) -> PathBuf {
    let path = root().join("target/sdks").join(path);
    assert!(
        path.exists(),
        "{} is not there: `cargo xtask test` installs it",
        path.display()
    );
    path
}

impl Sdk {
    /// The command that runs a program with this SDK in reach; arguments and settings are up to the test.
    ///
    /// # Panics
    ///
    /// When the SDK is not installed.
    #[must_use]
    pub fn program(self, program: &Path) -> Command {
        let mut command = match self {
            Self::Python => Command::new(installed("python/bin/python")),
            Self::Node => {
                let mut node = Command::new("node");
                node.env("NODE_PATH", installed("node/node_modules"));
                node
            }
        };
        command.arg(program);
        // No setting of whoever runs the tests leads an SDK elsewhere.
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command
    }

    /// Runs a program of `tests/sdks` and returns its lines.
    ///
    /// # Panics
    ///
    /// When it fails or prints anything but JSON.
    #[must_use]
    pub fn run(self, program: &str, given: &Value) -> Vec<Value> {
        let mut command = self.program(&root().join("tests/sdks").join(program));
        let output = command.arg(given.to_string()).output().expect("it starts");
        let (said, noise) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "{program} with {given}: {}\n{said}\n{noise}",
            output.status
        );
        said.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}
