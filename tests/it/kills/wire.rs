//! One signed call over one connection, by hand: what arrives after a cut counts as no answer.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ci_local::{LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use cos_sign::{Credentials, Validity, sign};

use super::BUCKET;

/// The status and body of a whole answer; `None` when the engine died before it was whole.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    target: &str,
    body: &[u8],
) -> Option<(u16, Vec<u8>)> {
    let (mut head, ()) = http::Request::builder()
        .method(method)
        .uri(target)
        .header("host", format!("{BUCKET}.ci.ap-chongqing.myqcloud.com"))
        .body(())
        .expect("a request")
        .into_parts();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let valid = Validity::starting_at(now.as_secs() - 1, Duration::from_secs(600));
    let credentials = Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY);
    sign(&head, &credentials, valid)
        .expect("signed")
        .apply(&mut head.headers);
    let mut text = format!(
        "{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in &head.headers {
        text += &format!("{name}: {}\r\n", value.to_str().expect("text"));
    }
    let request = [format!("{text}\r\n").as_bytes(), body].concat();
    exchange(address, &request).ok()?
}

/// What is left to do, by the engine's own metrics: 2 for a job, 1 for a callback.
pub(crate) fn unfinished(address: SocketAddr) -> Option<u64> {
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let (_, body) = exchange(address, request.as_bytes()).ok()??;
    let text = String::from_utf8(body).expect("text");
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.parse::<u64>().ok()
    };
    let jobs =
        count("ci_local_jobs{state=\"Submitted\"} ")? + count("ci_local_jobs{state=\"Running\"} ")?;
    // A job's end brings a callback, and is still a step forward.
    Some(2 * jobs + count("ci_local_callbacks_waiting ")?)
}

fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Option<(u16, Vec<u8>)>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(whole(&answer))
}

/// An answer counts when all of the bytes that its head promises are there.
fn whole(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (
        std::str::from_utf8(&answer[..end]).ok()?,
        &answer[end + 4..],
    );
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let status = head.split(' ').nth(1)?.parse().ok()?;
    (body.len() >= length?).then(|| (status, body.to_vec()))
}
