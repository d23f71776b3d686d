//! The engine's clock: the system's, unless a test froze or moved it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, as the engine stores every moment.
pub(crate) type Millis = i64;

/// The last moment of the year 9999 where the service's times are written (+0800), and so of HTTP's dates too: neither
/// has a form for a later one.
const LAST: Millis = 253_402_271_999_999;

/// Tells the time to signatures, jobs and records; waiting (deadlines, backoff) runs on real time.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Setting>);

#[derive(Debug, Clone, Copy, Default)]
enum Setting {
    #[default]
    System,
    Frozen(Millis),
    Moved {
        from: Millis,
        since: Instant,
    },
}

impl Clock {
    /// Never before 1970 and never past the year 9999, however far a test moved it.
    pub(crate) fn now(&self) -> Millis {
        let now = match *self.setting() {
            Setting::System => system(),
            Setting::Frozen(at) => at,
            Setting::Moved { from, since } => {
                from.saturating_add(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX))
            }
        };
        now.clamp(0, LAST)
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.now().div_euclid(1000)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(*self.setting(), Setting::Frozen(_))
    }

    /// Stops the clock, at `at` or where it stands.
    pub(crate) fn freeze(&self, at: Option<Millis>) {
        let at = at.unwrap_or_else(|| self.now());
        *self.setting() = Setting::Frozen(at);
    }

    /// Moves the clock by so much; a frozen one stays frozen.
    pub(crate) fn advance(&self, by: Millis) {
        let to = self.now().saturating_add(by);
        let mut setting = self.setting();
        *setting = match *setting {
            Setting::Frozen(_) => Setting::Frozen(to),
            _ => Setting::Moved {
                from: to,
                since: Instant::now(),
            },
        };
    }

    /// Lets a frozen clock run on from where it stands.
    pub(crate) fn thaw(&self) {
        let from = self.now();
        *self.setting() = Setting::Moved {
            from,
            since: Instant::now(),
        };
    }

    /// Back to the system's time.
    pub(crate) fn reset(&self) {
        *self.setting() = Setting::System;
    }

    fn setting(&self) -> MutexGuard<'_, Setting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system's time; a clock before 1970 counts as 1970.
pub(crate) fn system() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_still_and_can_be_moved() {
        let clock = Clock::default();
        clock.freeze(Some(5_000));
        assert_eq!((clock.now(), clock.seconds()), (5_000, 5));
        clock.advance(3_600_000);
        assert_eq!(clock.now(), 3_605_000);
        assert!(clock.is_frozen());
        clock.thaw();
        assert!(!clock.is_frozen());
        assert!(clock.now() >= 3_605_000 && clock.now() < 4_000_000);
        clock.reset();
        assert!(clock.now() > 1_700_000_000_000);
    }

    #[test]
    fn a_running_clock_can_be_moved_and_runs_on() {
        let clock = Clock::default();
        let before = system();
        clock.advance(86_400_000);
        assert!(clock.now() >= before + 86_400_000);
        assert!(!clock.is_frozen());
    }
}
