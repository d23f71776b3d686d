//! What a test can do to an engine, each thing over HTTP and as a library: both must do the same.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use ci_local::{Effect, Engine, Fault, JobProfile};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::callbacks::{OK, receiver};
use super::control::{ask, start};
use super::harness::*;
use super::jobs::{body, describe, submit};

#[derive(Debug, Clone, Copy)]
enum Way {
    Http,
    Library,
}

const WAYS: [Way; 2] = [Way::Http, Way::Library];

async fn set(way: Way, engine: &Engine, fault: &Fault) -> u64 {
    match way {
        Way::Library => engine.add_fault(fault.clone()).unwrap(),
        Way::Http => {
            let (status, made) = ask(engine, "POST", "faults", json!(fault)).await;
            assert_eq!(status, 200, "{made}");
            made["id"].as_u64().unwrap()
        }
    }
}

async fn remove(way: Way, engine: &Engine, id: u64) -> bool {
    match way {
        Way::Library => engine.remove_fault(id),
        Way::Http => {
            ask(engine, "DELETE", &format!("faults/{id}"), Value::Null)
                .await
                .0
                == 200
        }
    }
}

/// Sends a signed request and reads its body in the pieces in which it comes; none when it breaks off.
async fn pieces(engine: &Engine, method: &str, url: &str, sent: String) -> (Vec<usize>, bool) {
    let headers = [("content-type", "application/xml")];
    let call = signed(request(method, url, &headers, sent), &credentials());
    let mut answer = engine.router().oneshot(call).await.unwrap().into_body();
    let mut sizes = Vec::new();
    while let Some(piece) = answer.frame().await {
        match piece {
            Ok(piece) => sizes.push(piece.into_data().unwrap().len()),
            Err(_) => return (sizes, false),
        }
    }
    (sizes, true)
}

