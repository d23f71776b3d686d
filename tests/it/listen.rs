//! `cosci listen`: real callbacks of the engine, passed on byte for byte.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

use ci_tests::served::Served;
use ci_tests::tool::binary;
use ci_tests::until::until;
use serde_json::Value;

struct Listener {
    child: Child,
    lines: BufReader<ChildStdout>,
    url: String,
}

impl Listener {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["listen", "--addr", "127.0.0.1:0", "--json"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut listener = Self {
            child,
            lines,
            url: String::new(),
        };
        listener.url = listener.next()["url"].as_str().expect("a url").to_owned();
        listener
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("a document")
    }

    /// Posts bytes and gives the status.
    fn post(&self, body: &[u8]) -> u16 {
        let address = self.url.strip_prefix("http://").expect("http");
        let mut stream = send(address, body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).expect("a status line");
        status.parse().expect("a status")
    }

    fn stop(mut self) -> Option<i32> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(asked.expect("kill starts").success());
        self.child.wait().expect("ended").code()
    }
}

/// Posts bytes and does not wait for the answer.
fn send(address: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("connected");
    let head = format!(
        "POST /x HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nX-From: the sender\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    // What is refused for its size is answered before all of it was taken.
    let _ = stream.write_all(body);
    stream
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const JSON: &[u8] =
    br#" {"EventName":"TaskFinish","JobsDetail":[{"JobId":"j1","State":"Success"}]} "#;
const XML: &[u8] = b"<Response><EventName>TaskFinish</EventName><JobsDetail><JobId>j2</JobId><State>Failed</State></JobsDetail></Response>";

#[test]
fn callbacks_of_the_engine_are_told_in_both_forms() {
    let engine = Served::start(&["--media", "synthetic"]);
    let _ = engine
        .tool(["objects", "put", "-", "in.mp4", "--json"])
        .stdin("a video")
        .run()
        .expect(0);
    let mut listener = Listener::start(&[]);
    for format in ["XML", "JSON"] {
        let url = listener.url.clone();
        let created = engine
            .run(&[
                "jobs",
                "create",
                "--input",
                "in.mp4",
                "--output",
                "o-${number}.png",
                "--callback",
                &url,
                "--callback-format",
                format,
            ])
            .expect(0);
        let told = listener.next();
        assert_eq!(told["format"], format.to_lowercase());
        assert_eq!(
            (&told["event"], &told["duplicate"]),
            (&"TaskFinish".into(), &false.into())
        );
        assert_eq!(
            told["document"]["JobsDetail"][0]["JobId"],
            created["job_id"]
        );
        assert_eq!(told["document"]["JobsDetail"][0]["State"], "Success");
    }
    assert_eq!(listener.stop(), Some(0));
}

#[test]
fn a_repetition_is_marked_and_what_is_no_callback_is_refused() {
    let mut listener = Listener::start(&[]);
    assert_eq!(listener.post(JSON), 200);
    assert_eq!(listener.post(b"<html>"), 400);
    assert_eq!(listener.post(&vec![b' '; 3 << 20]), 413);
    assert_eq!(listener.post(JSON), 200);
    assert_eq!(listener.post(XML), 200);
    let marked: Vec<_> = (0..3)
        .map(|_| listener.next()["duplicate"].clone())
        .collect();
    assert_eq!(marked, [false, true, false]);
}

#[test]
fn a_command_gets_the_document_and_its_failure_asks_for_a_repetition() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("got");
    let command = format!(
        "cat > {0}; printf '%s %s %s' \"$COSCI_JOB_ID\" \"$COSCI_STATE\" \"$COSCI_DUPLICATE\" > {0}.env; test $COSCI_STATE = Success",
        file.display()
    );
    let listener = Listener::start(&["--exec", &command]);
    assert_eq!(listener.post(JSON), 200);
    assert_eq!(fs::read(&file).expect("written"), JSON);
    let environment = folder.path().join("got.env");
    assert_eq!(
        fs::read_to_string(&environment).expect("written"),
        "j1 Success 0"
    );
    assert_eq!(listener.post(XML), 503);
    assert_eq!(fs::read(&file).expect("written"), XML);
}

#[test]
fn the_same_bytes_are_forwarded_and_a_refusal_asks_for_a_repetition() {
    let target = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/hook?a=b",
        target.local_addr().expect("an address")
    );
    let thread = std::thread::spawn(move || {
        ["200 OK", "500 Oh"].map(|status| {
            let (mut stream, _) = target.accept().expect("a connection");
            let mut got = Vec::new();
            let end = |got: &[u8]| got.windows(JSON.len()).any(|part| part == JSON);
            while !end(&got) {
                let mut bytes = [0; 4096];
                let read = stream.read(&mut bytes).expect("bytes");
                assert!(read > 0, "cut off: {}", String::from_utf8_lossy(&got));
                got.extend_from_slice(&bytes[..read]);
            }
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("answered");
            String::from_utf8_lossy(&got).into_owned()
        })
    });
    let listener = Listener::start(&["--forward", &url]);
    assert_eq!(listener.post(JSON), 200);
    assert_eq!(listener.post(JSON), 503);
    let got = thread.join().expect("two requests");
    assert!(
        got[0].starts_with("POST /hook?a=b HTTP/1.1\r\n"),
        "{}",
        got[0]
    );
    let lines: Vec<_> = got[0].lines().map(str::to_ascii_lowercase).collect();
    let header = |name: &str| {
        let named: Vec<_> = lines.iter().filter(|line| line.starts_with(name)).collect();
        assert!(named.len() <= 1, "{named:?}");
        named.first().map(|line| line.as_str())
    };
    assert_eq!(header("x-from: "), Some("x-from: the sender"));
    assert_eq!(header("connection: "), None, "that was for us");
    let host = url.split('/').nth(2).expect("a host");
    assert_eq!(header("host: "), Some(format!("host: {host}").as_str()));
}

