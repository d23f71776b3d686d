//! How much the engine takes: durable jobs a second, descriptions a second, memory and start with a
//! million queued, and how soon a job's end is told.
//!
//! `cargo xtask bench engine`, or `cargo bench -p ci-local --bench engine -- [CONNECTIONS] [SECONDS] [QUEUED]`.
//! Load and engine share this process and its cores, on real sockets and a real disk: set `TMPDIR` to
//! choose which. The queue is paused, so that no ffmpeg runs.

mod told;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ci_local::{Config, Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use cos_sign::{Credentials, Validity, sign};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const HOST: &str = "bench-1250000000.ci.ap-chongqing.myqcloud.com";
const JOB: &str = "<Request><Tag>SmartCover</Tag><Input><Object>in/clip.mp4</Object></Input><Operation>\
    <SmartCover><Format>jpg</Format><Width>1280</Width><Count>5</Count></SmartCover><Output><Region>ap-chongqing</Region>\
    <Bucket>bench-1250000000</Bucket><Object>covers/${jobid}-${number}.jpg</Object></Output>\
    <UserData>order 17</UserData></Operation></Request>";

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let connections: usize = numbers.next().unwrap_or(256);
    let seconds = numbers.next().unwrap_or(5);
    let queued: usize = numbers.next().unwrap_or(1_000_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(
        connections,
        Duration::from_secs(seconds as u64),
        queued,
    ));
}

async fn run(connections: usize, lasting: Duration, queued: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, address, serving) = start(folder.path()).await;
    pause(&engine, folder.path(), address).await;
    println!("memory with an empty queue: {} MB", memory());

    let first = load(
        address,
        connections,
        &wire("POST", "/jobs", JOB),
        lasting,
        usize::MAX,
    )
    .await;
    println!("POST /jobs, durable: {first}");
    let id = newest(address).await;
    let describe = wire("GET", &format!("/jobs/{id}"), "");
    println!(
        "GET /jobs/<id>: {}",
        load(address, connections, &describe, lasting, usize::MAX).await
    );
    println!(
        "GET /jobs?tag: {}",
        load(
            address,
            connections,
            &wire("GET", "/jobs?tag=SmartCover", ""),
            lasting,
            usize::MAX
        )
        .await
    );
    println!("memory after load: {} MB", memory());
    stop(engine, serving).await;
    let more = queued.saturating_sub(first.count);
    fill(&folder.path().join("engine.db"), more);
    let began = Instant::now();
    let (engine, address, serving) = start(folder.path()).await;
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let ready = exchange(&mut stream, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let elapsed = began.elapsed().as_millis();
    let waiting = first.count + more;
    println!("ready again after {elapsed} ms with {waiting} jobs queued");
    let post = wire("POST", "/jobs", JOB);
    for (what, request) in [
        ("POST /jobs, durable", &post),
        ("GET /jobs/<id>", &describe),
    ] {
        let outcome = load(address, connections, request, lasting, usize::MAX).await;
        println!("{what}, with that queue: {outcome}");
    }
    println!("memory with that queue, after that load: {} MB", memory());
    stop(engine, serving).await;
    told::run().await;
}

async fn stop(engine: Arc<Engine>, serving: JoinHandle<()>) {
    engine.shutdown().await;
    serving.abort();
    let _ = serving.await;
}

/// Copies the first job, which came over the wire, so often: a million calls would take minutes.
fn fill(database: &std::path::Path, more: usize) {
    let database = rusqlite::Connection::open(database).expect("opens");
    let more = i64::try_from(more).expect("a count");
    database
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
             INSERT INTO jobs (id, bucket, region, queue, tag, level, state, input, spec, created) \
             SELECT 'j' || lower(hex(randomblob(16))), bucket, region, queue, tag, i % 3, state, input, \
             spec, created FROM n, (SELECT * FROM jobs ORDER BY seq LIMIT 1) WHERE ?1 > 0",
            [more],
        )
        .expect("copied");
}

