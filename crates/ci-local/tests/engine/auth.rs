//! Signatures: what is accepted, and with which words the rest is refused.

use cos_sign::{Credentials, Validity, sign};
use std::time::Duration;

use ci_local::{AuthMode, Config, Engine};

use super::harness::*;

#[tokio::test]
async fn each_bad_signature_is_refused_in_the_words_of_the_service() {
    let engine = engine().await;
    let url = format!("{COS}/a.txt");
    let unsigned = send(&engine, request("GET", &url, &[], "")).await;
    assert_eq!(unsigned.refusal(), (403, "AccessDenied"));

    let stranger = Credentials::new("AKIDnobody", "x");
    let unknown = send(&engine, signed(request("GET", &url, &[], ""), &stranger)).await;
    assert_eq!(unknown.refusal(), (403, "InvalidAccessKeyId"));

    let wrong = Credentials::new(credentials().secret_id(), "not the key");
    let mismatch = send(&engine, signed(request("GET", &url, &[], ""), &wrong)).await;
    assert_eq!(mismatch.refusal(), (403, "SignatureDoesNotMatch"));
    assert!(mismatch.element("StringToSign").starts_with("sha1\n"));
    assert!(
        mismatch
            .element("FormatString")
            .starts_with("get\n/a.txt\n\n")
    );

    for (start, code, message) in [
        (now() - 1000, "AccessDenied", "Request has expired"),
        (now() + 1000, "RequestTimeTooSkewed", "The difference"),
    ] {
        let (mut head, body) = request("GET", &url, &[], "").into_parts();
        let valid = Validity::starting_at(start, Duration::from_secs(10));
        sign(&head, &credentials(), valid)
            .unwrap()
            .apply(&mut head.headers);
        let reply = send(&engine, http::Request::from_parts(head, body)).await;
        assert_eq!(reply.refusal(), (403, code));
        assert!(
            reply.element("Message").starts_with(message),
            "{}",
            reply.text()
        );
        assert!(!reply.element("ServerTime").is_empty());
    }

    for garbage in [
        "",
        "Basic eDp5",
        "q-sign-algorithm=sha1",
        "q-sign-algorithm=md5&q-ak=a",
    ] {
        let reply = send(
            &engine,
            request("GET", &url, &[("authorization", garbage)], ""),
        )
        .await;
        assert_eq!(reply.refusal(), (403, "AccessDenied"), "{garbage}");
    }
}

#[tokio::test]
async fn a_signature_made_for_another_path_does_not_open_this_one() {
    let engine = engine().await;
    let elsewhere = signed(
        request("GET", &format!("{COS}/b.txt"), &[], ""),
        &credentials(),
    );
    let (mut head, body) = elsewhere.into_parts();
    head.uri = "/a.txt".parse().unwrap();
    let reply = send(&engine, http::Request::from_parts(head, body)).await;
    assert_eq!(reply.refusal(), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn every_way_to_name_the_bucket_can_be_signed() {
    let engine = engine().await;
    ok(call(&engine, "PUT", &format!("{COS}/a.txt"), "x").await);
    for base in [
        COS.to_owned(),
        CI.to_owned(),
        format!("http://{BUCKET}.cos.ap-x.tencentcos.cn"),
        format!("http://{BUCKET}.ci.ap-x.tencentci.cn"),
        format!("http://{BUCKET}.localhost:7717"),
        format!("http://127.0.0.1:7717/{BUCKET}"),
        format!("http://[::1]:7717/{BUCKET}"),
    ] {
        let reply = call(&engine, "GET", &format!("{base}/a.txt"), "").await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, "x"), "{base}");
    }
    // As a proxy: the absolute form names the host, whatever the header says.
    let (head, body) = signed(
        request("GET", &format!("{COS}/a.txt"), &[], ""),
        &credentials(),
    )
    .into_parts();
    let mut proxied = http::Request::from_parts(head, body);
    *proxied.uri_mut() = format!("{COS}/a.txt").parse().unwrap();
    assert_eq!(send(&engine, proxied).await.status.as_u16(), 200);
    // The Python SDK signs the host without its port.
    let bare = signed(
        request("GET", &format!("http://127.0.0.1/{BUCKET}/a.txt"), &[], ""),
        &credentials(),
    );
    let (mut head, body) = bare.into_parts();
    head.headers
        .insert("host", "127.0.0.1:7717".parse().unwrap());
    assert_eq!(
        send(&engine, http::Request::from_parts(head, body))
            .await
            .status
            .as_u16(),
        200
    );
}

