//! Times as the service writes them: `2022-06-27T15:23:10+0800`, with `-` for a time that has not come.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, kept as it was sent.
///
/// The service writes Beijing time to the second with an offset without colon (460/84791), which RFC 3339 readers
/// refuse. Read are that form, RFC 3339, and both with a blank for the `T`, with fractions, or without an offset (taken
/// as Beijing time). A text that is none of these is kept and has no instant, so that one odd time does not hide the
/// rest of a job. Equality is equality of the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CiTime(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// Seconds since 1970 of a text in exactly the service's own form, which is therefore not stored.
    Beijing(i64),
    /// Any other text.
    Text(Box<str>),
}

const BEIJING: i64 = 8 * 3600;
const DAY: i64 = 86_400;
/// 0000-01-01 and 10000-01-01 in Beijing, the years of four digits.
const YEARS: std::ops::Range<i64> = -62_167_219_200 - BEIJING..253_402_300_800 - BEIJING;

impl CiTime {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if let Some((seconds, 0)) = read(text) {
            let time = CiTime(Form::Beijing(seconds));
            if time.write().as_slice() == text.as_bytes() {
                return time;
            }
        }
        CiTime(Form::Text(text.into()))
    }

    /// The second of a clock, in Beijing time; `None` before the year 0 or after the year 9999.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        YEARS
            .contains(&seconds)
            .then_some(CiTime(Form::Beijing(seconds)))
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down; `None` when the text is not a time.
    #[must_use]
    pub fn unix_seconds(&self) -> Option<i64> {
        self.instant().map(|(seconds, _)| seconds)
    }

    /// The instant; `None` when the text is not a time.
    #[must_use]
    pub fn system_time(&self) -> Option<SystemTime> {
        let (seconds, nanos) = self.instant()?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let second = if seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        second?.checked_add(Duration::from_nanos(nanos.into()))
    }

    fn instant(&self) -> Option<(i64, u32)> {
        match &self.0 {
            Form::Beijing(seconds) => Some((*seconds, 0)),
            Form::Text(text) => read(text),
        }
    }

    /// The service's form of a [`Form::Beijing`]; meaningless for a text.
    fn write(&self) -> [u8; 24] {
        let mut out = *b"0000-00-00T00:00:00+0800";
        if let Form::Beijing(seconds) = self.0 {
            let local = seconds + BEIJING;
            let (year, month, day) = date_of(local.div_euclid(DAY));
            let second = local.rem_euclid(DAY);
            let parts = [
                (0, 4, year),
                (5, 2, month),
                (8, 2, day),
                (11, 2, second / 3600),
                (14, 2, second / 60 % 60),
                (17, 2, second % 60),
            ];
            for (start, width, mut value) in parts {
                for slot in out.iter_mut().skip(start).take(width).rev() {
                    *slot = b'0' + u8::try_from(value % 10).unwrap_or_default();
                    value /= 10;
                }
            }
        }
        out
    }
}

/// The second in which the instant lies; instants outside the years 0 to 9999 become the nearest that can be written.
impl From<SystemTime> for CiTime {
    fn from(time: SystemTime) -> Self {
        let seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let up = i64::from(before.subsec_nanos() > 0);
                i64::try_from(before.as_secs()).map_or(i64::MIN, |seconds| -seconds - up)
            }
        };
        CiTime(Form::Beijing(seconds.clamp(YEARS.start, YEARS.end - 1)))
    }
}

impl From<&str> for CiTime {
    fn from(text: &str) -> Self {
        CiTime::new(text)
    }
}

impl fmt::Display for CiTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Text(text) => f.write_str(text),
            Form::Beijing(_) => f.write_str(std::str::from_utf8(&self.write()).unwrap_or_default()),
        }
    }
}

impl fmt::Debug for CiTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CiTime({self})")
    }
}

impl serde::Serialize for CiTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Text(text) => serializer.serialize_str(text),
            Form::Beijing(_) => {
                serializer.serialize_str(std::str::from_utf8(&self.write()).unwrap_or_default())
            }
        }
    }
}

impl<'de> serde::Deserialize<'de> for CiTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::visit_trimmed(deserializer, &[], |text| Ok(CiTime::new(text)))
    }
}

/// Reads a time that may be `-`, empty or absent: all mean that it has not come (460/84791).
pub(crate) fn optional<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<CiTime>, D::Error> {
    let time: Option<CiTime> = serde::Deserialize::deserialize(deserializer)?;
    Ok(time.filter(|time| !matches!(&time.0, Form::Text(text) if &**text == "-")))
}

