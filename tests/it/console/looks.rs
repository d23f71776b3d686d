//! How the console looks: in wide and narrow windows, in light and in dark.

use ci_local::Config;
use ci_model::{CoverCount, SmartCover};
use ci_tests::browser::TABS;
use ci_tests::data;
use serde_json::json;

use super::{clean, client_of, client_with, opened};

/// The least contrast among visible texts, as WCAG counts it, with the text that has it.
const CONTRAST: &str = "
    const rgb = (text) => { const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true}); \
        c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
    let least = [21, ''];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.offsetParent || e.matches('.at, option, .skip')) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < least[0]) least = [ratio, e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40)];
    }
    return least;";

#[test]
fn it_fits_every_window_and_can_be_read_in_light_and_dark() {
    let (served, browser) = opened(Config::ephemeral());
    let client = client_of(&served);
    let long = format!("in/{}/{}.mp4", "a".repeat(200), "b".repeat(200));
    served
        .wait(client.put_file(&long, data("bikes.mp4")))
        .expect("put");
    let five = SmartCover::new().count(CoverCount::new(5).expect("in range"));
    served
        .wait(client.create_job(five, &*long, "out/${jobid}/${number}.jpg"))
        .expect("created");
    served
        .wait(client.put_object("in/text.mp4", "no video"))
        .expect("put");
    served
        .wait(client.create_job(SmartCover::new(), "in/text.mp4", "no/${number}.jpg"))
        .expect("created");
    browser.wait("document.querySelectorAll('article.Success img').length === 5");
    browser.wait("document.querySelector('article.Failed')");
    let stranger = client_with(&served, "wrong");
    drop(served.wait(stranger.get_object(&*long)));
    browser.wait("$('log').querySelector('.pill.refused')");
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.colours(scheme);
        for (width, height) in [(1280, 900), (390, 800), (320, 640)] {
            browser.resize(width, height);
            for tab in TABS {
                let _ = browser.eval("choose(arguments[0]);", &json!([tab]));
                let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
                assert_eq!(
                    browser.eval(over, &json!([])),
                    0,
                    "{tab} at {width} is too wide"
                );
                let least = browser.eval(CONTRAST, &json!([]));
                assert!(
                    least[0].as_f64().is_some_and(|ratio| ratio >= 4.5),
                    "{scheme} {tab}: {least}"
                );
            }
        }
        grounds.push(browser.eval(
            "return getComputedStyle(document.body).backgroundColor;",
            &json!([]),
        ));
    }
    assert_ne!(grounds[0], grounds[1], "dark is another ground");
    clean(&browser);
    served.stop();
}
