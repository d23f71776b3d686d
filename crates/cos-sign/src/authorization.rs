//! The seven fields of a signature: written and read as `Authorization`, as query, and as `sign=`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::encode::Sink;
use crate::http_string::Signable;
use crate::lists::write_names;
use crate::text::{Plus, Text};
use crate::{Validity, ValidityError};

/// A signature and what it says about itself, as in the `Authorization` header (436/7778).
///
/// `Display` writes the header value, `FromStr` reads it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// Whose key signed: `q-ak`.
    pub secret_id: String,
    /// The window, written as `q-sign-time` and as `q-key-time`.
    pub validity: Validity,
    /// Names of the signed headers, encoded, as they stand in `q-header-list`.
    pub headers: Vec<String>,
    /// Names of the signed parameters, encoded, as they stand in `q-url-param-list`.
    pub params: Vec<String>,
    /// `q-signature`: 40 lower-case hex digits.
    pub signature: String,
}

/// Why a text is no [`Authorization`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// A field is missing.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field stands there twice.
    #[error("the field `{0}` stands there twice")]
    Repeated(&'static str),
    /// Something else than the seven fields.
    #[error("`{0}` is no field of a signature")]
    Unknown(String),
    /// The algorithm is another one.
    #[error("the algorithm `{0}` is not supported: only sha1 is")]
    Algorithm(String),
    /// A window cannot be read.
    #[error("the field `{field}` cannot be read")]
    Window {
        /// Which field.
        field: &'static str,
        /// Why.
        source: ValidityError,
    },
    /// `q-key-time` differs from `q-sign-time`.
    #[error("q-key-time {key} differs from q-sign-time {sign}: use one window for both")]
    WindowsDiffer {
        /// `q-sign-time`.
        sign: Validity,
        /// `q-key-time`.
        key: Validity,
    },
    /// The signature is not 40 lower-case hex digits.
    #[error("the field `q-signature` is not 40 lower-case hex digits")]
    Signature,
}

/// Names of the fields, in the order in which they are written.
pub(crate) const FIELDS: [&str; 7] = [
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
];

/// Writes the fields with their names, nothing escaped.
pub(crate) fn write_authorization(
    secret_id: &str,
    window: &[u8],
    request: &Signable<'_>,
    signature: &[u8; 40],
    out: &mut impl Sink,
) {
    out.put(b"q-sign-algorithm=sha1&q-ak=");
    out.put(secret_id.as_bytes());
    out.put(b"&q-sign-time=");
    out.put(window);
    out.put(b"&q-key-time=");
    out.put(window);
    out.put(b"&q-header-list=");
    write_names(request.lists.headers(), out);
    out.put(b"&q-url-param-list=");
    write_names(request.lists.params(), out);
    out.put(b"&q-signature=");
    out.put(signature);
}

impl Authorization {
    /// Puts the fields together; `values` stand in the order of [`FIELDS`].
    fn from_values(values: [Option<String>; 7]) -> Result<Self, AuthorizationError> {
        let mut present = FIELDS.into_iter().zip(values);
        let mut next = || match present.next() {
            Some((_, Some(value))) => Ok(value),
            Some((name, None)) => Err(AuthorizationError::Missing(name)),
            None => Err(AuthorizationError::Missing("")),
        };
        let algorithm = next()?;
        let secret_id = next()?;
        let sign = window("q-sign-time", &next()?)?;
        let key = window("q-key-time", &next()?)?;
        let headers = names(&next()?);
        let params = names(&next()?);
        let signature = next()?;
        if algorithm != "sha1" {
            return Err(AuthorizationError::Algorithm(
                algorithm.chars().take(32).collect(),
            ));
        }
        if secret_id.is_empty() {
            return Err(AuthorizationError::Missing("q-ak"));
        }
        if sign != key {
            return Err(AuthorizationError::WindowsDiffer { sign, key });
        }
        if crate::encode::unhex20(&signature).is_none() {
            return Err(AuthorizationError::Signature);
        }
        Ok(Self {
            secret_id,
            validity: sign,
            headers,
            params,
            signature,
        })
    }

