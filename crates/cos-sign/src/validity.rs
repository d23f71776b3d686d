//! From when until when a signature holds, written as `q-sign-time` and `q-key-time`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A window of Unix seconds, both ends included. Shown as `start;end`.
///
/// `q-sign-time` and `q-key-time` always carry the same window here, because sources contradict each other
/// on what unequal ones would mean (436/7778 and its earlier edition).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity {
    start: u64,
    end: u64,
}

/// Why a [`Validity`] cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValidityError {
    /// The window ends before it starts.
    #[error("the window {start};{end} ends before it starts")]
    EndsBeforeStart {
        /// First second of the window.
        start: u64,
        /// Last second of the window.
        end: u64,
    },
    /// Not two decimal numbers with a semicolon between them.
    #[error("`{0}` is not a window: write two Unix times in seconds as start;end")]
    Form(String),
}

impl Validity {
    /// The window from `start` to `end`, in Unix seconds.
    ///
    /// # Errors
    /// [`ValidityError::EndsBeforeStart`].
    pub fn new(start: u64, end: u64) -> Result<Self, ValidityError> {
        if end < start {
            return Err(ValidityError::EndsBeforeStart { start, end });
        }
        Ok(Self { start, end })
    }

    /// The window that starts at `unix` seconds and lasts `lasting`, in whole seconds.
    #[must_use]
    pub fn starting_at(unix: u64, lasting: Duration) -> Self {
        Self {
            start: unix,
            end: unix.saturating_add(lasting.as_secs()),
        }
    }

    /// First second of the window.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Last second of the window.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether `now`, in Unix seconds, lies inside.
    #[must_use]
    pub fn contains(&self, now: u64) -> bool {
        (self.start..=self.end).contains(&now)
    }

    /// `start;end` without an allocation.
    pub(crate) fn text(&self) -> KeyTime {
        let mut text = KeyTime {
            bytes: [0; 41],
            from: 41,
        };
        text.push_number(self.end);
        text.push_byte(b';');
        text.push_number(self.start);
        text
    }
}

/// `start;end`, filled from the right; two numbers of at most 20 digits.
#[derive(Clone, Copy)]
pub(crate) struct KeyTime {
    bytes: [u8; 41],
    from: usize,
}

/// The two digits of each number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        table[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    table
};

impl KeyTime {
    fn push_byte(&mut self, byte: u8) {
        if let Some(before) = self.from.checked_sub(1) {
            self.bytes[before] = byte;
            self.from = before;
        }
    }

    fn push_number(&mut self, mut number: u64) {
        // Two digits at a time, as divisions are what this costs.
        while number >= 100 {
            let [tens, ones] = PAIRS[(number % 100) as usize];
            number /= 100;
            self.push_byte(ones);
            self.push_byte(tens);
        }
        let [tens, ones] = PAIRS[number as usize];
        self.push_byte(ones);
        if number >= 10 {
            self.push_byte(tens);
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.start, self.end)
    }
}

impl FromStr for Validity {
    type Err = ValidityError;

    /// Reads `start;end`. Signs and leading zeros are refused: the text is part of what is signed,
    /// so there must be one way to write a window.
    fn from_str(text: &str) -> Result<Self, ValidityError> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit())
                && (digits.len() == 1 || !digits.starts_with('0'));
            plain.then(|| digits.parse::<u64>().ok()).flatten()
        };
        let form = || ValidityError::Form(text.chars().take(64).collect());
        let (start, end) = text.split_once(';').ok_or_else(form)?;
        let (Some(start), Some(end)) = (number(start), number(end)) else {
            return Err(form());
        };
        Self::new(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_back_as_it_was_written() {
        for (start, end) in [
            (0, 0),
            (7, 10),
            (99, 100),
            (101, 999),
            (1000, 1_700_003_600),
            (u64::MAX, u64::MAX),
        ] {
            let window = Validity::new(start, end).unwrap();
            let text = window.to_string();
            assert_eq!(text.parse(), Ok(window));
            assert_eq!(window.text().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn a_window_that_ends_before_it_starts_is_refused() {
        assert_eq!(
            Validity::new(5, 4),
            Err(ValidityError::EndsBeforeStart { start: 5, end: 4 })
        );
        assert!(Validity::new(5, 5).is_ok());
    }

    #[test]
    fn there_is_one_way_to_write_a_window() {
        for text in [
            "",
            "1",
            "1;",
            ";1",
            "01;2",
            "+1;2",
            "1;2;3",
            "1; 2",
            "1;99999999999999999999",
        ] {
            assert!(text.parse::<Validity>().is_err(), "{text}");
        }
    }

    #[test]
    fn both_ends_belong_to_the_window() {
        let window = Validity::starting_at(10, Duration::from_secs(5));
        assert_eq!(
            [9, 10, 15, 16].map(|now| window.contains(now)),
            [false, true, true, false]
        );
    }
}
