//! A client of a few lines: signs a request as an SDK does and hands it to the router.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use ci_local::{Config, Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use cos_sign::{Credentials, Validity, sign};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(crate) const BUCKET: &str = "demo-1250000000";
pub(crate) const CI: &str = "http://demo-1250000000.ci.ap-chongqing.myqcloud.com";
pub(crate) const COS: &str = "http://demo-1250000000.cos.ap-chongqing.myqcloud.com";

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
            .to_str()
            .unwrap()
    }

    /// The text of the first element of that name.
    #[track_caller]
    pub(crate) fn element(&self, name: &str) -> &str {
        between(self.text(), name).unwrap_or_else(|| panic!("no {name} in {}", self.text()))
    }

    pub(crate) fn elements(&self, name: &str) -> Vec<&str> {
        let mut rest = self.text();
        let mut found = Vec::new();
        while let Some(text) = between(rest, name) {
            found.push(text);
            let end = format!("</{name}>");
            rest = rest.split_once(&end).map_or("", |(_, rest)| rest);
        }
        found
    }

    /// Status and error code of a refusal, after checking what every refusal must have.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, &str) {
        assert!(!self.element("Resource").is_empty(), "{}", self.text());
        assert_eq!(self.element("RequestId"), self.header("x-ci-request-id"));
        assert!(!self.element("Message").is_empty());
        assert_eq!(self.header("content-type"), "application/xml");
        (self.status.as_u16(), self.element("Code"))
    }
}

fn between<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY)
}

pub(crate) fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A request to a full URL as it is on the wire: path in the line, host in a header.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let url: http::Uri = url.parse().unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(url.path_and_query().unwrap().as_str())
        .header(header::HOST, url.authority().unwrap().as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// Signs it for the next ten minutes.
pub(crate) fn signed(request: Request<Body>, with: &Credentials) -> Request<Body> {
    let (mut head, body): (Parts, Body) = request.into_parts();
    let valid = Validity::starting_at(now(), Duration::from_secs(600));
    sign(&head, with, valid).unwrap().apply(&mut head.headers);
    Request::from_parts(head, body)
}

pub(crate) async fn send(engine: &Engine, request: Request<Body>) -> Reply {
    let response = engine.router().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply {
        status: head.status,
        headers: head.headers,
        body,
    }
}

/// A signed call.
pub(crate) async fn call(engine: &Engine, method: &str, url: &str, body: impl Into<Body>) -> Reply {
    let headers: &[_] = if method == "POST" {
        &[("content-type", "application/xml")]
    } else {
        &[]
    };
    send(
        engine,
        signed(request(method, url, headers, body), &credentials()),
    )
    .await
}

pub(crate) async fn engine() -> Engine {
    Engine::start(Config::ephemeral().control(true))
        .await
        .unwrap()
}

#[track_caller]
pub(crate) fn ok(reply: Reply) -> Reply {
    assert!(
        reply.status.is_success(),
        "{} {}",
        reply.status,
        reply.text()
    );
    reply
}
