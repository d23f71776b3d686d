//! Documents and keys that mean harm, sent to every call that reads them: refused in words, and nothing is stored.

use axum::body::Body;
use ci_local::Config;

use super::harness::*;
use super::jobs::with_clip;

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_be_bytes).collect()
}

/// Ten entities, each ten times the one before.
fn laughs() -> String {
    let mut text = "<!DOCTYPE r [<!ENTITY a0 \"ha\">".to_owned();
    for n in 1..10 {
        let before = format!("&a{};", n - 1).repeat(10);
        text += &format!("<!ENTITY a{n} \"{before}\">");
    }
    text + "]><Request><Name>&a9;</Name></Request>"
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_that_means_harm_is_refused_by_every_call_that_reads_one() {
    let engine = with_clip(Config::ephemeral()).await;
    let queues = ok(call(&engine, "GET", &format!("{CI}/queue"), "").await);
    let queue = format!("/queue/{}", queues.element("QueueId"));
    let template = "<Request><Tag>SmartCover</Tag><Name>t</Name><SmartCover><Count>2</Count></SmartCover></Request>";
    let made = ok(call(&engine, "POST", &format!("{CI}/template"), template).await);
    let template = format!("/template/{}", made.element("TemplateId"));

    let name = |text: &str| format!("<Request><Name>{text}</Name></Request>").into_bytes();
    let declared = |encoding: &str, bytes: &[u8]| {
        let head = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><Request><Name>");
        [head.as_bytes(), bytes, b"</Name></Request>"].concat()
    };
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"\"")).collect();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("no body", Vec::new(), "MissingContent"),
        ("zeros", vec![0; 1000], "InvalidContent"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3\x09J-,M-.\xd1\xb7\x03\0".to_vec(), "InvalidContent"),
        ("JSON", b"{\"Request\":{}}".to_vec(), ""),
        ("UTF-16", utf16("<Request><Name>x</Name></Request>"), ""),
        ("Latin-1 bytes", name("caf\u{e9}").iter().map(|b| if *b > 127 { 0xe9 } else { *b }).collect(), "InvalidContent"),
        ("GBK, declared", declared("GBK", b"\xb7\xe2\xc3\xe6"), "InvalidContent"),
        ("UTF-16, declared and not", declared("UTF-16", b"x"), ""),
        ("a billion laughs", laughs().into_bytes(), "InvalidContent"),
        ("an external entity", b"<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Request><Name>&x;</Name></Request>".to_vec(), "InvalidContent"),
        ("an external DTD", b"<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\"><Request/>".to_vec(), ""),
        ("17 levels", name(&format!("{}{}", "<a>".repeat(17), "</a>".repeat(17))), "InvalidContent"),
        ("a million levels, unclosed", "<a>".repeat(170_000).into_bytes(), "InvalidContent"),
        ("20,000 attributes", format!("<Request{attributes}/>").into_bytes(), ""),
        ("3,000 elements", format!("<Request>{}</Request>", "<a/>".repeat(3000)).into_bytes(), "InvalidContent"),
        ("a control character", name("&#1;"), "InvalidArgument"),
        ("a character that is none", name("&#xD800;"), "InvalidContent"),
        ("one byte too many", name(&"x".repeat(512 * 1024)), "XMLSizeLimit"),
        ("512 KiB of text", name(&"x".repeat(512 * 1024 - 50)), "InvalidArgument"),
        ("a comment without an end", b"<Request><!-- ".to_vec(), "InvalidContent"),
        ("CDATA without an end", b"<Request><Name><![CDATA[ ".to_vec(), "InvalidContent"),
        ("two roots", b"<Request></Request><Request></Request>".to_vec(), ""),
        ("an error document", b"<Error><Code>x</Code></Error>".to_vec(), "InvalidContent"),
    ];
    let mut surprises = Vec::new();
    for (what, bytes, wanted) in cases {
        let mut seen = Vec::new();
        for (method, path) in [
            ("POST", "/jobs"),
            ("POST", "/template"),
            ("PUT", template.as_str()),
            ("PUT", queue.as_str()),
        ] {
            let url = format!("{CI}{path}");
            let reply = call(&engine, method, &url, Body::from(bytes.clone())).await;
            let (status, code) = reply.refusal();
            assert_eq!(status, 400, "{what}, {method} {path}: {}", reply.text());
            // Where no code is named, a call may find the document harmless and its contents wrong.
            if !wanted.is_empty() && code != wanted {
                surprises.push(format!("{what}, {method} {path}: {}", reply.text()));
            }
            assert!(
                reply.body.len() < 4096,
                "{what}: a long answer to a bad document"
            );
            assert!(
                !reply.text().contains("root:"),
                "{what}: a file is in the answer"
            );
            seen.push(code.to_owned());
        }
        seen.dedup();
        println!("| {what} | 400 `{}` |", seen.join("`, `"));
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
    let jobs = ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    assert!(!jobs.text().contains("<JobId>"), "{}", jobs.text());
    let poison = "<Request><Tag>SmartCover</Tag><Name>a&#1;b</Name><SmartCover><Count>2</Count></SmartCover></Request>";
    let poison = call(&engine, "POST", &format!("{CI}/template"), poison).await;
    assert_eq!(poison.refusal(), (400, "InvalidArgument"));
    let after = ok(call(&engine, "GET", &format!("{CI}/queue"), "").await);
    assert_eq!(after.element("Name"), queues.element("Name"));
    engine.shutdown().await;
}

#[tokio::test]
async fn keys_that_look_alike_are_different_objects() {
    let engine = engine().await;
    let keys = [
        "/A.mp4",
        "/a.mp4",
        "/caf%C3%A9",
        "/cafe%CC%81",
        "/a%20b",
        "/a+b",
        "/a%2Bb%20",
        "/%E8%A7%86%E9%A2%91",
        "/...",
        "/-rf",
        "/a%5C..%5Cb",
        "/con",
        "/a:b",
        "/%F0%9F%8E%AC",
    ];
    for key in keys {
        ok(call(&engine, "PUT", &format!("{COS}{key}"), key).await);
    }
    for key in keys {
        let got = ok(call(&engine, "GET", &format!("{COS}{key}"), "").await);
        assert_eq!(got.text(), key);
    }
    let folder = engine.folder().join("buckets").join(BUCKET);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), keys.len());
    let longest = format!("/{}", vec!["k".repeat(212); 4].join("/"));
    assert_eq!(longest.len(), 1 + 851);
    for (key, status) in [(&longest[..851], 200), (&longest[..], 400)] {
        let put = call(&engine, "PUT", &format!("{COS}{key}"), "x").await;
        assert_eq!(put.status.as_u16(), status, "{} bytes", key.len() - 1);
    }
}
