//! `cosci sign` through the real tool, against signatures made by the official SDKs.

use ci_tests::tool::Tool;
use serde_json::{Value, json};

/// `cos-sign` checks every recorded vector; here the contract of the tool is checked with some of them.
fn vectors() -> Value {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/cos-sign/tests/vectors/cos-signature.json"
    );
    serde_json::from_slice(&std::fs::read(file).expect("the vectors")).expect("JSON")
}

fn described(case: &Value, presign: bool) -> Value {
    let input = &case["input"];
    json!({
        "method": input["method"], "url": input["url"], "headers": input["headers"],
        "secret_id": input["secret_id"], "secret_key": input["secret_key"], "token": input["token"],
        "sign_time": input["sign_time"], "key_time": input["key_time"], "presign": presign,
    })
}

#[test]
fn the_recorded_signatures_of_jobs_and_objects_are_reproduced_one_a_line() {
    let vectors = vectors();
    let wanted = [
        "ci-post-jobs-template",
        "ci-put-jobs-cancel",
        "ci-get-jobs-list",
        "headers-range",
        "path-chinese",
    ];
    let cases: Vec<&Value> = vectors["header"]
        .as_array()
        .expect("cases")
        .iter()
        .filter(|case| wanted.contains(&case["id"].as_str().expect("an id")))
        .collect();
    assert_eq!(cases.len(), wanted.len());
    let stdin: String = cases
        .iter()
        .map(|case| format!("{}\n", described(case, false)))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["sign", "--json"])
        .stdin(stdin)
        .run();
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    let answers: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(&answers) {
        for key in ["authorization", "http_string", "string_to_sign"] {
            assert_eq!(
                answer[key], case["recommended"][key],
                "{} of {}",
                key, case["id"]
            );
        }
    }
}

#[test]
fn a_refused_document_answers_on_its_line_and_exits_with_2_at_the_end() {
    let good =
        r#"{"method":"GET","url":"http://h/a","secret_id":"i","secret_key":"k","sign_time":[1,2]}"#;
    let bad = good.replace("http://h/a", "http://h/a?x=1&x=2");
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["sign", "--json"])
        .stdin(format!("{good}\n{bad}\n{good}\n"))
        .run();
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    let answers: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), 3);
    assert!(answers[0]["signature"].is_string() && answers[0] == answers[2]);
    assert!(answers[1]["error"]["message"].is_string(), "{answers:?}");
}

#[test]
fn without_json_the_lines_are_those_that_curl_takes() {
    let case = r#"{"method":"GET","url":"http://h.ci.r.x.com/a","sign_time":[1,2]}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["sign"])
        .env("TENCENTCLOUD_SECRET_ID", "i")
        .env("TENCENTCLOUD_SECRET_KEY", "k")
        .env("TENCENTCLOUD_TOKEN", "t")
        .stdin(case)
        .run();
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with("Authorization: q-sign-algorithm=sha1&q-ak=i&"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "x-ci-security-token: t");
    let explained = Tool::new(folder.path(), ["sign", "--explain"])
        .env("TENCENTCLOUD_SECRET_ID", "i")
        .env("TENCENTCLOUD_SECRET_KEY", "k")
        .stdin(case)
        .run();
    assert!(
        explained.stdout.contains("HttpString") && explained.stdout.contains("StringToSign"),
        "{explained:?}"
    );
}

#[test]
fn a_presigned_url_is_the_url() {
    let case = r#"{"method":"GET","url":"https://b-1.cos.r.myqcloud.com/a.jpg","secret_id":"i","secret_key":"k","sign_time":[1,2],"presign":true}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let answer = Tool::new(folder.path(), ["sign", "--json"])
        .stdin(case)
        .run()
        .expect(0);
    assert!(answer["authorization"].is_null());
    let url = answer["url"].as_str().expect("a URL");
    assert!(
        url.starts_with("https://b-1.cos.r.myqcloud.com/a.jpg?")
            && url.contains("q-sign-time=1%3B2"),
        "{url}"
    );
}
