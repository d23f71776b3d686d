//! The media service of a bucket.

use bytes::Bytes;
use ci_model::{CloseBucketResponse, ListBucketsResponse, OpenBucketResponse};
use http::{Method, Request, response};

use super::setters;
use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

/// Opens the media service of the endpoint's bucket. What a second time does is not documented. Source: 1045/72936.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenBucket;

impl Operation for OpenBucket {
    const NAME: &'static str = "OpenBucket";
    const REPEAT: Repeat = Repeat::Never;
    type Output = OpenBucketResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.empty(Method::POST, "/mediabucket", &Query::new())
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<OpenBucketResponse, ReplyError> {
        reply::document(head, body)
    }
}

/// Closes the media service of the endpoint's bucket, which also deletes its queue. Source: 1045/72938.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CloseBucket;

impl Operation for CloseBucket {
    const NAME: &'static str = "CloseBucket";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = CloseBucketResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.empty(Method::DELETE, "/mediabucket", &Query::new())
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<CloseBucketResponse, ReplyError> {
        reply::document(head, body)
    }
}

/// Lists the buckets of the account whose media service is open; asked of the region, not of a bucket.
/// Source: 1045/72937.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListBuckets {
    /// In these regions.
    pub regions: Vec<String>,
    /// With exactly these names.
    pub bucket_names: Vec<String>,
    /// With a name that begins so.
    pub bucket_name: Option<String>,
    /// Which page, from 1.
    pub page_number: Option<u32>,
    /// Buckets on a page, 10 by default.
    pub page_size: Option<u32>,
}

impl ListBuckets {
    /// All buckets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets what the name begins with.
        bucket_name: String,
        /// Sets the page.
        page_number: u32,
        /// Sets how many stand on a page.
        page_size: u32,
    }

    /// Sets the regions.
    #[must_use]
    pub fn regions<T: Into<String>>(mut self, regions: impl IntoIterator<Item = T>) -> Self {
        self.regions = regions.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the names.
    #[must_use]
    pub fn bucket_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.bucket_names = names.into_iter().map(Into::into).collect();
        self
    }
}

impl Operation for ListBuckets {
    const NAME: &'static str = "ListBuckets";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ListBucketsResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let query = Query::new()
            .list("regions", &self.regions)
            .list("bucketNames", &self.bucket_names)
            .opt("bucketName", self.bucket_name.as_ref())
            .num("pageNumber", self.page_number)
            .num("pageSize", self.page_size);
        to.get(Service::CiRegion, "/mediabucket", &query)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ListBucketsResponse, ReplyError> {
        reply::document(head, body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::line;
    use super::*;

    #[test]
    fn buckets_are_opened_and_closed_on_their_host_and_listed_on_the_regions() {
        assert_eq!(line(&OpenBucket).0, "POST b.ci/mediabucket");
        assert_eq!(line(&CloseBucket).0, "DELETE b.ci/mediabucket");
        let call = ListBuckets::new()
            .regions(["ap-chongqing", "ap-beijing"])
            .bucket_name("me")
            .page_number(1);
        let expected =
            "GET ci/mediabucket?regions=ap-chongqing%2Cap-beijing&bucketName=me&pageNumber=1";
        assert_eq!(line(&call).0, expected);
    }
}
