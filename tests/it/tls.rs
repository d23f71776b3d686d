//! The client against the engine over loopback TCP with TLS: rustls on both sides, a certificate made here.

use std::sync::Arc;

use ci_client::Client;
use ci_model::{CoverCount, JobState, SmartCover};
use ci_tests::data;
use ci_tests::local::{client, engine};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Serves the router over TLS; gives the address and the certificate in PEM.
async fn serve(router: axum::Router) -> (String, String, JoinHandle<()>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake: that is its right.
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = TowerToHyperService::new(router);
                let connection = auto::Builder::new(TokioExecutor::new());
                drop(
                    connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await,
                );
            });
        }
    });
    (format!("https://localhost:{port}"), cert.pem(), task)
}

fn over(url: &str, root: Option<&str>) -> Client {
    let builder = client()
        .endpoint(url)
        .retries(0)
        .proxy(ci_client::transport::Proxy::none());
    match root {
        Some(pem) => builder.extra_root(pem).build().expect("a client"),
        None => builder.build().expect("a client"),
    }
}

#[tokio::test]
async fn a_job_runs_over_tls_with_a_root_of_ones_own() {
    let engine = engine().await;
    let (url, pem, task) = serve(engine.router()).await;
    let client = over(&url, Some(&pem));
    client
        .put_file("in/bikes.mp4", data("bikes.mp4"))
        .await
        .expect("put");
    let covers = SmartCover::new().count(CoverCount::new(1).expect("in range"));
    let job = client
        .create_job(covers, "in/bikes.mp4", "out/${number}.jpg")
        .await
        .expect("created");
    let done = client.wait(&job.job_id).await.expect("done");
    assert_eq!(
        (done.state.as_ref(), done.object_names()),
        (Some(&JobState::Success), &["out/0.jpg".to_owned()][..])
    );
    task.abort();
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let engine = engine().await;
    let (url, _, task) = serve(engine.router()).await;
    let error = over(&url, None)
        .describe_jobs(["j0".parse().expect("an id")])
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), "network");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(text.to_lowercase().contains("certificate"), "{text}");
    task.abort();
}
