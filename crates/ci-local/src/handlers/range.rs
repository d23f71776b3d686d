//! Conditions and ranges of a GET, as RFC 9110 has them and COS answers them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use http::header::{
    HeaderMap, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};

use super::call::header;
use crate::reply::Refusal;

/// What of an object is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// From this byte to that one, both included.
    Bytes(u64, u64),
    /// The client has it.
    NotModified,
}

/// Decides from the request's headers.
pub(super) fn part(
    headers: &HeaderMap,
    etag: &str,
    modified: SystemTime,
    size: u64,
) -> Result<Part, Refusal> {
    // HTTP dates have whole seconds.
    let modified = whole_seconds(modified);
    let date = |name| header(headers, name).and_then(|text| httpdate::parse_http_date(text).ok());
    if let Some(wanted) = header(headers, IF_MATCH) {
        if !matches(wanted, etag) {
            return Err(failed());
        }
    } else if date(IF_UNMODIFIED_SINCE).is_some_and(|since| modified > since) {
        return Err(failed());
    }
    if let Some(known) = header(headers, IF_NONE_MATCH) {
        if matches(known, etag) {
            return Ok(Part::NotModified);
        }
    } else if date(IF_MODIFIED_SINCE).is_some_and(|since| modified <= since) {
        return Ok(Part::NotModified);
    }
    let Some(range) = header(headers, RANGE) else {
        return Ok(Part::Whole);
    };
    if let Some(condition) = header(headers, IF_RANGE) {
        let same_date = httpdate::parse_http_date(condition).is_ok_and(|date| date == modified);
        if condition != etag && !same_date {
            return Ok(Part::Whole);
        }
    }
    bytes(range, size)
}

/// One range; several, or one that cannot be read, mean the whole object.
fn bytes(range: &str, size: u64) -> Result<Part, Refusal> {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Ok(Part::Whole);
    };
    let unsatisfiable = || {
        Refusal::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "The requested range cannot be satisfied.",
        )
    };
    let (first, last) = (first.trim(), last.trim());
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => {
            if from >= size {
                return Err(unsatisfiable());
            }
            Ok(Part::Bytes(from, to.min(size - 1)))
        }
        (Ok(from), Err(_)) if last.is_empty() => {
            if from >= size {
                return Err(unsatisfiable());
            }
            Ok(Part::Bytes(from, size - 1))
        }
        (Err(_), Ok(tail)) if first.is_empty() => {
            if tail == 0 || size == 0 {
                return Err(unsatisfiable());
            }
            Ok(Part::Bytes(size.saturating_sub(tail), size - 1))
        }
        _ => Ok(Part::Whole),
    }
}

fn matches(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|one| {
        one == "*"
            || one.strip_prefix("W/").unwrap_or(one).trim_matches('"') == etag.trim_matches('"')
    })
}

fn failed() -> Refusal {
    Refusal::new(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        "At least one of the preconditions you specified did not hold.",
    )
}

fn whole_seconds(at: SystemTime) -> SystemTime {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(pairs: &[(&str, &str)]) -> Result<Part, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(
                http::HeaderName::try_from(*name).unwrap(),
                value.parse().unwrap(),
            );
        }
        // Sun, 06 Nov 1994 08:49:37 GMT and a bit.
        let modified = UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        part(&headers, "\"abc\"", modified, 10).map_err(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn ranges_are_cut_to_the_object() {
        for (range, want) in [
            ("bytes=0-0", Ok(Part::Bytes(0, 0))),
            ("bytes=2-", Ok(Part::Bytes(2, 9))),
            ("bytes=5-99", Ok(Part::Bytes(5, 9))),
            ("bytes=-3", Ok(Part::Bytes(7, 9))),
            ("bytes=-99", Ok(Part::Bytes(0, 9))),
            ("bytes=10-", Err(416)),
            ("bytes=10-12", Err(416)),
            ("bytes=-0", Err(416)),
            ("bytes=3-2", Ok(Part::Whole)),
            ("bytes=0-1,3-4", Ok(Part::Whole)),
            ("lines=0-1", Ok(Part::Whole)),
            ("bytes=-", Ok(Part::Whole)),
        ] {
            assert_eq!(got(&[("range", range)]), want, "{range}");
        }
    }

    #[test]
    fn conditions_come_before_ranges() {
        let at = "Sun, 06 Nov 1994 08:49:37 GMT";
        let before = "Sun, 06 Nov 1994 08:49:36 GMT";
        assert_eq!(
            got(&[("if-match", "\"abc\""), ("range", "bytes=1-1")]),
            Ok(Part::Bytes(1, 1))
        );
        assert_eq!(got(&[("if-match", "\"x\", \"y\"")]), Err(412));
        assert_eq!(
            got(&[("if-none-match", "W/\"abc\"")]),
            Ok(Part::NotModified)
        );
        assert_eq!(got(&[("if-none-match", "*")]), Ok(Part::NotModified));
        assert_eq!(got(&[("if-modified-since", at)]), Ok(Part::NotModified));
        assert_eq!(got(&[("if-modified-since", before)]), Ok(Part::Whole));
        assert_eq!(got(&[("if-unmodified-since", before)]), Err(412));
        assert_eq!(got(&[("if-unmodified-since", at)]), Ok(Part::Whole));
        assert_eq!(
            got(&[("range", "bytes=1-1"), ("if-range", "\"old\"")]),
            Ok(Part::Whole)
        );
        assert_eq!(
            got(&[("range", "bytes=1-1"), ("if-range", at)]),
            Ok(Part::Bytes(1, 1))
        );
    }
}
