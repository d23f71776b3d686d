//! Values on the command line that are checked before anything happens.

use std::fmt::Display;

use ci_model::UserData;

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
