//! What goes wrong on purpose: rules that a test sets, matched against each call and callback.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::ids::Ids;

/// One rule: which calls it hits and what it does to them.
///
/// ```
/// use ci_local::{Effect, Fault};
/// let once = Fault::new(Effect::LoseAnswer).operation("CreateJob").nth(1);
/// let often = Fault::new(Effect::Delay { ms: 200 }).probability(0.3).seed(7);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Name of an operation such as `CreateJob` or `PutObject`, or `Callback`; absent is any call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only calls on this bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Only the nth call that matches, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// At most so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// With this probability, 0 to 1; absent is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Makes the choices of `probability` the same on every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// The call is not carried out; this is the answer.
    Refuse {
        /// HTTP status, 300 to 599.
        status: u16,
        /// Error code of the document.
        code: String,
        /// Its message.
        #[serde(default)]
        message: String,
    },
    /// The call is carried out after a while.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The call is not carried out and its connection ends without an answer.
    Reset,
    /// The call is carried out and its connection ends without an answer.
    LoseAnswer,
    /// The connection ends in the middle of the answer.
    Truncate {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// The body of the answer comes in pieces.
    SlowDrip {
        /// Bytes in each piece, at least 1.
        bytes: usize,
        /// Milliseconds between pieces.
        ms: u64,
    },
    /// A callback is counted as delivered and not sent. With operation `Callback`.
    DropCallback,
    /// A callback is sent twice. With operation `Callback`.
    DoubleCallback,
}

impl Effect {
    fn is_of_callbacks(&self) -> bool {
        matches!(self, Self::DropCallback | Self::DoubleCallback)
    }
}

impl Fault {
    /// A rule that hits every call.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: None,
            bucket: None,
            nth: None,
            times: None,
            probability: None,
            seed: None,
            effect,
        }
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Only calls on this bucket.
    #[must_use]
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = Some(bucket.into());
        self
    }

    /// Only the nth call that matches, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// At most so often.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// With this probability, 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// Makes the choices of `probability` the same on every run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What is wrong with the rule, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Some("probability must be from 0 to 1".to_owned());
        }
        match &self.effect {
            Effect::Refuse { status, .. } if !(300..=599).contains(status) => {
                Some(format!("status {status} refuses nothing: use 300 to 599"))
            }
            Effect::SlowDrip { bytes: 0, .. } => Some("pieces of 0 bytes never end".to_owned()),
            _ => None,
        }
    }
}

/// A rule with what it has seen.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: u64,
    #[serde(flatten)]
    fault: Fault,
    seen: u64,
    fired: u64,
    #[serde(skip)]
    dice: Ids,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<(u64, Vec<Rule>)>);

/// The operation name of callbacks.
pub(crate) const CALLBACK: &str = "Callback";

impl Faults {
    pub(crate) fn add(&self, fault: Fault) -> u64 {
        let mut rules = self.rules();
        rules.0 += 1;
        let id = rules.0;
        let dice = Ids::new(fault.seed);
        rules.1.push(Rule {
            id,
            fault,
            seen: 0,
            fired: 0,
            dice,
        });
        id
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.1.len();
        rules.1.retain(|rule| rule.id != id);
        rules.1.len() < before
    }

    pub(crate) fn clear(&self) {
        self.rules().1.clear();
    }

    pub(crate) fn list(&self) -> serde_json::Value {
        serde_json::to_value(&self.rules().1).unwrap_or_default()
    }

    /// The effect of the first rule that hits this call.
    pub(crate) fn hit(&self, operation: &str, bucket: Option<&str>) -> Option<Effect> {
        let mut rules = self.rules();
        rules
            .1
            .iter_mut()
            .find_map(|rule| rule.hit(operation, bucket))
    }

    fn rules(&self) -> MutexGuard<'_, (u64, Vec<Rule>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn hit(&mut self, operation: &str, bucket: Option<&str>) -> Option<Effect> {
        let fault = &self.fault;
        let named = match &fault.operation {
            Some(name) => name == operation,
            None => (operation == CALLBACK) == fault.effect.is_of_callbacks(),
        };
        let here = fault
            .bucket
            .as_deref()
            .is_none_or(|wanted| bucket == Some(wanted));
        if !named || !here {
            return None;
        }
        self.seen += 1;
        let due = fault.nth.is_none_or(|nth| nth == self.seen)
            && fault.times.is_none_or(|times| self.fired < times);
        // 53 bits make an even choice between 0 and 1.
        let dice = (self.dice.random() >> 11) as f64 / (1_u64 << 53) as f64;
        if !due || fault.probability.is_some_and(|p| dice >= p) {
            return None;
        }
        self.fired += 1;
        Some(fault.effect.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(fault: Fault, calls: &[(&str, &str)]) -> Vec<bool> {
        let faults = Faults::default();
        faults.add(fault);
        calls
            .iter()
            .map(|(operation, bucket)| faults.hit(operation, Some(bucket)).is_some())
            .collect()
    }

    #[test]
    fn a_rule_hits_what_it_names_and_no_more() {
        let calls = [
            ("CreateJob", "a"),
            ("PutObject", "a"),
            ("CreateJob", "b"),
            ("CreateJob", "a"),
        ];
        let fault = || Fault::new(Effect::Reset);
        assert_eq!(hits(fault(), &calls), [true; 4]);
        assert_eq!(
            hits(fault().operation("CreateJob"), &calls),
            [true, false, true, true]
        );
        assert_eq!(hits(fault().bucket("a"), &calls), [true, true, false, true]);
        assert_eq!(
            hits(fault().operation("CreateJob").nth(2), &calls),
            [false, false, true, false]
        );
        assert_eq!(hits(fault().times(1), &calls), [true, false, false, false]);
        assert_eq!(hits(fault().probability(0.0), &calls), [false; 4]);
        assert_eq!(hits(fault().probability(1.0), &calls), [true; 4]);
        assert_eq!(hits(fault(), &[(CALLBACK, "a")]), [false]);
        assert_eq!(
            hits(
                Fault::new(Effect::DropCallback),
                &[(CALLBACK, "a"), ("CreateJob", "a")]
            ),
            [true, false]
        );
    }

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let calls = [("CreateJob", "a"); 64];
        let half = || Fault::new(Effect::Reset).probability(0.5);
        let first = hits(half().seed(1), &calls);
        assert_eq!(first, hits(half().seed(1), &calls));
        assert_ne!(first, hits(half().seed(2), &calls));
        let fired = first.iter().filter(|hit| **hit).count();
        assert!((16..=48).contains(&fired), "{fired} of 64");
    }

    #[test]
    fn a_rule_reads_as_it_is_written_and_typing_errors_are_refused() {
        let fault = Fault::new(Effect::Refuse {
            status: 503,
            code: "SlowDown".into(),
            message: String::new(),
        })
        .nth(2);
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
        assert!(
            serde_json::from_str::<Fault>("{\"nht\":1,\"effect\":{\"kind\":\"reset\"}}").is_err()
        );
        assert!(
            Fault::new(Effect::Reset)
                .probability(1.5)
                .problem()
                .is_some()
        );
        let ok = Effect::Refuse {
            status: 200,
            code: String::new(),
            message: String::new(),
        };
        assert!(Fault::new(ok).problem().is_some());
    }
}
