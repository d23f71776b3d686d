//! What time it is: here, and at the service.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{AGE, DATE};
use tokio::time::Instant;

/// Tells the time that signatures carry. Replaced in tests; durations are measured by tokio.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Unix time in seconds.
pub(crate) fn unix(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// A moment this much later. "Never" is written as a very long time, which must not overflow.
pub(crate) fn after(from: Instant, by: Duration) -> Instant {
    let far = Duration::from_secs(30 * 365 * 86400);
    from.checked_add(by).unwrap_or_else(|| from + far)
}

/// For people: to the millisecond.
pub(crate) fn rounded(time: Duration) -> Duration {
    let millis = time.saturating_add(Duration::from_micros(500)).as_millis();
    u64::try_from(millis).map_or(time, Duration::from_millis)
}

const UNKNOWN: i64 = i64::MIN;

/// By how much the service's clock is ahead of ours.
///
/// Signatures are shifted only after the service complained, and no longer than later answers agree: a date on its own
/// may come from anywhere on the way.
#[derive(Debug)]
pub(crate) struct Skew {
    /// Applied to signatures, in seconds.
    applied: AtomicI64,
    /// As last seen, in seconds.
    seen: AtomicI64,
}

impl Skew {
    /// Differences below this are delays, not clocks.
    const LEAST: i64 = 30;
    /// A signature for a time that far away would be worth stealing. A wrong time zone still fits.
    const MOST: i64 = 24 * 3600;

    pub(crate) fn new() -> Self {
        Self {
            applied: AtomicI64::new(0),
            seen: AtomicI64::new(UNKNOWN),
        }
    }

    /// The difference to add to our clock when signing.
    pub(crate) fn applied(&self) -> i64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// The difference as last seen, if any answer had a date.
    pub(crate) fn seen(&self) -> Option<i64> {
        Some(self.seen.load(Ordering::Relaxed)).filter(|seen| *seen != UNKNOWN)
    }

    /// Takes note of an answer's date. Drops the shift if the answer contradicts it.
    pub(crate) fn observe(
        &self,
        headers: &HeaderMap,
        sent: SystemTime,
        took: Duration,
    ) -> Option<i64> {
        // A cache answers with the time at which it was filled.
        if headers.contains_key(AGE) {
            return None;
        }
        let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
        let middle = sent.checked_add(took / 2)?;
        let difference = unix(date) - unix(middle);
        self.seen.store(difference, Ordering::Relaxed);
        let applied = self.applied();
        if applied != 0 && (applied - difference).abs() > Self::LEAST {
            self.applied.store(0, Ordering::Relaxed);
        }
        Some(difference)
    }

    /// The service says that our time is wrong: takes over the difference of its answer, if it explains that.
    pub(crate) fn learn(&self, difference: i64) -> bool {
        let explains = (Self::LEAST..=Self::MOST).contains(&difference.abs());
        let news = (self.applied() - difference).abs() > 1;
        if explains && news {
            self.applied.store(difference, Ordering::Relaxed);
        }
        explains && news
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NOON: u64 = 1_700_000_000;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn dated(seconds: u64) -> HeaderMap {
        let date = httpdate::fmt_http_date(at(seconds));
        HeaderMap::from_iter([(DATE, HeaderValue::from_str(&date).unwrap())])
    }

    #[test]
    fn times_are_shown_to_the_millisecond() {
        let shown = |nanos| format!("{:?}", rounded(Duration::from_nanos(nanos)));
        assert_eq!(shown(199_987_271), "200ms");
        assert_eq!(shown(29_999_999_999), "30s");
        assert_eq!(rounded(Duration::MAX), Duration::MAX);
    }

    #[test]
    fn the_difference_is_measured_in_the_middle_of_the_exchange() {
        let skew = Skew::new();
        let seen = skew.observe(&dated(NOON + 3605), at(NOON), Duration::from_secs(10));
        assert_eq!(seen, Some(3600));
        assert_eq!(skew.applied(), 0, "a date alone changes nothing");
    }

    #[test]
    fn a_cached_answer_and_an_absurd_date_teach_nothing() {
        let skew = Skew::new();
        let mut cached = dated(NOON + 3600);
        cached.insert(AGE, HeaderValue::from_static("3600"));
        assert_eq!(skew.observe(&cached, at(NOON), Duration::ZERO), None);
        assert!(!skew.learn(25 * 3600) && !skew.learn(-25 * 3600) && !skew.learn(5));
        assert_eq!(skew.applied(), 0);
    }

    #[test]
    fn a_shift_is_dropped_when_a_later_answer_disagrees() {
        let skew = Skew::new();
        assert!(skew.learn(-3600));
        skew.observe(&dated(NOON - 3590), at(NOON), Duration::ZERO);
        assert_eq!(skew.applied(), -3600, "within the noise");
        skew.observe(&dated(NOON), at(NOON), Duration::ZERO);
        assert_eq!(skew.applied(), 0, "somebody set our clock");
        assert!(skew.learn(-3600), "and it can be learned again");
    }
}