    /// Reads the fields among the parameters of a query, each decoded once; `None` if there is none of them.
    pub(crate) fn from_query(query: &str) -> Option<Result<Self, AuthorizationError>> {
        let mut values: [Option<String>; 7] = Default::default();
        let mut any = false;
        for entry in crate::lists::query_pairs(query, Plus::Literal) {
            let Some(place) = FIELDS
                .iter()
                .position(|field| entry.name.is_name(&Text::plain(field.as_bytes())))
            else {
                continue;
            };
            any = true;
            if let (Some(value), Some(field)) = (values.get_mut(place), FIELDS.get(place)) {
                if value.replace(entry.value.shown()).is_some() {
                    return Some(Err(AuthorizationError::Repeated(field)));
                }
            }
        }
        any.then(|| Self::from_values(values))
    }
}

fn window(field: &'static str, text: &str) -> Result<Validity, AuthorizationError> {
    text.parse()
        .map_err(|source| AuthorizationError::Window { field, source })
}

fn names(list: &str) -> Vec<String> {
    if list.is_empty() {
        return Vec::new();
    }
    list.split(';').map(str::to_owned).collect()
}

impl FromStr for Authorization {
    type Err = AuthorizationError;

    /// Reads a header value. The fields may stand in any order; each must stand there once, and nothing else.
    fn from_str(text: &str) -> Result<Self, AuthorizationError> {
        let mut values: [Option<String>; 7] = Default::default();
        for piece in text.split('&') {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let known = FIELDS
                .iter()
                .zip(&mut values)
                .find(|(field, _)| **field == name);
            let Some((field, place)) = known else {
                return Err(AuthorizationError::Unknown(name.chars().take(32).collect()));
            };
            if place.replace(value.to_owned()).is_some() {
                return Err(AuthorizationError::Repeated(field));
            }
        }
        Self::from_values(values)
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secret_id,
            validity,
            signature,
            ..
        } = self;
        let (headers, params) = (self.headers.join(";"), self.params.join(";"));
        write!(
            f,
            "q-sign-algorithm=sha1&q-ak={secret_id}&q-sign-time={validity}&q-key-time={validity}\
             &q-header-list={headers}&q-url-param-list={params}&q-signature={signature}"
        )
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("secret_id", &self.secret_id)
            .field("validity", &self.validity)
            .field("headers", &self.headers)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&q-sign-time=1750000000;1750003600\
        &q-key-time=1750000000;1750003600&q-header-list=content-type;host&q-url-param-list=\
        &q-signature=0bb26b17c1bae034d87f36ac3444da01c354cb50";

    #[test]
    fn what_was_read_is_written_back() {
        let read: Authorization = TEXT.parse().unwrap();
        assert_eq!(read.to_string(), TEXT);
        assert_eq!(read.headers, ["content-type", "host"]);
        assert!(read.params.is_empty());
    }

    #[test]
    fn the_order_of_the_fields_is_free() {
        let mut pieces: Vec<_> = TEXT.split('&').collect();
        pieces.reverse();
        assert_eq!(pieces.join("&").parse::<Authorization>(), TEXT.parse());
    }

    #[test]
    fn every_way_to_be_malformed_has_its_own_error() {
        let cases = [
            (
                TEXT.replace("&q-ak=AKIDEXAMPLE", ""),
                AuthorizationError::Missing("q-ak"),
            ),
            (
                TEXT.replace("AKIDEXAMPLE", ""),
                AuthorizationError::Missing("q-ak"),
            ),
            (
                format!("{TEXT}&q-ak=x"),
                AuthorizationError::Repeated("q-ak"),
            ),
            (
                format!("{TEXT}&x=y"),
                AuthorizationError::Unknown("x".into()),
            ),
            (String::new(), AuthorizationError::Unknown(String::new())),
            (
                TEXT.replace("=sha1", "=sha256"),
                AuthorizationError::Algorithm("sha256".into()),
            ),
            (TEXT.replace("cb50", "CB50"), AuthorizationError::Signature),
            (TEXT.replace("cb50", ""), AuthorizationError::Signature),
            (
                TEXT.replace(
                    "key-time=1750000000;1750003600",
                    "key-time=1750000000;1750003601",
                ),
                AuthorizationError::WindowsDiffer {
                    sign: Validity::new(1750000000, 1750003600).unwrap(),
                    key: Validity::new(1750000000, 1750003601).unwrap(),
                },
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Authorization>(), Err(error), "{text}");
        }
    }

    #[test]
    fn debug_does_not_show_the_signature() {
        let read: Authorization = TEXT.parse().unwrap();
        assert!(!format!("{read:#?}").contains("0bb26b17"));
    }
}