async fn start(folder: &std::path::Path) -> (Arc<Engine>, SocketAddr, JoinHandle<()>) {
    let engine = Arc::new(Engine::start(Config::at(folder)).await.expect("starts"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = Arc::clone(&engine);
    let task = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    (engine, address, task)
}

/// Puts the input there and pauses the queue.
async fn pause(engine: &Engine, folder: &std::path::Path, address: SocketAddr) {
    let clip = folder.join("clip.mp4");
    std::fs::write(&clip, "not looked at").expect("written");
    engine
        .lend("bench-1250000000", "in/clip.mp4", &clip)
        .await
        .expect("lent");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let queues = exchange(&mut stream, &wire("GET", "/queue", "")).await;
    let id = between(&queues, "QueueId").to_owned();
    let body = "<Request><Name>q</Name><State>Paused</State><NotifyConfig><State>Off</State></NotifyConfig></Request>";
    let paused = exchange(&mut stream, &wire("PUT", &format!("/queue/{id}"), body)).await;
    assert!(paused.contains("<State>Paused</State>"), "{paused}");
}

async fn newest(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    between(
        &exchange(&mut stream, &wire("GET", "/jobs?tag=SmartCover&size=1", "")).await,
        "JobId",
    )
    .to_owned()
}

struct Outcome {
    count: usize,
    per_second: f64,
    /// Processor time of the whole process, load included, for one exchange.
    cpu: Duration,
    p50: Duration,
    p99: Duration,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} in all, {:.0}/s, p50 {:.1?}, p99 {:.1?}, {:.0?} of processor each",
            self.count, self.per_second, self.p50, self.p99, self.cpu
        )
    }
}

async fn load(
    address: SocketAddr,
    connections: usize,
    request: &[u8],
    lasting: Duration,
    most: usize,
) -> Outcome {
    let (began, used) = (Instant::now(), processor());
    let left = Arc::new(AtomicUsize::new(most));
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (request, left) = (request.to_owned(), Arc::clone(&left));
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("connects");
            stream.set_nodelay(true).expect("set");
            let mut times = Vec::new();
            while began.elapsed() < lasting
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
            {
                let at = Instant::now();
                let answer = exchange(&mut stream, &request).await;
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                times.push(at.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a task"));
    }
    let elapsed = began.elapsed();
    let cpu = (processor() - used) / u32::try_from(times.len().max(1)).unwrap_or(1);
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Outcome {
        count: times.len(),
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        cpu,
        p50: at(0.5),
        p99: at(0.99),
    }
}

/// A signed request as bytes.
fn wire(method: &str, target: &str, body: &str) -> Vec<u8> {
    let (mut head, ()) = http::Request::builder()
        .method(method)
        .uri(target)
        .header("host", HOST)
        .header("content-type", "application/xml")
        .body(())
        .expect("a request")
        .into_parts();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let valid = Validity::starting_at(now, Duration::from_secs(3600));
    let credentials = Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY);
    sign(&head, &credentials, valid)
        .expect("signed")
        .apply(&mut head.headers);
    let mut text = format!(
        "{method} {target} HTTP/1.1\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in &head.headers {
        text += &format!("{name}: {}\r\n", value.to_str().expect("text"));
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// Sends a request and reads its answer, whose length stands in its head.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::with_capacity(2048);
    loop {
        stream.read_buf(&mut answer).await.expect("read");
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| {
                l.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
    }
}

fn between<'a>(text: &'a str, name: &str) -> &'a str {
    let rest = text
        .split_once(&format!("<{name}>"))
        .expect("the element")
        .1;
    rest.split_once('<').expect("its end").0
}

/// Processor time this process has used, from its ticks of ten milliseconds.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Resident memory of this process, load included.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .unwrap_or("0 kB");
    line.trim()
        .trim_end_matches(" kB")
        .trim()
        .parse::<usize>()
        .unwrap_or(0)
        / 1024
}
