//! Numbers with a documented range: made only inside it, read as they come.

use crate::InvalidValue;

macro_rules! quantity {
    ($(#[$meta:meta])* $name:ident, $what:literal, $low:literal ..= $high:literal, $rule:literal) => {
        $(#[$meta])*
        ///
        /// Made by [`new`](Self::new) only within its range. One that was read keeps the number that was sent, even
        /// outside; [`is_within`](Self::is_within) tells.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The smallest allowed number.
            pub const MIN: $name = $name($low);
            /// The largest allowed number.
            pub const MAX: $name = $name($high);
            pub(crate) const RULE: &'static str = $rule;

            /// Checks the range.
            ///
            /// # Errors
            /// When the number is outside; the error names number and range.
            pub fn new(number: u32) -> Result<Self, InvalidValue> {
                let made = Self(number);
                if made.is_within() { Ok(made) } else { Err(InvalidValue::new($what, &number.to_string(), $rule)) }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// Whether the number is one the service accepts.
            #[must_use]
            pub fn is_within(self) -> bool {
                (Self::MIN..=Self::MAX).contains(&self)
            }
        }

        impl TryFrom<u32> for $name {
            type Error = InvalidValue;
            fn try_from(number: u32) -> Result<Self, InvalidValue> {
                Self::new(number)
            }
        }

        impl From<$name> for u32 {
            fn from(quantity: $name) -> u32 {
                quantity.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

quantity!(
    /// How many covers a job makes: 1 to 10, and 3 when the request does not say. Source: 460/84734.
    CoverCount, "Count", 1..=10, "1 to 10"
);
quantity!(
    /// Width or height of a cover in pixels: 128 to 4096. Source: 460/84734.
    Pixels, "size in pixels", 128..=4096, "128 to 4096"
);
quantity!(
    #[derive(Default)]
    /// Priority of a job in its queue: 0 to 2, larger first, 0 when the request does not say. Source: 460/84791.
    JobLevel,
    "JobLevel",
    0..=2,
    "0 to 2"
);

impl Default for CoverCount {
    fn default() -> Self {
        CoverCount(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_range_is_refused_with_number_and_range() {
        assert_eq!(
            CoverCount::new(11).unwrap_err().to_string(),
            "Count \"11\" is refused: 1 to 10"
        );
        assert_eq!(
            Pixels::new(127).unwrap_err().to_string(),
            "size in pixels \"127\" is refused: 128 to 4096"
        );
        assert!(
            CoverCount::new(0).is_err() && Pixels::new(4097).is_err() && JobLevel::new(3).is_err()
        );
        assert!(
            CoverCount::new(10).is_ok() && Pixels::new(4096).is_ok() && JobLevel::new(2).is_ok()
        );
    }
}
