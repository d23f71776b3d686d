//! Callbacks as a real HTTP server receives them.

use std::time::Duration;

use ci_local::{Config, Engine, Media};
use ci_model::callback;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::durable::set_queue;
use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

/// A receiver that answers each request with the next of `answers` and hands out what it got.
pub(crate) async fn receiver(
    answers: &'static [&'static str],
) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?token=1", listener.local_addr().unwrap());
    let (sender, got) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for answer in answers.iter().cycle() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            drop(stream);
            if sender.send(request).is_err() {
                return;
            }
        }
    });
    (url, got)
}

async fn read(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let n = stream.read(&mut piece).await.unwrap();
        text.extend_from_slice(&piece[..n]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if n == 0 || length.is_none_or(|length: usize| body.len() >= length) {
            return whole;
        }
    }
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

async fn start() -> Engine {
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .control(true)
        .callback_backoff(Duration::from_millis(1));
    with_clip(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_job_is_told_in_xml_and_in_json() {
    let engine = start().await;
    let (url, mut got) = receiver(&[OK]).await;
    for (format, media) in [("XML", "application/xml"), ("JSON", "application/json")] {
        let more = format!("<CallBack>{url}</CallBack><CallBackFormat>{format}</CallBackFormat>");
        let id = submit(
            &engine,
            body("in/clip.mp4", "<UserData>order 17</UserData>", &more),
        )
        .await;
        let request = got.recv().await.unwrap();
        let (head, text) = request.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("POST /hook?token=1 HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(
            head.to_ascii_lowercase()
                .contains(&format!("content-type: {media}")),
            "{head}"
        );
        assert_eq!(text.starts_with('{'), format == "JSON");
        let event = callback::parse(Some(media), text).unwrap();
        let job = &event.jobs_detail[0];
        assert_eq!(job.job_id.as_ref().unwrap().as_str(), id);
        assert_eq!(
            job.operation.user_data.as_ref().unwrap().as_str(),
            "order 17"
        );
        assert_eq!(job.object_names().len(), 3);
    }
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_told_too_and_no_means_silence() {
    let engine = with_clip(Config::ephemeral().ffmpeg("/no/ffmpeg", "/no/ffprobe")).await;
    let (url, mut got) = receiver(&[OK]).await;
    let notify =
        format!("<State>On</State><Event>TaskFinish</Event><Type>Url</Type><Url>{url}</Url>");
    ok(set_queue(&engine, "Active", &notify).await);
    let silent = submit(&engine, body("in/clip.mp4", "", "<CallBack>no</CallBack>")).await;
    assert_eq!(describe(&engine, &silent).await.element("State"), "Failed");
    let told = submit(&engine, body("in/clip.mp4", "", "")).await;
    let request = got.recv().await.unwrap();
    assert!(
        request.contains(&told) && !request.contains(&silent),
        "{request}"
    );
    assert!(
        request.contains("<State>Failed</State>") && request.contains("<Code>FfmpegMissing</Code>")
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_is_repeated_until_the_receiver_says_yes() {
    let engine = start().await;
    const NO: &str = "HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n";
    const MOVED: &str =
        "HTTP/1.1 302 moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    const RUBBISH: &str = "what?";
    let (url, mut got) = receiver(&[NO, MOVED, RUBBISH, OK]).await;
    let more = format!("<CallBack>{url}</CallBack>");
    submit(&engine, body("in/clip.mp4", "", &more)).await;
    let mut bodies = Vec::new();
    for _ in 0..4 {
        let request = got.recv().await.unwrap();
        bodies.push(request.split_once("\r\n\r\n").unwrap().1.to_owned());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "every attempt carries the same document");
    engine.shutdown().await;
    let database = rusqlite::Connection::open(engine.folder().join("engine.db")).unwrap();
    let attempts: String = database
        .query_row("SELECT attempts FROM callbacks", [], |row| row.get(0))
        .unwrap();
    assert!(
        attempts.contains("500")
            && attempts.contains("302")
            && attempts.contains("connection failed"),
        "{attempts}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_go_to_allowed_hosts_only() {
    let engine = start().await;
    // Also this machine, under an address that was not allowed: it would be reached.
    let trap = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let elsewhere = format!("http://{}/", trap.local_addr().unwrap());
    let secure = "https://127.0.0.1/x".to_owned();
    let alike = "http://localhost.evil.example/".to_owned();
    for (url, why) in [
        (elsewhere, "not among the allowed"),
        (secure, "plain http only"),
        (alike, "not among the allowed"),
    ] {
        let mut news = engine.news();
        let more = format!("<CallBack>{url}</CallBack>");
        let id = submit(&engine, body("in/clip.mp4", "", &more)).await;
        let attempts = loop {
            if let Some(attempts) = given_up(&engine, &id) {
                break attempts;
            }
            news.recv().await.unwrap();
        };
        assert!(attempts.contains(why), "{url}: {attempts}");
        assert_eq!(
            attempts.matches("\"error\"").count(),
            1,
            "tried once: {attempts}"
        );
    }
    let touched = std::future::poll_fn(|context| {
        std::task::Poll::Ready(trap.poll_accept(context).is_ready())
    });
    assert!(
        !touched.await,
        "a callback went to a host that was not allowed"
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_silent_or_never_stops_talking_holds_nothing_up() {
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .callback_timeout(Duration::from_millis(200))
        .callback_tries(1);
    let engine = with_clip(config).await;
    // Takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let more = format!("<CallBack>{url}</CallBack>");
    let mut news = engine.news();
    let id = submit(&engine, body("in/clip.mp4", "", &more)).await;
    let attempts = loop {
        if let Some(attempts) = given_up(&engine, &id) {
            break attempts;
        }
        news.recv().await.unwrap();
    };
    assert!(attempts.contains("no answer within 200 ms"), "{attempts}");

    // Says yes and goes on for ever: cut off after 64 KiB, which the receiver sees as an error.
    let chatty = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", chatty.local_addr().unwrap());
    let talked = tokio::spawn(async move {
        let (mut stream, _) = chatty.accept().await.unwrap();
        read(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut sent = 0_u64;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {
            sent += 4096;
        }
        sent
    });
    let more = format!("<CallBack>{url}</CallBack>");
    let id = submit(&engine, body("in/clip.mp4", "", &more)).await;
    // What the system's buffers hold comes on top of what was read.
    assert!(talked.await.unwrap() < 64 << 20);
    let state = loop {
        if let Some(state) = state_of(&engine, &id).filter(|state| state != "Waiting") {
            break state;
        }
        news.recv().await.unwrap();
    };
    assert_eq!(state, "Delivered");
    engine.shutdown().await;
}

fn state_of(engine: &Engine, job: &str) -> Option<String> {
    let database = rusqlite::Connection::open(engine.folder().join("engine.db")).unwrap();
    let sql = "SELECT state FROM callbacks WHERE job = ?1";
    database.query_row(sql, [job], |row| row.get(0)).ok()
}

/// The attempts of a job's callback, once it has been given up.
fn given_up(engine: &Engine, job: &str) -> Option<String> {
    let database = rusqlite::Connection::open(engine.folder().join("engine.db")).unwrap();
    let sql = "SELECT attempts FROM callbacks WHERE job = ?1 AND state = 'GivenUp'";
    database.query_row(sql, [job], |row| row.get(0)).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_tells_for_its_jobs_in_its_own_format() {
    let engine = start().await;
    let (url, mut got) = receiver(&[OK]).await;
    let notify = format!(
        "<State>On</State><Event>TaskFinish</Event><Type>Url</Type><Url>{url}</Url><ResultFormat>JSON</ResultFormat>"
    );
    ok(set_queue(&engine, "Active", &notify).await);
    submit(&engine, body("in/clip.mp4", "", "")).await;
    assert!(
        got.recv()
            .await
            .unwrap()
            .contains("{\"EventName\":\"TaskFinish\"")
    );
    submit(
        &engine,
        body("in/clip.mp4", "", "<CallBackFormat>XML</CallBackFormat>"),
    )
    .await;
    assert!(
        got.recv()
            .await
            .unwrap()
            .contains("<EventName>TaskFinish</EventName>")
    );
    engine.shutdown().await;
}