/// Writes a time of a job; in XML `-` stands for one that has not come, in JSON nothing does, as in the service's answers.
pub(crate) fn or_dash<S: serde::Serializer>(
    time: &Option<CiTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        None if !serializer.is_human_readable() => serializer.serialize_str("-"),
        time => serde::Serialize::serialize(time, serializer),
    }
}

/// Seconds since 1970 and nanoseconds.
fn read(text: &str) -> Option<(i64, u32)> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let bytes = text.as_bytes();
    let separators = [
        (4, b"-" as &[u8]),
        (7, b"-"),
        (10, b"Tt "),
        (13, b":"),
        (16, b":"),
    ];
    if !separators
        .iter()
        .all(|(at, any)| bytes.get(*at).is_some_and(|b| any.contains(b)))
    {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let length = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // Second 60 is a leap second; it counts as the first of the next minute, as in POSIX time.
    if !(1..=12).contains(&month)
        || !(1..=length).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let (nanos, offset) = match text.get(19..)?.strip_prefix(['.', ',']) {
        None => (0, text.get(19..)?),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            let nanos = (0..9).fold(0, |sum, i| {
                sum * 10
                    + rest
                        .as_bytes()
                        .get(i)
                        .filter(|_| i < digits)
                        .map_or(0, |b| u32::from(b - b'0'))
            });
            (nanos, rest.get(digits..)?)
        }
    };
    let local = days_to(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Some((local - offset_of(offset.trim_start())?, nanos))
}

/// Seconds east of Greenwich.
fn offset_of(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(if text.is_empty() { BEIJING } else { 0 });
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = match rest.len() {
        2 => (rest, "00"),
        4 => rest.split_at_checked(2)?,
        5 => rest.split_once(':')?,
        _ => return None,
    };
    let two = |text: &str, most: i64| -> Option<i64> {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok())?.filter(|n| *n <= most)
    };
    Some(sign * (two(hours, 23)? * 3600 + two(minutes, 59)? * 60))
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years run from March, so that the leap day is last.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The reverse of [`days_to`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (
        of_year - (153 * shifted + 2) / 5 + 1,
        (shifted + 2) % 12 + 1,
    );
    (year + era * 400 + i64::from(month < 3), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_one_instant_agree_and_keep_their_text() {
        for text in [
            "2022-06-27T15:23:10+0800",
            "2022-06-27T15:23:10+08:00",
            "2022-06-27T15:23:10+08",
            "2022-06-27T07:23:10Z",
            "2022-06-27t07:23:10z",
            "2022-06-27 15:23:10",
            "2022-06-26T23:23:10-0800",
        ] {
            let time = CiTime::new(text);
            assert_eq!(time.unix_seconds(), Some(1_656_314_590), "{text}");
            assert_eq!(time.to_string(), text);
        }
        let fraction = CiTime::new("2022-06-27T07:23:10.25Z");
        assert_eq!(
            fraction.system_time(),
            Some(UNIX_EPOCH + Duration::from_millis(1_656_314_590_250))
        );
    }

    #[test]
    fn a_text_that_is_no_time_is_kept_without_an_instant() {
        for text in [
            "yesterday",
            "2022-02-30T00:00:00+0800",
            "2022-06-27T24:00:00+0800",
            "2022-06-27T15:23:10+8",
            "2022-06-27",
            "2022-06-27T15:23:10.+0800",
            "２０２２-06-27T15:23:10+0800",
        ] {
            let time = CiTime::new(text);
            assert_eq!(
                (
                    time.unix_seconds(),
                    time.system_time(),
                    time.to_string().as_str()
                ),
                (None, None, text)
            );
        }
    }

    #[test]
    fn a_clock_outside_four_digit_years_is_clamped() {
        assert!(CiTime::from_unix_seconds(YEARS.end).is_none());
        assert_eq!(
            CiTime::from_unix_seconds(YEARS.start).unwrap().to_string(),
            "0000-01-01T00:00:00+0800"
        );
        assert_eq!(
            CiTime::from_unix_seconds(YEARS.end - 1)
                .unwrap()
                .to_string(),
            "9999-12-31T23:59:59+0800"
        );
    }

    proptest! {
        #[test]
        fn every_second_of_the_clock_survives_writing(seconds in YEARS) {
            let time = CiTime::from_unix_seconds(seconds).unwrap();
            let read = CiTime::new(&time.to_string());
            prop_assert_eq!(read.unix_seconds(), Some(seconds));
            prop_assert_eq!(read, time);
        }

        #[test]
        fn any_text_is_kept(text in any::<String>()) {
            prop_assert_eq!(CiTime::new(&text).to_string(), text);
        }
    }
}
