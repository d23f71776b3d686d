//! What a test can do to an engine: over HTTP, and the same as a library.

use std::time::{Duration, SystemTime};

use ci_local::{Config, Effect, Engine, Fault, JobProfile, Media};
use serde_json::{Value, json};

use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

const BASE: &str = "http://127.0.0.1:7717/_engine";

pub(crate) async fn ask(engine: &Engine, method: &str, path: &str, sent: Value) -> (u16, Value) {
    let text = if sent.is_null() {
        String::new()
    } else {
        sent.to_string()
    };
    let reply = send(
        engine,
        request(method, &format!("{BASE}/{path}"), &[], text),
    )
    .await;
    (
        reply.status.as_u16(),
        serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
    )
}

pub(crate) async fn start() -> Engine {
    with_clip(Config::ephemeral().media(Media::Synthetic).control(true)).await
}

#[tokio::test]
async fn the_control_interface_is_off_unless_asked_for() {
    let engine = Engine::ephemeral().await.unwrap();
    assert_eq!(ask(&engine, "GET", "state", Value::Null).await.0, 404);
    let engine = engine_with_key().await;
    assert_eq!(ask(&engine, "GET", "state", Value::Null).await.0, 403);
    for (key, status) in [
        ("Bearer wrong", 403),
        ("Bearer opensesame", 200),
        ("opensesame", 403),
    ] {
        let request = request(
            "GET",
            &format!("{BASE}/state"),
            &[("authorization", key)],
            "",
        );
        assert_eq!(
            send(&engine, request).await.status.as_u16(),
            status,
            "{key}"
        );
    }
}

