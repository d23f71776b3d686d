//! What a call costs beside the same bytes on bare hyper-util, and how much memory a hundred thousand waits take.
//!
//! `cargo bench -p ci-client --bench client -- [MILLISECONDS]`, 600 for each cell of the table by default. The server is
//! a process of its own, so the CPU counted is the client's alone; the sides take turns, so what else the machine does
//! falls on all of them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ci_client::model::{
    CoverCount, CreateJobRequest, JobId, JobOutput, OperationRequest, SmartCover,
};
use ci_client::transport::{Proxy, Transport, TransportError};
use ci_client::{Client, Credentials};
use ci_core::{CreateJob, DescribeJobs, Endpoint, Operation};
use cos_sign::{Signer, Validity};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const BUCKET: &str = "media-1250000000";
const REGION: &str = "ap-chongqing";
const ROUNDS: u32 = 3;

type Bare = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let arg = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    match arg.as_deref() {
        Some("serve") => runtime.block_on(serve()),
        Some("waits") => runtime.block_on(waits()),
        millis => {
            let millis = millis.and_then(|text| text.parse().ok()).unwrap_or(600);
            runtime.block_on(table(Duration::from_millis(millis)));
            let status = again("waits").status().expect("runs");
            assert!(status.success(), "the waits failed");
        }
    }
}

/// This program, in a process of its own.
fn again(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.arg(part);
    command
}

/// Who makes the calls.
#[derive(Clone)]
enum Side {
    /// The client.
    Ours(Client),
    /// hyper-util sends a request that was signed before and collects the reply.
    Bare(Bare, Request<Bytes>),
    /// As that, and builds, signs and reads each time, with the same crates as the client.
    Signing(Bare, Endpoint),
}

#[derive(Clone, Copy, PartialEq)]
enum Call {
    Describe,
    Create,
}

fn job() -> CreateJob {
    let covers = SmartCover::new().count(CoverCount::new(5).expect("in range"));
    let output = JobOutput::new(REGION, BUCKET, "covers/a-${number}.jpg");
    let operation = OperationRequest::inline(covers, output);
    CreateJob::new(CreateJobRequest::smart_cover("in/a.mp4", operation))
}

fn describe() -> DescribeJobs {
    DescribeJobs::one("j0123456789abcdef".parse().expect("an id"))
}

fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE")
}

/// A request of ours, complete.
fn signed<O: Operation>(signer: &Signer, operation: &O, to: &Endpoint) -> Request<Bytes> {
    let (mut head, body) = operation.request(to).expect("valid").into_parts();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let valid = Validity::starting_at(now.as_secs() - 60, Duration::from_secs(960));
    let signature = signer.sign(&head, &credentials(), valid).expect("signed");
    signature.apply(&mut head.headers);
    Request::from_parts(head, body)
}

async fn bare(client: &Bare, request: Request<Bytes>) -> Response<Bytes> {
    let reply = client
        .request(request.map(Full::new))
        .await
        .expect("answered");
    let (head, body) = reply.into_parts();
    let body = Limited::new(body, 16 << 20).collect().await.expect("whole");
    Response::from_parts(head, body.to_bytes())
}

fn read<O: Operation>(reply: Response<Bytes>) {
    let (head, body) = reply.into_parts();
    std::hint::black_box(O::response(&head, &body).expect("readable"));
}

impl Side {
    async fn call(&self, call: Call, signer: &Signer) {
        match (self, call) {
            (Self::Ours(client), Call::Describe) => {
                std::hint::black_box(client.send(describe()).await.expect("described"));
            }
            (Self::Ours(client), Call::Create) => {
                std::hint::black_box(client.send(job()).await.expect("created"));
            }
            (Self::Bare(client, request), _) => {
                std::hint::black_box(bare(client, request.clone()).await);
            }
            (Self::Signing(client, to), Call::Describe) => {
                read::<DescribeJobs>(bare(client, signed(signer, &describe(), to)).await);
            }
            (Self::Signing(client, to), Call::Create) => {
                let mut job = job();
                job.stamp("ci-0123456789abcdef0123456789abcdef");
                read::<CreateJob>(bare(client, signed(signer, &job, to)).await);
            }
        }
    }
}