async fn count_of_jobs(engine: &Engine) -> usize {
    let jobs: Vec<Value> = serde_json::from_str(&engine.jobs(100).await.unwrap()).unwrap();
    jobs.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_effect_on_a_call_works_both_ways() {
    for way in WAYS {
        let engine = start().await;
        let (jobs, object) = (format!("{CI}/jobs"), format!("{COS}/a"));
        ok(call(&engine, "PUT", &object, "0123456789").await);
        let on = |effect, operation: &str| Fault::new(effect).operation(operation).nth(1);
        let make = || pieces(&engine, "POST", &jobs, body("in/clip.mp4", "", ""));

        let busy = Effect::Refuse {
            status: 503,
            code: "SlowDown".into(),
            message: "later".into(),
        };
        set(way, &engine, &on(busy, "CreateJob")).await;
        let refused = call(&engine, "POST", &jobs, body("in/clip.mp4", "", "")).await;
        assert_eq!(refused.refusal(), (503, "SlowDown"), "{way:?}");

        set(way, &engine, &on(Effect::Reset, "CreateJob")).await;
        assert_eq!(make().await, (vec![], false), "{way:?}");
        assert_eq!(
            count_of_jobs(&engine).await,
            0,
            "a reset call is not carried out"
        );

        set(way, &engine, &on(Effect::LoseAnswer, "CreateJob")).await;
        assert_eq!(make().await, (vec![], false), "{way:?}");
        assert_eq!(
            count_of_jobs(&engine).await,
            1,
            "a lost answer keeps the effect"
        );

        set(way, &engine, &on(Effect::Delay { ms: 40 }, "GetObject")).await;
        let asked = Instant::now();
        assert_eq!(
            ok(call(&engine, "GET", &object, "").await).text(),
            "0123456789"
        );
        assert!(asked.elapsed() >= Duration::from_millis(40), "{way:?}");

        set(
            way,
            &engine,
            &on(Effect::Truncate { bytes: 4 }, "GetObject"),
        )
        .await;
        assert_eq!(
            pieces(&engine, "GET", &object, String::new()).await,
            (vec![4], false)
        );

        set(
            way,
            &engine,
            &on(Effect::SlowDrip { bytes: 3, ms: 1 }, "GetObject"),
        )
        .await;
        let dripped = pieces(&engine, "GET", &object, String::new()).await;
        assert_eq!(dripped, (vec![3, 3, 3, 1], true), "{way:?}");
        engine.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_can_be_lost_and_doubled_both_ways() {
    for way in WAYS {
        let engine = start().await;
        let (url, mut got) = receiver(&[OK]).await;
        let more = format!("<CallBack>{url}</CallBack>");
        let run = async || {
            let id = submit(&engine, body("in/clip.mp4", "", &more)).await;
            describe(&engine, &id).await;
            id
        };
        let lose = set(way, &engine, &Fault::new(Effect::DropCallback)).await;
        let lost = run().await;
        until_delivered(&engine, &lost).await;
        assert!(remove(way, &engine, lose).await, "{way:?}");
        assert!(!remove(way, &engine, lose).await, "{way:?}");

        set(way, &engine, &Fault::new(Effect::DoubleCallback).times(1)).await;
        let doubled = run().await;
        let (first, second) = (got.recv().await.unwrap(), got.recv().await.unwrap());
        // The first that arrives at all is of the second job: that of the other was lost.
        assert!(
            first.contains(&doubled) && !first.contains(&lost),
            "{first}"
        );
        assert_eq!(first, second, "{way:?}");

        // A lost one can be sent after all.
        let of_lost = engine.callbacks(Some(&lost), 1).await.unwrap();
        let of_lost: Value = serde_json::from_str(&of_lost).unwrap();
        let callback = of_lost[0]["id"].as_i64().unwrap();
        match way {
            Way::Library => assert!(engine.redeliver(callback).await.unwrap()),
            Way::Http => {
                let path = format!("callbacks/{callback}/redeliver");
                assert_eq!(ask(&engine, "POST", &path, Value::Null).await.0, 200);
            }
        }
        assert!(got.recv().await.unwrap().contains(&lost), "{way:?}");
        engine.shutdown().await;
    }
}

async fn until_delivered(engine: &Engine, job: &str) {
    let mut news = engine.news();
    loop {
        let callbacks = engine.callbacks(Some(job), 1).await.unwrap();
        let callbacks: Value = serde_json::from_str(&callbacks).unwrap();
        if callbacks[0]["state"] == "Delivered" {
            return;
        }
        news.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_rule_hits_the_same_calls_both_ways() {
    let mut patterns = Vec::new();
    for way in WAYS {
        let engine = start().await;
        let other = "http://other-1250000000.cos.ap-chongqing.myqcloud.com/a";
        ok(call(&engine, "PUT", other, "x").await);
        ok(call(&engine, "PUT", &format!("{COS}/a"), "x").await);
        let refuse = || {
            Fault::new(Effect::Refuse {
                status: 500,
                code: "InternalError".into(),
                message: String::new(),
            })
        };
        let mut hits = Vec::new();
        for fault in [
            refuse().operation("GetObject").probability(0.5).seed(11),
            refuse().operation("GetObject").probability(0.5).seed(12),
            refuse().bucket("other-1250000000"),
            refuse().operation("GetObject").nth(3),
            refuse().operation("HeadObject").times(2),
        ] {
            let id = set(way, &engine, &fault).await;
            let mut seen = String::new();
            for _ in 0..12 {
                for (method, url) in [
                    ("GET", format!("{COS}/a")),
                    ("GET", other.to_owned()),
                    ("HEAD", format!("{COS}/a")),
                ] {
                    let status = call(&engine, method, &url, "").await.status.as_u16();
                    seen.push(if status == 500 { '!' } else { '.' });
                }
            }
            hits.push(seen);
            assert!(remove(way, &engine, id).await);
        }
        assert_eq!(hits[2], ".!.".repeat(12));
        assert_eq!(hits[3], format!("...!..{}", "...".repeat(10)));
        assert_eq!(hits[4], format!("..!..!{}", "...".repeat(10)));
        patterns.push(hits);
    }
    assert_eq!(patterns[0], patterns[1]);
    assert_ne!(
        patterns[0][0], patterns[0][1],
        "another seed, another pattern"
    );
}

#[tokio::test]
async fn the_clock_and_the_profile_are_set_both_ways() {
    let start_of_2030 = Duration::from_secs(1_893_456_000);
    for way in WAYS {
        let engine = start().await;
        let clock = async || {
            let state: Value = serde_json::from_str(&engine.state().await.unwrap()).unwrap();
            let now = state["clock"]["now_ms"].as_i64().unwrap();
            (
                now,
                state["clock"]["frozen"].as_bool().unwrap(),
                state["profile"].clone(),
            )
        };
        let tell = async |wish: Value| assert_eq!(ask(&engine, "POST", "clock", wish).await.0, 200);
        match way {
            Way::Library => engine.freeze_clock(Some(std::time::UNIX_EPOCH + start_of_2030)),
            Way::Http => tell(json!({"freeze": start_of_2030.as_secs()})).await,
        }
        let at = i64::try_from(start_of_2030.as_millis()).unwrap();
        assert_eq!(clock().await, (at, true, json!("instant")), "{way:?}");
        match way {
            Way::Library => engine.advance_clock(Duration::from_millis(1500)),
            Way::Http => tell(json!({"advance": 1.5})).await,
        }
        assert_eq!(
            (clock().await.0, clock().await.1),
            (at + 1500, true),
            "{way:?}"
        );
        match way {
            Way::Library => engine.thaw_clock(),
            Way::Http => tell(json!({"thaw": true})).await,
        }
        let (thawed, frozen, _) = clock().await;
        assert!(
            thawed >= at + 1500 && thawed < at + 3_600_000 && !frozen,
            "{way:?}"
        );
        match way {
            Way::Library => engine.reset_clock(),
            Way::Http => tell(json!({"reset": true})).await,
        }
        let real = i64::try_from(now()).unwrap() * 1000;
        assert!((clock().await.0 - real).abs() < 3_600_000, "{way:?}");
        match way {
            Way::Library => engine.set_profile(JobProfile::Polls(2)),
            Way::Http => {
                let set = ask(&engine, "POST", "profile", json!({"profile": "polls:2"})).await;
                assert_eq!(set.0, 200);
            }
        }
        assert_eq!(clock().await.2, "polls:2", "{way:?}");
        let id = submit(&engine, body("in/clip.mp4", "", "")).await;
        let mut states = Vec::new();
        for _ in 0..3 {
            states.push(describe(&engine, &id).await.element("State").to_owned());
        }
        assert!(
            states[0] != "Success" && states[1] != "Success" && states[2] == "Success",
            "{way:?}: {states:?}"
        );
        engine.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_is_the_same_both_ways() {
    let engine = start().await;
    let tdmq = "<CallBackType>TDMQ</CallBackType><CallBackMqConfig><MqRegion>sh</MqRegion><MqMode>Topic</MqMode>\
        <MqName>covers</MqName></CallBackMqConfig>";
    let id = submit(&engine, body("in/clip.mp4", "", tdmq)).await;
    describe(&engine, &id).await;
    let read =
        async |path: &str, name: &str| ask(&engine, "GET", path, Value::Null).await.1[name].clone();
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(
        read("jobs", "jobs").await,
        parsed(engine.jobs(100).await.unwrap())
    );
    assert_eq!(
        read("requests", "requests").await,
        parsed(engine.requests(100))
    );
    let messages = parsed(engine.messages("tdmq/sh/covers", 10).await.unwrap());
    assert_eq!(read("messages/tdmq/sh/covers", "messages").await, messages);
    assert_eq!(messages[0]["job"], id);
    let (_, state) = ask(&engine, "GET", "state", Value::Null).await;
    // Only the time has passed between the two.
    let mut other = parsed(engine.state().await.unwrap());
    other["clock"]["now_ms"] = state["clock"]["now_ms"].clone();
    assert_eq!(state, other);

    let message = messages[0]["id"].as_i64().unwrap();
    assert!(engine.acknowledge("tdmq/sh/covers", message).await.unwrap());
    assert!(!engine.acknowledge("tdmq/sh/covers", message).await.unwrap());
    assert_eq!(read("messages/tdmq/sh/covers", "messages").await, json!([]));

    let two = NonZeroU32::new(2).unwrap();
    let added = engine.add_queue(BUCKET, "second", two).await.unwrap();
    let (_, state) = ask(&engine, "GET", "state", Value::Null).await;
    let queue = state["queues"]
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["id"] == added);
    assert_eq!(queue.unwrap()["max_concurrent"], 2);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_reset_leaves_the_same_nothing_both_ways() {
    let mut left = Vec::new();
    for way in WAYS {
        let engine = start().await;
        submit(&engine, body("in/clip.mp4", "", "")).await;
        engine.freeze_clock(None);
        set(
            way,
            &engine,
            &Fault::new(Effect::Reset).operation("ListQueues"),
        )
        .await;
        engine.set_profile(JobProfile::Polls(3));
        match way {
            Way::Library => engine.reset().await.unwrap(),
            Way::Http => assert_eq!(ask(&engine, "POST", "reset", Value::Null).await.0, 200),
        }
        let mut state: Value = serde_json::from_str(&engine.state().await.unwrap()).unwrap();
        assert_eq!(state["profile"], "instant", "as it was started");
        state["clock"]["now_ms"] = Value::Null;
        state["data"] = Value::Null;
        assert_eq!(engine.jobs(1).await.unwrap(), "[]");
        assert_eq!(engine.requests(1), "[]");
        left.push(state);
        engine.shutdown().await;
    }
    assert_eq!(left[0], left[1]);
    assert_eq!(
        (&left[0]["faults"], &left[0]["buckets"]),
        (&json!([]), &json!([]))
    );
}
