//! Who may use what is not signed: the control interface and the console.

use axum::body::Body;
use http::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri};

use super::call::header;
use crate::ids;
use crate::reply::{Refusal, respond};
use crate::shared::Shared;

/// Lets a program use the control interface.
pub(super) fn program(shared: &Shared, head: &Parts) -> Result<(), Refusal> {
    own_origin(shared, head)?;
    match &shared.config.control_key {
        Some(key) => {
            let sent = header(&head.headers, AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer "));
            match sent.is_some_and(|sent| same(sent, key.expose())) {
                true => Ok(()),
                false => Err(forbidden("The control interface needs its key.")),
            }
        }
        None if shared.is_exposed() => Err(beyond()),
        None => Ok(()),
    }
}

/// Lets a browser use the console; answers with a challenge when it must say the key first.
pub(crate) fn browser(shared: &Shared, head: &Parts) -> Result<Option<Response<Body>>, Refusal> {
    own_origin(shared, head)?;
    if head.method != Method::GET && !head.headers.contains_key(ORIGIN) {
        return Err(forbidden("Only the console's own page may do this."));
    }
    match &shared.config.control_key {
        Some(key) => {
            let sent = header(&head.headers, AUTHORIZATION).and_then(|v| v.strip_prefix("Basic "));
            let wanted = ids::base64(format!("cosci:{}", key.expose()).as_bytes());
            if sent.is_some_and(|sent| same(sent, &wanted)) {
                return Ok(None);
            }
            let text = "the user is cosci, the password the control key\n";
            let mut answer = respond(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", text);
            let challenge = HeaderValue::from_static("Basic realm=\"ci-local\", charset=\"UTF-8\"");
            answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            Ok(Some(answer))
        }
        None if shared.is_exposed() => Err(beyond()),
        None => Ok(None),
    }
}

/// Refuses pages of other origins, and names that an attacker's DNS could have led here.
fn own_origin(shared: &Shared, head: &Parts) -> Result<(), Refusal> {
    let host = header(&head.headers, HOST).unwrap_or_default();
    let name = cos_sign::without_port(host)
        .trim_start_matches('[')
        .trim_end_matches(']');
    let known = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok();
    if !known && shared.config.control_key.is_none() {
        return Err(forbidden(
            "Use the address of the engine or localhost, not another name.",
        ));
    }
    let Some(origin) = header(&head.headers, ORIGIN) else {
        return Ok(());
    };
    let origin = origin.parse::<Uri>().ok();
    let authority = origin.as_ref().and_then(|origin| origin.authority());
    match authority.is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host)) {
        true => Ok(()),
        false => Err(forbidden("Pages of another origin may not use the engine.")),
    }
}

fn beyond() -> Refusal {
    forbidden("The engine listens beyond this machine: this needs a control key.")
}

fn forbidden(why: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", why)
}

/// Compares without telling by its time where two texts differ.
fn same(a: &str, b: &str) -> bool {
    let pairs = std::iter::zip(a.bytes(), b.bytes());
    a.len() == b.len() && pairs.fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
}
