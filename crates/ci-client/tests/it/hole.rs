//! An address where nothing lives: it answers no SYN, so that connecting hangs.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A listener whose backlog is full. Nothing leaves this machine.
#[derive(Debug)]
pub(crate) struct BlackHole {
    listener: TcpListener,
    _fillers: Vec<TcpStream>,
}

impl BlackHole {
    /// Fills one.
    pub(crate) async fn fill() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(any).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let addr = listener.local_addr().expect("an address");
        let mut fillers = Vec::new();
        // What connects sits in the backlog; what does not has found it full.
        let patience = Duration::from_millis(200);
        while let Ok(Ok(filler)) = tokio::time::timeout(patience, TcpStream::connect(addr)).await {
            fillers.push(filler);
        }
        Self {
            listener,
            _fillers: fillers,
        }
    }

    /// Where nobody answers.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().expect("an address")
    }
}
