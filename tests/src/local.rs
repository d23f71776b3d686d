//! The engine and the client face to face: in one process, over loopback, over TLS.

use axum::Router;
use axum::body::Body as AxumBody;
use bytes::Bytes;
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, ClientBuilder, Credentials};
use ci_local::{Config, Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// The bucket of the tests.
pub const BUCKET: &str = "media-1250000000";
/// Its region.
pub const REGION: &str = "ap-chongqing";

/// An engine whose data is gone afterwards.
///
/// # Panics
///
/// When it cannot start.
pub async fn engine() -> Engine {
    Engine::start(Config::ephemeral())
        .await
        .expect("the engine starts")
}

/// A client that signs with the local pair; where it connects is up to the test.
pub fn client() -> ClientBuilder {
    Client::builder(BUCKET, REGION).credentials(Credentials::new(LOCAL_SECRET_ID, LOCAL_SECRET_KEY))
}

/// Carries requests into an engine's router without a socket.
#[derive(Debug)]
pub struct InProcess(pub Router);

impl Transport for InProcess {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let answered = self.0.clone().oneshot(request.map(AxumBody::from)).await;
        let (head, body) = answered.map_err(TransportError::not_sent)?.into_parts();
        let body = body
            .collect()
            .await
            .map_err(TransportError::maybe_sent)?
            .to_bytes();
        Ok(http::Response::from_parts(head, body))
    }
}
