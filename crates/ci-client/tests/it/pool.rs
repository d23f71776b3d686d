//! Connections: used again, gone stale, and gone with the last client.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ci_client::RetryPolicy;
use ci_client::model::{CreateJobRequest, SmartCover};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::peer::Peer;
use crate::service::{Closes, List, Service, builder};

fn at_once() -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    policy.base = Duration::ZERO;
    policy
}

#[tokio::test]
async fn a_connection_closed_at_the_moment_of_use_harms_no_safe_call_in_ten_thousand_rounds() {
    let peer = Peer::start(|_, mut conn| async move {
        conn.request().await;
        conn.reply(200, "", "").await;
        // Closes as soon as the next request begins to arrive.
        let _ = conn.some(1).await;
    })
    .await;
    let client = builder(&peer).retry(at_once()).build().unwrap();
    for round in 0..10_000 {
        let reply = client.head_object("a").await;
        assert!(reply.is_ok(), "round {round}: {}", reply.unwrap_err());
    }
}

/// Submits this often, and gives how many jobs there are and how often the caller was told that there may be none.
async fn submissions(rounds: usize, closes: Closes) -> (usize, usize) {
    let service = Service::start([], List::Good).await;
    service.state.lock().unwrap().closes = Some(closes);
    let client = service
        .builder()
        .timeout(Duration::from_millis(100))
        .retry(at_once())
        .build()
        .unwrap();
    let (mut marks, mut told) = (HashSet::new(), 0);
    for _ in 0..rounds {
        match client
            .create_job(SmartCover::new(), "in/a.mp4", "c/${number}.jpg")
            .await
        {
            Ok(job) => assert!(marks.insert(job.mark.unwrap())),
            Err(_) => told += 1,
        }
    }
    let state = service.state.lock().unwrap();
    let made: Vec<_> = state
        .jobs
        .iter()
        .map(|(_, request)| mark_of(request))
        .collect();
    let once: HashSet<_> = made.iter().cloned().collect();
    assert_eq!(once.len(), made.len(), "no submission made two jobs");
    assert!(marks.is_subset(&once), "no job was only imagined");
    (made.len(), told)
}

fn mark_of(request: &CreateJobRequest) -> String {
    request.operation[0]
        .user_data
        .as_ref()
        .unwrap()
        .as_str()
        .to_owned()
}

#[tokio::test]
async fn submissions_on_connections_closed_at_rest_make_ten_thousand_jobs_or_it_is_told() {
    let mut sets = JoinSet::new();
    for _ in 0..20 {
        sets.spawn(submissions(500, Closes::AfterAnswer));
    }
    let (mut jobs, mut told) = (0, 0);
    while let Some(done) = sets.join_next().await {
        let (made, said) = done.unwrap();
        (jobs, told) = (jobs + made, told + said);
    }
    assert!(jobs + told >= 10_000, "{jobs} jobs, {told} told");
}

#[tokio::test]
async fn submissions_on_connections_closed_at_the_moment_of_use_make_no_job_twice() {
    let mut sets = JoinSet::new();
    for _ in 0..100 {
        sets.spawn(submissions(100, Closes::AtNextRequest));
    }
    let (mut jobs, mut told) = (0, 0);
    while let Some(done) = sets.join_next().await {
        let (made, said) = done.unwrap();
        (jobs, told) = (jobs + made, told + said);
    }
    assert!(jobs + told >= 10_000, "{jobs} jobs, {told} told");
    println!("closed at the moment of use, 10,000 rounds: {jobs} jobs, {told} told");
}

