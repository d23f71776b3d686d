//! `cos-sign` with an HTTP library that knows nothing of it: an object is put, read back, and refused to a wrong key.
//!
//! `cargo run --package ci-tests --example sign_with_ureq`. The engine of this repository plays COS, on a port of
//! this machine; on the real service only the URL and the credentials differ.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ci_local::{Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use ci_model::ErrorDocument;
use cos_sign::{Credentials, Diagnosis, Validity, encode_path, explain, sign};
use http::{Request, Response};
use ureq::{AsSendBody, Body};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Bytes that no text encoding leaves alone, under a key that must be escaped in a URL.
pub(crate) const OBJECT: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff\xfe not a picture";
const KEY: &str = "in put/演示+1.png";

/// What the example found out.
#[derive(Debug)]
pub(crate) struct Found {
    /// The object, as it came back to a signed `GET`.
    pub(crate) object: Vec<u8>,
    /// Status and error document of a `GET` signed with a wrong key.
    pub(crate) refusal: (u16, ErrorDocument),
    /// What the server's echo says about that refusal.
    pub(crate) wrong_key: Diagnosis,
    /// What it says when a signed header was changed on the way.
    pub(crate) changed_header: Diagnosis,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What an error came from is its source, and is not repeated in its own text.
            let causes = successors(Some(&*error), |&error| error.source());
            let said: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("{}", said.join(": "));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (engine, origin) = runtime.block_on(serve())?;
    let found = put_and_get(&origin);
    runtime.block_on(engine.shutdown());
    let found = found?;
    let (status, error) = found.refusal;
    println!(
        "GET, signed: {} bytes, equal: {}",
        found.object.len(),
        found.object == OBJECT
    );
    println!(
        "GET, wrong key: {status} {}",
        error.code.unwrap_or_default()
    );
    println!("  {}", found.wrong_key);
    println!(
        "GET, Range changed after signing:\n  {}",
        found.changed_header
    );
    Ok(())
}

/// The engine on a port of this machine, until the runtime ends.
pub(crate) async fn serve() -> Outcome<(std::sync::Arc<Engine>, String)> {
    let engine = std::sync::Arc::new(Engine::ephemeral().await?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let served = engine.clone();
    tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    Ok((engine, origin))
}

/// Puts an object and reads it: signed well, with a wrong key, and with a header that changes after signing.
pub(crate) fn put_and_get(origin: &str) -> Outcome<Found> {
    let url = format!("{origin}/demo-1250000000/{}", encode_path(KEY));
    let ours = Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let window = Validity::starting_at(now, Duration::from_secs(600));
    // Refusals are read here, not turned into an error without their body; a proxy of the environment is not asked.
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();

    let put = signed(Request::put(&url).body(OBJECT)?, &ours, window)?;
    expect(200, &mut agent.run(put)?)?;

    let get = signed(Request::get(&url).body(())?, &ours, window)?;
    let mut answer = agent.run(get)?;
    expect(200, &mut answer)?;
    let object = answer.body_mut().read_to_vec()?;

    let wrong = Credentials::new(LOCAL_SECRET_ID, "not the secret key");
    let get = Request::get(&url).body(())?;
    let steps = explain(&get.clone().into_parts().0, &wrong, window)?;
    let mut answer = agent.run(signed(get, &wrong, window)?)?;
    let error: ErrorDocument = ci_model::from_bytes(answer.body_mut().read_to_vec()?)?;
    let wrong_key = steps.diagnose(
        error.format_string.as_deref(),
        error.string_to_sign.as_deref(),
    );
    let refusal = (answer.status().as_u16(), error);

    let get = Request::get(&url).header("range", "bytes=0-3").body(())?;
    let steps = explain(&get.clone().into_parts().0, &ours, window)?;
    let mut get = signed(get, &ours, window)?;
    get.headers_mut().insert("range", "bytes=0-9".parse()?);
    let error: ErrorDocument = ci_model::from_bytes(agent.run(get)?.body_mut().read_to_vec()?)?;
    let changed_header = steps.diagnose(
        error.format_string.as_deref(),
        error.string_to_sign.as_deref(),
    );
    Ok(Found {
        object,
        refusal,
        wrong_key,
        changed_header,
    })
}

/// All that signing takes: the head goes in, headers come out, and the library sends what it is given.
fn signed<B: AsSendBody>(
    request: Request<B>,
    credentials: &Credentials,
    window: Validity,
) -> Outcome<Request<B>> {
    let (mut head, body) = request.into_parts();
    sign(&head, credentials, window)?.apply(&mut head.headers);
    Ok(Request::from_parts(head, body))
}

fn expect(status: u16, answer: &mut Response<Body>) -> Outcome<()> {
    if answer.status() == status {
        return Ok(());
    }
    let body = answer.body_mut().read_to_string()?;
    Err(format!("the answer is {}: {body}", answer.status()).into())
}
