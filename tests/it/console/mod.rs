//! The console in a real browser: what a person sees and does, and what a stranger's text cannot do.

mod log;
mod looks;
mod text;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ci_client::{Client, Credentials};
use ci_local::{Config, LOCAL_SECRET_ID};
use ci_model::SmartCover;
use ci_tests::browser::{Browser, key};
use ci_tests::data;
use ci_tests::local::{BUCKET, client};
use ci_tests::on_port::OnPort;
use serde_json::{Value, json};

/// An engine and a browser that shows its console.
fn opened(config: Config) -> (OnPort, Browser) {
    let served = OnPort::start(config.control(true).workers(2));
    let browser = Browser::start();
    browser.open(&format!("{}/_console/", served.url()));
    browser.wait("$('glance').textContent.startsWith('0 waiting')");
    (served, browser)
}

fn client_of(served: &OnPort) -> Client {
    client().endpoint(served.url()).build().expect("a client")
}

/// One that signs with another secret.
fn client_with(served: &OnPort, secret: &str) -> Client {
    client()
        .endpoint(served.url())
        .credentials(Credentials::new(LOCAL_SECRET_ID, secret))
        .build()
        .expect("a client")
}

/// Nothing broke the policy of the page, and nothing was complained about but what the test provoked.
#[track_caller]
fn clean(browser: &Browser) {
    assert_eq!(browser.complaints(), [""; 0]);
}

/// ffmpeg that waits until a file is there: the real one then does the work.
fn held_ffmpeg(folder: &Path) -> Config {
    let script = folder.join("ffmpeg");
    let gate = folder.join("go");
    let text = format!(
        "#!/bin/sh\nuntil [ -e '{}' ]; do sleep 0.02; done\nexec ffmpeg \"$@\"\n",
        gate.display()
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
    Config::ephemeral().ffmpeg(script, "/usr/bin/ffprobe")
}

#[test]
fn a_job_of_the_form_is_seen_to_run_and_its_covers_appear_without_reloading() {
    let folder = tempfile::tempdir().expect("a folder");
    let (served, browser) = opened(held_ffmpeg(folder.path()));
    let _ = browser.eval("window.sameDocument = true;", &json!([]));
    browser.fill("[name=file]", &data("bikes.mp4").display().to_string());
    browser.wait("$('form').elements.input.value === 'in/bikes.mp4'");
    browser.fill("[name=count]", "3");
    browser.fill("[name=width]", "480");
    browser.click("[name=dedupe]");
    browser.click(".go");
    browser.wait("document.querySelector('article.Running .pill.Running')");
    browser.wait("$('glance').textContent.includes('1 running')");
    browser.wait("/^submitted j/.test($('doing').textContent)");
    fs::write(folder.path().join("go"), "").expect("written");

    browser.wait("document.querySelectorAll('article.Success .strip img').length === 3");
    browser.wait(
        "[...document.querySelectorAll('.strip img')].every((i) => i.complete && i.naturalWidth === 480)",
    );
    let shown = browser.eval(
        "return {same: window.sameDocument, jobs: document.querySelectorAll('article').length, \
           times: [...document.querySelectorAll('.strip .at')].map((e) => e.textContent), \
           scores: [...document.querySelectorAll('.strip meter')].map((e) => e.value), \
           alt: document.querySelector('.strip img').alt};",
        &json!([]),
    );
    assert_eq!((&shown["same"], &shown["jobs"]), (&json!(true), &json!(1)));
    let listed = |name: &str| shown[name].as_array().expect("a list").clone();
    assert!(
        listed("times")
            .iter()
            .all(|time| time.as_str().is_some_and(|t| t.ends_with(" s")))
    );
    let scores: Vec<f64> = listed("scores").iter().filter_map(Value::as_f64).collect();
    assert!(
        scores.len() == 3 && scores[0] > 0.0 && scores[0] >= scores[2],
        "{scores:?}"
    );
    assert!(
        shown["alt"]
            .as_str()
            .is_some_and(|alt| alt.starts_with("cover 1 of 3, at ")),
        "{shown}"
    );
    clean(&browser);
    served.stop();
}

#[test]
fn what_fails_or_is_refused_says_why() {
    let (served, browser) = opened(Config::ephemeral());
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken.mp4");
    fs::write(&broken, "this is no video").expect("written");
    browser.fill("[name=file]", &broken.display().to_string());
    browser.click(".go");
    browser.wait("document.querySelector('article.Failed')");
    let why = browser.wait("document.querySelector('article.Failed .why')?.textContent");
    assert!(
        why.as_str()
            .is_some_and(|why| why.starts_with("InvalidMedia: ")),
        "{why}"
    );

    // Refused at submit: the reason stands in the form and is read out.
    let _ = browser.eval(
        "$('form').elements.input.value = 'in/absent.mp4';",
        &json!([]),
    );
    browser.click(".go");
    let said = browser.wait("$('said').textContent");
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("does not exist")),
        "{said}"
    );
    assert_eq!(
        browser.eval("return $('said').getAttribute('role');", &json!([])),
        "alert"
    );
    assert_eq!(
        browser.wait("document.querySelectorAll('article').length"),
        1
    );
    // The browser itself notes the refused call, and nothing else.
    let complaints = browser.complaints();
    assert!(
        complaints.len() == 1 && complaints[0].contains("status of 400"),
        "{complaints:?}"
    );

    served.stop();
    browser.wait(
        "$('glance').className === 'lost' && $('glance').textContent.includes('does not answer')",
    );
}

