//! The blocks of a page that a person would type, run in one shell from top to bottom.
//!
//! The shell stands in a fresh folder with a home of its own. It finds there:
//!
//! - `cosci`, built from this tree; `cosci serve` without an address gets the page's free port;
//! - `cargo`, which works in this repository, except that `cargo install` only checks what it is given
//!   and `cargo xtask test` only that there is such a task: the first is built already, the second is running,
//!   and that an example which was built with the tests is not built again;
//! - `tests` and `crates` of the repository, `holiday.mp4` (a real clip) and `callback.json` (a real document).
//!
//! Every port that the page names is replaced by a free one, because its own may be in use.
//! A page that says `<!-- stand-in for the cloud -->` is about the service: for it, settings alone lead the tool to an
//! engine behind TLS, which accepts the key pair of the page and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::pages::{Block, root};
use crate::tool::binary;

/// The key pair of pages about the service.
pub const CLOUD_PAIR: (&str, &str) = ("AKIDEXAMPLE", "SECRETEXAMPLE");

/// Where the stand-in for the service listens.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// Its address, `https://localhost:PORT`.
    pub url: String,
    /// A file with the certificate that it shows.
    pub certificate: PathBuf,
}

/// Runs the blocks of a page; says what went wrong, with all that was printed.
///
/// # Errors
///
/// When the page does not run to its end.
///
/// # Panics
///
/// When the folder cannot be set up.
pub fn run(blocks: &[&Block], stand_in: Option<&StandIn>) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    for (name, target) in [
        ("tests", "tests"),
        ("crates", "crates"),
        ("holiday.mp4", "tests/data/bikes.mp4"),
        (
            "callback.json",
            "crates/ci-model/tests/fixtures/1045-49522/callback.task-finish.json",
        ),
    ] {
        symlink(root().join(target), place.join(name)).expect("a link");
    }
    shims(&place.join(".bin"));
    let ports = Ports::of(blocks);
    let script = script(blocks, &ports);
    let printed = place.join(".printed");
    let into = File::create(&printed).expect("a file");
    let tool = binary().parent().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [place.join(".bin"), tool.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    )
    .expect("a path");
    let mut command = Command::new("timeout");
    command
        .args(["300", "bash", "-c", &script])
        .current_dir(place)
        .env("PATH", path)
        // The toolchain is where it was, whatever the home of the page.
        .envs(["CARGO_HOME", "RUSTUP_HOME"].map(|name| (name, toolchain(name))))
        .env("HOME", place)
        .stdin(Stdio::null())
        .stdout(into.try_clone().expect("a handle"))
        .stderr(into);
    for name in [
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        "TENCENTCLOUD_TOKEN",
        "TENCENTCLOUD_REGION",
        "COSCI_BUCKET",
        "COSCI_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    if let Some(cloud) = stand_in {
        command
            .env("COSCI_ENDPOINT", &cloud.url)
            .env("SSL_CERT_FILE", &cloud.certificate)
            .env("NO_PROXY", "localhost");
    }
    let mut child = command.spawn().expect("timeout starts");
    let status = child.wait().expect("timeout ends");
    // `timeout` leads a group of processes: what the page left running goes with it.
    let group = format!("-{}", child.id());
    drop(Command::new("kill").args(["-9", "--", &group]).output());
    let mut said = String::from_utf8_lossy(&fs::read(&printed).expect("printed")).into_owned();
    if status.success() {
        return Ok(said);
    }
    if let Ok(log) = fs::read_to_string(place.join(".background")) {
        write!(said, "\n-- in the background:\n{log}").expect("a string takes all");
    }
    Err(format!("{status}\n{said}"))
}

fn toolchain(name: &str) -> PathBuf {
    let below = if name == "CARGO_HOME" {
        ".cargo"
    } else {
        ".rustup"
    };
    std::env::var_os(name).map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(below),
        PathBuf::from,
    )
}

