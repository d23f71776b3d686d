//! The pattern of output keys: `covers/demo-${number}.jpg` and what it becomes.

use std::fmt;

/// A parsed pattern of an output key.
///
/// Names between `${` and `}` are compared without case and without surrounding blanks, because pages and SDKs spell
/// them differently. An unknown name and a `${` without `}` stay as written. Source: 460/84791, Java SDK.
///
/// ```
/// use ci_model::{KeyValues, OutputKey};
///
/// let key = OutputKey::parse("covers/${InputName}-${Number}.${ext}");
/// let values = KeyValues::new().input("in/trailer.mp4").number(2).ext("jpg");
/// assert_eq!(key.expand(&values), "covers/trailer-2.jpg");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputKey {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    /// A known name, and the whole as written for when there is no value.
    Name(Wildcard, String),
}

/// A name the service replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wildcard {
    /// `${number}`: position of the output, from 0, without padding.
    Number,
    /// `${jobid}`: id of the job.
    JobId,
    /// `${ext}`: format of the output, such as `jpg`.
    Ext,
    /// `${InputName}`: name of the input without folders and suffix.
    InputName,
    /// `${InputNameAndExt}`: name of the input without folders.
    InputNameAndExt,
    /// `${InputPath}`: folders of the input, without the name.
    InputPath,
    /// `${RunId}`: run of a workflow.
    RunId,
    /// `${InventoryTriggerJobId}`: id of a batch job.
    InventoryTriggerJobId,
}

impl Wildcard {
    fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, Wildcard); 8] = [
            ("number", Wildcard::Number),
            ("jobid", Wildcard::JobId),
            ("ext", Wildcard::Ext),
            ("inputname", Wildcard::InputName),
            ("inputnameandext", Wildcard::InputNameAndExt),
            ("inputpath", Wildcard::InputPath),
            ("runid", Wildcard::RunId),
            ("inventorytriggerjobid", Wildcard::InventoryTriggerJobId),
        ];
        let name = name.trim();
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, wildcard)| *wildcard)
    }
}

impl OutputKey {
    /// Takes a pattern apart; every text is a pattern.
    #[must_use]
    pub fn parse(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let (mut text, mut rest) = (String::new(), pattern);
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            // Without a closing brace nothing that follows can be a name.
            let Some((name, tail)) = after.split_once('}') else {
                rest = rest.get(before.len()..).unwrap_or_default();
                break;
            };
            // In `${a${number}` the name begins at the last opening.
            if let Some(inner) = name.rfind("${") {
                let skip = "${".len() + inner;
                text.push_str(
                    rest.get(before.len()..before.len() + skip)
                        .unwrap_or_default(),
                );
                rest = rest.get(before.len() + skip..).unwrap_or_default();
                continue;
            }
            let written = format!("${{{name}}}");
            match Wildcard::named(name) {
                Some(wildcard) => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    parts.push(Part::Name(wildcard, written));
                }
                None => text.push_str(&written),
            }
            rest = tail;
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        OutputKey { parts }
    }

    /// Whether the pattern uses a wildcard.
    #[must_use]
    pub fn uses(&self, wildcard: Wildcard) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Name(used, _) if *used == wildcard))
    }

    /// Whether the pattern gives several outputs different names, as several covers need.
    #[must_use]
    pub fn has_number(&self) -> bool {
        self.uses(Wildcard::Number)
    }

    /// The key; a name without a value stays as written.
    #[must_use]
    pub fn expand(&self, values: &KeyValues) -> String {
        let mut key = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => key.push_str(text),
                Part::Name(wildcard, written) => {
                    key.push_str(values.get(*wildcard).as_deref().unwrap_or(written));
                }
            }
        }
        key
    }
}

/// The pattern as written.
impl fmt::Display for OutputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) | Part::Name(_, text) => f.write_str(text),
        })
    }
}

/// What the names of a pattern stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyValues {
    number: Option<u32>,
    job_id: Option<String>,
    ext: Option<String>,
    input: Option<String>,
    run_id: Option<String>,
    inventory_trigger_job_id: Option<String>,
}

impl KeyValues {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the position of the output, from 0.
    #[must_use]
    pub fn number(mut self, number: u32) -> Self {
        self.number = Some(number);
        self
    }