#[test]
fn everything_works_by_keyboard_in_a_narrow_window() {
    let (served, browser) = opened(Config::ephemeral());
    let client = client_of(&served);
    served
        .wait(client.put_file("in/bikes.mp4", data("bikes.mp4")))
        .expect("put");
    browser.resize(390, 800);
    browser.open(&format!("{}/_console/", served.url()));
    browser.wait("$('glance').textContent.startsWith('0 waiting')");
    let focus = |what: &str| browser.wait(&format!("document.activeElement.matches({what:?})"));
    // The link over the form comes first; then the form, which a narrow window keeps shut.
    browser.press(key::TAB);
    focus(".skip");
    assert_eq!(browser.eval("return $('new').open;", &json!([])), false);
    browser.press(key::TAB);
    focus("#new > summary");
    browser.press(key::ENTER);
    browser.wait("$('new').open");
    browser.press(key::TAB);
    focus("[name=bucket]");
    // What the field holds is selected when the focus comes by keyboard.
    browser.press(BUCKET);
    browser.press(&[key::TAB, key::TAB].concat());
    focus("[name=input]");
    browser.press("in/bikes.mp4");
    browser.press(key::TAB);
    focus("[name=count]");
    browser.press("2");
    browser.press(key::ENTER);
    browser.wait("document.querySelectorAll('article.Success .strip img').length === 2");

    // Tabs: one stop, arrows within.
    let stops =
        "[...document.querySelectorAll('[role=tab]')].filter((tab) => tab.tabIndex === 0).length";
    assert_eq!(browser.wait(stops), 1);
    let _ = browser.eval("document.querySelector('.go').focus();", &json!([]));
    browser.press(key::TAB);
    focus("#tab-jobs");
    browser.press(&[key::RIGHT, key::RIGHT].concat());
    focus("#tab-queues");
    assert_eq!(
        browser.eval("return $('queues').hidden;", &json!([])),
        false
    );
    browser.press(key::TAB);
    focus("section#queues");
    browser.press(key::TAB);
    focus("[data-act=toggle]");
    browser.press(key::ENTER);
    browser.wait("document.querySelector('#queues .pill.Paused')");
    // The button is another one now, and the focus is on it.
    focus("[data-act=toggle]");
    assert_eq!(browser.wait("document.activeElement.textContent"), "Resume");

    // A waiting job is cancelled with the keyboard, and the focus stays with it.
    served
        .wait(client.create_job(SmartCover::new(), "in/bikes.mp4", "x/${number}.jpg"))
        .expect("created");
    let _ = browser.eval("$('tab-queues').focus();", &json!([]));
    browser.press(key::HOME);
    focus("#tab-jobs");
    browser.wait("document.querySelector('article.Pause [data-act=cancel]')");
    browser.press(&[key::TAB, key::TAB].concat());
    focus("[data-act=cancel]");
    browser.press(key::SPACE);
    browser.wait("document.querySelector('article.Cancel')");
    focus("article.Cancel");
    clean(&browser);
    served.stop();
}
