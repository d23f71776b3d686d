//! From a request to its answer: place it, name the operation, check the signature, carry it out.

pub(crate) mod body;
mod broken;
mod buckets;
mod call;
mod control;
mod document;
mod file_body;
pub(crate) mod guard;
pub(crate) mod jobs;
mod jobs_read;
mod objects;
mod own;
mod page;
pub(crate) mod put;
mod queues;
mod range;
mod route;
mod templates;

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use http::header::{DATE, HOST, HeaderName, HeaderValue, SERVER};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};

use crate::address;
use crate::clock::Millis;
use crate::faults::Effect;
use crate::record::Exchange;
use crate::reply::Refusal;
use crate::shared::Shared;
use call::Call;
pub(crate) use put::media_type;
use route::{Operation, route};

/// The one entry of the service.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Response<Body> {
    let began = Instant::now();
    let now = shared.clock.now();
    let request_id = shared.ids.request(now);
    let (head, mut body) = request.into_parts();
    let mut seen = Seen::default();
    let answer = answer(&shared, &head, &mut body, &request_id, &mut seen).await;
    let (mut response, code) = match answer {
        Ok(response) => (response, None),
        Err(refusal) => {
            // A client that is still sending would see a closed connection instead of the reason.
            body::drain(&mut body, shared.config.idle_timeout).await;
            let code = refusal.code.to_string();
            (
                refusal.into_response(&resource(&head), &request_id),
                Some(code),
            )
        }
    };
    label(&mut response, &seen, &request_id);
    date(&mut response, now);
    let response = broken::after(seen.fault.take(), response).await;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status();
    count(&shared, status, micros);
    tracing::info!(
        method = %head.method, path = head.uri.path(), operation = seen.operation,
        status = status.as_u16(), code, request_id, micros, signature = seen.signature, "answered"
    );
    // Whoever looks at the console sees every request, and what was set through the engine's own paths.
    let is_news = !seen.own || head.method != Method::GET;
    if !seen.own {
        shared.record.add(Exchange {
            at: now,
            micros,
            method: head.method.to_string(),
            host: host(&head).to_owned(),
            path: head.uri.path().to_owned(),
            operation: seen.operation,
            bucket: seen.bucket,
            status: status.as_u16(),
            code,
            signature: seen.signature,
            request_id,
        });
    }
    if is_news {
        shared.announce("");
    }
    response
}

/// What was learned about a request on the way, for the log.
#[derive(Debug, Default)]
struct Seen {
    operation: &'static str,
    bucket: Option<String>,
    signature: String,
    own: bool,
    object: bool,
    /// What a fault does to the answer once it is there.
    fault: Option<Effect>,
}

async fn answer(
    shared: &Arc<Shared>,
    head: &Parts,
    body: &mut Body,
    request_id: &str,
    seen: &mut Seen,
) -> Result<Response<Body>, Refusal> {
    let address = address::locate(head).map_err(|error| match error {
        address::AddressError::Host => Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidHost",
            "The Host header is missing or names no bucket.",
        ),
        address::AddressError::Path => Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidURI",
            "The path does not decode to UTF-8.",
        ),
    })?;
    seen.bucket.clone_from(&address.bucket);
    if address.bare
        && let Some(page) = own::page(&head.method, &address.path)
    {
        seen.operation = page.name();
        seen.own = true;
        return own::answer(shared, page, head, body).await;
    }
    let operation = route(&head.method, &address, head.uri.query().unwrap_or(""))?;
    seen.operation = operation.name();
    seen.object = operation.is_cos();
    match shared
        .faults
        .hit(operation.name(), address.bucket.as_deref())
    {
        Some(Effect::Refuse {
            status,
            code,
            message,
        }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut refusal = Refusal::new(status, "", message);
            refusal.code = code.into();
            return Err(refusal);
        }
        Some(Effect::Delay { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Effect::Reset) => return Ok(broken::reset()),
        after => seen.fault = after,
    }
    let region = address.region.as_deref().unwrap_or(&shared.config.region);
    let verdict = shared
        .keys
        .check(shared, head, &address, region)
        .inspect_err(|refusal| {
            shared.metrics.refused_signatures.add(1);
            seen.signature = format!("refused: {}", refusal.code);
        })?;
    seen.signature = verdict.text;
    let region = region.to_owned();
    let call = Call::new(shared, head, address, region, verdict.plus, request_id);
    dispatch(&call, operation, body).await
}

async fn dispatch(
    call: &Call<'_>,
    operation: Operation,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    match operation {
        Operation::CreateJob => jobs::create(call, body).await,
        Operation::DescribeJob(ids) => jobs_read::describe(call, &ids).await,
        Operation::ListJobs => jobs_read::list(call).await,
        Operation::CancelJob(id) => jobs_read::cancel(call, id).await,
        Operation::CreateTemplate => templates::create(call, body).await,
        Operation::UpdateTemplate(id) => templates::update(call, id, body).await,
        Operation::DeleteTemplate(id) => templates::delete(call, id).await,
        Operation::ListTemplates => templates::list(call).await,
        Operation::ListQueues => queues::list(call).await,
        Operation::UpdateQueue(id) => queues::update(call, id, body).await,
        Operation::OpenBucket => buckets::open(call).await,
        Operation::ListBuckets => buckets::list(call).await,
        Operation::CloseBucket => buckets::close(call).await,
        Operation::PutObject => put::put(call, body).await,
        Operation::GetObject | Operation::HeadObject => objects::get(call).await,
        Operation::DeleteObject => objects::delete(call).await,
        Operation::ListObjects => objects::list(call).await,
        Operation::HeadBucket => objects::head_bucket(call),
        Operation::PutBucket => objects::put_bucket(call).await,
    }
}

/// The time by the engine's clock, from which a client learns how far its own is off.
fn date(response: &mut Response<Body>, now: Millis) {
    let since = Duration::from_millis(u64::try_from(now).unwrap_or_default());
    let text = httpdate::fmt_http_date(UNIX_EPOCH + since);
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(DATE, value);
    }
}

/// Headers that every answer of the service carries.
fn label(response: &mut Response<Body>, seen: &Seen, request_id: &str) {
    let headers = response.headers_mut();
    let server = if seen.object {
        "tencent-cos"
    } else {
        "tencent-ci"
    };
    headers.insert(SERVER, HeaderValue::from_static(server));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        if seen.object {
            headers.insert(HeaderName::from_static("x-cos-request-id"), id.clone());
        }
        headers.insert(HeaderName::from_static("x-ci-request-id"), id);
    }
}

fn count(shared: &Shared, status: StatusCode, micros: u64) {
    let metrics = &shared.metrics;
    metrics.answer_micros.add(micros);
    match status.as_u16() {
        500.. => metrics.answers_failed.add(1),
        400.. => metrics.answers_refused.add(1),
        _ => metrics.answers_ok.add(1),
    }
}

fn host(head: &Parts) -> &str {
    match head.uri.authority() {
        Some(authority) => authority.as_str(),
        None => head
            .headers
            .get(HOST)
            .and_then(|v| v.to_str().ok())
            .unwrap_or(""),
    }
}

/// What `Resource` names: host and path, as the COS documents do.
fn resource(head: &Parts) -> String {
    let path = if head.method == Method::CONNECT {
        "/"
    } else {
        head.uri.path()
    };
    format!("{}{path}", host(head))
}
