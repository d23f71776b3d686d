//! A raw TCP peer: what it does with each connection is up to the test.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Listens on loopback until it is dropped.
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

/// One connection from the peer's side.
pub(crate) struct Conn {
    pub(crate) io: TcpStream,
    buffer: Vec<u8>,
}

impl Conn {
    /// Reads a whole request; nothing when the other side has closed.
    pub(crate) async fn request(&mut self) -> Option<Seen> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut seen = Seen {
            line,
            headers,
            body: Vec::new(),
        };
        let length = seen
            .header("content-length")
            .and_then(|l| l.parse().ok())
            .unwrap_or(0);
        while self.buffer.len() < length {
            self.more().await?;
        }
        seen.body = self.buffer.drain(..length).collect();
        Some(seen)
    }

    /// Reads only the first bytes of what comes.
    pub(crate) async fn some(&mut self, count: usize) -> Option<()> {
        while self.buffer.len() < count {
            self.more().await?;
        }
        Some(())
    }

    async fn more(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let count = self
            .io
            .read(&mut piece)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        self.buffer.extend_from_slice(&piece[..count]);
        Some(())
    }

    pub(crate) async fn reply(&mut self, status: u16, headers: &str, body: &str) {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\nx-ci-request-id: ID\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        self.raw(text.as_bytes()).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.io.write_all(bytes).await;
    }

    /// Closes with a reset instead of a polite end.
    pub(crate) fn reset(self) {
        let _ = self.io.set_zero_linger();
    }

    /// Does nothing until the other side goes away.
    pub(crate) async fn silence(&mut self) {
        while self.more().await.is_some() {}
    }
}

impl Peer {
    /// Hands every connection, with its number, to `serve`.
    pub(crate) async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(usize, Conn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((io, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                serving.spawn(serve(
                    number,
                    Conn {
                        io,
                        buffer: Vec::new(),
                    },
                ));
                while serving.try_join_next().is_some() {}
            }
        });
        Self {
            addr,
            connections,
            _tasks: tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