#[tokio::test]
async fn nothing_outlives_the_last_clone_of_a_client() {
    let closed = Arc::new(Notify::new());
    let open = Arc::new(AtomicUsize::new(0));
    let (seen, count) = (Arc::clone(&closed), Arc::clone(&open));
    let peer = Peer::start(move |_, mut conn| {
        let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            while conn.request().await.is_some() {
                conn.reply(200, "", "").await;
            }
            count.fetch_sub(1, Ordering::SeqCst);
            seen.notify_one();
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let clone = client.clone();
    clone.head_object("a").await.unwrap();
    drop(clone);
    client.head_object("a").await.unwrap();
    assert_eq!((peer.connections(), open.load(Ordering::SeqCst)), (1, 1));
    drop(client);
    closed.notified().await;
    assert_eq!(open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_connection_at_rest_is_closed_after_its_time() {
    let closed = Arc::new(Notify::new());
    let seen = Arc::clone(&closed);
    let peer = Peer::start(move |_, mut conn| {
        let seen = Arc::clone(&seen);
        async move {
            while conn.request().await.is_some() {
                conn.reply(200, "", "").await;
            }
            seen.notify_one();
        }
    })
    .await;
    let client = builder(&peer)
        .pool_idle(Duration::from_millis(20))
        .build()
        .unwrap();
    client.head_object("a").await.unwrap();
    // The client is alive, and the peer sees the end all the same.
    closed.notified().await;
    client.head_object("a").await.unwrap();
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn dropping_a_call_ends_it_at_once() {
    let closed = Arc::new(Notify::new());
    let seen = Arc::clone(&closed);
    let peer = Peer::start(move |_, mut conn| {
        let seen = Arc::clone(&seen);
        async move {
            conn.request().await;
            conn.silence().await;
            seen.notify_one();
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let call = client.head_object("a");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), call)
            .await
            .is_err()
    );
    closed.notified().await;
}

#[tokio::test]
async fn a_connection_that_is_old_enough_is_replaced_although_it_works() {
    let peer = Peer::start(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.reply(200, "", "").await;
        }
    })
    .await;
    for (age, connections) in [(Duration::from_secs(300), 1), (Duration::ZERO, 3)] {
        let before = peer.connections();
        let transport = ci_client::transport::HyperTransport::builder()
            .proxy(ci_client::transport::Proxy::none())
            .pool_age(age)
            .build();
        let client = builder(&peer)
            .transport(transport.unwrap())
            .build()
            .unwrap();
        for _ in 0..3 {
            client.head_object("a").await.unwrap();
        }
        assert_eq!(peer.connections() - before, connections, "{age:?}");
    }
}

#[test]
fn a_client_outlives_the_runtime_that_it_was_first_used_on() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let service = runtime();
    let peer = service.block_on(Peer::start(|_, mut conn| async move {
        while conn.request().await.is_some() {
            conn.reply(200, "", "").await;
        }
    }));
    let client = builder(&peer).retries(0).build().unwrap();
    for _ in 0..3 {
        let first = runtime();
        first.block_on(client.head_object("a")).unwrap();
        // Its connection rests in the pool, and what drove it is gone.
        drop(first);
    }
    assert_eq!(peer.connections(), 3);
}

/// Sends a body without end, and tells when the other side has gone.
async fn endless(gone: Arc<Notify>) -> Peer {
    Peer::start(move |_, mut conn| {
        let gone = Arc::clone(&gone);
        async move {
            use tokio::io::AsyncWriteExt;
            conn.request().await;
            conn.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n")
                .await;
            while conn.io.write_all(&[b'x'; 4096]).await.is_ok() {}
            gone.notify_one();
        }
    })
    .await
}

#[tokio::test]
async fn a_reply_that_nobody_reads_any_more_takes_its_connection_along() {
    let gone = Arc::new(Notify::new());
    let peer = endless(Arc::clone(&gone)).await;
    let client = builder(&peer).retries(0).build().unwrap();
    // Dropped before, in the middle, and refused for its size; the client lives on.
    let (_, body) = client.get_object_stream("a").await.unwrap().output;
    drop(body);
    gone.notified().await;
    let (_, mut body) = client.get_object_stream("a").await.unwrap().output;
    assert!(body.chunk().await.unwrap().is_some());
    drop(body);
    gone.notified().await;
    let (_, body) = client.get_object_stream("a").await.unwrap().output;
    assert!(body.collect(10_000).await.is_err());
    gone.notified().await;
    let error = client.get_object("a").await.unwrap_err();
    assert_eq!(error.kind(), "unreadable_reply", "{error}");
    gone.notified().await;
    drop(client);
}

#[tokio::test]
async fn an_upload_that_is_dropped_half_way_takes_its_connection_along() {
    let gone = Arc::new(Notify::new());
    let seen = Arc::clone(&gone);
    let peer = Peer::start(move |_, mut conn| {
        let gone = Arc::clone(&seen);
        async move {
            // Takes what comes, and answers nothing.
            conn.silence().await;
            gone.notify_one();
        }
    })
    .await;
    let client = builder(&peer).build().unwrap();
    let length = 1 << 40;
    let put = ci_client::core::PutObject::new("a", "");
    let upload = client.put_object_with(put, length, || async move {
        // Bytes for a while, and then none for ever.
        let some = tokio::io::AsyncReadExt::take(tokio::io::repeat(7), 100_000);
        let reader = tokio::io::AsyncReadExt::chain(some, Never);
        Ok(ci_client::Body::from_reader(reader, length))
    });
    let upload = tokio::time::timeout(Duration::from_millis(200), upload);
    assert!(upload.await.is_err());
    gone.notified().await;
}

/// Has no bytes, and no end.
struct Never;

impl tokio::io::AsyncRead for Never {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Pending
    }
}
