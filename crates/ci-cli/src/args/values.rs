//! Values on the command line that are checked before anything happens.

use std::fmt::Display;

use ci_model::{CiTime, JobState, TemplateName, UserData};

/// A number with a documented range; the type of the model says which.
pub(crate) fn quantity<T>(text: &str) -> Result<T, String>
where
    T: TryFrom<u32>,
    T::Error: Display,
{
    let number: u32 = text
        .parse()
        .map_err(|_| format!("{text:?} is not a whole number"))?;
    T::try_from(number).map_err(|refused| refused.to_string())
}

/// Text that comes back with the job.
pub(crate) fn user_data(text: &str) -> Result<UserData, String> {
    UserData::new(text).map_err(|refused| refused.to_string())
}

/// The name of a template.
pub(crate) fn template_name(text: &str) -> Result<TemplateName, String> {
    TemplateName::new(text).map_err(|refused| refused.to_string())
}

/// A state of jobs, in any case.
pub(crate) fn state(text: &str) -> Result<JobState, String> {
    const STATES: [JobState; 6] = [
        JobState::Submitted,
        JobState::Running,
        JobState::Success,
        JobState::Failed,
        JobState::Pause,
        JobState::Cancel,
    ];
    let named = |state: &&JobState| state.as_str().eq_ignore_ascii_case(text.trim());
    STATES.iter().find(named).cloned().ok_or_else(|| {
        let words: Vec<_> = STATES.iter().map(JobState::as_str).collect();
        format!("{text:?} is no state, it must be of {}", words.join(", "))
    })
}

/// A time, in the service's own form whatever it was written in.
pub(crate) fn time(text: &str) -> Result<CiTime, String> {
    let seconds = CiTime::new(text.trim()).unix_seconds();
    seconds.and_then(CiTime::from_unix_seconds).ok_or_else(|| {
        format!("{text:?} is no time: write 2022-06-27T15:23:10+0800 or 2022-06-27T07:23:10Z")
    })
}

/// How many entries of a list.
pub(crate) fn limit(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!(
            "{text:?} is not a whole number from 1 to {}",
            u32::MAX
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_in_any_case_and_others_are_refused_with_what_there_is() {
        assert_eq!(state("success"), Ok(JobState::Success));
        let said = state("Done").expect_err("no such state");
        assert!(
            said.contains("\"Done\"") && said.contains("Running"),
            "{said}"
        );
    }

    #[test]
    fn times_are_brought_to_the_services_form() {
        let written = |text| time(text).map(|time| time.to_string());
        let wanted = Ok("2022-06-27T15:23:10+0800".to_owned());
        assert_eq!(written("2022-06-27T07:23:10Z"), wanted);
        assert_eq!(written("2022-06-27T15:23:10+0800"), wanted);
        assert!(time("yesterday").is_err_and(|said| said.contains("yesterday")));
    }

    #[test]
    fn a_list_of_nothing_is_refused() {
        assert_eq!(limit("250"), Ok(250));
        assert!(limit("0").is_err() && limit("all").is_err());
    }
}
