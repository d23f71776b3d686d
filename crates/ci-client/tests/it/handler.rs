//! The example receiver in axum, over a real socket.

use std::sync::{Arc, Mutex};

use ci_client::testing::Canned;
use ci_client::{Client, Credentials};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[expect(dead_code, reason = "`main` is for people")]
#[path = "../../examples/callbacks.rs"]
mod example;

async fn post(addr: std::net::SocketAddr, target: &str) -> String {
    let body = r#"{"EventName":"TaskFinish","JobsDetail":[{"JobId":"j1","State":"Success"}]}"#;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_callback_is_confirmed_and_counts_once() {
    let job = |state: &str| {
        format!(
            "<Response><JobsDetail><JobId>j1</JobId><State>{state}</State></JobsDetail></Response>"
        )
    };
    let canned = Canned::new()
        .answer(500, "")
        .answer(200, job("Running"))
        .answer(200, job("Success"))
        .answer(200, job("Success"));
    let builder =
        Client::builder("media-1250000000", "ap-chongqing").credentials(Credentials::new("I", "K"));
    let client = builder
        .transport(canned.clone())
        .retries(0)
        .build()
        .unwrap();
    let ends = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ends);
    let app = example::app(client, "CANARY", move |job| {
        seen.lock()
            .unwrap()
            .push(job.state.clone().unwrap().to_string());
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    assert_eq!(post(addr, "/ci").await, "404");
    assert_eq!(
        canned.captured().len(),
        0,
        "nobody is asked without the secret"
    );
    assert_eq!(
        post(addr, "/ci?secret=CANARY").await,
        "503",
        "the service could not be asked: come again"
    );
    assert_eq!(post(addr, "/ci?secret=CANARY").await, "200");
    assert!(
        ends.lock().unwrap().is_empty(),
        "the callback says Success, the service does not"
    );
    for _ in 0..2 {
        assert_eq!(post(addr, "/ci?secret=CANARY").await, "200");
    }
    assert_eq!(*ends.lock().unwrap(), ["Success"]);
}