/// One script of all blocks; `bash` prints each command before it runs it.
fn script(blocks: &[&Block], ports: &Ports) -> String {
    let serve = ports.free("7717");
    let mut script = format!(
        "set -eu -o pipefail\n\
         cosci() {{\n\
         \x20 if [ \"${{1-}}\" = serve ] && [[ \" $* \" != *' --addr '* ]]; then command cosci \"$@\" --addr 127.0.0.1:{serve}\n\
         \x20 else command cosci \"$@\"; fi\n\
         }}\n"
    );
    for block in blocks {
        let text = ports.replace(&block.text);
        writeln!(script, "echo '-- {} line {}'", block.page, block.line).expect("a string");
        let text = match block.marker.as_deref() {
            Some("background") => {
                let port = Ports::named(&block.text)
                    .first()
                    .map_or(serve.clone(), |port| ports.free(port));
                format!(
                    "{{\n{text}}} >>.background 2>&1 </dev/null &\n\
                     until curl -s -o /dev/null http://127.0.0.1:{port}/; do kill -0 $!; sleep 0.05; done\n"
                )
            }
            Some("fails") => {
                format!("if (\n{text}); then echo 'this should have failed'; exit 1; fi\n")
            }
            _ => text,
        };
        script.push_str(&text);
    }
    script
}

/// The ports that a page names, and the free ones that stand for them.
struct Ports(BTreeMap<String, String>);

impl Ports {
    fn of(blocks: &[&Block]) -> Self {
        let mut named = vec!["7717".to_owned()];
        named.extend(blocks.iter().flat_map(|block| Self::named(&block.text)));
        // Held together until all are chosen, so that no port is given out twice.
        let listeners: BTreeMap<String, TcpListener> = named
            .into_iter()
            .map(|name| (name, TcpListener::bind("127.0.0.1:0").expect("a port")))
            .collect();
        let number = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        Self(
            listeners
                .iter()
                .map(|(name, listener)| (name.clone(), number(listener).to_string()))
                .collect(),
        )
    }

    /// Ports of this machine in a text, in their order.
    fn named(text: &str) -> Vec<String> {
        ["127.0.0.1:", "localhost:"]
            .iter()
            .flat_map(|host| text.split(host).skip(1))
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
            .filter(|port: &String| !port.is_empty() && port != "0")
            .collect()
    }

    fn free(&self, named: &str) -> String {
        self.0.get(named).cloned().unwrap_or_default()
    }

    fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (named, free) in &self.0 {
            for host in ["127.0.0.1:", "localhost:"] {
                text = text.replace(&format!("{host}{named}"), &format!("{host}{free}"));
            }
        }
        text
    }
}

/// `cargo` as a page may use it inside a test.
fn shims(folder: &Path) {
    fs::create_dir(folder).expect("a folder");
    let cargo = folder.join("cargo");
    let text = format!(
        "#!/bin/sh\n\
         cd '{root}'\n\
         case \"$*\" in\n\
         'xtask test' | 'xtask ci') '{real}' xtask help | grep -q \"^  $2 \" ;;\n\
         'run --quiet --package ci-tests --example '*) [ ! -x \"{examples}/$6\" ] || exec \"{examples}/$6\"; exec '{real}' \"$@\" ;;\n\
         'install --locked --path '*) grep -q '^name = \"cosci\"' \"$4/Cargo.toml\" ;;\n\
         'add '*) shift; for name; do case \"$name\" in --*) ;; *) grep -rq \"^$name = \" Cargo.toml || exit 1;; esac; done ;;\n\
         *) exec '{real}' \"$@\" ;;\n\
         esac\n",
        root = root().display(),
        examples = binary().with_file_name("examples").display(),
        real = env!("CARGO"),
    );
    fs::write(&cargo, text).expect("a file");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(marker: Option<&str>, text: &str) -> Block {
        Block {
            page: "a.md".into(),
            line: 1,
            language: "sh".into(),
            attributes: Vec::new(),
            marker: marker.map(str::to_owned),
            text: text.into(),
        }
    }

    #[test]
    fn a_page_that_fails_half_way_says_what_it_printed() {
        let (good, bad) = (block(None, "echo one\n"), block(None, "false\necho two\n"));
        let said = run(&[&good, &bad], None).expect_err("it fails");
        assert!(said.contains("one") && !said.contains("two"), "{said}");
    }

    #[test]
    fn a_block_that_should_fail_and_does_not_is_a_failure() {
        run(&[&block(Some("fails"), "exit 3\n")], None).expect("it fails as it should");
        run(&[&block(Some("fails"), "true\n")], None).expect_err("it does not");
    }

    #[test]
    fn a_port_is_replaced_everywhere_and_never_by_another_pages() {
        let block = block(
            None,
            "a http://127.0.0.1:7717/ localhost:8080 127.0.0.1:0\n",
        );
        let ports = Ports::of(&[&block]);
        let text = ports.replace(&block.text);
        assert!(!text.contains(":7717") && !text.contains(":8080"), "{text}");
        assert!(text.contains("127.0.0.1:0") && ports.free("7717") != ports.free("8080"));
    }
}
