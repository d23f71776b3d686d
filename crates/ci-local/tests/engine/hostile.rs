//! Requests made of anything: every one is answered in the service's form, none harms the engine.

use std::sync::OnceLock;

use ci_local::{AuthMode, Config, Engine, Media};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

/// One engine for all cases: it must stay as good as new.
fn target() -> &'static (Runtime, Engine) {
    static TARGET: OnceLock<(Runtime, Engine)> = OnceLock::new();
    TARGET.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let config = Config::ephemeral()
            .media(Media::Synthetic)
            .auth(AuthMode::Warn);
        let engine = runtime.block_on(with_clip(config));
        (runtime, engine)
    })
}

fn answer(method: &str, url: &str, headers: &[(&str, &str)], bytes: Vec<u8>) -> Reply {
    let (runtime, engine) = target();
    runtime.block_on(send(engine, request(method, url, headers, bytes)))
}

/// A good document with a piece replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just("<".to_owned()),
        Just("]]>".to_owned()),
        Just("&amp".to_owned()),
        Just("&#0;".to_owned()),
        Just("\u{0}".to_owned()),
        Just("<!--".to_owned()),
        Just("<?xml version='1.0' encoding='gbk'?>".to_owned()),
        Just("</Request>".to_owned()),
        Just("<Operation>".repeat(50)),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        "\\PC{0,12}",
    ];
    let good = body(
        "in/clip.mp4",
        "<SmartCover><Count>2</Count><Width>200</Width></SmartCover><JobLevel>1</JobLevel>",
        "",
    );
    (0..good.len(), 0..40_usize, pieces).prop_map(move |(at, cut, piece)| {
        let end = (at + cut).min(good.len());
        [
            &good.as_bytes()[..at],
            piece.as_bytes(),
            &good.as_bytes()[end..],
        ]
        .concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_document_is_accepted_or_refused_with_a_reason(
        bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), damaged()],
        path in prop_oneof![Just("/jobs"), Just("/template"), Just("/template/t1")],
    ) {
        let method = if path == "/template/t1" { "PUT" } else { "POST" };
        let reply = answer(method, &format!("{CI}{path}"), &[], bytes);
        let status = reply.status.as_u16();
        prop_assert!([200, 400, 404].contains(&status), "{status} {}", reply.text());
        if status != 200 {
            reply.refusal();
        }
    }

    #[test]
    fn any_query_is_answered(path in "/(jobs|template|queue|mediabucket|)", query in "[a-zA-Z0-9%&=+,;:._-]{0,60}") {
        let Ok(url) = format!("{CI}{path}?tag=SmartCover&{query}").parse::<http::Uri>() else { return Ok(()) };
        let reply = answer("GET", &url.to_string(), &[], Vec::new());
        prop_assert!(reply.status.as_u16() < 500 || reply.status.as_u16() == 501, "{}", reply.text());
    }

    #[test]
    fn any_signature_is_refused_without_a_stumble(text in "(q-(sign-algorithm|ak|sign-time|key-time|header-list|url-param-list|signature)=[a-zA-Z0-9;%]{0,12}&?){0,9}|[ -~]{0,60}") {
        let strict = Config::ephemeral();
        static STRICT: OnceLock<Engine> = OnceLock::new();
        let (runtime, _) = target();
        let engine = STRICT.get_or_init(|| runtime.block_on(Engine::start(strict)).unwrap());
        let reply = runtime.block_on(send(engine, request("GET", &format!("{COS}/a"), &[("authorization", text.trim())], "")));
        prop_assert_eq!(reply.refusal().0, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_jobs_at_once_end_once_each_and_are_told_once_each() {
    let engine = std::sync::Arc::new(
        with_clip(Config::ephemeral().media(Media::Synthetic).workers(4)).await,
    );
    let (url, mut got) =
        super::callbacks::receiver(&["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let mut tasks = Vec::new();
    for number in 0..60 {
        let engine = std::sync::Arc::clone(&engine);
        let more = format!("<CallBack>{url}</CallBack>");
        let operation = format!(
            "<SmartCover><Count>1</Count></SmartCover><JobLevel>{}</JobLevel>",
            number % 3
        );
        tasks.push(tokio::spawn(async move {
            submit(&engine, body("in/clip.mp4", &operation, &more)).await
        }));
    }
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids.sort();
    let mut told = Vec::new();
    while told.len() < ids.len() {
        let request = got.recv().await.unwrap();
        told.push(
            request
                .split_once("<JobId>")
                .unwrap()
                .1
                .split_once('<')
                .unwrap()
                .0
                .to_owned(),
        );
    }
    told.sort();
    assert_eq!(told, ids);
    let found = describe(&engine, &ids.join(",")).await;
    assert_eq!(found.elements("State"), vec!["Success"; ids.len()]);
    engine.shutdown().await;
}