#[tokio::test]
async fn the_name_that_the_bucket_has_at_the_service_can_be_signed_and_no_other() {
    let engine = engine().await;
    let path = format!("http://127.0.0.1:7717/{BUCKET}/a.txt");
    ok(call(&engine, "PUT", &path, "x").await);
    // What the Node SDK's `getAuth` signs when it is given no host, wherever the request then goes.
    for (name, status) in [
        (format!("{BUCKET}.cos.ap-guangzhou.myqcloud.com"), 200),
        (format!("{BUCKET}.ci.ap-guangzhou.myqcloud.com"), 200),
        (format!("{BUCKET}.cos.ap-elsewhere.myqcloud.com"), 403),
        (format!("{BUCKET}.pic.ap-guangzhou.myqcloud.com"), 403),
        ("other-1.cos.ap-guangzhou.myqcloud.com".to_owned(), 403),
    ] {
        let named = signed(
            request("GET", &format!("http://{name}/a.txt"), &[], ""),
            &credentials(),
        );
        let (mut head, body) = named.into_parts();
        head.uri = format!("/{BUCKET}/a.txt").parse().unwrap();
        head.headers
            .insert("host", "127.0.0.1:7717".parse().unwrap());
        let reply = send(&engine, http::Request::from_parts(head, body)).await;
        assert_eq!(reply.status.as_u16(), status, "{name}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_presigned_url_is_as_good_as_a_header() {
    let engine = engine().await;
    ok(call(&engine, "PUT", &format!("{COS}/in/a%20b.txt"), "x").await);
    let (head, body) = request("GET", &format!("{COS}/in/a%20b.txt"), &[], "").into_parts();
    let valid = Validity::starting_at(now(), Duration::from_secs(60));
    let signature = sign(&head, &credentials(), valid).unwrap();
    let mut head = head;
    let mut carried = http::HeaderMap::new();
    signature.apply(&mut carried);
    let fields = carried["authorization"]
        .to_str()
        .unwrap()
        .replace(';', "%3B");
    head.uri = format!("{}?{fields}", head.uri).parse().unwrap();
    assert_eq!(
        send(&engine, http::Request::from_parts(head, body))
            .await
            .status
            .as_u16(),
        200
    );
}

#[tokio::test]
async fn warn_serves_and_off_does_not_look() {
    for mode in [AuthMode::Warn, AuthMode::Off] {
        let engine = Engine::start(Config::ephemeral().auth(mode)).await.unwrap();
        let reply = send(&engine, request("PUT", &format!("{COS}/a"), &[], "x")).await;
        assert_eq!(reply.status.as_u16(), 200, "{mode:?}");
    }
}

#[tokio::test]
async fn a_given_pair_replaces_the_local_one() {
    let config = Config::ephemeral().credentials("AKIDmine", "mykey");
    let engine = Engine::start(config).await.unwrap();
    let url = format!("{COS}/");
    let local = send(
        &engine,
        signed(request("PUT", &url, &[], ""), &credentials()),
    )
    .await;
    assert_eq!(local.refusal(), (403, "InvalidAccessKeyId"));
    let mine = Credentials::new("AKIDmine", "mykey");
    assert_eq!(
        send(&engine, signed(request("PUT", &url, &[], ""), &mine))
            .await
            .status
            .as_u16(),
        200
    );
}
