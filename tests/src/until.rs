//! Waiting for an event instead of a guessed time.

use std::time::{Duration, Instant};

/// How long an event may take before the test is called stuck. Far above what is needed: a slow
/// machine must not fail a test, and a test that passes never waits this long.
const STUCK: Duration = Duration::from_secs(120);

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// When the event does not come: the test has failed.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < STUCK, "waited {STUCK:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
