//! Text of strangers in the console: whatever it looks like, it stays text.

use std::fs;

use ci_core::ListQueues;
use ci_local::Config;
use ci_model::{
    CreateJobRequest, JobOutput, NotifyConfig, OperationRequest, QueueState, SmartCover,
    UpdateQueueRequest, UserData,
};
use ci_tests::data;
use ci_tests::local::{BUCKET, REGION};
use serde_json::json;

use super::{clean, client_of, opened};

/// Runs if it is ever read as markup, with or without the policy of the page.
const IMAGE: &str = "<img src=x onerror=window.hit=1>";
const SCRIPT: &str = "<script>window.hit=1</script>";

#[test]
fn markup_in_every_text_of_a_stranger_stays_text() {
    let (served, browser) = opened(Config::ephemeral());
    let client = client_of(&served);
    let input = format!("in/{IMAGE}\"'`&amp;.mp4");
    served
        .wait(client.put_file(&input, data("bikes.mp4")))
        .expect("put");
    let output = JobOutput::new(REGION, BUCKET, format!("out/{IMAGE}-${{number}}.jpg"));
    let operation = OperationRequest::inline(SmartCover::new(), output)
        .user_data(UserData::new(format!("{SCRIPT}{IMAGE}")).expect("printable"));
    let request = CreateJobRequest::smart_cover(&*input, operation)
        .call_back(format!("http://127.0.0.1:9/?{SCRIPT}").as_str().into());
    served
        .wait(client.create_job_with(request))
        .expect("created");
    served
        .wait(client.put_object("in/text.mp4", SCRIPT))
        .expect("put");
    served
        .wait(client.create_job(SmartCover::new(), "in/text.mp4", "no/${number}.jpg"))
        .expect("created");
    let queues = served
        .wait(client.list_queues(ListQueues::default()))
        .expect("queues");
    let queue = queues.output.queue_list[0].queue_id.clone().expect("an id");
    let named = UpdateQueueRequest::new(
        format!("{IMAGE} queue"),
        QueueState::Active,
        NotifyConfig::default(),
    );
    served
        .wait(client.update_queue(&queue, named))
        .expect("renamed");

    // A file of markup, chosen in the form, goes the same ways.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("<img src=x onerror=window.hit=1>.mp4");
    fs::write(&file, SCRIPT).expect("written");
    browser.fill("[name=file]", &file.display().to_string());
    browser.click(".go");

    browser.wait("document.querySelectorAll('article.Success .strip img').length === 3");
    browser.wait("document.querySelectorAll('article.Failed').length === 2");
    // It is all there to be read, in each place,
    for (place, text) in [
        ("#jobs", format!("{SCRIPT}{IMAGE}")),
        ("#jobs", input),
        ("#jobs", format!("out/{IMAGE}-0.jpg")),
        ("#jobs", format!("in/{IMAGE}.mp4")),
        ("#callbacks", SCRIPT.to_owned()),
        ("#queues", format!("{IMAGE} queue")),
        ("#requests", "%3Cimg".to_owned()),
    ] {
        let found = format!(
            "document.querySelector({place:?}).textContent.includes({})",
            json!(text)
        );
        browser.wait(&found);
    }
    // and nowhere anything else.
    let made = browser.eval(
        "return [document.querySelectorAll('[onerror], img[src=x]').length, document.scripts.length, window.hit];",
        &json!([]),
    );
    assert_eq!(made, json!([0, 1, null]));
    clean(&browser);
    served.stop();
}

#[test]
fn the_policy_stops_a_script_that_gets_in_all_the_same() {
    let (served, browser) = opened(Config::ephemeral());
    let _ = browser.eval(
        "document.body.insertAdjacentHTML('beforeend', arguments[0]); \
         const script = document.createElement('script'); script.textContent = 'window.hit = 1'; document.body.append(script);",
        &json!([IMAGE]),
    );
    browser.wait("window.violations.length >= 2");
    assert_eq!(browser.eval("return window.hit;", &json!([])), json!(null));
    assert!(!browser.complaints().is_empty());
    served.stop();
}
