//! What the console tells of requests, callbacks and faults.

use std::time::Duration;

use ci_local::{Config, Effect, Fault, Media};
use ci_model::{CreateJobRequest, JobOutput, OperationRequest, SmartCover};
use ci_tests::local::{BUCKET, REGION};
use ci_tests::receiver::receiver;
use serde_json::json;

use super::{clean, client_of, client_with, opened};

#[test]
fn callbacks_show_their_attempts_and_can_be_sent_again() {
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .callback_backoff(Duration::from_millis(5));
    let (served, browser) = opened(config);
    let client = client_of(&served);
    served
        .wait(client.put_object("in/a.mp4", "x"))
        .expect("put");
    let output = JobOutput::new(REGION, BUCKET, "out/${number}.jpg");
    let request = CreateJobRequest::smart_cover(
        "in/a.mp4",
        OperationRequest::inline(SmartCover::new(), output),
    );
    let url = receiver(&["503 Not Now", "200 OK"]);
    served
        .wait(client.create_job_with(request.call_back(url.as_str().into())))
        .expect("created");
    browser.click("#tab-callbacks");
    browser.wait("document.querySelector('#callbacks .pill.Delivered')");
    let attempts = "[...document.querySelectorAll('#callbacks li')].map((e) => e.textContent.match(/ (\\d+) after/)[1]).join()";
    assert_eq!(browser.wait(attempts), "503,200");
    browser.wait("document.querySelector('#jobs .calls').textContent.includes('503 after')");
    browser.click("#callbacks [data-act=again]");
    browser.wait(&format!("{attempts} === '503,200,200'"));
    clean(&browser);
    served.stop();
}

#[test]
fn requests_appear_with_their_verdicts_and_can_be_filtered() {
    let (served, browser) = opened(Config::ephemeral().media(Media::Synthetic));
    let client = client_of(&served);
    browser.click("#tab-requests");
    served
        .wait(client.put_object("in/a.mp4", "x"))
        .expect("put");
    // No job has changed: the request itself is the news.
    browser.wait("$('log').querySelector('.pill.valid')");
    let stranger = client_with(&served, "wrong");
    let refused = served.wait(stranger.get_object("in/a.mp4"));
    let request_id = refused
        .expect_err("refused")
        .request_id()
        .expect("an id")
        .to_owned();
    browser
        .wait("$('log').querySelector('.pill.refused')?.textContent === 'SignatureDoesNotMatch'");
    assert_eq!(
        browser.wait("$('log').querySelectorAll('tbody tr').length"),
        2
    );
    browser.click("#refused");
    browser.wait("$('log').querySelectorAll('tbody tr').length === 1");
    browser.click("#refused");
    browser.fill("#find", "putobject");
    browser.wait("$('log').querySelectorAll('tbody tr').length === 1 && $('log').querySelector('.pill.valid')");
    browser.fill("#find", " nothing");
    browser.wait("$('log').textContent === 'No request matches.'");
    // What a program logs of a failure is found again.
    let _ = browser.eval(
        "$('find').value = arguments[0]; drawRequests();",
        &json!([request_id]),
    );
    browser.wait("$('log').querySelectorAll('tbody tr').length === 1 && $('log').querySelector('.pill.refused')");
    clean(&browser);
    served.stop();
}

#[test]
fn faults_and_a_frozen_clock_are_not_forgotten() {
    let (served, browser) = opened(Config::ephemeral().media(Media::Synthetic));
    let client = client_of(&served);
    served
        .engine
        .add_fault(
            Fault::new(Effect::Delay { ms: 1 })
                .operation("PutObject")
                .times(1),
        )
        .expect("a fault");
    served.engine.freeze_clock(None);
    served
        .wait(client.put_object("in/a.mp4", "x"))
        .expect("put");
    browser.wait("$('facts').textContent.includes('clock frozen at')");
    browser.wait("$('count-faults').textContent === '1'");
    browser.click("#tab-faults");
    let row = browser.wait("$('faults').querySelector('tbody tr')?.innerText");
    let cells: Vec<&str> = row.as_str().expect("text").split("\t").collect();
    assert_eq!(cells, ["PutObject", "delay ms=1", "times=1", "1", "1"]);
    clean(&browser);
    served.stop();
}
