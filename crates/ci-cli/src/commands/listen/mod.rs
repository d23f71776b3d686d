//! `cosci listen`: receives callbacks, prints a line for each, and passes them on.

mod exec;
mod forward;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use ci_client::callbacks::{Duplicates, Handler, LARGEST, Verdict};
use ci_model::Callback;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use self::exec::Exec;
use self::forward::Forward;
use super::answer::document;
use super::serve::{listen, url_of};
use crate::args::Listen;
use crate::failure::Failure;
use crate::output::{Output, note, print, table};
use crate::runtime::Stop;

/// How long callbacks under way may take once the end is asked for.
const FINISH: Duration = Duration::from_secs(5);
/// How long a sender may take for its document.
const ARRIVAL: Duration = Duration::from_secs(30);
/// Callbacks that are read or passed on at once; each can be as large as is allowed.
const AT_ONCE: usize = 64;

/// What every callback needs.
struct Desk {
    output: Output,
    seen: Mutex<Duplicates>,
    forward: Option<Forward>,
    exec: Option<Exec>,
    room: Arc<Semaphore>,
}

/// A callback as it came.
struct Received {
    headers: HeaderMap,
    bytes: Bytes,
    /// Its place among those that are in hand at once.
    _room: OwnedSemaphorePermit,
}

pub(crate) async fn run(args: Listen, output: Output) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let (limit, parallel) = (args.exec_timeout, args.exec_parallel);
    let desk = Arc::new(Desk {
        output,
        seen: Mutex::default(),
        forward: args.forward.map(Forward::new).transpose()?,
        exec: args.exec.map(|line| Exec::new(line, limit, parallel)),
        room: Arc::new(Semaphore::new(AT_ONCE)),
    });
    let shared = Arc::clone(&desk);
    let listener = listen(&args.addr).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::other(format!("cannot tell where it listens: {error}")))?;
    let app = axum::Router::new().fallback(move |request| receive(Arc::clone(&shared), request));
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
    if let Some(exec) = &desk.exec {
        exec.stop().await;
    }
    Ok(0)
}

/// One request: the client's handler checks and answers it, with the bytes kept beside for those they are passed to.
async fn receive(desk: Arc<Desk>, request: Request) -> Response {
    let Ok(room) = Arc::clone(&desk.room).acquire_owned().await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "at its end\n");
    };
    let (head, body) = request.into_parts();
    let arriving = Limited::new(body, LARGEST).collect();
    let bytes = match tokio::time::timeout(ARRIVAL, arriving).await {
        Ok(Ok(read)) => read.to_bytes(),
        Ok(Err(_)) => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "too large, or cut off\n");
        }
        Err(_) => return refusal(StatusCode::REQUEST_TIMEOUT, "too slow\n"),
    };
    let received = Arc::new(Received {
        headers: head.headers.clone(),
        bytes: bytes.clone(),
        _room: room,
    });
    let posted = head.method == Method::POST;
    let keeper = Arc::clone(&desk);
    let mut handler = Handler::new(move |callback| {
        let (desk, received) = (Arc::clone(&keeper), Arc::clone(&received));
        // A task of its own: a sender that hangs up must not leave half of the work done.
        let taken = tokio::spawn(async move { desk.take(&callback, &received).await });
        async move { taken.await.unwrap_or(Verdict::Later) }
    });
    let Ok(answer) = handler
        .call(Request::from_parts(head, Full::new(bytes)))
        .await;
    if posted && answer.status() == StatusCode::BAD_REQUEST {
        note("cosci: something that is no callback was posted, and refused with 400");
    }
    answer.map(Body::new)
}

fn refusal(status: StatusCode, text: &'static str) -> Response {
    let mut refusal = Response::new(Body::from(text));
    *refusal.status_mut() = status;
    refusal
}

impl Desk {
    async fn take(&self, callback: &Callback, received: &Received) -> Verdict {
        let duplicate = self.is_duplicate(callback);
        let verdict = self.pass_on(callback, received, duplicate).await;
        if verdict == Verdict::Later {
            // It comes again, and has to be as new then as it was now.
            let mut seen = self.seen();
            for job in &callback.jobs_detail {
                seen.forget(job);
            }
        }
        verdict
    }

    async fn pass_on(&self, callback: &Callback, received: &Received, duplicate: bool) -> Verdict {
        if let Err(failure) = self.tell(callback, received, duplicate) {
            note(&format!("cosci: {failure}"));
            return Verdict::Later;
        }
        let mut verdict = Verdict::Taken;
        if let Some(forward) = &self.forward
            && let Err(why) = forward.send(received).await
        {
            note(&format!("cosci: not forwarded, answered with 503: {why}"));
            verdict = Verdict::Later;
        }
        if let Some(exec) = &self.exec
            && let Err(why) = exec.run(callback, received, duplicate).await
        {
            note(&format!(
                "cosci: the command failed, answered with 503: {why}"
            ));
            verdict = Verdict::Later;
        }
        verdict
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Duplicates> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether every job in it was reported before in this state.
    fn is_duplicate(&self, callback: &Callback) -> bool {
        let mut seen = self.seen();
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
