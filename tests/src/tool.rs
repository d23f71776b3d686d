//! `cosci` as a person or a script runs it: the real binary, its output, its exit code.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The binary, built once by the same cargo that runs the tests.
///
/// # Panics
///
/// When it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // Build scripts look at what cargo says of the package it runs: with it, every build from a test would
        // rebuild what a build from a shell has made.
        for (name, _) in std::env::vars_os() {
            let says = name.to_string_lossy();
            if says.starts_with("CARGO_PKG_") || says.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&name);
            }
        }
        let output = cargo
            .args([
                "build",
                "--package",
                "ci-cli",
                "--bin",
                "cosci",
                "--message-format",
                "json",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "the tool could not be built");
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .expect("cargo names the binary it built")
    })
}

/// A run of the tool in a folder of its own, without the settings of whoever runs the tests.
#[derive(Debug)]
pub struct Tool {
    command: Command,
    stdin: Vec<u8>,
}

impl Tool {
    /// `cosci ARGS…` in `folder`.
    pub fn new(folder: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut command = Command::new(binary());
        command.args(args).current_dir(folder).env("HOME", folder);
        for name in [
            "TENCENTCLOUD_SECRET_ID",
            "TENCENTCLOUD_SECRET_KEY",
            "TENCENTCLOUD_TOKEN",
            "TENCENTCLOUD_REGION",
            "COSCI_BUCKET",
            "COSCI_ENDPOINT",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ] {
            command.env_remove(name);
        }
        Self {
            command,
            stdin: Vec::new(),
        }
    }

    /// Adds words to the command line.
    #[must_use]
    pub fn args<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(words);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from stdin.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs to the end.
    ///
    /// # Panics
    ///
    /// When the tool cannot be started.
    #[must_use]
    pub fn run(mut self) -> Ran {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        let bytes = self.stdin;
        // The tool may fail without reading: then nobody takes the bytes, and that is fine.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = child.wait_with_output().expect("the tool ends");
        feeder.join().expect("stdin was fed");
        Ran {
            exit: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts it and returns once it has printed its first line.
    ///
    /// # Panics
    ///
    /// When the tool cannot be started or ends without a line.
    #[must_use]
    pub fn start(self) -> Running {
        let mut running = self.spawn();
        let stdout = running.child.stdout.take().expect("stdout is a pipe");
        let mut first = String::new();
        BufReader::new(stdout)
            .read_line(&mut first)
            .expect("the tool prints text");
        assert!(
            !first.is_empty(),
            "the tool ended without a word: {:?}",
            running.child.wait()
        );
        first.trim_end().clone_into(&mut running.first);
        running
    }

    /// Starts it and returns at once; its stdout should stay short.
    ///
    /// # Panics
    ///
    /// When the tool cannot be started.
    #[must_use]
    pub fn spawn(mut self) -> Running {
        let child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool starts");
        Running {
            child,
            first: String::new(),
        }
    }
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub exit: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

impl Ran {
    /// The one JSON document on stdout.
    ///
    /// # Panics
    ///
    /// When stdout is anything else.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("stdout is not one JSON document ({e}): {self:?}"))
    }

    /// The document, after the exit code was what was wanted.
    #[must_use]
    #[track_caller]
    pub fn expect(&self, exit: i32) -> Value {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        self.json()
    }

    /// The `error` of the document, after the exit code was what was wanted and stderr said one line.
    #[must_use]
    #[track_caller]
    pub fn expect_error(&self, exit: i32) -> Value {
        let error = self.expect(exit)["error"].clone();
        assert!(
            error["kind"].is_string() && error["message"].is_string(),
            "{self:?}"
        );
        error
    }
}

/// A tool that goes on running; it is killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Its first line on stdout, when that was waited for.
    pub first: String,
}

impl Running {
    /// Ends it as `kill -9` does.
    ///
    /// # Panics
    ///
    /// When it is gone already.
    pub fn kill(mut self) {
        self.child.kill().expect("the tool is still running");
        self.child.wait().expect("the tool ends");
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop with SIGTERM and returns its exit code.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    #[must_use]
    pub fn terminate(self) -> Option<i32> {
        self.ask("TERM")
    }

    /// Sends it a signal and returns its exit code once it has ended.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    #[must_use]
    pub fn ask(mut self, signal: &str) -> Option<i32> {
        let asked = Command::new("kill")
            .args([&format!("-{signal}"), &self.id().to_string()])
            .status()
            .expect("kill starts");
        assert!(asked.success());
        self.child.wait().expect("the tool ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