    /// Sets the id of the job.
    #[must_use]
    pub fn job_id(mut self, id: impl Into<String>) -> Self {
        self.job_id = Some(id.into());
        self
    }

    /// Sets the format of the output, without dot.
    #[must_use]
    pub fn ext(mut self, ext: impl Into<String>) -> Self {
        self.ext = Some(ext.into());
        self
    }

    /// Sets the key of the input, from which three names are made.
    #[must_use]
    pub fn input(mut self, key: impl Into<String>) -> Self {
        self.input = Some(key.into());
        self
    }

    /// Sets the run of a workflow.
    #[must_use]
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.run_id = Some(id.into());
        self
    }

    /// Sets the id of a batch job.
    #[must_use]
    pub fn inventory_trigger_job_id(mut self, id: impl Into<String>) -> Self {
        self.inventory_trigger_job_id = Some(id.into());
        self
    }

    fn get(&self, wildcard: Wildcard) -> Option<String> {
        let input = || {
            self.input
                .as_deref()
                .map(|key| key.rsplit_once('/').unwrap_or(("", key)))
        };
        match wildcard {
            Wildcard::Number => self.number.map(|number| number.to_string()),
            Wildcard::JobId => self.job_id.clone(),
            Wildcard::Ext => self.ext.clone(),
            Wildcard::RunId => self.run_id.clone(),
            Wildcard::InventoryTriggerJobId => self.inventory_trigger_job_id.clone(),
            Wildcard::InputNameAndExt => input().map(|(_, name)| name.to_owned()),
            Wildcard::InputPath => input().map(|(path, _)| path.to_owned()),
            // A name that begins with its only dot has no suffix.
            Wildcard::InputName => input().map(|(_, name)| match name.rsplit_once('.') {
                Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
                _ => name.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> KeyValues {
        KeyValues::new()
            .number(7)
            .job_id("j1")
            .ext("png")
            .input("a/b/c.d.mp4")
            .run_id("r1")
            .inventory_trigger_job_id("i1")
    }

    #[test]
    fn every_name_is_expanded_whatever_its_case() {
        let cases = [
            ("x-${number}", "x-7"),
            ("x-${Number}-${NUMBER}", "x-7-7"),
            ("${JobId}/${jobid}", "j1/j1"),
            ("${ext}.${Ext}", "png.png"),
            (
                "${InputName}|${inputnameandext}|${InputPath}",
                "c.d|c.d.mp4|a/b",
            ),
            ("${RunId}${InventoryTriggerJobId}", "r1i1"),
            ("${ number }", "7"),
        ];
        for (pattern, key) in cases {
            assert_eq!(
                OutputKey::parse(pattern).expand(&values()),
                key,
                "{pattern}"
            );
        }
    }

    #[test]
    fn what_is_no_name_stays_as_written() {
        for pattern in [
            "", "${}", "${other}", "${number", "$number}", "$${", "}${", "a${b${", "封面-$",
        ] {
            assert_eq!(OutputKey::parse(pattern).expand(&values()), pattern);
        }
        assert_eq!(OutputKey::parse("${a${number}").expand(&values()), "${a7");
        assert_eq!(OutputKey::parse("$${number}}").expand(&values()), "$7}");
        assert_eq!(
            OutputKey::parse("${number}-${ext}").expand(&KeyValues::new().number(1)),
            "1-${ext}"
        );
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        let key = OutputKey::parse("${InputName}")
            .expand(&KeyValues::new().input("${number}.mp4").number(3));
        assert_eq!(key, "${number}");
    }

    #[test]
    fn only_a_real_number_tells_outputs_apart() {
        assert!(
            OutputKey::parse("${NuMbEr}").has_number()
                && OutputKey::parse("a-${Number}.jpg").has_number()
        );
        assert!(
            !OutputKey::parse("${numbers}").has_number()
                && !OutputKey::parse("${number").has_number()
        );
    }

    proptest! {
        #[test]
        fn a_pattern_is_shown_as_it_was_written(pattern in "[a${}numberNUMBER/封 ]{0,40}") {
            let key = OutputKey::parse(&pattern);
            prop_assert_eq!(key.to_string(), pattern.as_str());
            prop_assert_eq!(key.expand(&KeyValues::new()), pattern);
        }
    }
}
