//! The embedded engine: started for this run, reached as any other service is, gone afterwards.

use std::path::Path;
use std::time::Duration;

use ci_client::Client;
use ci_local::{Config, Engine};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::failure::{Failure, Kind};

const BUCKET: &str = "local-1250000000";
const REGION: &str = "ap-local";

/// What the engine knows of a cover beyond what the service would say.
pub(super) struct Fact {
    pub(super) object: String,
    /// Position in seconds.
    pub(super) time: Option<f64>,
    /// 0 to 1.
    pub(super) score: Option<f64>,
}

/// An engine in a temporary folder, on a free loopback port, with a key pair that only this run knows.
pub(super) struct Local {
    engine: std::sync::Arc<Engine>,
    pub(super) client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Local {
    pub(super) async fn start() -> Result<Self, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::chain(Kind::Other, error);
        let (id, key) = (secret()?, secret()?);
        // A job that still runs at the end is one that nobody waits for any more.
        let config = Config::ephemeral()
            .credentials(&id, &key)
            .grace(Duration::ZERO);
        let engine = Engine::start(config).await.map_err(|e| failed(&e))?;
        let engine = std::sync::Arc::new(engine);
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|e| failed(&e))?;
        let address = listener.local_addr().map_err(|e| failed(&e))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn({
            let engine = std::sync::Arc::clone(&engine);
            async move {
                engine
                    .serve(listener, async {
                        // Also when the sender is dropped: nobody is left to answer.
                        let _ = stopped.await;
                    })
                    .await;
            }
        });
        let client = Client::builder(BUCKET, REGION)
            .endpoint(format!("http://{address}"))
            .credentials(cos_sign::Credentials::new(id, key))
            .build()
            .map_err(|e| failed(&e))?;
        Ok(Self {
            engine,
            client,
            stop: Some(stop),
            serving,
        })
    }

    /// Makes the file an object of the bucket without copying it.
    pub(super) async fn lend(&self, key: &str, file: &Path) -> Result<(), Failure> {
        self.engine
            .lend(BUCKET, key, file)
            .await
            .map_err(|error| Failure::chain(Kind::BadInput, &error))
    }

    /// Position and score of each cover: what the service's documents have no field for.
    pub(super) async fn facts(&self, job: &str) -> Vec<Fact> {
        let covers = self.engine.covers_of(job).await.unwrap_or_default();
        covers
            .into_iter()
            .map(|cover| Fact {
                object: cover.object,
                time: cover.time,
                score: cover.score,
            })
            .collect()
    }

    /// Stops the engine and removes its folder.
    pub(super) async fn end(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.serving).await;
        self.engine.shutdown().await;
    }
}

fn secret() -> Result<String, Failure> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::other(format!("this machine gives no random bytes: {error}")))?;
    Ok(hex::encode(bytes))
}
