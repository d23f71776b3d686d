//! The example with a blocking HTTP library, run against a peer on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;

use ci_core::{DescribeJobs, Endpoint};
use cos_sign::Credentials;

#[expect(dead_code, reason = "`main` is for people")]
#[path = "../examples/blocking.rs"]
mod blocking;

/// Answers one request and returns what came.
fn answer(status: &str, body: &str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let reply = format!(
        "HTTP/1.1 {status}\r\nx-ci-request-id: ID\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend_from_slice(&byte);
        }
        stream.write_all(reply.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    (base, serving)
}

fn describe(base: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let endpoint = Endpoint::cloud("media-1250000000", "ap-chongqing")?.with_base(base)?;
    let credentials = Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE");
    let call = DescribeJobs::one("j1".parse()?);
    let described = blocking::call(&blocking::agent(), &endpoint, &credentials, &call)?;
    Ok(described.jobs_detail.len())
}

#[test]
fn a_blocking_library_sends_the_request_as_it_was_signed() {
    let body =
        "<Response><JobsDetail><JobId>j1</JobId><State>Running</State></JobsDetail></Response>";
    let (base, serving) = answer("200 OK", body);
    assert_eq!(describe(&base).unwrap(), 1);
    let head = serving.join().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("get /jobs/j1 http/1.1\r\n"), "{head}");
    assert!(
        head.contains("\r\nhost: media-1250000000.ci.ap-chongqing.myqcloud.com\r\n"),
        "{head}"
    );
    assert_eq!(head.matches("\r\nhost:").count(), 1, "{head}");
    assert!(head.contains("q-header-list=host&"), "{head}");
}

#[test]
fn a_refusal_reaches_the_caller_through_any_library() {
    let (base, _serving) = answer(
        "403 Forbidden",
        "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    );
    let error = describe(&base).unwrap_err().to_string();
    assert_eq!(error, "403 AccessDenied: no (request id ID)");
}
