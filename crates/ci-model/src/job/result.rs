//! What a finished job has written.

use serde::{Deserialize, Serialize};

/// The results of a job. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MediaResult {
    /// The files.
    #[serde(deserialize_with = "crate::read::container")]
    pub output_file: Option<OutputFile>,
    /// The joined picture of a Snapshot job.
    #[serde(deserialize_with = "crate::read::container")]
    pub sprite_output_file: Option<OutputFile>,
}

/// The files a job has written, one [`object_name`](Self::object_name) each. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct OutputFile {
    /// Name of the bucket with the APPID.
    pub bucket: Option<String>,
    /// Region of the bucket.
    pub region: Option<String>,
    /// Keys, in the order of `${number}`. Some answers begin them with a slash that the key does not have.
    pub object_name: Vec<String>,
    /// Common beginning of the keys; empty in samples.
    pub object_prefix: Option<String>,
    /// MD5 sums of the files; absent or empty for covers in samples.
    pub md5_info: Vec<Md5Info>,
    /// URLs of the files; known to the Java SDK only.
    pub object_url: Vec<String>,
}

/// The MD5 sum of one file. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Md5Info {
    /// Key of the file.
    pub object_name: Option<String>,
    /// 32 lower-case hexadecimal digits.
    pub md5: Option<String>,
}

impl Md5Info {
    /// Both parts.
    pub fn new(object_name: impl Into<String>, md5: impl Into<String>) -> Self {
        Md5Info {
            object_name: Some(object_name.into()),
            md5: Some(md5.into()),
        }
    }
}
