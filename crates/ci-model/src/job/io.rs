//! Where a job reads and where it writes.

use serde::{Deserialize, Serialize};

/// The object a job works on.
///
/// A request carries only `Object`: the bucket is the one of the request's host. Answers add the bucket and region, and
/// jobs begun by a workflow the headers of the upload. Source: 460/84791, 1045/49522.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JobInput {
    /// Key of the object, without leading slash.
    pub object: Option<String>,
    /// Name of the bucket with the APPID. The page's table says `Bucket`; its samples say `BucketId`.
    pub bucket_id: Option<String>,
    /// Region of the bucket, such as `ap-chongqing`.
    pub region: Option<String>,
    /// Headers of the upload that began a workflow.
    pub cos_headers: Vec<CosHeader>,
}

impl JobInput {
    /// The object of a request.
    pub fn new(object: impl Into<String>) -> Self {
        JobInput {
            object: Some(object.into()),
            ..Self::default()
        }
    }
}

/// A header of the upload that began a workflow, such as `Content-Type`. Source: 1045/49522.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CosHeader {
    /// Name of the header.
    pub key: Option<String>,
    /// Its value; numbers are text here too.
    pub value: Option<String>,
}

/// Where results go. Source: 460/84791.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JobOutput {
    /// Region of the bucket.
    pub region: Option<String>,
    /// Name of the bucket with the APPID.
    pub bucket: Option<String>,
    /// Pattern of the keys, see [`OutputKey`](crate::OutputKey); holds `${number}` when there can be several covers.
    pub object: Option<String>,
}

impl JobOutput {
    /// All three parts, which a request needs.
    pub fn new(
        region: impl Into<String>,
        bucket: impl Into<String>,
        object: impl Into<String>,
    ) -> Self {
        JobOutput {
            region: Some(region.into()),
            bucket: Some(bucket.into()),
            object: Some(object.into()),
        }
    }
}
