//! `cosci doctor`: a wrong clock, a wrong secret, no network, no credentials; each is named, with its exit code.

use ci_tests::local::{BUCKET, REGION};
use ci_tests::served::Served;
use ci_tests::tool::{Ran, Tool};
use serde_json::Value;

#[path = "../../crates/ci-client/tests/it/hole.rs"]
mod hole;

fn doctor(engine: &Served) -> Tool {
    engine
        .tool(["doctor", "--json", "--retries", "0"])
        .env("COS_DISABLE_METADATA", "1")
}

fn checks(ran: &Ran, exit: i32) -> Vec<(String, String)> {
    let found = ran.expect(exit);
    assert_eq!(found["ok"], exit == 0, "{found}");
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    let checks = found["checks"].as_array().expect("checks");
    checks
        .iter()
        .map(|check| (word(&check["check"]), word(&check["status"])))
        .collect()
}

fn status<'a>(checks: &'a [(String, String)], name: &str) -> &'a str {
    let found = checks.iter().find(|(check, _)| check == name);
    found.map_or("absent", |(_, status)| status)
}

#[test]
fn what_works_is_ok_and_the_table_says_the_same() {
    let engine = Served::start(&[]);
    let found = checks(&doctor(&engine).run(), 0);
    for name in [
        "settings",
        "credentials",
        "dns",
        "connection",
        "clock",
        "call",
    ] {
        assert_eq!(status(&found, name), "ok", "{name}");
    }
    assert_eq!(status(&found, "tls"), "skipped", "the endpoint is http");
    let table = engine.tool(["doctor"]).run();
    assert_eq!(table.exit, Some(0), "{table:?}");
    assert!(
        table.stdout.contains("signed list of jobs was answered"),
        "{table:?}"
    );
}

#[test]
fn a_wrong_clock_is_told_by_how_much() {
    let engine = Served::start(&["--control"]);
    let ask = ["-sS", "--fail", "-d", r#"{"advance":3600}"#];
    let advanced = std::process::Command::new("curl")
        .args(ask)
        .arg(format!("{}/_engine/clock", engine.url()))
        .output()
        .expect("curl starts");
    assert!(advanced.status.success(), "{advanced:?}");
    let ran = doctor(&engine).run();
    let found = checks(&ran, 1);
    assert_eq!(
        (status(&found, "clock"), status(&found, "call")),
        ("failed", "ok")
    );
    // The two are read a moment apart.
    let apart = ran.json()["checks"].to_string();
    assert!(
        ["3599 s behind", "3600 s behind", "3601 s behind"]
            .iter()
            .any(|text| apart.contains(text)),
        "{apart}"
    );
}

#[test]
fn a_wrong_secret_fails_the_signed_call_and_is_not_shown() {
    let engine = Served::start(&[]);
    let ran = doctor(&engine)
        .env("TENCENTCLOUD_SECRET_ID", ci_local::LOCAL_SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", "CANARYSECRET")
        .run();
    let found = checks(&ran, 3);
    assert_eq!(
        (status(&found, "clock"), status(&found, "call")),
        ("ok", "failed")
    );
    assert!(ran.stdout.contains("copy it anew"), "{ran:?}");
    assert!(!ran.stdout.contains("CANARYSECRET") && !ran.stderr.contains("CANARYSECRET"));
}

#[test]
fn nobody_there_fails_the_connection() {
    let engine = Served::start(&[]);
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let ran = doctor(&engine)
        .env("COSCI_ENDPOINT", format!("http://{free}"))
        .run();
    let found = checks(&ran, 7);
    assert_eq!(status(&found, "connection"), "failed");
    for name in ["tls", "clock", "call"] {
        assert_eq!(status(&found, name), "skipped", "{name}");
    }
}

#[test]
fn without_credentials_every_provider_is_named_with_its_reason() {
    let engine = Served::start(&[]);
    // A profile is asked for, so the local pair does not stand in.
    let ran = doctor_with_profile(&engine);
    let found = checks(&ran, 3);
    assert_eq!(
        (status(&found, "credentials"), status(&found, "call")),
        ("failed", "skipped")
    );
    let providers = ran.json()["providers"].clone();
    let providers = providers.as_array().expect("providers");
    assert_eq!(providers.len(), 4, "{providers:?}");
    for provider in providers {
        assert_eq!(provider["found"], false);
        assert!(
            provider["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
}

fn doctor_with_profile(engine: &Served) -> Ran {
    engine
        .tool(["doctor", "--json", "--profile", "none"])
        .env("COS_DISABLE_METADATA", "1")
        .run()
}

#[test]
fn settings_that_are_missing_say_what_to_give() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["doctor", "--json"])
        .env("COS_DISABLE_METADATA", "1")
        .run();
    assert_eq!(status(&checks(&ran, 2), "settings"), "failed");
    assert!(ran.stdout.contains("COSCI_BUCKET"), "{ran:?}");
}

fn message<'a>(ran: &'a Value, check: &str) -> &'a str {
    let checks = ran["checks"].as_array().expect("checks");
    let found = checks.iter().find(|found| found["check"] == check);
    found
        .and_then(|found| found["message"].as_str())
        .unwrap_or_default()
}

/// A free port of this machine, where nobody listens.
fn nobody() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_trusts_fails_tls_and_its_root_mends_it() {
    let engine = ci_tests::local::engine().await;
    let (url, pem, task) = ci_tests::tls::serve(engine.router()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root.pem");
    std::fs::write(&root, pem).expect("written");
    let run = |root: Option<&std::path::Path>| {
        let tool = elsewhere(folder.path(), &url);
        match root {
            Some(root) => tool.env("SSL_CERT_FILE", root).run(),
            None => tool.run(),
        }
    };
    let (refused, trusted) = tokio::task::block_in_place(|| (run(None), run(Some(&root))));
    let found = checks(&refused, 7);
    assert_eq!(
        (status(&found, "connection"), status(&found, "tls")),
        ("ok", "failed")
    );
    assert_eq!(status(&found, "call"), "skipped");
    let said = refused.json();
    assert!(message(&said, "tls").contains("SSL_CERT_FILE"), "{said}");
    let found = checks(&trusted, 0);
    assert_eq!(
        (status(&found, "tls"), status(&found, "call")),
        ("ok", "ok")
    );
    task.abort();
}

/// `cosci doctor` pointed at an address that is no engine of the tool's own.
fn elsewhere(folder: &std::path::Path, url: &str) -> Tool {
    Tool::new(folder, ["doctor", "--json", "--retries", "0"])
        .env("COS_DISABLE_METADATA", "1")
        .env("COSCI_ENDPOINT", url)
        .env("COSCI_BUCKET", BUCKET)
        .env("TENCENTCLOUD_REGION", REGION)
        .env("TENCENTCLOUD_SECRET_ID", ci_local::LOCAL_SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", ci_local::LOCAL_SECRET_KEY)
}

#[test]
fn a_name_that_does_not_exist_fails_dns() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = elsewhere(folder.path(), "https://no-such-host.invalid").run();
    let found = checks(&ran, 7);
    assert_eq!(status(&found, "dns"), "failed");
    for name in ["connection", "tls", "clock", "call"] {
        assert_eq!(status(&found, name), "skipped", "{name}");
    }
    assert!(ran.stdout.contains("no-such-host.invalid"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_swallows_everything_fails_the_connection_in_time() {
    let hole = hole::BlackHole::fill().await;
    let folder = tempfile::tempdir().expect("a folder");
    let tool = elsewhere(folder.path(), &format!("http://{}", hole.addr()));
    let ran = tokio::task::block_in_place(|| tool.args(["--timeout", "300ms"]).run());
    let found = checks(&ran, 7);
    assert_eq!(status(&found, "connection"), "failed");
    let said = ran.json();
    assert!(
        message(&said, "connection").contains("no answer in 300ms"),
        "{said}"
    );
}

#[test]
fn a_listener_that_is_silent_or_speaks_something_else_fails_the_call() {
    let folder = tempfile::tempdir().expect("a folder");
    for answer in [None, Some("SSH-2.0-OpenSSH_9.6\r\n")] {
        let url = answering(answer);
        let ran = elsewhere(folder.path(), &url)
            .args(["--timeout", "300ms"])
            .run();
        let found = checks(&ran, 7);
        assert_eq!(
            (status(&found, "connection"), status(&found, "call")),
            ("ok", "failed"),
            "{answer:?}"
        );
    }
}

/// Listens on this machine, and answers every connection with this, or never.
fn answering(answer: Option<&'static str>) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            if let Some(answer) = answer {
                // A request is read first: closing on unread bytes would take the answer back.
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes);
                let _ = stream.write_all(answer.as_bytes());
            } else {
                held.push(stream);
            }
        }
    });
    format!("http://{addr}")
}

