//! An engine of this process that serves a port, for programs that are not of this process.

use std::net::SocketAddr;
use std::sync::Arc;

use ci_local::{Config, Engine};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A served engine; it stops when dropped.
#[derive(Debug)]
pub struct OnPort {
    /// For what is asked of it in the test itself.
    pub engine: Arc<Engine>,
    /// Where it listens.
    pub address: SocketAddr,
    runtime: Runtime,
}

impl OnPort {
    /// Starts one on a free port of this machine.
    ///
    /// # Panics
    ///
    /// When it cannot start.
    #[must_use]
    pub fn start(config: Config) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (engine, address) = runtime.block_on(async {
            let engine = Arc::new(Engine::start(config).await.expect("an engine"));
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let serving = Arc::clone(&engine);
            tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
            (engine, address)
        });
        Self {
            engine,
            address,
            runtime,
        }
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for something that the engine does.
    pub fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Ends it and gives its port back.
    pub fn stop(self) {
        self.runtime.block_on(self.engine.shutdown());
    }
}
