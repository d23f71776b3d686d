//! Where the strings of a signer and of a server first differ.

use std::fmt;

/// Which line of `HttpString` differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The method.
    Method,
    /// The decoded path.
    Path,
    /// The signed parameters.
    Params,
    /// The signed headers.
    Headers,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "method",
            Self::Path => "path",
            Self::Params => "parameters",
            Self::Headers => "headers",
        })
    }
}

/// The first difference between two `HttpString`s.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The line, counted from 1.
    pub line: usize,
    /// What the line holds.
    pub part: Part,
    /// The header or parameter, encoded, that differs or that only one side has.
    pub name: Option<String>,
    /// What the signer has there: the line, or `name=value` of one pair. `None` if it has none.
    pub ours: Option<String>,
    /// What the server has there.
    pub theirs: Option<String>,
}

impl Difference {
    /// Compares two `HttpString`s. Line feeds at the end do not count: XML readers may drop them.
    #[must_use]
    pub fn between(ours: &str, theirs: &str) -> Option<Self> {
        let [ours, theirs] = [ours, theirs].map(parts);
        let names = [Part::Method, Part::Path, Part::Params, Part::Headers];
        let pairs = names.into_iter().zip(ours.into_iter().zip(theirs));
        for (line, (part, (ours, theirs))) in (1..).zip(pairs) {
            if ours == theirs {
                continue;
            }
            let found = match part {
                Part::Params | Part::Headers => first_pair(ours, theirs),
                _ => None,
            };
            let (name, ours, theirs) =
                found.unwrap_or_else(|| (None, Some(ours.to_owned()), Some(theirs.to_owned())));
            return Some(Self {
                line,
                part,
                name,
                ours,
                theirs,
            });
        }
        None
    }
}

/// The four parts. A path may hold line feeds of its own, the others cannot: they are counted from the ends.
fn parts(text: &str) -> [&str; 4] {
    let (method, rest) = text.split_once('\n').unwrap_or((text, ""));
    // A reader that trimmed the text dropped the line feed after the headers, and with no headers
    // (and no parameters) those before it too; a `=` tells pairs from a path.
    let rest = rest.strip_suffix('\n').unwrap_or(rest);
    match rest.rsplit_once('\n') {
        Some((before, headers)) => match before.rsplit_once('\n') {
            Some((path, params)) => [method, path, params, headers],
            None => [method, before, headers, ""],
        },
        None => [method, rest, "", ""],
    }
}

type Pair = (Option<String>, Option<String>, Option<String>);

/// The first pair that one side lacks or has with another value. Both sides are sorted by name.
fn first_pair(ours: &str, theirs: &str) -> Option<Pair> {
    let split = |text: &str| -> Vec<String> {
        text.split('&')
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let name = |pair: &str| pair.split('=').next().map(str::to_owned);
    let (ours, theirs) = (split(ours), split(theirs));
    let at = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    match (ours.get(at).cloned(), theirs.get(at).cloned()) {
        (Some(a), Some(b)) => match name(&a).cmp(&name(&b)) {
            std::cmp::Ordering::Less => Some((name(&a), Some(a), None)),
            std::cmp::Ordering::Greater => Some((name(&b), None, Some(b))),
            std::cmp::Ordering::Equal => Some((name(&a), Some(a), Some(b))),
        },
        (Some(a), None) => Some((name(&a), Some(a), None)),
        (None, Some(b)) => Some((name(&b), None, Some(b))),
        (None, None) => None,
    }
}

/// Whether a name, or the beginning of a pair, is that of a session token.
fn is_token(text: &str) -> bool {
    text.contains("-security-token")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| match side {
            None => "nothing".to_owned(),
            Some(text) if is_token(text) => "a token (not shown)".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        write!(f, "line {} ({}", self.line, self.part)?;
        if let Some(name) = &self.name {
            write!(f, ", `{name}`")?;
        }
        write!(
            f,
            "): signed {}, the server has {}",
            shown(&self.ours),
            shown(&self.theirs)
        )
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Difference({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "get\n/a\nb=1&c=2\ndate=x&host=h\n";

    fn found(theirs: &str) -> String {
        Difference::between(OURS, theirs).map_or_else(String::new, |d| d.to_string())
    }

    #[test]
    fn equal_strings_have_no_difference_even_when_trimmed() {
        assert_eq!(found(OURS), "");
        assert_eq!(found(OURS.trim_end()), "");
        assert_eq!(Difference::between("get\n/a\n\n\n", "get\n/a"), None);
    }

    #[test]
    fn the_first_differing_header_or_parameter_is_named() {
        assert_eq!(
            found("get\n/a\nb=1&c=3\nhost=h\n"),
            "line 3 (parameters, `c`): signed `c=2`, the server has `c=3`"
        );
        assert_eq!(
            found("get\n/a\nb=1&c=2\nhost=h\n"),
            "line 4 (headers, `date`): signed `date=x`, the server has nothing"
        );
        assert_eq!(
            found("get\n/a\nb=1&bb=&c=2\ndate=x&host=h\n"),
            "line 3 (parameters, `bb`): signed nothing, the server has `bb=`"
        );
        assert_eq!(
            found("get\n/b\nb=1&c=2\ndate=x&host=h\n"),
            "line 2 (path): signed `/a`, the server has `/b`"
        );
    }

    #[test]
    fn a_line_feed_in_the_path_belongs_to_the_path() {
        let difference =
            Difference::between("get\n/a\nb\nx=1\nhost=h\n", "get\n/a\nc\nx=1\nhost=h\n");
        assert_eq!(difference.map(|d| d.part), Some(Part::Path));
    }

    #[test]
    fn a_token_is_not_shown() {
        let difference = Difference::between(
            "get\n/\n\nx-cos-security-token=CANARY\n",
            "get\n/\n\nx-cos-security-token=OTHER\n",
        )
        .unwrap();
        assert!(!format!("{difference:?} {difference}").contains("CANARY"));
    }
}
