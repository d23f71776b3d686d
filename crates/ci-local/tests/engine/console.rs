//! The console over HTTP: who gets it, what it holds, what its form does. A browser test is elsewhere.

use axum::body::Body;
use ci_local::{AuthMode, Config, Engine, Media};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

const BASE: &str = "http://127.0.0.1:7717/_console";
const OWN: (&str, &str) = ("origin", "http://127.0.0.1:7717");

async fn start() -> Engine {
    with_clip(Config::ephemeral().media(Media::Synthetic)).await
}

#[tokio::test]
async fn the_page_is_one_document_that_lets_nothing_else_in() {
    let engine = start().await;
    let page = send(&engine, request("GET", &format!("{BASE}/"), &[], "")).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy").to_owned();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(page.text().contains(&format!("<script nonce=\"{nonce}\">")));
    for outside in ["http://", "https://", "//cdn", "innerHTML", "{{"] {
        let found = page.text().matches(outside).count();
        // The one URL is the example of a callback.
        assert_eq!(found, usize::from(outside == "http://"), "{outside}");
    }
    let again = send(&engine, request("GET", &format!("{BASE}/"), &[], "")).await;
    assert_ne!(
        again.header("content-security-policy"),
        policy,
        "a nonce is used once"
    );
    let root = send(&engine, request("GET", "http://127.0.0.1:7717/", &[], "")).await;
    assert_eq!(
        (root.status.as_u16(), root.header("location")),
        (302, "/_console/")
    );
}

#[tokio::test]
async fn other_names_origins_and_methods_are_turned_away() {
    let engine = start().await;
    let data = "http://127.0.0.1:7717/_console/data";
    let get = async |url: &str, headers: &[(&str, &str)]| {
        send(&engine, request("GET", url, headers, ""))
            .await
            .status
            .as_u16()
    };
    assert_eq!(get(data, &[]).await, 200);
    assert_eq!(get("http://localhost:7717/_console/data", &[]).await, 200);
    assert_eq!(
        get("http://rebound.evil.example:7717/_console/data", &[]).await,
        403
    );
    assert_eq!(get(data, &[("origin", "http://evil.example")]).await, 403);
    assert_eq!(
        get("http://127.0.0.1:7717/_console/nothing", &[]).await,
        404
    );
    // A form on another site sends no Origin of ours, and a plain program none at all.
    let post = request("POST", &format!("{BASE}/queues/p/Paused"), &[], "");
    assert_eq!(send(&engine, post).await.status.as_u16(), 403);

    let locked = Engine::start(Config::ephemeral().control_key("key"))
        .await
        .unwrap();
    let challenge = send(&locked, request("GET", data, &[], "")).await;
    assert_eq!(challenge.status.as_u16(), 401);
    assert!(challenge.header("www-authenticate").starts_with("Basic"));
    // cosci:key in Base64.
    let admitted = request("GET", data, &[("authorization", "Basic Y29zY2k6a2V5")], "");
    assert_eq!(send(&locked, admitted).await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_uploads_submits_and_shows_the_covers() {
    let engine = start().await;
    let put = request(
        "PUT",
        &format!("{BASE}/object?bucket=form-1&key=in%2Fa.mp4"),
        &[OWN],
        "video",
    );
    ok(send(&engine, put).await);
    let form = json!({"bucket": "form-1", "input": "in/a.mp4", "count": 2, "width": 200, "format": "png",
        "user_data": "<script>alert(1)</script>"});
    let sent = ok(send(
        &engine,
        request("POST", &format!("{BASE}/jobs"), &[OWN], form.to_string()),
    )
    .await);
    let id = serde_json::from_slice::<Value>(&sent.body).unwrap()["ids"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let job = ok(call(
        &engine,
        "GET",
        &format!("http://form-1.localhost/jobs/{id}"),
        "",
    )
    .await);
    assert_eq!(job.element("State"), "Success");
    let data = ok(send(&engine, request("GET", &format!("{BASE}/data"), &[], "")).await);
    let data: Value = serde_json::from_slice(&data.body).unwrap();
    let latest = &data["latest"][0];
    assert_eq!(
        (&latest["id"], &latest["user_data"]),
        (&json!(id), &json!("<script>alert(1)</script>"))
    );
    let key = latest["covers"][0]["object"]
        .as_str()
        .unwrap()
        .replace('/', "%2F");
    let picture = ok(send(
        &engine,
        request(
            "GET",
            &format!("{BASE}/object?bucket=form-1&key={key}"),
            &[],
            "",
        ),
    )
    .await);
    assert_eq!(
        (
            picture.header("content-type"),
            picture.header("x-content-type-options")
        ),
        ("image/png", "nosniff")
    );
    // Only pictures are shown: a page of HTML in a bucket is no page of the console.
    ok(call(&engine, "PUT", "http://form-1.localhost/x.html", "<script>").await);
    let html = send(
        &engine,
        request(
            "GET",
            &format!("{BASE}/object?bucket=form-1&key=x.html"),
            &[],
            "",
        ),
    )
    .await;
    assert_eq!(html.refusal(), (404, "NoSuchKey"));
    for bad in [
        json!({"bucket": "../x", "input": "a"}),
        json!({"bucket": "form-1", "input": "in/a.mp4", "count": 11}),
        json!({"bucket": "form-1", "input": "none"}),
        json!([]),
    ] {
        let reply = send(
            &engine,
            request("POST", &format!("{BASE}/jobs"), &[OWN], bad.to_string()),
        )
        .await;
        assert_eq!(reply.status.as_u16(), 400, "{bad}");
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_as_events() {
    let engine = start().await;
    let stream = engine
        .router()
        .oneshot(request(
            "GET",
            &format!("{BASE}/events"),
            &[],
            Body::empty(),
        ))
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut events = stream.into_body();
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.ends_with(b"data: start\n\n"));
    submit(&engine, body("in/clip.mp4", "", "")).await;
    let next = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(&next[..], b"data: change\n\n");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_jobs_and_callbacks_can_be_handled_from_the_page() {
    let engine = Engine::start(
        Config::ephemeral()
            .media(Media::Synthetic)
            .auth(AuthMode::Off),
    )
    .await
    .unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let queues = ok(call(&engine, "GET", &format!("{CI}/queue"), "").await);
    let act = async |path: String| {
        ok(send(
            &engine,
            request("POST", &format!("{BASE}/{path}"), &[OWN], ""),
        )
        .await)
    };
    act(format!("queues/{}/Paused", queues.element("QueueId"))).await;
    let id = submit_any(&engine).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Pause");
    act(format!("jobs/{id}/cancel")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Cancel");
    act(format!("queues/{}/Active", queues.element("QueueId"))).await;
    act("callbacks/1/redeliver".to_owned()).await;
    engine.shutdown().await;
}

async fn submit_any(engine: &Engine) -> String {
    ok(call(
        engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await)
    .element("JobId")
    .to_owned()
}
