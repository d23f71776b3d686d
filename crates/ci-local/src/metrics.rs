//! Counters since the engine started, in the text form that Prometheus reads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters; reading and adding need no lock.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) accepted: Counter,
    pub(crate) succeeded: Counter,
    pub(crate) failed: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) callbacks_delivered: Counter,
    pub(crate) callbacks_failed: Counter,
    pub(crate) answers_ok: Counter,
    pub(crate) answers_refused: Counter,
    pub(crate) answers_failed: Counter,
    pub(crate) refused_signatures: Counter,
    pub(crate) answer_micros: Counter,
    pub(crate) job_millis: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What stands in the database now.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) waiting: i64,
    pub(crate) running: i64,
    pub(crate) callbacks: i64,
}

impl Metrics {
    /// The exposition text.
    pub(crate) fn render(&self, now: Standing) -> String {
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, help: &str, rows: &[(&str, String)]| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in rows {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        };
        let n = |counter: &Counter| counter.get().to_string();
        let seconds = |parts: u64, of: f64| (parts as f64 / of).to_string();
        family(
            "ci_local_jobs_accepted_total",
            "counter",
            "Jobs accepted since the start.",
            &[("", n(&self.accepted))],
        );
        family(
            "ci_local_jobs_ended_total",
            "counter",
            "Jobs ended since the start.",
            &[
                ("{state=\"Success\"}", n(&self.succeeded)),
                ("{state=\"Failed\"}", n(&self.failed)),
                ("{state=\"Cancel\"}", n(&self.cancelled)),
            ],
        );
        family(
            "ci_local_job_seconds_total",
            "counter",
            "Time spent on jobs that ran to an end.",
            &[("", seconds(self.job_millis.get(), 1e3))],
        );
        family(
            "ci_local_jobs",
            "gauge",
            "Jobs that wait or run.",
            &[
                ("{state=\"Submitted\"}", now.waiting.to_string()),
                ("{state=\"Running\"}", now.running.to_string()),
            ],
        );
        family(
            "ci_local_callback_attempts_total",
            "counter",
            "Attempts to deliver a callback.",
            &[
                ("{result=\"delivered\"}", n(&self.callbacks_delivered)),
                ("{result=\"failed\"}", n(&self.callbacks_failed)),
            ],
        );
        family(
            "ci_local_callbacks_waiting",
            "gauge",
            "Callbacks in the outbox.",
            &[("", now.callbacks.to_string())],
        );
        family(
            "ci_local_answers_total",
            "counter",
            "HTTP answers by class of status.",
            &[
                ("{class=\"2xx\"}", n(&self.answers_ok)),
                ("{class=\"4xx\"}", n(&self.answers_refused)),
                ("{class=\"5xx\"}", n(&self.answers_failed)),
            ],
        );
        family(
            "ci_local_answer_seconds_total",
            "counter",
            "Time from a request's head to its answer's head.",
            &[("", seconds(self.answer_micros.get(), 1e6))],
        );
        family(
            "ci_local_refused_signatures_total",
            "counter",
            "Requests refused for their signature.",
            &[("", n(&self.refused_signatures))],
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_comment_or_a_sample() {
        let metrics = Metrics::default();
        metrics.accepted.add(3);
        let text = metrics.render(Standing {
            waiting: 2,
            ..Standing::default()
        });
        assert!(text.contains("ci_local_jobs_accepted_total 3\n"), "{text}");
        assert!(
            text.contains("ci_local_jobs{state=\"Submitted\"} 2\n"),
            "{text}"
        );
        for line in text.lines() {
            let sample = line
                .rsplit_once(' ')
                .is_some_and(|(_, v)| v.parse::<f64>().is_ok());
            assert!(line.starts_with("# ") || sample, "{line}");
        }
    }
}
