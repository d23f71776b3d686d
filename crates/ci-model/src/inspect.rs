//! Any document of the service, recognised and laid out for a person or a script.

use crate::read::{json_error, json_root, read_tree, text_of};
use crate::text::text_enum;
use crate::tree::xml::XmlSource;
use crate::tree::{Tree, json};
use crate::{
    Callback, CloseBucketResponse, CreateJobRequest, CreateJobResponse, DeleteTemplateResponse,
    DescribeJobsResponse, Document, Element, ErrorDocument, Extras, Limits, ListBucketsResponse,
    ListJobsResponse, ListQueuesResponse, ListTemplatesResponse, OpenBucketResponse, ReadError,
    TemplateRequest, TemplateResponse, UpdateQueueRequest, UpdateQueueResponse,
};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;

text_enum! {
    /// What a document is.
    pub enum Kind {
        /// A request that creates jobs.
        CreateJobRequest = "create_job_request",
        /// Its answer.
        CreateJobResponse = "create_job_response",
        /// Jobs that were asked for by id.
        DescribeJobsResponse = "describe_jobs_response",
        /// A page of jobs.
        ListJobsResponse = "list_jobs_response",
        /// One template: a request, or the answer to making, changing or deleting one.
        Template = "template",
        /// A page of templates.
        Templates = "templates",
        /// Queues: a page, or a change of one, both ways.
        Queues = "queues",
        /// Buckets: a page, or opening and closing one.
        Buckets = "buckets",
        /// A refusal.
        Error = "error",
        /// A callback.
        Callback = "callback",
        /// Anything else that is well formed.
        Unknown = "unknown",
    }
}

text_enum! {
    /// How a document is written.
    pub enum Format {
        /// XML.
        Xml = "xml",
        /// JSON.
        Json = "json",
    }
}

/// A document that has been recognised.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Inspected {
    /// What it is.
    pub kind: Kind,
    /// How it was written.
    pub format: Format,
    /// What it says, under the service's own names and without the name of the root: elements that may repeat are
    /// lists, what is absent or empty is left out, documented numbers and booleans are typed, the rest is text.
    pub document: Value,
}

/// Recognises and reads any document of the service.
///
/// # Errors
/// See [`ReadError`]: bytes that are no document, and documents of a known kind that cannot be read, with the path.
pub fn inspect(bytes: impl AsRef<[u8]>) -> Result<Inspected, ReadError> {
    let limits = Limits::default();
    let text = text_of(bytes.as_ref(), limits)?;
    if crate::read::is_json(text) {
        return inspect_json(text, limits);
    }
    let mut tree = Tree::default();
    let mut source = XmlSource::open(text, limits)?;
    let root = tree.open(Cow::Borrowed(source.root()));
    while source.next_child(&mut tree)? {}
    tree.close(root);
    let kind = match source.root() {
        "Error" => Shape::Error,
        "Request" => request_shape(&tree, root),
        "Response" => response_shape(&tree, root),
        _ => Shape::Unknown,
    };
    let (kind, document) = lay_out(kind, &tree, root)?;
    let document = document.unwrap_or_else(|| plain(&tree.element(root)));
    Ok(Inspected {
        kind,
        format: Format::Xml,
        document,
    })
}

fn inspect_json(text: &str, limits: Limits) -> Result<Inspected, ReadError> {
    let tree = json::parse(text, limits)?;
    let (request, response) = (json_root(&tree, "Request"), json_root(&tree, "Response"));
    let (shape, root) = match json_error(&tree) {
        Some(root) => (Shape::Error, root),
        None if request != 0 => (request_shape(&tree, request), request),
        None => match response_shape(&tree, response) {
            // Without a root only the members tell a request, and an empty object tells nothing.
            Shape::CreateResponse
                if tree.child(response, "JobsDetail").is_none() && response == 0 =>
            {
                (request_shape(&tree, 0), 0)
            }
            Shape::Unknown if response == 0 => (request_shape(&tree, 0), 0),
            shape => (shape, response),
        },
    };
    let (kind, document) = lay_out(shape, &tree, root)?;
    let document = match document {
        Some(document) => document,
        None => without_empty(serde_json::from_str(text).unwrap_or_default())
            .unwrap_or_else(|| Map::new().into()),
    };
    Ok(Inspected {
        kind,
        format: Format::Json,
        document,
    })
}

/// Which type reads a document.
#[derive(Clone, Copy)]
enum Shape {
    CreateRequest,
    CreateResponse,
    Jobs,
    List,
    TemplateRequest,
    Template,
    DeletedTemplate,
    Templates,
    QueueRequest,
    Queue,
    Queues,
    OpenedBucket,
    ClosedBucket,
    Buckets,
    /// A page of nothing: of templates, queues or buckets.
    EmptyPage,
    Error,
    Callback,
    Unknown,
}

fn request_shape(tree: &Tree<'_>, root: u32) -> Shape {
    let has = |name| tree.child(root, name).is_some();
    if has("Input") || has("Operation") {
        Shape::CreateRequest
    } else if has("NotifyConfig") || has("QueueID") || (has("Name") && has("State")) {
        Shape::QueueRequest
    } else if has("Name") && (has("Tag") || has("SmartCover")) || has("SmartCover") {
        Shape::TemplateRequest
    } else if has("Tag") || has("CallBack") || has("CallBackFormat") {
        Shape::CreateRequest
    } else {
        Shape::Unknown
    }
}

