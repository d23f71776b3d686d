//! The calls of the API, one file per resource.

mod buckets;
mod create_job;
mod jobs;
mod list_objects;
mod objects;
mod queues;
mod templates;

pub use buckets::{CloseBucket, ListBuckets, OpenBucket};
pub use create_job::CreateJob;
pub use jobs::{CancelJob, DescribeJobs, ListJobs, Order};
pub use list_objects::{ListObjects, ObjectPage, ObjectSummary};
pub use objects::{DeleteObject, GetObject, HeadObject, Object, ObjectHead, PutObject};
pub use queues::{ListQueues, UpdateQueue};
pub use templates::{CreateTemplate, DeleteTemplate, ListTemplates, UpdateTemplate};

pub(crate) use objects::object_path;

/// Declares setters that take what the field holds.
///
/// Texts are taken as `impl Into<String>`; all else as it is, because a bare `100` is no `impl Into<u32>`.
macro_rules! setters {
    () => {};
    ($(#[$meta:meta])* $field:ident: String, $($rest:tt)*) => {
        $(#[$meta])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<String>) -> Self {
            self.$field = Some($field.into());
            self
        }
        $crate::ops::setters! { $($rest)* }
    };
    ($(#[$meta:meta])* $field:ident: $type:ty, $($rest:tt)*) => {
        $(#[$meta])*
        #[must_use]
        pub fn $field(mut self, $field: $type) -> Self {
            self.$field = Some($field);
            self
        }
        $crate::ops::setters! { $($rest)* }
    };
}
pub(crate) use setters;

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of the calls have in common.

    use bytes::Bytes;
    use http::response::Parts;

    use crate::{Endpoint, Operation, ReplyError};

    pub(crate) fn cloud() -> Endpoint {
        Endpoint::cloud("media-1250000000", "ap-chongqing").unwrap()
    }

    /// `METHOD host/path?query` of a call, and its body.
    pub(crate) fn line(call: &impl Operation) -> (String, String) {
        let request = call.request(&cloud()).unwrap();
        let host = request.headers()["host"]
            .to_str()
            .unwrap()
            .replace("media-1250000000.", "b.");
        let target = request.uri().path_and_query().unwrap();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        (
            format!(
                "{} {}{target}",
                request.method(),
                host.replace(".ap-chongqing.myqcloud.com", "")
            ),
            body,
        )
    }

    pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Parts {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    pub(crate) fn read<O: Operation>(body: &str) -> Result<O::Output, ReplyError> {
        O::response(&head(200, &[]), &Bytes::copy_from_slice(body.as_bytes()))
    }
}
