//! The promise that nothing is called but callbacks: a whole job where there is no network, with the system as witness.
//!
//! The engine runs in a network namespace with nothing but loopback. A connection or a lookup of a name that leads
//! elsewhere fails there, and the kernel counts it: the counters are compared, and a connection made on purpose shows
//! that they count.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use ci_tests::data;
use ci_tests::tool::binary;

/// `$1` is the tool. What was sent over UDP and what had no route is written down three times.
const SCRIPT: &str = r#"
set -eu
ip link set lo up
counts() {
    awk '/^Ip: [0-9]/ { print "no route", $13 } /^Udp: [0-9]/ { print "datagrams", $5 }' /proc/net/snmp
    awk '/^Ip6OutNoRoutes|^Udp6OutDatagrams/ { print $1, $2 }' /proc/net/snmp6
}
counts > before
"$1" serve --addr 127.0.0.1:0 --data data > url & served=$!
"$1" listen --addr 127.0.0.1:0 > heard & listens=$!
until [ -s url ] && [ -s heard ]; do kill -0 $served $listens; sleep 0.05; done
export COSCI_ENDPOINT="$(cat url)" COSCI_BUCKET=media-1250000000 TENCENTCLOUD_REGION=ap-chongqing
port="$(head -n 1 heard)"; port="${port##*:}"
"$1" objects put clip.mp4 in/clip.mp4
"$1" jobs create --input in/clip.mp4 --output 'out/${number}.jpg' --count 2 --callback "http://localhost:$port/" --wait
until grep -q TaskFinish heard; do kill -0 $served $listens; sleep 0.05; done
"$1" objects get out/1.jpg cover.jpg
kill -TERM $served $listens
wait $served
counts > after
(exec 3<>/dev/tcp/192.0.2.1/80) 2>/dev/null && exit 1
counts > control
"#;

#[test]
fn a_whole_job_calls_nobody_else() {
    let may = |flags: &[&str]| {
        let tried = Command::new("unshare")
            .args(flags)
            .args(["ip", "link", "set", "lo", "up"])
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    let flags: &[&str] = if may(&["-n"]) {
        &["-n"]
    } else if may(&["-rn"]) {
        &["-rn"]
    } else {
        eprintln!(
            "SKIPPED: a network namespace cannot be made here, run this as root with iproute2"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    symlink(data("bikes.mp4"), folder.path().join("clip.mp4")).expect("a link");
    let mut command = Command::new("timeout");
    command
        .args(["120", "unshare"])
        .args(flags)
        .args(["bash", "-c", SCRIPT, "bash"])
        .arg(binary())
        .current_dir(folder.path())
        .env("HOME", folder.path());
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("TENCENTCLOUD_")
            || upper.starts_with("COSCI_")
            || upper.ends_with("_PROXY")
        {
            command.env_remove(&name);
        }
    }
    let ran = command
        .stdin(Stdio::null())
        .output()
        .expect("timeout starts");
    assert!(ran.status.success(), "{ran:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("written");
    let (before, after, control) = (read("before"), read("after"), read("control"));
    assert!(read("heard").contains("Success"));
    assert!(folder.path().join("cover.jpg").is_file());
    assert!(before.lines().count() >= 2, "{before}");
    assert_eq!(before, after, "something called out");
    assert_ne!(after, control, "the counters do not count");
}
