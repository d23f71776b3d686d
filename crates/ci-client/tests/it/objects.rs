//! Objects: whole, as streams, cut off, too large.

use std::time::Duration;

use ci_client::Body;
use ci_client::core::{GetObject, PutObject};

use crate::peer::Peer;
use crate::service::builder;

#[tokio::test]
async fn an_object_is_written_and_read_with_a_signature_for_its_own_host() {
    let peer = Peer::start(|_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            let host =
                seen.header("host") == Some("media-1250000000.cos.ap-chongqing.myqcloud.com");
            let signed = seen
                .header("authorization")
                .is_some_and(|value| value.contains("q-header-list=content-length;host"));
            if seen.line.starts_with("PUT /in/a%20b.mp4 ")
                && host
                && signed
                && seen.body == b"video"
            {
                conn.reply(200, "etag: \"e\"\r\n", "").await;
            } else if seen.line.starts_with("GET ") && seen.header("range") == Some("bytes=1-2") {
                conn.reply(206, "content-range: bytes 1-2/5\r\n", "id")
                    .await;
            } else {
                conn.reply(400, "", "").await;
            }
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let put = client.put_object("in/a b.mp4", "video").await.unwrap();
    assert_eq!(put.output.etag.as_deref(), Some("\"e\""));
    let got = client
        .get_object(GetObject::new("x").range(1, Some(2)))
        .await
        .unwrap()
        .output;
    assert_eq!(
        (&got.bytes[..], got.head.content_range.as_deref()),
        (&b"id"[..], Some("bytes 1-2/5"))
    );
    assert_eq!(peer.connections(), 1, "the connection is used again");
}

#[tokio::test]
async fn a_stream_is_sent_anew_for_every_attempt() {
    let peer = Peer::start(|_, mut conn| async move {
        let mut count = 0;
        while let Some(seen) = conn.request().await {
            count += 1;
            let status = if count == 1 { 500 } else { 200 };
            assert_eq!(seen.body.len(), 300_000);
            conn.reply(status, "", "").await;
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let put = client.put_object_with(PutObject::new("a", ""), 300_000, || async {
        Ok(Body::from_reader(tokio::io::repeat(7), 300_000))
    });
    assert_eq!(put.await.unwrap().attempts, 2);
}

#[tokio::test]
async fn an_object_is_read_as_a_stream_and_its_connection_used_again() {
    let peer = Peer::start(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.reply(200, "", &"x".repeat(200_000)).await;
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    for _ in 0..2 {
        let (head, body) = client.get_object_stream("a").await.unwrap().output;
        assert_eq!(head.content_length, Some(200_000));
        let mut out = Vec::new();
        assert_eq!(body.write_to(&mut out).await.unwrap(), 200_000);
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn an_object_that_is_cut_off_is_an_error_and_not_a_short_object() {
    let peer = Peer::start(|_, mut conn| async move {
        conn.request().await;
        conn.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort")
            .await;
    })
    .await;
    let client = builder(&peer).retries(1).build().unwrap();
    let error = client.get_object("a").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), ("network", 2), "{error}");
    let (_, body) = client.get_object_stream("a").await.unwrap().output;
    assert!(body.collect(100).await.is_err());
}

#[tokio::test]
async fn a_reply_without_end_is_refused_before_it_fills_memory() {
    let peer = Peer::start(|_, mut conn| async move {
        conn.request().await;
        conn.raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        for _ in 0..1000 {
            conn.raw(chunk.as_bytes()).await;
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let error = client
        .list_jobs(ci_client::core::ListJobs::new(
            ci_client::model::Tag::SmartCover,
        ))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        ("unreadable_reply", 1),
        "{error}"
    );
}

#[tokio::test]
async fn silence_ends_a_call_that_waits_for_the_head_or_for_the_rest_of_a_body() {
    for start in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
    ] {
        let peer = Peer::start(move |_, mut conn| async move {
            conn.request().await;
            conn.raw(start).await;
            conn.silence().await;
        })
        .await;
        let client = builder(&peer)
            .retries(0)
            .idle_timeout(Duration::from_millis(100))
            .build()
            .unwrap();
        let error = client.get_object("a").await.unwrap_err();
        assert_eq!(error.kind(), "timed_out", "{error}");
        match client.get_object_stream("a").await {
            Ok(reply) => assert!(reply.output.1.collect(100).await.unwrap_err().is_timeout()),
            Err(error) => assert_eq!(error.kind(), "timed_out", "{error}"),
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let peer = Peer::start(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.reply(307, "location: http://elsewhere.example/\r\n", "")
                .await;
        }
    })
    .await;
    let error = builder(&peer)
        .build()
        .unwrap()
        .head_object("a")
        .await
        .unwrap_err();
    assert_eq!((error.http_status(), error.attempts()), (Some(307), 1));
    assert!(error.to_string().contains("elsewhere.example"), "{error}");
}
