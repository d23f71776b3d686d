//! The COS object calls: what goes in comes out, and nothing leaves the folder.

use ci_local::{Config, Engine};

use super::harness::*;

#[tokio::test]
async fn an_object_comes_back_with_its_headers_and_checksums() {
    let engine = engine().await;
    let url = format!("{COS}/in/%E4%B8%AD%20%2B.txt");
    let headers = [
        ("content-type", "text/x-test"),
        ("x-cos-meta-who", "me"),
        ("cache-control", ""),
    ];
    let put = send(
        &engine,
        signed(request("PUT", &url, &headers, "123456789"), &credentials()),
    )
    .await;
    let put = ok(put);
    assert_eq!(put.header("etag"), "\"25f9e794323b453885f5181f1b624d0b\"");
    assert_eq!(put.header("x-cos-hash-crc64ecma"), "11051210869376104954");
    assert_eq!(
        put.header("x-cos-request-id"),
        put.header("x-ci-request-id")
    );

    let got = ok(call(&engine, "GET", &url, "").await);
    assert_eq!(got.text(), "123456789");
    assert_eq!(got.header("content-type"), "text/x-test");
    assert_eq!(got.header("x-cos-meta-who"), "me");
    assert_eq!(got.header("etag"), put.header("etag"));
    assert_eq!(got.header("content-length"), "9");
    assert!(!got.headers.contains_key("cache-control"));

    let head = ok(call(&engine, "HEAD", &url, "").await);
    assert_eq!(head.header("content-length"), "9");
    assert!(head.body.is_empty());

    let file = engine
        .folder()
        .join("buckets")
        .join(BUCKET)
        .join("in/中 +.txt");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "123456789");

    let overridden = ok(call(
        &engine,
        "GET",
        &format!("{url}?response-content-type=a%2Fb"),
        "",
    )
    .await);
    assert_eq!(overridden.header("content-type"), "a/b");
}

#[tokio::test]
async fn ranges_and_conditions_are_answered_as_http_says() {
    let engine = engine().await;
    let url = format!("{COS}/a.bin");
    ok(call(&engine, "PUT", &url, "0123456789").await);
    let ask = async |name: &str, value: &str| {
        let request = request("GET", &url, &[(name, value)], "");
        send(&engine, signed(request, &credentials())).await
    };
    let part = ask("range", "bytes=2-4").await;
    assert_eq!((part.status.as_u16(), part.text()), (206, "234"));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    assert_eq!(ask("range", "bytes=-1").await.text(), "9");
    assert_eq!(
        ask("range", "bytes=99-").await.refusal(),
        (416, "InvalidRange")
    );
    let etag = part.header("etag").to_owned();
    assert_eq!(ask("if-none-match", &etag).await.status.as_u16(), 304);
    assert_eq!(
        ask("if-match", "\"other\"").await.refusal(),
        (412, "PreconditionFailed")
    );
}

#[tokio::test]
async fn a_file_dropped_into_the_folder_is_an_object() {
    let engine = engine().await;
    ok(call(&engine, "PUT", &format!("{COS}/"), "").await);
    let folder = engine.folder().join("buckets").join(BUCKET);
    std::fs::write(folder.join("clip.mp4"), "bytes").unwrap();
    let got = ok(call(&engine, "GET", &format!("{COS}/clip.mp4"), "").await);
    assert_eq!(
        (got.text(), got.header("content-type")),
        ("bytes", "video/mp4")
    );
    // Overwritten by hand, an uploaded object is what the file says, not what the table says.
    ok(call(&engine, "PUT", &format!("{COS}/a.txt"), "old").await);
    std::fs::write(folder.join("a.txt"), "newer").unwrap();
    let got = ok(call(&engine, "GET", &format!("{COS}/a.txt"), "").await);
    assert_eq!(got.text(), "newer");
    assert_ne!(got.header("etag"), "\"149603e6c03516362a8da23f624db945\"");
}

#[tokio::test]
async fn lists_come_in_pages_with_prefixes() {
    let engine = engine().await;
    for key in ["a.txt", "d/1", "d/2", "z&.txt"] {
        ok(call(&engine, "PUT", &format!("{COS}/{key}"), "x").await);
    }
    let all = ok(call(&engine, "GET", &format!("{COS}/"), "").await);
    assert_eq!(all.elements("Key"), ["a.txt", "d/1", "d/2", "z&amp;.txt"]);
    assert_eq!(all.element("IsTruncated"), "false");
    let page = ok(call(
        &engine,
        "GET",
        &format!("{COS}/?delimiter=%2F&max-keys=2"),
        "",
    )
    .await);
    assert_eq!(
        (page.elements("Key"), page.element("NextMarker")),
        (vec!["a.txt"], "d/")
    );
    let rest = ok(call(
        &engine,
        "GET",
        &format!("{COS}/?delimiter=%2F&marker=d%2F"),
        "",
    )
    .await);
    assert_eq!(rest.elements("Key"), ["z&amp;.txt"]);
    let below = ok(call(&engine, "GET", &format!("{COS}/?prefix=d%2F"), "").await);
    assert_eq!(below.elements("Key"), ["d/1", "d/2"]);
    ok(call(&engine, "DELETE", &format!("{COS}/d/1"), "").await);
    ok(call(&engine, "DELETE", &format!("{COS}/d/1"), "").await);
    let below = ok(call(&engine, "GET", &format!("{COS}/?prefix=d%2F"), "").await);
    assert_eq!(below.elements("Key"), ["d/2"]);
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_absent() {
    let engine = engine().await;
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a"), "")
            .await
            .refusal(),
        (404, "NoSuchBucket")
    );
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/"), "").await.refusal(),
        (404, "NoSuchBucket")
    );
    ok(call(&engine, "PUT", &format!("{COS}/"), "").await);
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a"), "")
            .await
            .refusal(),
        (404, "NoSuchKey")
    );
    assert_eq!(
        call(&engine, "HEAD", &format!("{COS}/a"), "")
            .await
            .status
            .as_u16(),
        404
    );
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/a?acl"), "")
            .await
            .refusal(),
        (501, "NotImplemented")
    );
    assert_eq!(
        call(&engine, "PATCH", &format!("{COS}/a"), "")
            .await
            .refusal(),
        (405, "MethodNotAllowed")
    );
}

