//! Buckets with the media service.

use crate::job::response;
use crate::{CiTime, time};
use serde::{Deserialize, Serialize};

/// A bucket for which the media service is open. Source: 1045/72937.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MediaBucket {
    /// Name with the APPID.
    pub bucket_id: Option<String>,
    /// The same where present.
    pub name: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// When the service was opened.
    #[serde(deserialize_with = "time::optional")]
    pub create_time: Option<CiTime>,
    /// Known to the Java SDK only.
    pub alias_bucket_id: Option<String>,
}

response! {
    /// Answer to `POST /mediabucket`. Source: 1045/72936.
    OpenBucketResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// The bucket.
        media_bucket: MediaBucket,
    }
}

response! {
    /// Answer to `DELETE /mediabucket`. Source: 1045/72938.
    CloseBucketResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// The bucket.
        bucket_name: Option<String>,
    }
}

response! {
    /// Answer to `GET /mediabucket`. Source: 1045/72937.
    ListBucketsResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// How many there are on all pages.
        total_count: Option<u32>,
        /// Number of this page, from 1.
        page_number: Option<u32>,
        /// Most entries of a page.
        page_size: Option<u32>,
        /// This page.
        media_bucket_list: Vec<MediaBucket>,
    }
}
