//! A batch that goes on after a break, and one whose items come late: nothing waits for what it need not wait for.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use ci_client::batch::{BatchEnd, BatchItem, Journal};

use super::{Service, items, open, options};

/// A journal in which a job was about to be sent, and nobody knows whether it was.
async fn left_open(path: &Path, service: &Service, line: u64) {
    let journal = open(path).await;
    let mut silent = service.clone();
    silent.silent = true;
    let client = silent.client();
    let item = items(line + 1).filter(|item| item.line == line);
    let before = service.state.lock().unwrap().posts;
    let run = client.batch(item, &journal, options(), |_| {
        panic!("nothing was answered")
    });
    let sent = async {
        while service.state.lock().unwrap().posts == before {
            tokio::task::yield_now().await;
        }
    };
    let (mut run, mut sent) = (std::pin::pin!(run), std::pin::pin!(sent));
    tokio::select! {
        _ = &mut run => panic!("nothing was answered"),
        () = &mut sent => {}
    }
}

#[tokio::test]
async fn looking_for_what_an_earlier_run_sent_keeps_nothing_else_waiting() {
    let service = Service::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    // Every second one is accepted: the first was not, the second was.
    left_open(&path, &service, 0).await;
    left_open(&path, &service, 1).await;
    assert_eq!(service.state.lock().unwrap().jobs.len(), 1);

    let journal = open(&path).await;
    let mut options = options();
    // One submission at a time, and a job has to be absent for longer than this test could wait.
    (options.concurrency, options.absent) = (1, Duration::from_secs(100_000));
    let ended = Mutex::new(Vec::new());
    let client = service.client();
    let run = client.batch(items(50), &journal, options, |end| {
        ended.lock().unwrap().push(end.line);
    });
    let others = async {
        while ended.lock().unwrap().len() < 49 {
            tokio::task::yield_now().await;
        }
    };
    let (mut run, mut others) = (std::pin::pin!(run), std::pin::pin!(others));
    tokio::select! {
        _ = &mut run => panic!("the first job is still looked for"),
        () = &mut others => {}
    }
    let mut ended = ended.lock().unwrap().clone();
    ended.sort_unstable();
    assert!(ended.iter().copied().eq(1..50), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn items_that_come_late_do_not_keep_the_others_from_their_end() {
    let service = Service::default();
    let (give, items_to_come) = tokio::sync::mpsc::unbounded_channel();
    let (tell, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let client = service.client();
    let batch = tokio::spawn(async move {
        let stream = Coming(items_to_come);
        let told = |end: BatchEnd| tell.send(end.line).unwrap();
        client
            .batch_from(stream, &Journal::none(), options(), told)
            .await
    });
    for item in items(3) {
        let line = item.line;
        give.send(item).unwrap();
        assert_eq!(ended.recv().await, Some(line), "before the next one comes");
    }
    drop(give);
    assert_eq!(batch.await.unwrap().unwrap().succeeded, 3);
}

/// Items from elsewhere, when they come.
struct Coming(tokio::sync::mpsc::UnboundedReceiver<BatchItem>);

impl futures_core::Stream for Coming {
    type Item = BatchItem;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<BatchItem>> {
        self.0.poll_recv(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_looked_for_in_vain_is_sent_at_the_rate_too() {
    let service = Service::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    left_open(&path, &service, 0).await;
    let journal = open(&path).await;
    let mut options = options();
    options.rate = Some(0.1);
    let began = tokio::time::Instant::now();
    let client = service.client();
    let done = client.batch(items(4), &journal, options, |_| {}).await;
    assert_eq!(done.unwrap().succeeded, 4);
    assert!(
        began.elapsed() >= Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    assert!(service.per_input().values().all(|count| *count == 1));
}