#[test]
fn what_could_not_be_dealt_with_is_new_when_it_comes_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("got");
    // Fails the first time, and writes down what it was told each time.
    let command = format!(
        "echo $COSCI_DUPLICATE >> {0}; test $(wc -l < {0}) -gt 1",
        file.display()
    );
    let mut listener = Listener::start(&["--exec", &command]);
    assert_eq!(
        [(); 3].map(|()| listener.post(JSON)),
        [503, 200, 200],
        "the second time it succeeds"
    );
    assert_eq!(fs::read_to_string(&file).expect("written"), "0\n0\n1\n");
    let told = [(); 3].map(|()| listener.next()["duplicate"].clone());
    assert_eq!(told, [false, false, true]);
}

/// Whether a process still runs; one that has ended and waits to be reaped does not.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("child");
    let command = format!("sleep 600 & echo $! > {}; wait", file.display());
    let listener = Listener::start(&["--exec", &command, "--exec-timeout", "500ms"]);
    assert_eq!(listener.post(JSON), 503);
    let child = fs::read_to_string(&file).expect("written");
    until("the child of the shell to end", || {
        (!runs(&child)).then_some(())
    });
}

#[test]
fn the_end_of_the_tool_is_the_end_of_its_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("child");
    let command = format!("sleep 600 & echo $! > {}; wait", file.display());
    let listener = Listener::start(&["--exec", &command]);
    let address = listener.url.strip_prefix("http://").expect("http");
    let stream = send(address, JSON);
    let child = until("the command to start", || {
        let text = fs::read_to_string(&file).ok()?;
        text.ends_with('\n').then_some(text)
    });
    // The sender goes: the command is not broken off for that, it may be half done.
    drop(stream);
    assert!(runs(&child));
    assert_eq!(listener.stop(), Some(0));
    until("the child of the shell to end", || {
        (!runs(&child)).then_some(())
    });
}

#[test]
fn no_more_commands_run_at_once_than_are_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    // Takes a lock that it would not get if another one ran.
    let command = format!(
        "mkdir {0}/lock || {{ touch {0}/crowded; exit 1; }}; sleep 0.05; rmdir {0}/lock",
        folder.path().display()
    );
    let listener = Listener::start(&["--exec", &command, "--exec-parallel", "1"]);
    std::thread::scope(|scope| {
        let posts: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| listener.post(JSON)))
            .collect();
        for post in posts {
            assert_eq!(post.join().expect("posted"), 200);
        }
    });
    assert!(!folder.path().join("crowded").exists());
}
