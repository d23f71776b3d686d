//! A `tower` service that receives callbacks: at home in axum, and anywhere else that takes one.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use ci_model::Callback;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::Full;
use tower_service::Service;

use super::{parse, same_secret};
use crate::body::Body;

/// Most bytes of a callback that are read: 1 MiB.
pub const LARGEST: usize = 1 << 20;

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Taken: answered with 200, so that it does not come again.
    Taken,
    /// Not now: answered with 503, so that it comes again.
    Later,
}

type Handled = Pin<Box<dyn Future<Output = Verdict> + Send>>;
type Answer = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send>>;

/// Receives callbacks and hands them, read, to a function.
///
/// The function should be quick, or put the callback away for later: how long the service waits for an answer is not
/// documented.
#[derive(Clone)]
pub struct Handler {
    handle: Arc<dyn Fn(Callback) -> Handled + Send + Sync>,
    secret: Option<Arc<str>>,
}

impl Handler {
    /// Hands every callback to `handle`.
    pub fn new<F, Fut>(handle: F) -> Self
    where
        F: Fn(Callback) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Verdict> + Send + 'static,
    {
        Self {
            handle: Arc::new(move |callback| Box::pin(handle(callback))),
            secret: None,
        }
    }

    /// Takes only callbacks whose address ends in `?secret=…` with this text; others get 404.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.into());
        self
    }

    fn admits(&self, query: Option<&str>) -> bool {
        let Some(secret) = &self.secret else {
            return true;
        };
        let mut pairs = query
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.strip_prefix("secret="));
        pairs.any(|given| same_secret(given, &cos_sign::encode_component(secret)))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("secret", &self.secret.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

fn answer(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

impl<B> Service<Request<B>> for Handler
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        let this = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            if !this.admits(head.uri.query()) {
                return Ok(answer(StatusCode::NOT_FOUND, "not found\n"));
            }
            if head.method != Method::POST {
                let mut response = answer(StatusCode::METHOD_NOT_ALLOWED, "callbacks are posted\n");
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static("POST"));
                return Ok(response);
            }
            let Ok(bytes) = Body::from_http(body).collect(LARGEST).await else {
                return Ok(answer(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too large, or cut off\n",
                ));
            };
            let kind = head
                .headers
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            Ok(match parse(kind, &bytes) {
                Err(error) => answer(StatusCode::BAD_REQUEST, &format!("{error}\n")),
                Ok(callback) => match (this.handle)(callback).await {
                    Verdict::Taken => answer(StatusCode::OK, "ok\n"),
                    Verdict::Later => answer(StatusCode::SERVICE_UNAVAILABLE, "later\n"),
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const GOOD: &str =
        r#"{"EventName":"TaskFinish","JobsDetail":[{"JobId":"j1","State":"Success"}]}"#;

    async fn post(handler: &mut Handler, uri: &str, body: impl Into<Body>) -> u16 {
        let request = Request::post(uri).body(body.into()).unwrap();
        handler.call(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_callback_is_read_and_handed_over() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let mut handler = Handler::new(move |callback| {
            shared.lock().unwrap().push(callback.jobs_detail.len());
            let verdict = if shared.lock().unwrap().len() == 1 {
                Verdict::Later
            } else {
                Verdict::Taken
            };
            std::future::ready(verdict)
        });
        assert_eq!(post(&mut handler, "/", GOOD).await, 503);
        assert_eq!(post(&mut handler, "/", GOOD).await, 200);
        assert_eq!(post(&mut handler, "/", "<html>").await, 400);
        assert_eq!(post(&mut handler, "/", vec![b' '; LARGEST + 1]).await, 413);
        assert_eq!(*seen.lock().unwrap(), [1, 1]);
        let get = Request::get("/").body(Body::empty()).unwrap();
        assert_eq!(
            handler.call(get).await.unwrap().status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }

    #[tokio::test]
    async fn without_the_secret_there_is_nothing_here() {
        let mut handler = Handler::new(|_| std::future::ready(Verdict::Taken)).secret("CANARY");
        assert_eq!(post(&mut handler, "/hook", GOOD).await, 404);
        assert_eq!(post(&mut handler, "/hook?secret=CANARX", GOOD).await, 404);
        assert_eq!(
            post(&mut handler, "/hook?a=b&secret=CANARY", GOOD).await,
            200
        );
        assert!(!format!("{handler:?}").contains("CANARY"));
    }
}