#[test]
fn a_proxy_that_is_dead_or_refuses_is_named_and_no_proxy_goes_around_it() {
    let engine = Served::start(&[]);
    let dead = format!("http://user:CANARY@{}", nobody());
    let ran = doctor(&engine).env("HTTP_PROXY", &dead).run();
    let found = checks(&ran, 7);
    assert_eq!(status(&found, "connection"), "failed");
    let said = ran.json();
    assert!(
        message(&said, "connection").starts_with("the proxy 127.0.0.1"),
        "{said}"
    );
    assert!(!ran.stdout.contains("CANARY") && !ran.stderr.contains("CANARY"));

    let around = doctor(&engine)
        .env("HTTP_PROXY", &dead)
        .env("NO_PROXY", "127.0.0.1");
    assert_eq!(status(&checks(&around.run(), 0), "call"), "ok");
    let other = doctor(&engine).env("HTTPS_PROXY", &dead);
    assert_eq!(
        status(&checks(&other.run(), 0), "call"),
        "ok",
        "it is not for http"
    );

    let folder = tempfile::tempdir().expect("a folder");
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
    ] {
        let ran = elsewhere(folder.path(), "https://service.example")
            .env("HTTPS_PROXY", answering(Some(answer)))
            .run();
        let found = checks(&ran, 7);
        assert_eq!(
            (status(&found, "connection"), status(&found, "proxy")),
            ("ok", "failed")
        );
        let said = ran.json();
        let status_line = answer.lines().next().expect("a line");
        assert!(message(&said, "proxy").contains(status_line), "{said}");
    }
}

#[test]
fn a_proxy_that_works_is_said_to() {
    let engine = Served::start(&[]);
    // The engine is a proxy too: it takes the absolute form, and the name in it.
    let name = format!("http://{BUCKET}.ci.{REGION}.myqcloud.com");
    let ran = elsewhere(engine.path(), &name)
        .env("HTTP_PROXY", engine.url())
        .run();
    let found = checks(&ran, 0);
    assert_eq!(
        (status(&found, "proxy"), status(&found, "call")),
        ("ok", "ok")
    );
}
