//! A line of a batch: one job described in JSON.

use ci_client::core::Endpoint;
use ci_model::{
    CoverCount, CoverFormat, CreateJobRequest, JobLevel, JobOutput, OperationRequest, Pixels,
    SmartCover, TemplateId, UserData,
};
use serde::Deserialize;

/// The line as it is written. A name that is none of these is a mistake of the writer, not something to pass over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    input: String,
    output: String,
    count: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    format: Option<String>,
    dedupe: Option<bool>,
    template: Option<String>,
    user_data: Option<String>,
    level: Option<u32>,
}

/// Reads a line, or says what is wrong with it.
pub(super) fn read(text: &str, endpoint: &Endpoint) -> Result<CreateJobRequest, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if line.input.is_empty() || line.output.is_empty() {
        return Err("`input` and `output` must not be empty".to_owned());
    }
    let to = JobOutput::new(endpoint.region(), endpoint.bucket(), &line.output);
    let mut operation = match &line.template {
        Some(_) if line.has_parameters() => {
            return Err("`template` stands for `count`, `width`, `height`, `format` and `dedupe`: give one or the others".to_owned());
        }
        Some(template) => {
            let template: TemplateId = template
                .parse()
                .map_err(|error| format!("`template`: {error}"))?;
            OperationRequest::by_template(template, to)
        }
        None => OperationRequest::inline(line.cover()?, to),
    };
    operation.job_level = ranged::<JobLevel>("level", line.level)?;
    operation.user_data = line
        .user_data
        .map(UserData::new)
        .transpose()
        .map_err(|error| format!("`user_data`: {error}"))?;
    Ok(CreateJobRequest::smart_cover(&line.input, operation))
}

impl Line {
    fn has_parameters(&self) -> bool {
        self.count.is_some()
            || self.width.is_some()
            || self.height.is_some()
            || self.format.is_some()
            || self.dedupe.is_some()
    }

    fn cover(&self) -> Result<SmartCover, String> {
        let format = match self.format.as_deref() {
            None | Some("jpg") => CoverFormat::Jpg,
            Some("png") => CoverFormat::Png,
            Some("webp") => CoverFormat::Webp,
            Some(other) => return Err(format!("`format`: {other:?} is none of jpg, png, webp")),
        };
        let mut cover = SmartCover::new()
            .format(format)
            .delete_duplicates(self.dedupe.unwrap_or(false));
        cover.count = ranged::<CoverCount>("count", self.count)?;
        cover.width = ranged::<Pixels>("width", self.width)?;
        cover.height = ranged::<Pixels>("height", self.height)?;
        Ok(cover)
    }
}

fn ranged<T>(name: &str, value: Option<u32>) -> Result<Option<T>, String>
where
    T: TryFrom<u32>,
    T::Error: std::fmt::Display,
{
    value
        .map(T::try_from)
        .transpose()
        .map_err(|error| format!("`{name}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(text: &str) -> Result<CreateJobRequest, String> {
        let endpoint = Endpoint::cloud("media-1250000000", "ap-chongqing").expect("plain names");
        read(text, &endpoint)
    }

    #[test]
    fn a_line_says_what_is_wrong_with_it() {
        assert!(read_line(r#"{"input":"a.mp4","output":"a-${number}.jpg"}"#).is_ok());
        for (text, part) in [
            ("", "EOF"),
            (r#"{"input":"a"}"#, "output"),
            (r#"{"input":"a","output":""}"#, "empty"),
            (r#"{"input":"a","output":"b","cuont":3}"#, "cuont"),
            (r#"{"input":"a","output":"b","count":11}"#, "`count`"),
            (r#"{"input":"a","output":"b","width":1}"#, "`width`"),
            (r#"{"input":"a","output":"b","level":3}"#, "`level`"),
            (r#"{"input":"a","output":"b","format":"gif"}"#, "gif"),
            (
                r#"{"input":"a","output":"b","template":"t1","count":3}"#,
                "template",
            ),
            (
                r#"{"input":"a","output":"b","user_data":"ü"}"#,
                "`user_data`",
            ),
        ] {
            let said = read_line(text).expect_err(text);
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
