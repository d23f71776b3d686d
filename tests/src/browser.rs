//! A real browser: Debian's Chromium without a window, driven through chromedriver as WebDriver says.
//!
//! Each has a profile of its own in a temporary folder, and nothing in it calls out. What breaks the page's content
//! security policy and what the browser complains about is kept for [`Browser::complaints`].

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::until::until;

/// The key that WebDriver writes in place of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys without a character, as WebDriver numbers them.
pub mod key {
    /// The next thing that takes the focus.
    pub const TAB: &str = "\u{e004}";
    /// Presses what has the focus.
    pub const ENTER: &str = "\u{e007}";
    /// Marks or unmarks a box.
    pub const SPACE: &str = " ";
    /// The tab to the right.
    pub const RIGHT: &str = "\u{e014}";
    /// The first tab.
    pub const HOME: &str = "\u{e011}";
}

/// The tabs of the console, by the names its page gives them.
pub const TABS: [&str; 6] = [
    "jobs",
    "callbacks",
    "queues",
    "templates",
    "requests",
    "faults",
];

/// A browser with one page; it is gone when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one that has the size of a laptop's and light colours.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // What it starts is in its group, and ends with it.
            .process_group(0)
            .spawn()
            .expect("chromedriver starts: `cargo xtask test` installs it");
        let said = BufReader::new(driver.stdout.take().expect("stdout is a pipe"));
        let port = said.lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let root = format!(
            "http://127.0.0.1:{}",
            port.expect("chromedriver names its port")
        );
        let mut browser = Self {
            driver,
            session: root.clone(),
            _profile: profile,
        };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let mut args = vec![folder];
        let quiet = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--disable-quic",
            "--window-size=1280,900",
        ];
        args.extend(quiet.map(str::to_owned));
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": args},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let made = browser.send("POST", "/session", Some(&wanted));
        let id = made["sessionId"].as_str().expect("a session");
        browser.session = format!("{root}/session/{id}");
        browser.cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({"source": "window.violations = []; addEventListener('securitypolicyviolation', \
                (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));"}),
        );
        browser
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .into();
        let url = format!("{}{path}", self.session);
        let answer = match (method, body) {
            ("GET", _) => agent.get(&url).call(),
            (_, body) => agent
                .post(&url)
                .header("content-type", "application/json")
                .send(body.unwrap_or(&json!({})).to_string()),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let status = answer.status();
        let text = answer.body_mut().read_to_string().expect("an answer");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert!(status.is_success(), "{method} {path}: {}", value["value"]);
        value["value"].clone()
    }

    fn cdp(&self, command: &str, params: &Value) -> Value {
        let sent = json!({"cmd": command, "params": params});
        self.send("POST", "/goog/cdp/execute", Some(&sent))
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.send("POST", "/url", Some(&json!({ "url": url })));
    }

    /// The window's size, in the pixels of a page.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Dark or light colours, as a person sets them for the whole machine.
    pub fn colours(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.cdp(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        );
    }

    /// Runs JavaScript, which has its arguments in `arguments`, and returns what it returns.
    #[must_use]
    pub fn eval(&self, script: &str, arguments: &Value) -> Value {
        let sent = json!({"script": script, "args": arguments});
        self.send("POST", "/execute/sync", Some(&sent))
    }

    /// Waits until an expression is true and returns its value.
    #[track_caller]
    pub fn wait(&self, what: &str) -> Value {
        let script = format!("return ({what});");
        until(what, || {
            let value = self.eval(&script, &json!([]));
            let is_true =
                !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != "";
            is_true.then_some(value)
        })
    }

    fn element(&self, css: &str) -> String {
        let sent = json!({"using": "css selector", "value": css});
        let found = self.send("POST", "/element", Some(&sent));
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    /// Clicks on what a selector finds, which must be visible and not covered.
    pub fn click(&self, css: &str) {
        let path = format!("/element/{}/click", self.element(css));
        self.send("POST", &path, None);
    }

    /// Types into a field that a selector finds; for a field of a file, its path.
    pub fn fill(&self, css: &str, text: &str) {
        let path = format!("/element/{}/value", self.element(css));
        self.send("POST", &path, Some(&json!({ "text": text })));
    }

    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
            })
            .collect();
        let sent = json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]});
        self.send("POST", "/actions", Some(&sent));
    }

    /// What the page breaks of its policy, and what the browser complains about, since it was opened.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let violations = self.eval("return window.violations;", &json!([]));
        let log = self.send("POST", "/se/log", Some(&json!({"type": "browser"})));
        let violations = violations.as_array().expect("a list").iter();
        let log = log.as_array().expect("a list").iter();
        violations.chain(log).map(Value::to_string).collect()
    }

    /// The picture of the window, as WebP.
    #[must_use]
    pub fn picture(&self) -> Vec<u8> {
        let shot = self.cdp(
            "Page.captureScreenshot",
            &json!({"format": "webp", "quality": 80}),
        );
        base64(shot["data"].as_str().expect("text"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = format!("-{}", self.driver.id());
        drop(Command::new("kill").args(["-9", "--", &group]).output());
        drop(self.driver.wait());
    }
}

/// The bytes of a Base64 text.
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for digit in text.bytes().filter(|byte| *byte != b'=') {
        let value = DIGITS
            .iter()
            .position(|known| *known == digit)
            .expect("a digit of Base64");
        bits = (bits << 6 | value as u32) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_read() {
        assert_eq!(base64("aGVsbG8="), b"hello");
        assert_eq!(base64("/+8A"), [0xff, 0xef, 0]);
    }
}
