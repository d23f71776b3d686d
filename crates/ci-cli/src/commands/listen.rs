//! `cosci listen`: receives callbacks, prints a line for each, and passes them on.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use ci_client::callbacks::{Duplicates, Handler, LARGEST, Verdict};
use ci_client::transport::{HyperTransport, SendLimits, Transport};
use ci_model::Callback;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tower_service::Service;

use super::answer::document;
use super::serve::{listen, url_of};
use crate::args::Listen;
use crate::failure::{Failure, Kind};
use crate::output::{Output, note, print, table};
use crate::runtime::Stop;

/// How long callbacks under way may take once the end is asked for.
const FINISH: Duration = Duration::from_secs(5);

/// What every callback needs.
struct Desk {
    output: Output,
    seen: Mutex<Duplicates>,
    forward: Option<(Uri, HyperTransport)>,
    exec: Option<String>,
}

/// A callback as it came.
#[derive(Clone)]
struct Received {
    kind: Option<HeaderValue>,
    bytes: Bytes,
}

pub(crate) async fn run(args: Listen, output: Output) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let forward = match args.forward {
        None => None,
        Some(uri) => {
            let transport = HyperTransport::builder().build();
            let transport = transport.map_err(|error| Failure::chain(Kind::Usage, &error))?;
            Some((uri, transport))
        }
    };
    let desk = Arc::new(Desk {
        output,
        seen: Mutex::default(),
        forward,
        exec: args.exec,
    });
    let listener = listen(&args.addr).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::other(format!("cannot tell where it listens: {error}")))?;
    let app = axum::Router::new().fallback(move |request| receive(Arc::clone(&desk), request));
    let url = url_of(address);
    output.either(|| json!({ "url": url }), || format!("{url}\n"))?;
    let (ask, asked) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        // Either way the end is asked for.
        let _ = asked.await;
    });
    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        ended = &mut server => {
            ended.map_err(|error| Failure::other(format!("the listener broke: {error}")))?;
        }
        () = stop.asked() => {
            drop(ask);
            // A sender that never finishes must not keep the tool from its end; the callback comes again.
            let _ = tokio::time::timeout(FINISH, server).await;
        }
    }
    Ok(0)
}

/// One request: the client's handler checks and answers it, with the bytes kept beside for those they are passed to.
async fn receive(desk: Arc<Desk>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let kind = head.headers.get(CONTENT_TYPE).cloned();
    let bytes = match Limited::new(body, LARGEST).collect().await {
        Ok(read) => read.to_bytes(),
        Err(_) => {
            let mut refusal = Response::new(Body::from("too large, or cut off\n"));
            *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return refusal;
        }
    };
    let received = Received {
        kind,
        bytes: bytes.clone(),
    };
    let posted = head.method == Method::POST;
    let mut handler = Handler::new(move |callback| {
        let (desk, received) = (Arc::clone(&desk), received.clone());
        async move { desk.take(&callback, received).await }
    });
    let Ok(answer) = handler
        .call(Request::from_parts(head, Full::new(bytes)))
        .await;
    if posted && answer.status() == StatusCode::BAD_REQUEST {
        note("cosci: something that is no callback was posted, and refused with 400");
    }
    answer.map(Body::new)
}

impl Desk {
    async fn take(&self, callback: &Callback, received: Received) -> Verdict {
        let duplicate = self.is_duplicate(callback);
        if let Err(failure) = self.tell(callback, &received, duplicate) {
            note(&format!("cosci: {failure}"));
            return Verdict::Later;
        }
        let mut verdict = Verdict::Taken;
        if let Err(why) = self.forward(&received).await {
            note(&format!("cosci: not forwarded, answered with 503: {why}"));
            verdict = Verdict::Later;
        }
        if let Err(why) = self.exec(callback, &received, duplicate).await {
            note(&format!(
                "cosci: the command failed, answered with 503: {why}"
            ));
            verdict = Verdict::Later;
        }
        verdict
    }

    /// Whether every job in it was reported before in this state.
    fn is_duplicate(&self, callback: &Callback) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let new = callback
            .jobs_detail
            .iter()
            .filter(|job| seen.is_new(job))
            .count();
        new == 0 && !callback.jobs_detail.is_empty()
    }

    fn tell(
        &self,
        callback: &Callback,
        received: &Received,
        duplicate: bool,
    ) -> Result<(), Failure> {
        if self.output.is_json() {
            let json = received.bytes.trim_ascii_start().starts_with(b"{");
            return self.output.document(&json!({
                "event": callback.event_name.as_ref().map(ToString::to_string),
                "format": if json { "json" } else { "xml" },
                "duplicate": duplicate,
                "document": document(callback),
            }));
        }
        let jobs = &callback.jobs_detail;
        let mut cells = vec![event(callback)];
        for job in jobs {
            cells.push(
                job.job_id
                    .as_ref()
                    .map_or("-".to_owned(), ToString::to_string),
            );
            cells.push(
                job.state
                    .as_ref()
                    .map_or("-".to_owned(), ToString::to_string),
            );
            cells.extend(job.object_names().iter().map(ToString::to_string));
            let failed = job.object_names().is_empty();
            cells.extend(
                job.message
                    .clone()
                    .filter(|text| failed && !text.is_empty()),
            );
        }
        if duplicate {
            cells.push("(again)".to_owned());
        }
        print(&table(&[cells]))
    }

    /// The same bytes to the other address; anything but a 2xx is a failure.
    async fn forward(&self, received: &Received) -> Result<(), String> {
        let Some((uri, transport)) = &self.forward else {
            return Ok(());
        };
        let mut request = http::Request::post(uri.clone());
        if let Some(kind) = &received.kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        if let Some(authority) = uri.authority() {
            request = request.header(http::header::HOST, authority.as_str());
        }
        let mut request = request
            .body(received.bytes.clone())
            .map_err(|error| error.to_string())?;
        request.extensions_mut().insert(SendLimits::default());
        let answer = transport
            .send(request)
            .await
            .map_err(|error| Failure::chain(Kind::Network, &error).message)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("{uri} answered {status}")),
        }
    }

    /// The command, with the document on its stdin. What it prints goes to stderr: stdout is for the lines.
    async fn exec(
        &self,
        callback: &Callback,
        received: &Received,
        duplicate: bool,
    ) -> Result<(), String> {
        let Some(line) = &self.exec else {
            return Ok(());
        };
        let (shell, flag) = if cfg!(windows) {
            ("cmd", "/C")
        } else {
            ("sh", "-c")
        };
        let job = callback.jobs_detail.first();
        let objects = job.map(|job| job.object_names().join("\n"));
        let mut child = tokio::process::Command::new(shell)
            .args([flag, line])
            .env("COSCI_EVENT", event(callback))
            .env(
                "COSCI_JOB_ID",
                text(job.and_then(|job| job.job_id.as_ref())),
            )
            .env("COSCI_STATE", text(job.and_then(|job| job.state.as_ref())))
            .env("COSCI_OBJECTS", text(objects))
            .env("COSCI_DUPLICATE", if duplicate { "1" } else { "0" })
            .stdin(Stdio::piped())
            .stdout(std::io::stderr())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input is no failure.
            let _ = stdin.write_all(&received.bytes).await;
        }
        match child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A variable cannot hold a NUL, and anybody can post one.
fn text<T: ToString>(value: Option<T>) -> String {
    value
        .map_or_else(String::new, |value| value.to_string())
        .replace('\0', "")
}

fn event(callback: &Callback) -> String {
    text(callback.event_name.as_ref())
}
