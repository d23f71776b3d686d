//! A transport of one's own: another way to carry requests, or something around the one that there is.
//!
//! This one carries them with the client's own transport and writes down what went by; a queue, a cache or another
//! HTTP library fits into the same place. Signing, retrying and reading stay with the client.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ci_client::ClientBuilder;
use ci_client::core::ListObjects;
use ci_client::transport::{HyperTransport, Transport, TransportError};
use http::{Request, Response};

/// Method, path and status of each request, in the order of the answers.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// The client's own transport, watched.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: HyperTransport,
    log: Log,
}

impl Watched {
    /// Writes into `log`. The proxy of the environment is used, as by a client that is set up without a transport.
    pub(crate) fn new(log: Log) -> Result<Self, Box<dyn Error>> {
        let inner = HyperTransport::builder().build()?;
        Ok(Self { inner, log })
    }
}

impl Transport for Watched {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let what = format!("{} {}", request.method(), request.uri().path());
        // An error says whether the request may have been carried out; it has to be handed on as it is.
        let answer = self.inner.send(request).await?;
        if let Ok(mut log) = self.log.lock() {
            log.push(format!("{what} {}", answer.status().as_u16()));
        }
        Ok(answer)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What an error came from is its source, and is not repeated in its own text.
            let causes = successors(Some(&*error), |&error| error.source());
            let said: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("{}", said.join(": "));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let log = Log::default();
    let client = ClientBuilder::from_env()?
        .transport(Watched::new(Arc::clone(&log))?)
        .build()?;
    client.list_objects(ListObjects::new()).await?;
    for line in log.lock().map_err(|_| "the log is broken")?.iter() {
        println!("{line}");
    }
    Ok(())
}