/// What a side did in its turns.
#[derive(Default)]
struct Cost {
    calls: u32,
    cpu: Duration,
    latencies: Vec<Duration>,
}

impl Cost {
    fn cpu_per_call(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.calls)
    }

    fn at(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index"
        )]
        let index = (self.latencies.len() as f64 * share) as usize;
        self.latencies[index.min(self.latencies.len() - 1)].as_secs_f64() * 1e6
    }
}

/// Time on the processor of this thread, which runs everything.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.expect("a number"))
}

async fn turn(side: &Side, call: Call, concurrency: usize, lasting: Duration, cost: &mut Cost) {
    let (began, cpu_before) = (Instant::now(), cpu());
    let mut callers = JoinSet::new();
    for _ in 0..concurrency {
        let side = side.clone();
        callers.spawn(async move {
            let signer = Signer::new();
            let mut latencies = Vec::new();
            while began.elapsed() < lasting {
                let one = Instant::now();
                side.call(call, &signer).await;
                latencies.push(one.elapsed());
            }
            latencies
        });
    }
    while let Some(latencies) = callers.join_next().await {
        cost.latencies.extend(latencies.expect("no panic"));
    }
    cost.cpu += cpu() - cpu_before;
    cost.calls = u32::try_from(cost.latencies.len()).expect("fewer");
}

async fn table(lasting: Duration) {
    let mut server = again("serve")
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut url = String::new();
    BufReader::new(server.stdout.take().expect("piped"))
        .read_line(&mut url)
        .expect("a line");
    let url = url.trim();
    let ours = Client::builder(BUCKET, REGION)
        .endpoint(url)
        .proxy(Proxy::none())
        .credentials(credentials())
        .build()
        .expect("a client");
    let endpoint = ours.endpoint().clone();
    println!("one thread, keep-alive, loopback; CPU of the client alone, µs");
    println!(
        "signing: hyper-util with our building, signing and reading; bare: the same bytes, prepared and not read"
    );
    println!(
        "call      at once │ CPU ours  signing  bare │ ours/signing  ours/bare │ p50 ours  bare │ p99 ours  bare  ratio"
    );
    for call in [Call::Describe, Call::Create] {
        for concurrency in [1, 16, 256] {
            let signer = Signer::new();
            let request = match call {
                Call::Describe => signed(&signer, &describe(), &endpoint),
                Call::Create => signed(&signer, &job(), &endpoint),
            };
            let client =
                || hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
            let sides = [
                Side::Ours(ours.clone()),
                Side::Signing(client(), endpoint.clone()),
                Side::Bare(client(), request),
            ];
            // Connections are opened and caches filled before anything counts.
            for side in &sides {
                turn(side, call, concurrency, lasting / 10, &mut Cost::default()).await;
            }
            let mut costs = [Cost::default(), Cost::default(), Cost::default()];
            for _ in 0..ROUNDS {
                for (side, cost) in sides.iter().zip(&mut costs) {
                    turn(side, call, concurrency, lasting / ROUNDS, cost).await;
                }
            }
            for cost in &mut costs {
                cost.latencies.sort_unstable();
            }
            let [ours, signing, bare] = &costs;
            let name = if call == Call::Describe {
                "describe"
            } else {
                "create"
            };
            println!(
                "{name:<8} {concurrency:>8} │ {:>8.1} {:>8.1} {:>5.1} │ {:>12.2} {:>10.2} │ {:>8.0} {:>5.0} │ {:>8.0} {:>5.0} {:>6.2}",
                ours.cpu_per_call(),
                signing.cpu_per_call(),
                bare.cpu_per_call(),
                ours.cpu_per_call() / signing.cpu_per_call(),
                ours.cpu_per_call() / bare.cpu_per_call(),
                ours.at(0.5),
                bare.at(0.5),
                ours.at(0.99),
                bare.at(0.99),
                ours.at(0.99) / bare.at(0.99),
            );
        }
    }
    server.kill().expect("ours to end");
    server.wait().expect("ended");
}

