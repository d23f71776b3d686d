//! Transports for tests: canned answers, capture, and recordings that can be played again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Method, Request, Response, Uri};
use serde_json::{Value, json};

use crate::transport::{SendLimits, Transport, TransportError};

/// A request as it would have been sent, without its signature and token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Captured {
    /// Method.
    pub method: Method,
    /// Where it would have gone.
    pub uri: Uri,
    /// Headers, without `Authorization` and tokens.
    pub headers: HeaderMap,
    /// Whether it was signed.
    pub signed: bool,
    /// Body.
    pub body: Bytes,
}

fn captured(request: &Request<Bytes>) -> Captured {
    let mut headers = request.headers().clone();
    let signed = headers.remove(AUTHORIZATION).is_some();
    headers.remove(cos_sign::CI_TOKEN);
    headers.remove(cos_sign::COS_TOKEN);
    Captured {
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers,
        signed,
        body: request.body().clone(),
    }
}

type Answered = Result<Response<Bytes>, TransportError>;

/// Answers from a list, in order, and keeps what was asked. Clones share both.
#[derive(Clone, Default)]
pub struct Canned(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: VecDeque<Answered>,
    captured: Vec<Captured>,
}

impl Canned {
    /// No answers yet; a request without one fails as not sent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an answer with this status and body.
    #[must_use]
    pub fn answer(self, status: u16, body: impl Into<Bytes>) -> Self {
        let response = Response::builder()
            .status(status)
            .header("x-ci-request-id", "canned")
            .body(body.into());
        self.result(response.map_err(TransportError::not_sent))
    }

    /// Adds any answer, or a failure.
    #[must_use]
    pub fn result(self, answer: Answered) -> Self {
        self.state().answers.push_back(answer);
        self
    }

    /// What was asked so far.
    #[must_use]
    pub fn captured(&self) -> Vec<Captured> {
        self.state().captured.clone()
    }
}

impl fmt::Debug for Canned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        write!(
            f,
            "Canned({} answers left, {} requests seen)",
            state.answers.len(),
            state.captured.len()
        )
    }
}

impl Transport for Canned {
    async fn send(&self, request: Request<Bytes>) -> Answered {
        let mut state = self.state();
        state.captured.push(captured(&request));
        let none = || Err(TransportError::not_sent("no canned answer is left"));
        state.answers.pop_front().unwrap_or_else(none)
    }
}

/// Passes requests on and keeps them with their answers, without signatures and tokens: see [`Recorder::recording`].
#[derive(Debug, Clone)]
pub struct Recorder<T> {
    inner: T,
    lines: Arc<Mutex<Vec<String>>>,
}

impl<T: Transport> Recorder<T> {
    /// Records what goes through `inner`.
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            lines: Arc::default(),
        }
    }

    /// What was recorded, a JSON document a line. Bodies that are not text are kept as hex.
    #[must_use]
    pub fn recording(&self) -> String {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }
}

fn bytes_to_json(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => {
            json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
        }
    }
}

fn bytes_from_json(value: &Value) -> Option<Bytes> {
    if let Some(text) = value.get("text") {
        return Some(Bytes::copy_from_slice(text.as_str()?.as_bytes()));
    }
    let hex = value.get("hex")?.as_str()?;
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len())
        .step_by(2)
        .map(byte)
        .collect::<Option<Vec<u8>>>()
        .map(Bytes::from)
}

fn headers_to_json(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect()
}

impl<T: Transport> Transport for Recorder<T> {
    async fn send(&self, request: Request<Bytes>) -> Answered {
        let asked = captured(&request);
        let response = self.inner.send(request).await?;
        let line = json!({
            "method": asked.method.as_str(),
            "target": asked.uri.path_and_query().map_or("/", |target| target.as_str()),
            "body": bytes_to_json(&asked.body),
            "status": response.status().as_u16(),
            "headers": headers_to_json(response.headers()),
            "answer": bytes_to_json(response.body()),
        });
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.to_string());
        Ok(response)
    }
}