fn response_shape(tree: &Tree<'_>, root: u32) -> Shape {
    let has = |name| tree.child(root, name).is_some();
    if has("EventName") || has("WorkflowExecution") {
        Shape::Callback
    } else if has("NextToken") {
        Shape::List
    } else if has("NonExistJobIds") {
        Shape::Jobs
    } else if has("JobsDetail") {
        let state = |job| {
            tree.child(job, "State")
                .and_then(|state| tree.get(state))
                .map(|state| state.text.trim().to_owned())
        };
        let jobs = tree
            .children(root)
            .filter(|(_, node)| node.name == "JobsDetail");
        let mut past = jobs
            .filter_map(|(job, _)| state(job))
            .filter(|state| !state.is_empty() && state != "Submitted");
        if past.next().is_some() {
            Shape::Jobs
        } else {
            Shape::CreateResponse
        }
    } else if has("TemplateList") {
        Shape::Templates
    } else if has("Template") {
        Shape::Template
    } else if has("TemplateId") {
        Shape::DeletedTemplate
    } else if has("QueueList") || has("NonExistPIDs") {
        Shape::Queues
    } else if has("Queue") {
        Shape::Queue
    } else if has("MediaBucketList") {
        Shape::Buckets
    } else if has("MediaBucket") {
        Shape::OpenedBucket
    } else if has("BucketName") {
        Shape::ClosedBucket
    } else if has("TotalCount") {
        Shape::EmptyPage
    } else if tree.is_container(root) {
        Shape::Unknown
    } else {
        Shape::CreateResponse
    }
}

fn lay_out(shape: Shape, tree: &Tree<'_>, root: u32) -> Result<(Kind, Option<Value>), ReadError> {
    let (kind, document) = match shape {
        Shape::CreateRequest => (
            Kind::CreateJobRequest,
            typed::<CreateJobRequest>(tree, root)?,
        ),
        Shape::CreateResponse => (
            Kind::CreateJobResponse,
            typed::<CreateJobResponse>(tree, root)?,
        ),
        Shape::Jobs => (
            Kind::DescribeJobsResponse,
            typed::<DescribeJobsResponse>(tree, root)?,
        ),
        Shape::List => (
            Kind::ListJobsResponse,
            typed::<ListJobsResponse>(tree, root)?,
        ),
        Shape::TemplateRequest => (Kind::Template, typed::<TemplateRequest>(tree, root)?),
        Shape::Template => (Kind::Template, typed::<TemplateResponse>(tree, root)?),
        Shape::DeletedTemplate => (Kind::Template, typed::<DeleteTemplateResponse>(tree, root)?),
        Shape::Templates => (Kind::Templates, typed::<ListTemplatesResponse>(tree, root)?),
        Shape::QueueRequest => (Kind::Queues, typed::<UpdateQueueRequest>(tree, root)?),
        Shape::Queue => (Kind::Queues, typed::<UpdateQueueResponse>(tree, root)?),
        Shape::Queues => (Kind::Queues, typed::<ListQueuesResponse>(tree, root)?),
        Shape::OpenedBucket => (Kind::Buckets, typed::<OpenBucketResponse>(tree, root)?),
        Shape::ClosedBucket => (Kind::Buckets, typed::<CloseBucketResponse>(tree, root)?),
        Shape::Buckets => (Kind::Buckets, typed::<ListBucketsResponse>(tree, root)?),
        Shape::EmptyPage => (Kind::Unknown, typed::<ListTemplatesResponse>(tree, root)?),
        Shape::Error => (Kind::Error, typed::<ErrorDocument>(tree, root)?),
        Shape::Callback => (Kind::Callback, typed::<Callback>(tree, root)?),
        Shape::Unknown => return Ok((Kind::Unknown, None)),
    };
    Ok((kind, Some(document)))
}

fn typed<T: Document>(tree: &Tree<'_>, root: u32) -> Result<Value, ReadError> {
    let extras = RefCell::<Extras>::default();
    let document: T = read_tree(tree, root, Some(&extras)).map_err(|fault| fault.under(T::ROOT))?;
    Ok(
        serde_json::from_str(&crate::to_typed_json(&document, Some(&extras.into_inner())))
            .unwrap_or_default(),
    )
}

/// A document of unknown kind: leaves are text, repeated names lists.
fn plain(element: &Element) -> Value {
    if element.children.is_empty() && !element.text.is_empty() {
        return element.text.clone().into();
    }
    let mut map = Map::new();
    for child in element
        .children
        .iter()
        .filter(|child| !child.children.is_empty() || !child.text.is_empty())
    {
        let value = plain(child);
        match map.get_mut(&child.name) {
            None => drop(map.insert(child.name.clone(), value)),
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    map.into()
}

/// Leaves out nulls and empty texts.
fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(list) => Some(
            list.into_iter()
                .filter_map(without_empty)
                .collect::<Vec<_>>()
                .into(),
        )
        .filter(|v| *v != Value::Array(vec![])),
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter_map(|(name, value)| Some((name, without_empty(value)?)))
                .collect(),
        )),
        value => Some(value),
    }
}
