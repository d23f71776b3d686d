//! A request that has been placed and checked: what every handler reads from.

use std::sync::Arc;

use cos_sign::Plus;
use http::StatusCode;
use http::header::{AsHeaderName, HeaderMap};
use http::request::Parts;

use crate::address::{self, Address};
use crate::reply::Refusal;
use crate::shared::Shared;

/// One call of one operation.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) head: &'a Parts,
    pub(crate) address: Address,
    pub(crate) region: String,
    pub(crate) request_id: &'a str,
    params: Vec<(String, String)>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        shared: &'a Arc<Shared>,
        head: &'a Parts,
        address: Address,
        region: String,
        plus: Plus,
        request_id: &'a str,
    ) -> Self {
        let query = head.uri.query().unwrap_or("");
        // A signature covers one reading of `+`; the parameters are read in the same way.
        let params = match plus {
            Plus::Literal => address::query(&query.replace('+', "%2B")),
            _ => address::query(query),
        };
        Self {
            shared,
            head,
            address,
            region,
            request_id,
            params,
        }
    }

    /// The bucket, which most calls need.
    pub(crate) fn bucket(&self) -> Result<&str, Refusal> {
        self.address.bucket.as_deref().ok_or_else(|| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "InvalidHost",
                "The request names no bucket: use the Host <bucket>.ci.<region>.myqcloud.com or \
                 <bucket>.localhost, or put /<bucket> in front of the path.",
            )
        })
    }

    /// A parameter of the query; an empty one counts as absent. Old pages spell some with a capital.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(n, v)| n.eq_ignore_ascii_case(name) && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// A parameter that is a number within `range`.
    pub(crate) fn number(
        &self,
        name: &str,
        default: usize,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, Refusal> {
        let Some(text) = self.param(name) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|n| range.contains(n))
            .ok_or_else(|| {
                Refusal::argument(format!(
                    "{name} is {text:?}, it must be a number from {} to {}.",
                    range.start(),
                    range.end()
                ))
            })
    }

    /// A parameter that is a list of words joined by commas; empty when absent.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        self.param(name)
            .map(|text| {
                text.split(',')
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
    }

    /// A header's value as text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        header(&self.head.headers, name)
    }
}

/// A header's value as text.
pub(crate) fn header(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
