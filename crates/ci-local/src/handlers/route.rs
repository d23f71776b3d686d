//! Which operation a method and path mean.
//!
//! The paths of the media API win on every host that names a bucket: official SDKs that can only be
//! pointed at an address send them with a `cos` host.

use http::{Method, StatusCode};

use crate::address::{self, Address};
use crate::reply::Refusal;

/// The operations of the two APIs, by the names of their pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateJob,
    /// The ids, joined by commas.
    DescribeJob(String),
    ListJobs,
    CancelJob(String),
    CreateTemplate,
    UpdateTemplate(String),
    DeleteTemplate(String),
    ListTemplates,
    ListQueues,
    UpdateQueue(String),
    OpenBucket,
    ListBuckets,
    CloseBucket,
    PutObject,
    GetObject,
    HeadObject,
    DeleteObject,
    ListObjects,
    HeadBucket,
    PutBucket,
}

impl Operation {
    /// As in logs and faults.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::CreateJob => "CreateJob",
            Self::DescribeJob(_) => "DescribeJob",
            Self::ListJobs => "ListJobs",
            Self::CancelJob(_) => "CancelJob",
            Self::CreateTemplate => "CreateTemplate",
            Self::UpdateTemplate(_) => "UpdateTemplate",
            Self::DeleteTemplate(_) => "DeleteTemplate",
            Self::ListTemplates => "ListTemplates",
            Self::ListQueues => "ListQueues",
            Self::UpdateQueue(_) => "UpdateQueue",
            Self::OpenBucket => "OpenBucket",
            Self::ListBuckets => "ListBuckets",
            Self::CloseBucket => "CloseBucket",
            Self::PutObject => "PutObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::DeleteObject => "DeleteObject",
            Self::ListObjects => "ListObjects",
            Self::HeadBucket => "HeadBucket",
            Self::PutBucket => "PutBucket",
        }
    }

    /// Whether it belongs to COS rather than to CI.
    pub(crate) fn is_cos(&self) -> bool {
        matches!(
            self,
            Self::PutObject
                | Self::GetObject
                | Self::HeadObject
                | Self::DeleteObject
                | Self::ListObjects
                | Self::HeadBucket
                | Self::PutBucket
        )
    }
}

/// Parameters that turn a COS call into another one, which this engine does not have.
const OTHER_CALLS: &[&str] = &[
    "accelerate",
    "acl",
    "cors",
    "delete",
    "domain",
    "encryption",
    "inventory",
    "lifecycle",
    "logging",
    "object-lock",
    "origin",
    "partNumber",
    "policy",
    "referer",
    "replication",
    "restore",
    "retention",
    "select",
    "tagging",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// Names the operation.
pub(crate) fn route(method: &Method, address: &Address, query: &str) -> Result<Operation, Refusal> {
    let path = address.path.strip_prefix('/').unwrap_or(&address.path);
    let (family, id) = match path.split_once('/') {
        Some((family, id)) => (family, Some(id)),
        None => (path, None),
    };
    let put = *method == Method::PUT;
    let media = match (family, method, id) {
        ("jobs", &Method::POST, None) => Operation::CreateJob,
        ("jobs", &Method::GET, None) => Operation::ListJobs,
        ("jobs", &Method::GET, Some(ids)) => Operation::DescribeJob(ids.to_owned()),
        // With and without `?cancel`: official demos send both.
        ("jobs", _, Some(id)) if put => Operation::CancelJob(one(id)?),
        ("template", &Method::POST, None) => Operation::CreateTemplate,
        ("template", &Method::GET, None) => Operation::ListTemplates,
        ("template", _, Some(id)) if put => Operation::UpdateTemplate(one(id)?),
        ("template", &Method::DELETE, Some(id)) => Operation::DeleteTemplate(one(id)?),
        ("queue", &Method::GET, None) => Operation::ListQueues,
        ("queue", _, Some(id)) if put => Operation::UpdateQueue(one(id)?),
        ("mediabucket", &Method::POST, None) => Operation::OpenBucket,
        ("mediabucket", &Method::GET, None) => Operation::ListBuckets,
        ("mediabucket", &Method::DELETE, None) => Operation::CloseBucket,
        ("jobs" | "template" | "queue" | "mediabucket", ..) => return Err(method_not_allowed()),
        _ => return object(method, path, query),
    };
    Ok(media)
}

fn object(method: &Method, path: &str, query: &str) -> Result<Operation, Refusal> {
    let other = address::query(query)
        .into_iter()
        .find(|(name, _)| OTHER_CALLS.contains(&name.as_str()));
    if let Some((name, _)) = other {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            format!("The local engine has no call with ?{name}; objects are put in one piece."),
        ));
    }
    match (method, path.is_empty()) {
        (&Method::PUT, false) => Ok(Operation::PutObject),
        (&Method::GET, false) => Ok(Operation::GetObject),
        (&Method::HEAD, false) => Ok(Operation::HeadObject),
        (&Method::DELETE, false) => Ok(Operation::DeleteObject),
        (&Method::GET, true) => Ok(Operation::ListObjects),
        (&Method::HEAD, true) => Ok(Operation::HeadBucket),
        (&Method::PUT, true) => Ok(Operation::PutBucket),
        _ => Err(method_not_allowed()),
    }
}

fn one(id: &str) -> Result<String, Refusal> {
    if id.is_empty() || id.contains('/') {
        return Err(Refusal::argument(format!("{id:?} is not an id.")));
    }
    Ok(id.to_owned())
}

fn method_not_allowed() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn named(method: &str, path: &str, query: &str) -> String {
        let address = Address {
            bucket: Some("b-1".to_owned()),
            region: None,
            path: path.to_owned(),
            prefixed: false,
            bare: false,
        };
        match route(&method.parse().unwrap(), &address, query) {
            Ok(operation) => operation.name().to_owned(),
            Err(refusal) => refusal.code.into_owned(),
        }
    }

    #[test]
    fn every_line_of_the_api_has_its_operation() {
        for (line, name) in [
            ("POST /jobs", "CreateJob"),
            ("GET /jobs", "ListJobs"),
            ("GET /jobs/a,b", "DescribeJob"),
            ("PUT /jobs/a", "CancelJob"),
            ("PUT /jobs/", "InvalidArgument"),
            ("DELETE /jobs/a", "MethodNotAllowed"),
            ("POST /template", "CreateTemplate"),
            ("PUT /template/t", "UpdateTemplate"),
            ("DELETE /template/t", "DeleteTemplate"),
            ("GET /template", "ListTemplates"),
            ("GET /queue", "ListQueues"),
            ("PUT /queue/p", "UpdateQueue"),
            ("POST /queue", "MethodNotAllowed"),
            ("GET /mediabucket", "ListBuckets"),
            ("PUT /in/a.mp4", "PutObject"),
            ("PUT /jobsheet/a.mp4", "PutObject"),
            ("HEAD /a", "HeadObject"),
            ("GET /", "ListObjects"),
            ("POST /a", "MethodNotAllowed"),
        ] {
            let (method, path) = line.split_once(' ').unwrap();
            assert_eq!(named(method, path, ""), name, "{line}");
        }
        assert_eq!(named("PUT", "/jobs/a", "cancel"), "CancelJob");
    }

    #[test]
    fn a_call_that_is_not_there_is_not_mistaken_for_another() {
        assert_eq!(named("GET", "/a", "acl"), "NotImplemented");
        assert_eq!(
            named("PUT", "/a", "partNumber=1&uploadId=x"),
            "NotImplemented"
        );
        assert_eq!(named("GET", "/a", "response-content-type=x"), "GetObject");
    }
}
