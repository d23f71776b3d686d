//! Proxies on real sockets: chosen by the environment or by hand, gone around, dead, slow and strange.

use std::time::Duration;

use ci_client::transport::{Proxy, TransportFault};
use ci_client::{CallError, Cause, Client, ClientBuilder, Credentials};
use tokio::io::AsyncWriteExt;

use crate::peer::Peer;

/// Answers every request with who it is.
async fn answering(name: &'static str) -> Peer {
    Peer::start(move |_, mut conn| async move {
        while let Some(seen) = conn.request().await {
            let authorization = seen.header("proxy-authorization").unwrap_or("nobody");
            conn.reply(200, "", &format!("{name} for {authorization}"))
                .await;
        }
    })
    .await
}

fn builder(endpoint: &str, proxy: Proxy) -> ClientBuilder {
    Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(endpoint)
        .credentials(Credentials::new("AKIDEXAMPLE", "SECRETEXAMPLE"))
        .proxy(proxy)
        .retries(0)
}

async fn get(builder: ClientBuilder) -> Result<String, CallError> {
    let got = builder.build().unwrap().get_object("a").await?;
    Ok(String::from_utf8(got.output.bytes.to_vec()).unwrap())
}

fn environment(vars: &[(&str, String)]) -> Proxy {
    let var = |name: &str| {
        let found = vars.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.clone())
    };
    Proxy::from_vars(var).unwrap()
}

#[tokio::test]
async fn the_environment_chooses_the_proxy_and_no_proxy_goes_around_it() {
    let (proxy, service) = (answering("the proxy").await, answering("the service").await);
    let user = |user: &str| format!("http://{user}{}", proxy.addr);
    let service_url = service.url();
    // "Basic " and user:pass, and u@x:p:s/ in base64.
    for (vars, wanted) in [
        (vec![("http_proxy", user(""))], "the proxy for nobody"),
        (
            vec![("HTTP_PROXY", user("user:pass@"))],
            "the proxy for Basic dXNlcjpwYXNz",
        ),
        (
            vec![("ALL_PROXY", user("u%40x:p%3As%2F@"))],
            "the proxy for Basic dUB4OnA6cy8=",
        ),
        (
            vec![("HTTP_PROXY", proxy.addr.to_string())],
            "the proxy for nobody",
        ),
        (vec![("HTTPS_PROXY", user(""))], "the service for nobody"),
        (
            vec![("HTTP_PROXY", user("")), ("NO_PROXY", "127.0.0.1".into())],
            "the service for nobody",
        ),
        (
            vec![
                ("HTTP_PROXY", user("")),
                ("no_proxy", "10.0.0.0/8, 127.0.0.0/8".into()),
            ],
            "the service for nobody",
        ),
        (
            vec![("HTTP_PROXY", user("")), ("NO_PROXY", "*".into())],
            "the service for nobody",
        ),
        (
            vec![
                ("HTTP_PROXY", user("")),
                ("NO_PROXY", "other.example".into()),
            ],
            "the proxy for nobody",
        ),
        (vec![], "the service for nobody"),
    ] {
        let said = get(builder(&service_url, environment(&vars))).await;
        assert_eq!(said.unwrap(), wanted, "{vars:?}");
    }
    let by_hand = Proxy::url_except(&user(""), "127.0.0.1").unwrap();
    assert_eq!(
        get(builder(&service_url, by_hand)).await.unwrap(),
        "the service for nobody"
    );
}

#[tokio::test]
async fn a_proxy_is_told_by_its_host_and_port_and_never_by_its_password() {
    let proxy = Proxy::url("http://user:CANARY@proxy.example:3128").unwrap();
    let between = |to: &'static str| proxy.between(&http::Uri::from_static(to));
    let there = Some(("proxy.example".to_owned(), 3128));
    assert_eq!(between("https://a.example/"), there);
    let none = Proxy::none().between(&http::Uri::from_static("https://a.example/"));
    assert_eq!(none, None);
    let odd = Proxy::url("ftp://user:CANARY@h").unwrap_err();
    assert!(!format!("{odd} {odd:?}").contains("CANARY"), "{odd:?}");
}

/// A port where nobody listens.
async fn nobody() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn a_dead_proxy_is_an_error_before_anything_is_sent() {
    let dead = nobody().await;
    let proxy = || Proxy::url(&format!("http://user:CANARY@{dead}")).unwrap();
    for endpoint in ["http://service.example", "https://service.example"] {
        let error = get(builder(endpoint, proxy())).await.unwrap_err();
        assert_eq!(error.kind(), "network");
        let text = format!("{error} {error:?}");
        assert!(
            text.contains(&dead.to_string()) && text.contains("not sent"),
            "{text}"
        );
        assert!(!text.contains("CANARY"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_drips_holds_nobody_longer_than_connecting_may_take() {
    for drips in [false, true] {
        let proxy = Peer::start(move |_, mut conn| async move {
            conn.request().await;
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            while drips && conn.io.write_all(b"x").await.is_ok() {
                pace.tick().await;
            }
            conn.silence().await;
        })
        .await;
        let through = Proxy::url(&proxy.url()).unwrap();
        let builder =
            builder("https://service.example", through).connect_timeout(Duration::from_millis(100));
        let error = get(builder).await.unwrap_err();
        let Cause::Transport(cause) = error.cause() else {
            panic!("{error}");
        };
        assert!(
            matches!(cause.fault(), TransportFault::ConnectTimeout { .. }),
            "drips {drips}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_to_connect_without_end_is_refused() {
    let proxy = Peer::start(|_, mut conn| async move {
        conn.request().await;
        let line = format!("x: {}\r\n", "y".repeat(1000));
        conn.raw(b"HTTP/1.1 200 OK\r\n").await;
        while conn.io.write_all(line.as_bytes()).await.is_ok() {}
    })
    .await;
    let through = Proxy::url(&proxy.url()).unwrap();
    let error = get(builder("https://service.example", through))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("without end"), "{error}");
}
