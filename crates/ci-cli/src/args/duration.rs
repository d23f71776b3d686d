//! Lengths of time on the command line: `2s`, `500ms`, `3m`, or a bare number of seconds.

use std::time::Duration;

/// Reads one; zero is refused because nothing can be done in no time.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let refused =
        || format!("{text:?} is no length of time: write 2s, 500ms, 3m, 1h or a number of seconds");
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| refused())?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(refused()),
    };
    match Duration::try_from_secs_f64(seconds) {
        Ok(length) if !length.is_zero() => Ok(length),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_bare_numbers_are_read() {
        assert_eq!(parse("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("3m"), Ok(Duration::from_secs(180)));
        assert_eq!(parse("1h"), Ok(Duration::from_secs(3600)));
    }

    #[test]
    fn anything_else_is_refused_with_what_was_written() {
        for text in ["", "s", "-1", "1 s", "1d", "0", "1e99", "NaN", "inf"] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(&format!("{text:?}")), "{said}");
        }
    }
}
