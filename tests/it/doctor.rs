//! `cosci doctor`: a wrong clock, a wrong secret, no network, no credentials; each is named, with its exit code.

use ci_tests::served::Served;
use ci_tests::tool::{Ran, Tool};
use serde_json::Value;

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
