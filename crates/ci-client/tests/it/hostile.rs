//! Servers that talk without end, or talk nonsense: a call ends, says what it got, and takes no more memory than it may.

use std::time::Duration;

use ci_client::core::ListJobs;
use ci_client::model::Tag;
use ci_client::{Body, CallError, Client, ClientBuilder};

use crate::peer::{Conn, Peer};
use crate::service::builder;

/// What a server sends first, and then a little at a time for ever.
async fn dripping(first: &'static str, again: &'static str) -> Peer {
    Peer::start(move |_, mut conn| async move {
        conn.request().await;
        conn.raw(first.as_bytes()).await;
        drip(conn, again).await;
    })
    .await
}

async fn drip(mut conn: Conn, again: &str) {
    use tokio::io::AsyncWriteExt;
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    while conn.io.write_all(again.as_bytes()).await.is_ok() {
        pace.tick().await;
    }
}

/// Each byte comes well within the limit on silence.
fn limited(peer: &Peer) -> ClientBuilder {
    builder(peer)
        .retries(0)
        .idle_timeout(Duration::from_secs(10))
        .attempt_timeout(Duration::from_millis(200))
}

async fn list(client: &Client) -> Result<(), CallError> {
    let listed = client.list_jobs(ListJobs::new(Tag::SmartCover)).await;
    listed.map(|_| ())
}

const DRIPS: [(&str, &str); 5] = [
    ("HTTP/1.1 200 OK\r\nx: ", "y"),
    ("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", "x"),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "1\r\nx\r\n",
    ),
    ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ("", "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n"),
];

#[tokio::test]
async fn a_server_that_drips_without_end_holds_no_call_longer_than_an_attempt() {
    for (first, again) in DRIPS {
        let peer = dripping(first, again).await;
        let client = limited(&peer).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert_eq!(error.kind(), "timed_out", "{first:?} {again:?}: {error}");
    }
}

#[tokio::test]
async fn the_head_of_a_streamed_download_and_the_answer_to_an_upload_have_an_end_too() {
    for (first, again) in DRIPS {
        let peer = dripping(first, again).await;
        let client = limited(&peer).build().unwrap();
        let put = client.put_object_with(ci_client::core::PutObject::new("a", ""), 5, || async {
            Ok(Body::from("hello"))
        });
        let error = put.await.unwrap_err();
        assert_eq!(error.kind(), "timed_out", "{first:?} {again:?}: {error}");
        let got = client.get_object_stream("a").await;
        // A head that is there is an answer; its body is ended by silence alone.
        if !first.ends_with("\r\n\r\n") {
            let error = got.unwrap_err();
            assert_eq!(error.kind(), "timed_out", "{first:?} {again:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_refused_download_whose_reason_never_ends_is_given_up() {
    let head = "HTTP/1.1 403 Forbidden\r\ncontent-length: 1000000\r\n\r\n";
    let peer = dripping(head, "<").await;
    let client = limited(&peer).build().unwrap();
    let error = client.get_object_stream("a").await.unwrap_err();
    assert_eq!(error.kind(), "timed_out", "{error}");
}

#[tokio::test]
async fn nonsense_is_an_error_that_shows_no_panic_and_no_wrong_success() {
    for answer in [
        "",
        "\0\0\0\0",
        "hello\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 99999 X\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n bad: folding\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "\x15\x03\x03\0\x02\x02\x28",
    ] {
        let peer = Peer::start(move |_, mut conn| async move {
            conn.request().await;
            conn.raw(answer.as_bytes()).await;
        })
        .await;
        let client = limited(&peer).build().unwrap();
        let error = list(&client).await.expect_err(answer);
        let kinds = ["network", "unreadable_reply", "refused", "timed_out"];
        assert!(kinds.contains(&error.kind()), "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_refused_before_it_fills_memory() {
    let peer = Peer::start(|_, mut conn| async move {
        use tokio::io::AsyncWriteExt;
        conn.request().await;
        conn.raw(b"HTTP/1.1 200 OK\r\n").await;
        let line = format!("x-{}: {}\r\n", "n".repeat(50), "v".repeat(8000));
        while conn.io.write_all(line.as_bytes()).await.is_ok() {}
    })
    .await;
    let client = builder(&peer).retries(0).build().unwrap();
    let error = list(&client).await.unwrap_err();
    assert_eq!(error.kind(), "network", "{error}");
}

#[tokio::test]
async fn an_answer_that_comes_twice_is_not_taken_for_the_next_one() {
    let peer = Peer::start(|number, mut conn| async move {
        conn.request().await;
        let first = if number == 0 { "first" } else { "other" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{first}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale"
        );
        conn.raw(answer.as_bytes()).await;
        conn.silence().await;
    })
    .await;
    let client = builder(&peer).build().unwrap();
    for wanted in ["first", "other"] {
        let got = client.get_object("a").await.unwrap();
        assert_eq!(got.output.bytes, wanted);
    }
}

#[tokio::test]
async fn an_upload_that_is_refused_before_it_is_read_says_why() {
    for rude in [false, true] {
        let peer = Peer::start(move |_, mut conn| async move {
            conn.some(100).await;
            let body = "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>";
            conn.reply(403, "connection: close\r\n", body).await;
            if !rude {
                conn.silence().await;
            }
        })
        .await;
        let client = builder(&peer).retries(0).build().unwrap();
        let length = 8 << 20;
        let put = client.put_object_with(
            ci_client::core::PutObject::new("a", ""),
            length,
            || async move { Ok(Body::from_reader(tokio::io::repeat(7), length)) },
        );
        let error = put.await.unwrap_err();
        assert_eq!(error.code(), Some("AccessDenied"), "rude {rude}: {error}");
    }
}

#[tokio::test]
async fn a_read_that_was_lost_does_not_ask_whether_it_was_carried_out() {
    let peer = Peer::start(|_, mut conn| async move {
        conn.request().await;
        conn.silence().await;
    })
    .await;
    let client = limited(&peer).build().unwrap();
    let error = client.get_object("a").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GetObject: no complete reply within 200ms"
    );
    assert_eq!(
        error.attempt_list()[0].failure.as_deref(),
        Some("no complete reply within 200ms")
    );
}