/// Answers every request with a job, as fast as it can.
async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    let running = answer(&document("Running"));
    let submitted = answer(&document("Submitted"));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(connection(stream, running.clone(), submitted.clone()));
    }
}

async fn connection(mut stream: TcpStream, running: Bytes, submitted: Bytes) {
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let head = buffer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = head.map(|head| {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let length = text
                .split_once("content-length: ")
                .and_then(|(_, rest)| rest.lines().next()?.trim().parse::<usize>().ok());
            head + 4 + length.unwrap_or(0)
        });
        match end {
            Some(end) if buffer.len() >= end => {
                let answer = if buffer.starts_with(b"POST") {
                    &submitted
                } else {
                    &running
                };
                if stream.write_all(answer).await.is_err() {
                    return;
                }
                buffer.drain(..end);
            }
            _ => match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
        }
    }
}

fn answer(body: &str) -> Bytes {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\n\
         date: Wed, 21 Oct 2015 07:28:00 GMT\r\nserver: tencent-ci\r\n\
         x-ci-request-id: NjJmMWQxYjNfOTBmYTUwNjRfNWYzY18y\r\n\r\n{body}"
    )
    .into()
}

fn document(state: &str) -> String {
    let mut text = String::from("<Response>");
    write!(
        text,
        "<JobsDetail><Code>Success</Code><Message/><JobId>j0123456789abcdef</JobId><Tag>SmartCover</Tag>\
         <State>{state}</State><CreationTime>2026-01-05T10:00:00+0800</CreationTime><StartTime>-</StartTime>\
         <EndTime>-</EndTime><QueueId>p0123456789abcdef</QueueId><Input><BucketId>{BUCKET}</BucketId>\
         <Object>in/a.mp4</Object><Region>{REGION}</Region><CosHeaders/></Input><Operation><TemplateId/>\
         <TemplateName/><SmartCover><Format>jpg</Format><Width>1280</Width><Height/><Count>5</Count>\
         <DeleteDuplicates>false</DeleteDuplicates></SmartCover><Output><Bucket>{BUCKET}</Bucket>\
         <Object>covers/a-${{number}}.jpg</Object><Region>{REGION}</Region></Output><UserData>order 17</UserData>\
         <JobLevel>0</JobLevel><MediaInfo/><MediaResult><OutputFile><Bucket/><ObjectName/><Md5Info/></OutputFile>\
         </MediaResult></Operation></JobsDetail>"
    )
    .expect("a String");
    text + "<NonExistJobIds/></Response>"
}

/// A job that never ends, without a network.
struct Endless(Bytes);

impl Transport for Endless {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Ok(Response::new(self.0.clone()))
    }
}

async fn waits() {
    const WAITS: usize = 100_000;
    let client = Client::builder(BUCKET, REGION)
        .credentials(credentials())
        .transport(Endless(document("Running").into()))
        .build()
        .expect("a client");
    let before = resident();
    let mut waiting = JoinSet::new();
    for _ in 0..WAITS {
        let client = client.clone();
        waiting.spawn(async move {
            let id: JobId = "j0123456789abcdef".parse().expect("an id");
            client.wait(&id).await.is_ok()
        });
    }
    // Every wait has looked when the first pauses are over, and looks again from then on.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(waiting.len(), WAITS, "all wait");
    let after = resident();
    println!(
        "{WAITS} waits at once: {} MB resident, {} MB before them",
        after / 1024,
        before / 1024
    );
}

/// Resident memory at its highest, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    number.expect("a number")
}
