//! Whether to try again, and when: a decision before it is a sleep.

use std::sync::Mutex;
use std::time::Duration;

use ci_core::{Refusal, Repeat, Unreadable};
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::transport::{Sent, TransportError, TransportFault};

/// How one attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Transport(TransportError),
    Refused(Box<Refusal>),
    Unreadable(Box<Unreadable>),
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing was carried out, or twice is as good as once.
    Again,
    /// It may have been carried out, and must not be twice.
    Lost,
    /// Trying again would end the same way.
    Final,
}

/// The pure decision. What cannot have been carried out may always be sent again; what may have been only if twice has
/// the effect of once.
pub(crate) fn judge(failure: &Failure, repeat: Repeat) -> Verdict {
    let unless_twice_hurts = match repeat {
        Repeat::Safe => Verdict::Again,
        Repeat::Never => Verdict::Lost,
    };
    match failure {
        Failure::Transport(error) => match (error.sent(), error.fault(), repeat) {
            (_, TransportFault::Unsupported { .. }, _) => Verdict::Final,
            (Sent::No, ..) => Verdict::Again,
            (Sent::Maybe, TransportFault::TooLarge { .. }, Repeat::Safe) => Verdict::Final,
            (Sent::Maybe, ..) => unless_twice_hurts,
        },
        Failure::Refused(refusal) if refusal.is_throttled() => Verdict::Again,
        Failure::Refused(refusal) if refusal.is_server_fault() => unless_twice_hurts,
        Failure::Refused(refusal) if refusal.status.is_server_error() => match repeat {
            Repeat::Safe => Verdict::Final,
            Repeat::Never => Verdict::Lost,
        },
        Failure::Refused(_) => Verdict::Final,
        Failure::Unreadable(_) => unless_twice_hurts,
    }
}

/// How often, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts after the first: 3 by default.
    pub retries: u32,
    /// The longest first pause: 200 ms by default. It doubles with every attempt; the pause taken is random, between
    /// nothing and that.
    pub base: Duration,
    /// The longest pause: 20 s by default.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 3,
            base: Duration::from_millis(200),
            longest: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// Sets how many attempts may follow the first.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the longest first pause.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the longest pause.
    #[must_use]
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// The pause after `failed` attempts; `dice` is from 0 to 1. What the service asked for is the least.
    pub(crate) fn pause(&self, failed: u32, asked: Option<Duration>, dice: f64) -> Duration {
        let doubled = self
            .base
            .saturating_mul(2u32.saturating_pow(failed.saturating_sub(1)));
        let most = doubled.min(self.longest);
        let jittered =
            Duration::try_from_secs_f64(most.as_secs_f64() * dice.clamp(0.0, 1.0)).unwrap_or(most);
        asked.map_or(jittered, |asked| {
            asked.saturating_add(jittered.min(asked / 4))
        })
    }
}

/// `Retry-After`, in seconds or as a date (which is taken against the answer's own date).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    until.duration_since(now).ok()
}

/// What all calls of a client may spend on repeating: when a service is down, everybody's retries are what keeps it
/// down.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<u32>);

impl Budget {
    const FULL: u32 = 500;
    const RETRY: u32 = 5;
    const TIMEOUT: u32 = 10;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::FULL))
    }

    fn with<T>(&self, change: impl FnOnce(&mut u32) -> T) -> T {
        change(
            &mut self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// What one more attempt costs, if it can be afforded.
    pub(crate) fn take(&self, after_timeout: bool) -> Option<u32> {
        let cost = if after_timeout {
            Self::TIMEOUT
        } else {
            Self::RETRY
        };
        self.with(|left| {
            *left = left.checked_sub(cost)?;
            Some(cost)
        })
    }

    /// A call that succeeded gives back what it took, or a little.
    pub(crate) fn give(&self, taken: u32) {
        self.with(|left| *left = (*left + taken.max(1)).min(Self::FULL));
    }
}

/// A random number from 0 to 1.
pub(crate) fn dice() -> f64 {
    // 53 bits are what an f64 holds exactly.
    let bits = getrandom::u64().unwrap_or(u64::MAX / 2) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ci_core::{CancelJob, Operation, ReplyError};
    use http::HeaderValue;

    use super::*;

    fn refused(status: u16, code: &str) -> Failure {
        let head = http::Response::builder()
            .status(status)
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let body = Bytes::from(format!("<Error><Code>{code}</Code></Error>"));
        match CancelJob::response(&head, &body).unwrap_err() {
            ReplyError::Refused(refusal) => Failure::Refused(refusal),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_may_have_been_carried_out_is_never_sent_twice_when_twice_hurts() {
        use Verdict::{Again, Final, Lost};
        let not_sent = || Failure::Transport(TransportError::not_sent("refused"));
        let maybe = || Failure::Transport(TransportError::maybe_sent("closed"));
        for (failure, safe, never) in [
            (not_sent(), Again, Again),
            (maybe(), Again, Lost),
            (refused(429, "X"), Again, Again),
            (refused(503, "SlowDown"), Again, Again),
            (refused(200, "SlowDown"), Again, Again),
            (refused(503, "ServiceUnavailable"), Again, Lost),
            (refused(500, "SlowDown"), Again, Lost),
            (refused(500, "InternalError"), Again, Lost),
            (refused(502, ""), Again, Lost),
            (refused(504, ""), Again, Lost),
            (refused(501, "NotImplemented"), Final, Lost),
            (refused(200, "InternalError"), Again, Lost),
            (refused(400, "InvalidArgument"), Final, Final),
            (refused(403, "AccessDenied"), Final, Final),
            (refused(404, "NoSuchKey"), Final, Final),
            (refused(308, "PermanentRedirect"), Final, Final),
        ] {
            assert_eq!(judge(&failure, Repeat::Safe), safe, "{failure:?}");
            assert_eq!(judge(&failure, Repeat::Never), never, "{failure:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_are_jittered_to_nothing() {
        let policy = RetryPolicy::default();
        let longest = |failed| policy.pause(failed, None, 1.0).as_millis();
        assert_eq!(
            [1, 2, 3, 8, 80].map(longest),
            [200, 400, 800, 20_000, 20_000]
        );
        assert_eq!(policy.pause(3, None, 0.0), Duration::ZERO);
    }

    #[test]
    fn what_the_service_asks_for_is_the_least() {
        let policy = RetryPolicy::default();
        let asked = Some(Duration::from_secs(7));
        assert_eq!(policy.pause(1, asked, 0.0), Duration::from_secs(7));
        assert!(policy.pause(1, asked, 1.0) > Duration::from_secs(7));
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
        headers.insert(
            RETRY_AFTER,
            HeaderValue::from_static("Thu, 01 Jan 1970 00:01:00 GMT"),
        );
        headers.insert(
            DATE,
            HeaderValue::from_static("Thu, 01 Jan 1970 00:00:55 GMT"),
        );
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(5)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("soon"));
        assert_eq!(retry_after(&headers), None);
    }

    #[test]
    fn the_budget_runs_out_and_success_refills_it() {
        let budget = Budget::new();
        let mut taken = 0;
        while budget.take(false).is_some() {
            taken += 1;
        }
        assert_eq!(taken, 100);
        budget.give(0);
        assert!(budget.take(false).is_none());
        budget.give(Budget::RETRY);
        assert!(budget.take(false).is_some());
    }

    #[test]
    fn dice_are_between_zero_and_one() {
        assert!((0..100).all(|_| (0.0..1.0).contains(&dice())));
    }
}
