//! `cosci serve` in a folder of its own, and the tool pointed at it.

use std::path::Path;

use tempfile::TempDir;

use crate::local::{BUCKET, REGION};
use crate::tool::{Ran, Running, Tool};

/// An engine whose data is gone with it.
#[derive(Debug)]
pub struct Served {
    folder: TempDir,
    running: Running,
}

impl Served {
    /// Starts one on a free port; `more` are further flags of `serve`.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let serve = ["serve", "--addr", "127.0.0.1:0", "--ephemeral"];
        let running = Tool::new(folder.path(), serve.iter().chain(more)).start();
        assert!(
            running.first.starts_with("http://127.0.0.1:"),
            "{}",
            running.first
        );
        Self { folder, running }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.running.first
    }

    /// The folder that the tool runs in.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The tool with `--json`. Against an engine on this machine it signs with the local pair.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Ran {
        self.tool(args.iter().copied().chain(["--json"])).run()
    }

    /// The tool with exactly these words, pointed at the engine.
    pub fn tool<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Tool {
        Tool::new(self.path(), words)
            .env("COSCI_ENDPOINT", self.url())
            .env("COSCI_BUCKET", BUCKET)
            .env("TENCENTCLOUD_REGION", REGION)
    }
}
