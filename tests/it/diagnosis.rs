//! A refused signature says why: the key is another one, or something on the way has changed the request.

use bytes::Bytes;
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, Credentials, Diagnosis};
use ci_core::GetObject;
use ci_tests::local::{InProcess, client, engine};

/// A gateway that rewrites a header.
struct Rewrites(InProcess);

impl Transport for Rewrites {
    async fn send(
        &self,
        mut request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        if let Some(range) = request.headers_mut().get_mut("range") {
            *range = http::HeaderValue::from_static("bytes=0-99");
        }
        self.0.send(request).await
    }
}

fn with(builder: ci_client::ClientBuilder, key: &str) -> Client {
    let credentials = Credentials::new(ci_local::LOCAL_SECRET_ID, key);
    builder.credentials(credentials).build().expect("a client")
}

#[tokio::test]
async fn a_wrong_key_and_a_header_changed_on_the_way_are_told_apart() {
    let engine = engine().await;
    let wrong = with(client().transport(InProcess(engine.router())), "CANARYKEY");
    let error = wrong.head_object("a").await.expect_err("refused");
    // The answer to HEAD has no body, so nothing can be said.
    assert_eq!(error.diagnosis(), None);
    let error = wrong.get_object("a").await.expect_err("refused");
    assert_eq!(error.diagnosis(), Some(&Diagnosis::Key));
    let text = error.to_string();
    assert!(
        text.ends_with("both strings are equal: the secret key is another one"),
        "{text}"
    );
    assert!(!format!("{error:?}{text}").contains("CANARY"), "{error:?}");

    let changed = with(
        client().transport(Rewrites(InProcess(engine.router()))),
        ci_local::LOCAL_SECRET_KEY,
    );
    let get = GetObject::new("a").range(0, Some(9));
    let error = changed.get_object(get).await.expect_err("refused");
    let Some(Diagnosis::Request(difference)) = error.diagnosis() else {
        panic!("{error}");
    };
    assert_eq!(difference.name.as_deref(), Some("range"));
    assert!(
        error
            .to_string()
            .contains("the server has `range=bytes%3D0-99`"),
        "{error}"
    );
    engine.shutdown().await;
}
