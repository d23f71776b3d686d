//! How soon a receiver on this machine hears of a job's end, one job at a time.

use std::time::{SystemTime, UNIX_EPOCH};

use ci_local::{Config, Engine, Media};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{between, exchange, wire};

const JOBS: usize = 400;

/// Milliseconds since 1970, as the engine counts them.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_millis() as i64
}

/// From the end that is recorded in the database to the last byte of the document at the receiver.
pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::at(folder.path()).media(Media::Synthetic);
    let engine = std::sync::Arc::new(Engine::start(config).await.expect("starts"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = std::sync::Arc::clone(&engine);
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    let clip = folder.path().join("clip.mp4");
    std::fs::write(&clip, "not looked at").expect("written");
    engine
        .lend("bench-1250000000", "in/clip.mp4", &clip)
        .await
        .expect("lent");
    let receiver = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", receiver.local_addr().expect("an address"));
    let job = super::JOB
        .replace("<Width>1280</Width>", "<Width>128</Width>")
        .replace(
            "</Request>",
            &format!("<CallBack>{url}</CallBack></Request>"),
        );
    let request = wire("POST", "/jobs", &job);
    let mut caller = TcpStream::connect(address).await.expect("connects");
    let mut arrivals = Vec::with_capacity(JOBS);
    for _ in 0..JOBS {
        let answer = exchange(&mut caller, &request).await;
        let id = between(&answer, "JobId").to_owned();
        let (mut stream, _) = receiver.accept().await.expect("a callback");
        let mut text = Vec::new();
        while !text.ends_with(b"</Response>") {
            stream.read_buf(&mut text).await.expect("read");
        }
        arrivals.push((id, now()));
        let yes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(yes).await.expect("answered");
    }
    engine.shutdown().await;
    let database = rusqlite::Connection::open(folder.path().join("engine.db")).expect("opens");
    let mut waits: Vec<i64> = arrivals
        .iter()
        .map(|(id, at)| {
            let ended = "SELECT ended FROM jobs WHERE id = ?1";
            let ended: i64 = database
                .query_row(ended, [id], |row| row.get(0))
                .expect("a job that ended");
            at - ended
        })
        .collect();
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "from a job's end to its callback, {JOBS} jobs one after the other: p50 {} ms, p99 {} ms, longest {} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
