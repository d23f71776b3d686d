//! The engine on a real port: what only a socket can do to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ci_local::{Config, Effect, Engine, Fault, JobProfile, Media};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::durable::set_queue;
use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};
use super::running::stuck_probe;

/// An engine that serves a port until told to stop.
struct Served {
    engine: Arc<Engine>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn served(config: Config, on: &str) -> Served {
    let engine = Arc::new(Engine::start(config).await.unwrap());
    let listener = TcpListener::bind(on).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = Arc::clone(&engine);
    let task = tokio::spawn(async move {
        serving.serve(listener, async { drop(stopped.await) }).await;
    });
    Served {
        engine,
        address,
        stop,
        task,
    }
}

/// Sends bytes and reads until the engine closes.
async fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The engine may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(n) = stream.read(&mut piece).await {
        if n == 0 {
            break;
        }
        answer.extend_from_slice(&piece[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

const CLOSE: &str = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_served_and_given_back() {
    let served = served(Config::ephemeral(), "127.0.0.1:0").await;
    let answer = talk(
        served.address,
        format!("GET /livez HTTP/1.1\r\n{CLOSE}").as_bytes(),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"),
        "{answer}"
    );
    assert!(
        answer.to_ascii_lowercase().contains("\r\ndate: "),
        "{answer}"
    );
    // An open, idle connection does not keep the engine from stopping.
    let idle = TcpStream::connect(served.address).await.unwrap();
    served.stop.send(()).unwrap();
    served.task.await.unwrap();
    drop(idle);
    TcpListener::bind(served.address).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_on_the_wire_is_answered_or_cut_and_harms_nobody() {
    let served = served(Config::ephemeral(), "127.0.0.1:0").await;
    let many_headers = "X-A: b\r\n".repeat(500);
    let long_header = format!("X-A: {}\r\n", "b".repeat(1_000_000));
    for (bytes, expect) in [
        ("\r\n\r\n\0\0\0\0\r\n\r\n".to_owned(), "400"),
        ("GET\r\n\r\n".to_owned(), "400"),
        ("\u{16}\u{3}\u{1}\u{2}TLS hello\r\n\r\n".to_owned(), "400"),
        (format!("GET /livez HTTP/3.7\r\n{CLOSE}"), "400"),
        (
            format!("GET /livez HTTP/1.1\r\n{many_headers}{CLOSE}"),
            "431",
        ),
        (
            format!("GET /livez HTTP/1.1\r\n{long_header}{CLOSE}"),
            "431",
        ),
        (
            format!("GET /{} HTTP/1.1\r\n{CLOSE}", "a".repeat(1_000_000)),
            "431",
        ),
        (
            format!(
                "POST /b-1/jobs HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n{CLOSE}12345"
            ),
            "400",
        ),
        (
            format!("POST /b-1/jobs HTTP/1.1\r\nContent-Length: -1\r\n{CLOSE}"),
            "400",
        ),
        (
            format!(
                "POST /b-1/jobs HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n{CLOSE}zz\r\n"
            ),
            "403",
        ),
        (
            "GET /b-1/x HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
            "InvalidHost",
        ),
        (
            format!("GET /b-1/x HTTP/1.1\r\nHost: a\r\n{CLOSE}"),
            "InvalidHost",
        ),
        (format!("CONNECT x:443 HTTP/1.1\r\n{CLOSE}"), "4"),
        (format!("OPTIONS * HTTP/1.1\r\n{CLOSE}"), "4"),
    ] {
        let answer = talk(served.address, bytes.as_bytes()).await;
        let shown = &bytes[..bytes.len().min(60)];
        let ok = match expect.parse::<u16>() {
            Ok(_) => answer
                .split(' ')
                .nth(1)
                .is_some_and(|status| status.starts_with(expect)),
            Err(_) => answer.contains(expect),
        };
        assert!(ok, "{shown:?} was answered {answer}");
    }
    // Pipelined: a good request, then rubbish. The good one is answered.
    let pipelined = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n\u{1}\u{2}\u{3} rubbish\r\n\r\n";
    let answer = talk(served.address, pipelined.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("HTTP/1.1 400"),
        "{answer}"
    );
    let answer = talk(
        served.address,
        format!("GET /livez HTTP/1.1\r\n{CLOSE}").as_bytes(),
    )
    .await;
    assert!(answer.ends_with("ok\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_are_cut_off() {
    let config = Config::ephemeral().idle_timeout(Duration::from_millis(100));
    let served = served(config, "127.0.0.1:0").await;
    // A head that never ends.
    let answer = talk(served.address, b"GET /livez HTTP/1.1\r\nX-Slow: ").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
    // A document that never ends, byte by byte.
    let head = signed(
        request(
            "POST",
            &format!("{CI}/jobs"),
            &[
                ("content-type", "application/xml"),
                ("content-length", "1000"),
            ],
            "",
        ),
        &credentials(),
    );
    let mut text = "POST /jobs HTTP/1.1\r\n".to_owned();
    for (name, value) in head.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream
        .write_all(format!("{text}\r\n<").as_bytes())
        .await
        .unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>RequestTimeout</Code>"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_an_end_is_cut_off_and_leaves_nothing() {
    let served = served(Config::ephemeral().max_object_bytes(1 << 20), "127.0.0.1:0").await;
    let put = request("PUT", &format!("{COS}/in/endless.mp4"), &[], "");
    let head = signed(put, &credentials());
    let mut text = "PUT /in/endless.mp4 HTTP/1.1\r\ntransfer-encoding: chunked\r\n".to_owned();
    for (name, value) in head.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream
        .write_all(format!("{text}\r\n").as_bytes())
        .await
        .unwrap();
    let (mut answers, mut sender) = stream.split();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let sent = async { while sender.write_all(chunk.as_bytes()).await.is_ok() {} };
    let mut answer = Vec::new();
    let read = answers.read_to_end(&mut answer);
    // A cut connection may lose the answer on its way, so the answer itself is not asked for.
    let _ = tokio::join!(sent, read);
    let folder = served.engine.folder();
    let scratch = std::fs::read_dir(folder.join("scratch")).unwrap();
    assert_eq!(scratch.count(), 0);
    let absent = call(&served.engine, "GET", &format!("{COS}/in/endless.mp4"), "").await;
    assert_eq!(absent.refusal().0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let config = Config::ephemeral().max_connections(2);
    let served = served(config, "127.0.0.1:0").await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let second = TcpStream::connect(served.address).await.unwrap();
    let mut third = TcpStream::connect(served.address).await.unwrap();
    third
        .write_all(format!("GET /livez HTTP/1.1\r\n{CLOSE}").as_bytes())
        .await
        .unwrap();
    drop(first);
    assert!(read_to_end(&mut third).await.ends_with("ok\n"));
    drop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_reads_gives_its_place_back() {
    let config = Config::ephemeral()
        .max_connections(1)
        .idle_timeout(Duration::from_millis(200));
    let served = served(config, "127.0.0.1:0").await;
    ok(call(&served.engine, "PUT", &format!("{COS}/small"), "x").await);
    // Far more than the system keeps for a reader; it takes no room on the disk.
    let large = served
        .engine
        .folder()
        .join("buckets")
        .join(BUCKET)
        .join("large");
    let file = std::fs::File::create(large).unwrap();
    file.set_len(256 << 20).unwrap();
    let get = request("GET", &format!("{COS}/large"), &[], "");
    let mut text = "GET /large HTTP/1.1\r\n".to_owned();
    for (name, value) in signed(get, &credentials()).headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let mut greedy = TcpStream::connect(served.address).await.unwrap();
    greedy
        .write_all(format!("{text}\r\n").as_bytes())
        .await
        .unwrap();
    let mut first = [0; 12];
    greedy.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    // There is one place only: this is answered when the other is cut off, and never otherwise.
    let live = format!("GET /livez HTTP/1.1\r\n{CLOSE}");
    let answer = tokio::time::timeout(
        Duration::from_secs(60),
        talk(served.address, live.as_bytes()),
    );
    assert!(answer.await.expect("a place").ends_with("ok\n"));
    drop(greedy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_connection_gets_no_byte_of_an_answer() {
    let served = served(Config::ephemeral(), "127.0.0.1:0").await;
    for effect in [Effect::Reset, Effect::LoseAnswer] {
        served.engine.clear_faults();
        served.engine.add_fault(Fault::new(effect)).unwrap();
        let answer = talk(
            served.address,
            format!("GET /b-1/x HTTP/1.1\r\n{CLOSE}").as_bytes(),
        )
        .await;
        assert_eq!(answer, "");
    }
    served.engine.clear_faults();
    served
        .engine
        .add_fault(Fault::new(Effect::Truncate { bytes: 10 }))
        .unwrap();
    let answer = talk(
        served.address,
        format!("GET /b-1/x HTTP/1.1\r\n{CLOSE}").as_bytes(),
    )
    .await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 403") && body.len() <= 10,
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_this_machine_the_public_pair_and_the_open_control_do_not_work() {
    let served = served(Config::ephemeral().control(true), "0.0.0.0:0").await;
    talk(
        served.address,
        format!("GET /livez HTTP/1.1\r\n{CLOSE}").as_bytes(),
    )
    .await;
    let refused = call(&served.engine, "GET", &format!("{COS}/"), "").await;
    assert_eq!(refused.refusal(), (403, "InvalidAccessKeyId"));
    let state = send(
        &served.engine,
        request("GET", "http://127.0.0.1/_engine/state", &[], ""),
    )
    .await;
    assert_eq!(state.status.as_u16(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_outlives_the_grace_goes_back_to_its_queue() {
    let tools = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = || {
        let probe = stuck_probe(tools.path());
        Config::at(folder.path())
            .ffmpeg("/usr/bin/ffmpeg", probe)
            .grace(Duration::from_millis(10))
    };
    let engine = Engine::start(config()).await.unwrap();
    ok(call(
        &engine,
        "PUT",
        &format!("{COS}/in/clip.mp4"),
        super::clips::clip(),
    )
    .await);
    let mut news = engine.news();
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    while describe(&engine, &id).await.element("State") != "Running" {
        news.recv().await.unwrap();
    }
    engine.shutdown().await;
    drop(engine);
    let next = config().profile(JobProfile::Instant);
    std::fs::remove_file(tools.path().join("stuck")).unwrap();
    let engine = Engine::start(next).await.unwrap();
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_refuses_and_recovers_without_a_restart() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    ok(set_queue(&engine, "Active", "<State>Off</State>").await);
    let database = engine.folder().join("engine.db");
    let blocker = rusqlite::Connection::open(&database).unwrap();
    // What a full disk does: no write succeeds, reads do.
    blocker.execute_batch("CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END").unwrap();
    let refused = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await;
    assert_eq!(refused.refusal(), (503, "ServiceUnavailable"));
    assert!(
        refused
            .element("Message")
            .contains("database or disk is full")
    );
    ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    blocker.execute_batch("DROP TRIGGER full").unwrap();
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    assert_eq!(describe(&engine, &id).await.element("State"), "Success");
    engine.shutdown().await;
}