#[tokio::test]
async fn keys_stay_in_their_bucket() {
    let engine = engine().await;
    std::fs::write(engine.folder().join("secret"), "s").unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/x"), "x").await);
    let folder = engine.folder().join("buckets").join(BUCKET);
    std::os::unix::fs::symlink("/etc", folder.join("etc")).unwrap();
    let long = format!("/{}", "a".repeat(256));
    for (path, code) in [
        ("/..%2F..%2Fsecret", "InvalidObjectName"),
        ("/../../secret", "InvalidObjectName"),
        ("/a/%2e%2e/%2e%2e/%2e%2e/secret", "InvalidObjectName"),
        ("//etc/passwd", "InvalidObjectName"),
        ("/%2Fetc%2Fpasswd", "InvalidObjectName"),
        ("/a%00b", "InvalidObjectName"),
        (long.as_str(), "KeyTooLong"),
        ("/%ff", "InvalidURI"),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            // Signers refuse some of these paths, so the engine looks at them unsigned.
            let open = Engine::start(Config::ephemeral().auth(ci_local::AuthMode::Off))
                .await
                .unwrap();
            let reply = send(&open, request(method, &format!("{COS}{path}"), &[], "x")).await;
            assert_eq!(reply.refusal().1, code, "{method} {path}");
        }
    }
    assert_eq!(
        call(&engine, "GET", &format!("{COS}/etc/passwd"), "")
            .await
            .refusal()
            .1,
        "NoSuchKey"
    );
    assert_eq!(
        call(&engine, "PUT", &format!("{COS}/etc/evil"), "x")
            .await
            .refusal(),
        (409, "PathConflict")
    );
    assert_eq!(
        call(&engine, "PUT", &format!("{COS}/x/y"), "x")
            .await
            .refusal(),
        (409, "PathConflict")
    );
    assert!(!std::path::Path::new("/etc/evil").exists());
}

#[tokio::test]
async fn an_upload_that_is_not_what_it_says_leaves_nothing() {
    let engine = Engine::start(Config::ephemeral().max_object_bytes(10))
        .await
        .unwrap();
    let url = format!("{COS}/a");
    let wrong = [("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")];
    let reply = send(
        &engine,
        signed(request("PUT", &url, &wrong, "x"), &credentials()),
    )
    .await;
    assert_eq!(reply.refusal(), (400, "BadDigest"));
    let reply = call(&engine, "PUT", &url, "x".repeat(11)).await;
    assert_eq!(reply.refusal(), (400, "EntityTooLarge"));
    let cut = axum::body::Body::new(Broken(1));
    let reply = call(&engine, "PUT", &url, cut).await;
    assert_eq!(reply.refusal(), (400, "IncompleteBody"));
    assert_eq!(
        call(&engine, "GET", &url, "").await.refusal().1,
        "NoSuchBucket"
    );
    assert!(
        std::fs::read_dir(engine.folder().join("scratch"))
            .unwrap()
            .next()
            .is_none()
    );
}

/// One piece, then the connection is gone.
struct Broken(u8);

impl http_body::Body for Broken {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let piece = self.0.checked_sub(1).map(|left| {
            self.0 = left;
            http_body::Frame::data(bytes::Bytes::from_static(b"xx"))
        });
        std::task::Poll::Ready(Some(
            piece.ok_or_else(|| std::io::ErrorKind::ConnectionReset.into()),
        ))
    }
}

#[tokio::test]
async fn a_lent_file_can_be_read_and_is_never_copied() {
    let engine = engine().await;
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "mine").unwrap();
    engine
        .lend(BUCKET, "in/mine.mp4", outside.path())
        .await
        .unwrap();
    let got = ok(call(&engine, "GET", &format!("{COS}/in/mine.mp4"), "").await);
    assert_eq!(got.text(), "mine");
    assert!(
        !engine
            .folder()
            .join("buckets")
            .join(BUCKET)
            .join("in")
            .exists()
    );
    assert!(
        engine
            .lend("Bad_Bucket", "a", outside.path())
            .await
            .is_err()
    );
    assert!(engine.lend(BUCKET, "../a", outside.path()).await.is_err());
    assert!(
        engine
            .lend(BUCKET, "a", std::path::Path::new("/no/such"))
            .await
            .is_err()
    );
}
