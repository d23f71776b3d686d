//! TLS with a certificate made here, directly and through proxies.

use std::sync::Arc;

use ci_client::transport::Proxy;
use ci_client::{Client, ClientBuilder, Credentials};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::peer::Peer;

/// A server for `localhost` that answers every connection once, and the certificate to trust it by.
async fn server() -> (u16, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &ca)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut tls = acceptor.accept(tcp).await?;
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(tls.read_u8().await?);
                }
                tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
                    .await?;
                tls.shutdown().await
            });
        }
    });
    (port, ca.pem())
}

fn builder(port: u16) -> ClientBuilder {
    Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(format!("https://localhost:{port}"))
        .credentials(Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE"))
        .retries(0)
        .proxy(Proxy::none())
}

async fn get(builder: ClientBuilder) -> Result<String, ci_client::CallError> {
    let reply = builder.build().unwrap().get_object("a").await?;
    Ok(String::from_utf8(reply.output.bytes.to_vec()).unwrap())
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(|error| format!("{error} | "))
        .collect()
}

#[tokio::test]
async fn a_further_root_is_trusted_and_without_it_nothing_is_sent() {
    let (port, root) = server().await;
    assert_eq!(get(builder(port).extra_root(root)).await.unwrap(), "hello");
    let error = get(builder(port)).await.unwrap_err();
    assert_eq!(error.kind(), "network");
    assert!(
        chain(&error).contains("(not sent)") && chain(&error).contains("ertificate"),
        "{}",
        chain(&error)
    );
}

#[test]
fn a_further_root_that_is_none_is_refused_when_the_client_is_built() {
    let error = builder(1).extra_root("no certificate").build().unwrap_err();
    assert!(error.to_string().contains("PEM"), "{error}");
}

#[tokio::test]
async fn tls_goes_through_a_proxy_that_wants_credentials() {
    let (port, root) = server().await;
    let proxy = Peer::start(move |_, mut conn| async move {
        let Some(seen) = conn.request().await else {
            return;
        };
        if seen.header("proxy-authorization") != Some("Basic dXNlcjpwYXNz") {
            conn.raw(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                .await;
            return;
        }
        assert_eq!(seen.line, format!("CONNECT localhost:{port} HTTP/1.1"));
        assert!(
            seen.header("authorization").is_none(),
            "the signature is not for the proxy"
        );
        conn.raw(b"HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n")
            .await;
        let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _ = copy_bidirectional(&mut conn.io, &mut far).await;
    })
    .await;
    let through = |user: &str| {
        let proxy = Proxy::url(&format!("http://{user}{}", proxy.addr)).unwrap();
        builder(port).extra_root(root.clone()).proxy(proxy)
    };
    assert_eq!(get(through("user:pass@")).await.unwrap(), "hello");
    let error = get(through("")).await.unwrap_err();
    assert!(
        error.to_string().contains("407") && error.kind() == "network",
        "{error}"
    );
    let error = get(through("user:CANARY@")).await.unwrap_err();
    assert!(
        !format!("{error:?}{}", chain(&error)).contains("CANARY"),
        "{error:?}"
    );
}

#[tokio::test]
async fn plain_http_goes_through_a_proxy_in_absolute_form() {
    let proxy = Peer::start(|_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            assert_eq!(seen.line, "GET http://engine.example:7717/a HTTP/1.1");
            assert_eq!(
                seen.header("host"),
                Some("media-1250000000.cos.ap-chongqing.myqcloud.com")
            );
            assert_eq!(
                seen.header("proxy-authorization"),
                Some("Basic dXNlcjpwYXNz")
            );
            conn.reply(200, "", "hello").await;
        }
    })
    .await;
    let url = format!("http://user:pass@{}", proxy.addr);
    let client = builder(1)
        .endpoint("http://engine.example:7717")
        .proxy(Proxy::url(&url).unwrap())
        .build()
        .unwrap();
    for _ in 0..2 {
        let got = client.get_object("a").await.unwrap();
        assert_eq!(got.output.bytes, "hello");
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_proxy_that_hangs_up_or_talks_nonsense_is_named() {
    for answer in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n"] {
        let proxy = Peer::start(move |_, mut conn| async move {
            conn.request().await;
            conn.raw(answer.as_bytes()).await;
        })
        .await;
        let error = get(builder(1).proxy(Proxy::url(&format!("http://{}", proxy.addr)).unwrap()))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains(&proxy.addr.to_string()),
            "{error}"
        );
        assert_eq!(error.kind(), "network");
    }
}