/// A text that [`Recorder::recording`] did not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the recording is no recorded exchange")]
#[non_exhaustive]
pub struct InvalidRecording {
    /// The first line that cannot be read, from 1.
    pub line: usize,
}

/// Plays a recording: each answer once, to a request of the same method and target, in the recorded order.
#[derive(Debug, Clone)]
pub struct Replay(Arc<Mutex<Vec<Value>>>);

impl Replay {
    /// Reads what [`Recorder::recording`] gave.
    ///
    /// # Errors
    /// [`InvalidRecording`] names the first line that is no recorded exchange.
    pub fn new(recording: &str) -> Result<Self, InvalidRecording> {
        let lines = recording
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let read = lines.map(|(at, line)| {
            let value: Option<Value> = serde_json::from_str(line).ok();
            value
                .filter(|value| response(value).is_some() && value.get("target").is_some())
                .ok_or(InvalidRecording { line: at + 1 })
        });
        Ok(Self(Arc::new(Mutex::new(read.collect::<Result<_, _>>()?))))
    }
}

fn response(line: &Value) -> Option<Response<Bytes>> {
    let mut response =
        Response::builder().status(u16::try_from(line.get("status")?.as_u64()?).ok()?);
    for header in line.get("headers")?.as_array()? {
        response = response.header(header.get(0)?.as_str()?, header.get(1)?.as_str()?);
    }
    response.body(bytes_from_json(line.get("answer")?)?).ok()
}

impl Transport for Replay {
    async fn send(&self, mut request: Request<Bytes>) -> Answered {
        request.extensions_mut().remove::<SendLimits>();
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |line: &Value| line["method"] == request.method().as_str() && line["target"] == target;
        let at = lines.iter().position(fits);
        let found = at.and_then(|at| response(&lines.remove(at)));
        found.ok_or_else(|| {
            TransportError::not_sent(format!("not recorded: {} {target}", request.method()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, Credentials};

    fn client(transport: impl Transport) -> Client {
        let builder = Client::builder("media-1250000000", "ap-chongqing").retries(0);
        let credentials = Credentials::new("AKIDEXAMPLE", "CANARYKEY").with_token("CANARYTOKEN");
        builder
            .credentials(credentials)
            .transport(transport)
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn canned_answers_come_in_order_and_requests_are_kept() {
        let canned = Canned::new().answer(200, "abc").answer(404, "");
        let client = client(canned.clone());
        let got = client.get_object("a").await.unwrap();
        assert_eq!(got.output.bytes, "abc");
        assert!(client.head_object("b").await.unwrap_err().is_not_found());
        let asked = canned.captured();
        assert_eq!(
            (asked.len(), asked[1].method.as_str(), asked[1].signed),
            (2, "HEAD", true)
        );
        assert_eq!(client.head_object("c").await.unwrap_err().kind(), "network");
    }

    #[tokio::test]
    async fn a_recording_plays_again_and_holds_no_secret() {
        let recorder = Recorder::new(
            Canned::new()
                .answer(200, &b"\xff\x00"[..])
                .answer(200, "text"),
        );
        let first = client(recorder.clone());
        first.get_object("a").await.unwrap();
        first.get_object("b").await.unwrap();
        let recording = recorder.recording();
        assert!(
            !recording.contains("CANARY") && !recording.contains("q-signature"),
            "{recording}"
        );
        let second = client(Replay::new(&recording).unwrap());
        let get = async |key: &str| second.get_object(key).await.unwrap().output.bytes;
        assert_eq!(get("b").await, "text");
        assert_eq!(get("a").await, &b"\xff\x00"[..]);
        assert!(second.head_object("a").await.is_err());
        let error = Replay::new("\n{}").unwrap_err();
        assert_eq!(
            (error.line, error.to_string().as_str()),
            (2, "line 2 of the recording is no recorded exchange")
        );
    }
}
