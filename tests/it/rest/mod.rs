//! Templates, queues and cancelling, against `cosci serve`; with what the tests of the other commands need.

mod flags;
mod lists;

use ci_tests::local::BUCKET;
use ci_tests::served::Served;
use ci_tests::tool::Ran;
use serde_json::{Value, json};

/// One that makes plain pictures, so that any bytes pass for a video.
struct Engine(Served);

impl std::ops::Deref for Engine {
    type Target = Served;

    fn deref(&self) -> &Served {
        &self.0
    }
}

impl Engine {
    fn start(more: &[&str]) -> Self {
        Self(Served::start(&[&["--media", "synthetic"], more].concat()))
    }

    fn put(&self, key: &str) {
        let words = ["objects", "put", "-", key, "--json"];
        let _ = self.tool(words).stdin(key).run().expect(0);
    }

    /// The id of a new job on this object.
    fn job(&self, input: &str, more: &[&str]) -> String {
        let mut words = vec!["jobs", "create", "--input", input];
        words.extend(["--output", "covers/${number}.jpg"]);
        words.extend(more);
        let created = self.run(&words).expect(0);
        text(&created["job_id"])
    }

    fn queue(&self) -> String {
        let listed = self.run(&["queues", "list"]).expect(0);
        text(&listed["document"]["QueueList"][0]["QueueId"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[track_caller]
fn ids(ran: &Ran, list: &str, id: &str) -> Vec<String> {
    let document = &ran.expect(0)["document"];
    let entries = document[list].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| text(&entry[id])).collect()
}

#[track_caller]
fn jobs(ran: &Ran) -> Vec<String> {
    ids(ran, "JobsDetail", "JobId")
}

#[test]
fn a_waiting_job_is_cancelled_and_no_other() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    let queue = engine.queue();
    let _ = engine
        .run(&["queues", "update", &queue, "--state", "paused"])
        .expect(0);
    let job = engine.job("a.mp4", &[]);
    let cancelled = engine.run(&["jobs", "cancel", &job]).expect(0);
    assert_eq!(
        (&cancelled["document"], &cancelled["attempts"]),
        (&json!({}), &json!(1))
    );
    assert!(cancelled["request_id"].is_string(), "{cancelled}");
    assert_eq!(
        jobs(&engine.run(&["jobs", "list", "--states", "cancel"])),
        std::slice::from_ref(&job)
    );
    assert_eq!(
        engine.run(&["jobs", "wait", &job]).expect_error(5)["kind"],
        "job_cancelled"
    );

    // Too late, and never there.
    assert_eq!(
        engine.run(&["jobs", "cancel", &job]).expect_error(2)["kind"],
        "bad_input"
    );
    let error = engine.run(&["jobs", "cancel", "j0"]).expect_error(4);
    assert_eq!(
        (&error["kind"], &error["code"]),
        (&json!("not_found"), &json!("NoSuchJob"))
    );
}

#[test]
fn a_template_is_made_used_replaced_and_deleted() {
    let engine = Engine::start(&[]);
    let create = [
        "templates",
        "create",
        "--name",
        "web",
        "--count",
        "2",
        "--width",
        "640",
    ];
    let made = engine.run(&create).expect(0);
    let template = &made["document"]["Template"];
    assert_eq!(
        (&template["Name"], &template["SmartCover"]["Count"]),
        (&json!("web"), &json!(2))
    );
    let id = text(&template["TemplateId"]);

    engine.put("a.mp4");
    let job = engine.job("a.mp4", &["--template", &id]);
    let done = engine
        .run(&["jobs", "wait", &job, "--interval", "50ms"])
        .expect(0);
    let output = &done["document"]["JobsDetail"][0]["Operation"]["MediaResult"]["OutputFile"];
    assert_eq!(
        output["ObjectName"],
        json!(["covers/0.jpg", "covers/1.jpg"])
    );

    let update = [
        "templates",
        "update",
        &id,
        "--name",
        "print",
        "--height",
        "480",
    ];
    let _ = engine.run(&update).expect(0);
    let got = engine.run(&["templates", "get", &id]).expect(0);
    let template = &got["document"]["TemplateList"][0];
    assert_eq!(
        (&template["Name"], &template["SmartCover"]["Height"]),
        (&json!("print"), &json!(480))
    );
    assert_eq!(
        template["SmartCover"].get("Width"),
        None,
        "replaced as a whole"
    );

    let gone = engine.run(&["templates", "delete", &id]).expect(0);
    assert_eq!(gone["document"]["TemplateId"], id.as_str());
    let error = engine.run(&["templates", "get", &id]).expect_error(4);
    assert_eq!(
        (&error["kind"], &error["http_status"]),
        (&json!("not_found"), &json!(200))
    );
}

#[test]
fn an_unknown_template_or_queue_is_4_whatever_is_done_with_it() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    for args in [
        &["templates", "get", "t0"][..],
        &["templates", "update", "t0", "--name", "web"],
        &["templates", "delete", "t0"],
        &["queues", "list", "p0"],
        &["queues", "update", "p0", "--state", "paused"],
    ] {
        let ran = engine.run(args);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        let error = ran.expect_error(4);
        assert_eq!(error["kind"], "not_found", "{args:?}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|said| said.contains(args[2])),
            "{error}"
        );
    }
    // What is known is shown all the same.
    let made = engine
        .run(&["templates", "create", "--name", "web"])
        .expect(0);
    let id = text(&made["document"]["Template"]["TemplateId"]);
    let both = engine.run(&["templates", "get", &id, "t0"]);
    assert!(both.stderr.contains("t0"), "{both:?}");
    assert_eq!(
        both.expect(4)["document"]["TemplateList"][0]["TemplateId"],
        id.as_str()
    );
    // A name that cannot be one is refused before anything is sent.
    assert_eq!(
        engine
            .run(&["templates", "create", "--name", "a b"])
            .expect_error(2)["kind"],
        "usage"
    );
}

#[test]
fn a_queue_keeps_what_an_update_does_not_name() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    let queue = engine.queue();
    let told = [
        "--callback",
        "http://127.0.0.1:9/done",
        "--callback-format",
        "json",
    ];
    let _ = engine
        .run(&[&["queues", "update", &queue][..], &told].concat())
        .expect(0);
    let paused = engine
        .run(&["queues", "update", &queue, "--state", "paused"])
        .expect(0);
    let shown = &paused["document"]["Queue"];
    let shown = shown.get(0).unwrap_or(shown);
    assert_eq!(shown["State"], "Paused", "{paused}");
    let notify = &shown["NotifyConfig"];
    assert_eq!(
        (&notify["State"], &notify["Url"], &notify["ResultFormat"]),
        (
            &json!("On"),
            &json!("http://127.0.0.1:9/done"),
            &json!("JSON")
        )
    );
    let of = |state: &str| {
        ids(
            &engine.run(&["queues", "list", "--state", state]),
            "QueueList",
            "QueueId",
        )
    };
    assert!(of("paused").contains(&queue) && !of("active").contains(&queue));
    assert_eq!(
        engine.run(&["queues", "update", &queue]).expect_error(2)["kind"],
        "usage"
    );
}