async fn engine_with_key() -> Engine {
    Engine::start(Config::ephemeral().control(true).control_key("opensesame"))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_web_page_of_another_origin_is_not_obeyed() {
    let engine = start().await;
    for (origin, status) in [
        ("http://127.0.0.1:7717", 200),
        ("http://evil.example", 403),
        ("null", 403),
    ] {
        let request = request("POST", &format!("{BASE}/reset"), &[("origin", origin)], "");
        assert_eq!(
            send(&engine, request).await.status.as_u16(),
            status,
            "{origin}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn state_jobs_and_requests_can_be_read() {
    let engine = start().await;
    let id = submit(
        &engine,
        body("in/clip.mp4", "<UserData>mine</UserData>", ""),
    )
    .await;
    describe(&engine, &id).await;
    let (_, state) = ask(&engine, "GET", "state", Value::Null).await;
    assert_eq!(state["profile"], "instant");
    assert_eq!(state["buckets"][0]["name"], BUCKET);
    assert_eq!(state["queues"][0]["state"], "Active");
    assert_eq!(
        serde_json::from_str::<Value>(&engine.state().await.unwrap()).unwrap()["profile"],
        "instant"
    );
    let (_, job) = ask(&engine, "GET", &format!("jobs/{id}"), Value::Null).await;
    assert_eq!(
        (&job["user_data"], &job["state"], &job["runs"]),
        (&json!("mine"), &json!("Success"), &json!(1))
    );
    assert_eq!(job["covers"][1]["width"], 640);
    assert_eq!(ask(&engine, "GET", "jobs/jnone", Value::Null).await.0, 404);
    let (_, jobs) = ask(&engine, "GET", "jobs?limit=5", Value::Null).await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1);
    let wrong = cos_sign::Credentials::new(credentials().secret_id(), "wrong");
    send(
        &engine,
        signed(
            request("GET", &format!("{COS}/a?q-secret=1"), &[], ""),
            &wrong,
        ),
    )
    .await;
    let (_, log) = ask(&engine, "GET", "requests", Value::Null).await;
    let newest = &log["requests"][0];
    assert_eq!(
        (&newest["operation"], &newest["status"], &newest["code"]),
        (
            &json!("GetObject"),
            &json!(403),
            &json!("SignatureDoesNotMatch")
        )
    );
    assert_eq!(newest["signature"], "refused: SignatureDoesNotMatch");
    assert!(
        !log.to_string().contains("q-secret"),
        "queries may hold signatures"
    );
    assert_eq!(log["requests"][1]["signature"], "valid");
}

#[tokio::test]
async fn a_frozen_clock_decides_over_signatures_and_times() {
    let engine = start().await;
    let (status, clock) = ask(
        &engine,
        "POST",
        "clock",
        json!({"freeze": "2030-01-01T00:00:00+0800"}),
    )
    .await;
    assert_eq!(
        (status, &clock["frozen"], &clock["now_ms"]),
        (200, &json!(true), &json!(1_893_427_200_000_i64))
    );
    let late = call(&engine, "GET", &format!("{COS}/a"), "").await;
    assert_eq!(late.element("Message"), "Request has expired");
    // A client learns from this how far its clock is off.
    assert_eq!(late.header("date"), "Mon, 31 Dec 2029 16:00:00 GMT");
    ask(&engine, "POST", "clock", json!({"reset": true})).await;
    ask(&engine, "POST", "clock", json!({"freeze": true})).await;
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    let first = describe(&engine, &id).await;
    assert_eq!(first.element("CreationTime"), first.element("EndTime"));
    // A signature of ten minutes is over an hour later, and it takes no hour to see it.
    ask(&engine, "POST", "clock", json!({"advance": 3600})).await;
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a"), "")
            .await
            .element("Message"),
        "Request has expired"
    );
    for bad in [
        json!({"sleep": 1}),
        json!({"advance": "x"}),
        json!({"freeze": "soon"}),
        json!([]),
    ] {
        assert_eq!(
            ask(&engine, "POST", "clock", bad.clone()).await.0,
            400,
            "{bad}"
        );
    }
    engine.reset_clock();
    engine.freeze_clock(Some(SystemTime::now() + Duration::from_secs(7200)));
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a"), "")
            .await
            .element("Message"),
        "Request has expired"
    );
    engine.reset_clock();
    engine.advance_clock(Duration::from_secs(60));
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a"), "")
            .await
            .refusal()
            .1,
        "NoSuchKey"
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_moved_out_of_all_bounds_stops_where_dates_can_still_be_written() {
    let engine = start().await;
    let last = json!(253_402_271_999_999_i64);
    for (wish, now, date) in [
        (
            json!({"freeze": 1e300}),
            &last,
            "Fri, 31 Dec 9999 15:59:59 GMT",
        ),
        (
            json!({"advance": 1e300}),
            &last,
            "Fri, 31 Dec 9999 15:59:59 GMT",
        ),
        (
            json!({"freeze": -1e300}),
            &json!(0),
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ),
    ] {
        let (status, clock) = ask(&engine, "POST", "clock", wish.clone()).await;
        assert_eq!((status, &clock["now_ms"]), (200, now), "{wish}");
        let reply = call(&engine, "GET", &format!("{COS}/a"), "").await;
        assert_eq!(reply.header("date"), date, "{wish}");
    }
    engine.freeze_clock(None);
    engine.advance_clock(Duration::MAX);
    let (_, state) = ask(&engine, "GET", "state", Value::Null).await;
    assert_eq!(state["clock"]["now_ms"], last);
    engine.shutdown().await;
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_ids() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let config = Config::ephemeral().media(Media::Synthetic).seed(7);
        let engine = with_clip(config).await;
        engine.freeze_clock(None);
        let id = submit(&engine, body("in/clip.mp4", "", "")).await;
        // The first twelve digits are the time.
        seen.push(id[13..].to_owned());
        engine.shutdown().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_profile_can_be_changed_while_running() {
    let engine = start().await;
    assert_eq!(
        ask(&engine, "POST", "profile", json!({"profile": "polls:1"}))
            .await
            .0,
        200
    );
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Submitted");
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    assert_eq!(
        ask(&engine, "GET", "profile", Value::Null).await.1["profile"],
        "polls:1"
    );
    assert_eq!(
        ask(&engine, "POST", "profile", json!({"profile": "quick"}))
            .await
            .0,
        400
    );
    engine.set_profile(JobProfile::Real);
    assert_eq!(
        ask(&engine, "GET", "profile", Value::Null).await.1["profile"],
        "real"
    );
    engine.shutdown().await;
}

#[tokio::test]
async fn a_fault_refuses_the_call_it_names() {
    let engine = start().await;
    let fault = json!({"operation": "CreateJob", "times": 1,
        "effect": {"kind": "refuse", "status": 503, "code": "SlowDown", "message": "later"}});
    let (status, made) = ask(&engine, "POST", "faults", fault).await;
    assert_eq!(status, 200);
    let refused = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await;
    assert_eq!(refused.refusal(), (503, "SlowDown"));
    submit(&engine, body("in/clip.mp4", "", "")).await;
    let (_, list) = ask(&engine, "GET", "faults", Value::Null).await;
    assert_eq!(
        (&list["faults"][0]["fired"], &list["faults"][0]["seen"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        ask(
            &engine,
            "DELETE",
            &format!("faults/{}", made["id"]),
            Value::Null
        )
        .await
        .0,
        200
    );
    assert_eq!(
        ask(&engine, "DELETE", "faults/99", Value::Null).await.0,
        404
    );
    for bad in [
        json!({}),
        json!({"effect": {"kind": "explode"}}),
        json!({"nht": 1, "effect": {"kind": "reset"}}),
        json!({"probability": 2, "effect": {"kind": "reset"}}),
    ] {
        assert_eq!(
            ask(&engine, "POST", "faults", bad.clone()).await.0,
            400,
            "{bad}"
        );
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_keeps_the_effect() {
    let engine = start().await;
    engine
        .add_fault(Fault::new(Effect::LoseAnswer).operation("CreateJob").nth(1))
        .unwrap();
    let lost = signed(
        request(
            "POST",
            &format!("{CI}/jobs"),
            &[("content-type", "application/xml")],
            body("in/clip.mp4", "", ""),
        ),
        &credentials(),
    );
    let response = tower::ServiceExt::oneshot(engine.router(), lost)
        .await
        .unwrap();
    assert!(
        axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .is_err(),
        "the answer must not arrive"
    );
    let list = ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    assert_eq!(
        list.elements("JobId").len(),
        1,
        "the job is there all the same"
    );
    engine.clear_faults();
    engine.shutdown().await;
}

#[tokio::test]
async fn an_answer_can_be_cut_or_dripped() {
    let engine = start().await;
    ok(call(&engine, "PUT", &format!("{COS}/a"), "0123456789").await);
    engine
        .add_fault(
            Fault::new(Effect::SlowDrip { bytes: 3, ms: 1 })
                .operation("GetObject")
                .times(1),
        )
        .unwrap();
    engine
        .add_fault(Fault::new(Effect::Truncate { bytes: 4 }).operation("GetObject"))
        .unwrap();
    let slow = ok(call(&engine, "GET", &format!("{COS}/a"), "").await);
    assert_eq!(
        (slow.text(), slow.header("content-length")),
        ("0123456789", "10")
    );
    let get = signed(request("GET", &format!("{COS}/a"), &[], ""), &credentials());
    let cut = tower::ServiceExt::oneshot(engine.router(), get)
        .await
        .unwrap();
    assert_eq!(cut.headers()["content-length"], "10");
    assert!(
        axum::body::to_bytes(cut.into_body(), 1 << 20)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn reset_leaves_an_empty_engine() {
    let engine = start().await;
    submit(&engine, body("in/clip.mp4", "", "")).await;
    engine.freeze_clock(None);
    engine
        .add_fault(Fault::new(Effect::Reset).operation("ListQueues"))
        .unwrap();
    engine.reset().await.unwrap();
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/in/clip.mp4"), "")
            .await
            .refusal()
            .1,
        "NoSuchBucket"
    );
    let list = ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    assert!(list.elements("JobId").is_empty());
    let (_, state) = ask(&engine, "GET", "state", Value::Null).await;
    assert_eq!(
        (&state["faults"], &state["clock"]["frozen"]),
        (&json!([]), &json!(false))
    );
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}
