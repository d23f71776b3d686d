//! Templates, and jobs made with them; buckets and their media service.

use ci_local::{Config, Engine, Media};

use super::harness::*;
use super::jobs::{body, describe, submit, with_clip};

fn template(name: &str, cover: &str) -> String {
    format!(
        "<Request><Tag>SmartCover</Tag><Name>{name}</Name><SmartCover>{cover}</SmartCover></Request>"
    )
}

async fn create(engine: &Engine, name: &str, cover: &str) -> String {
    let made = ok(call(
        engine,
        "POST",
        &format!("{CI}/template"),
        template(name, cover),
    )
    .await);
    assert_eq!(
        (made.element("Category"), made.element("BucketId")),
        ("Custom", BUCKET)
    );
    assert_eq!(made.element("RequestId"), made.header("x-ci-request-id"));
    assert!(made.element("CreateTime").ends_with("+0800"));
    made.element("TemplateId").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_takes_its_settings_from_its_template_even_when_that_is_gone() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let id = create(
        &engine,
        "网页-covers_*1",
        "<Count>2</Count><Width>200</Width><Height></Height>",
    )
    .await;
    let operation =
        format!("<TemplateId>{id}</TemplateId><SmartCover><Count>7</Count></SmartCover>");
    let job = submit(&engine, body("in/clip.mp4", &operation, "")).await;
    let deleted = ok(call(&engine, "DELETE", &format!("{CI}/template/{id}"), "").await);
    assert_eq!(deleted.element("TemplateId"), id);
    let done = describe(&engine, &job).await;
    assert_eq!(
        (done.element("TemplateId"), done.element("TemplateName")),
        (id.as_str(), "网页-covers_*1")
    );
    let covers = engine.covers_of(&job).await.unwrap();
    assert_eq!(
        (covers.len(), covers[0].width),
        (2, 200),
        "the template wins over inline settings"
    );
    let late = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", &operation, ""),
    )
    .await;
    assert_eq!(late.refusal(), (400, "InvalidArgument"));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_template_of_several_covers_needs_a_numbered_key() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    for (count, status) in [(1, 200), (2, 400)] {
        let id = create(&engine, "t", &format!("<Count>{count}</Count>")).await;
        let plain = body("in/clip.mp4", &format!("<TemplateId>{id}</TemplateId>"), "")
            .replace("-${number}", "");
        let reply = call(&engine, "POST", &format!("{CI}/jobs"), plain).await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn templates_are_replaced_searched_and_paged() {
    let engine = with_clip(Config::ephemeral()).await;
    let mut ids = Vec::new();
    for name in ["web-a", "web-b", "app"] {
        ids.push(create(&engine, name, "<Width>640</Width><Format>png</Format>").await);
    }
    let body = template("web-c", "<Count>5</Count>");
    let replaced = ok(call(&engine, "PUT", &format!("{CI}/template/{}", ids[0]), body).await);
    assert_eq!(
        (replaced.element("Name"), replaced.element("Count")),
        ("web-c", "5")
    );
    assert!(
        replaced.elements("Width").is_empty(),
        "a replacement keeps nothing: {}",
        replaced.text()
    );

    let search =
        async |query: &str| ok(call(&engine, "GET", &format!("{CI}/template?{query}"), "").await);
    for (query, want) in [
        ("", vec!["web-c", "web-b", "app"]),
        (
            "tag=All&category=Custom&ids=&name=",
            vec!["web-c", "web-b", "app"],
        ),
        ("tag=Snapshot", vec![]),
        ("category=Official", vec![]),
        ("name=web", vec!["web-c", "web-b"]),
        ("pageSize=2&pageNumber=2", vec!["app"]),
        ("pageSize=2&pageNumber=3", vec![]),
    ] {
        assert_eq!(search(query).await.elements("Name"), want, "{query}");
    }
    let two = search(&format!("ids={},{},tnone", ids[2], ids[1])).await;
    assert_eq!(
        (two.element("TotalCount"), two.elements("TemplateId").len()),
        ("2", 2)
    );
    for bad in ["category=Mine", "pageSize=101", "pageNumber=0"] {
        let reply = call(&engine, "GET", &format!("{CI}/template?{bad}"), "").await;
        assert_eq!(reply.refusal(), (400, "InvalidArgument"), "{bad}");
    }
    for bad in [
        template("a b", ""),
        template("", ""),
        template(&"n".repeat(65), ""),
        template("t", "<Count>11</Count>"),
        template("t", "").replace("SmartCover</Tag>", "Snapshot</Tag>"),
        "<Request><Tag>SmartCover</Tag><Name>t</Name></Request>".to_owned(),
    ] {
        let reply = call(&engine, "POST", &format!("{CI}/template"), bad.clone()).await;
        assert_eq!(reply.refusal(), (400, "InvalidArgument"), "{bad}");
    }
    for (method, text) in [("PUT", template("t", "")), ("DELETE", String::new())] {
        let reply = call(&engine, method, &format!("{CI}/template/tnone"), text).await;
        assert_eq!(reply.refusal(), (404, "NoSuchTemplate"));
    }
    // Templates belong to their bucket.
    let other = ok(call(
        &engine,
        "GET",
        "http://other-1.ci.ap-x.myqcloud.com/template",
        "",
    )
    .await);
    assert_eq!(other.element("TotalCount"), "0");
}

#[tokio::test]
async fn a_bucket_is_in_the_region_of_the_call_that_made_it() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let made = "http://empty-1250000000.cos.ap-tokyo.myqcloud.com/";
    ok(call(&engine, "PUT", made, "").await);
    // The Python SDK, pointed at an address, asks without a region.
    let list = "http://127.0.0.1:7717/mediabucket?regions=ap-chongqing,ap-tokyo";
    let list = ok(call(&engine, "GET", list, "").await);
    assert_eq!(list.elements("Region"), ["ap-chongqing", "ap-tokyo"]);
}

#[tokio::test]
async fn buckets_are_open_from_their_first_object_unless_it_is_required() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    std::fs::create_dir_all(engine.folder().join("buckets/by-hand-1")).unwrap();
    let list = async |query: &str| {
        ok(call(
            &engine,
            "GET",
            &format!("http://ci.ap-chongqing.myqcloud.com/mediabucket?{query}"),
            "",
        )
        .await)
    };
    assert_eq!(list("").await.elements("BucketId"), ["by-hand-1", BUCKET]);
    assert_eq!(list("bucketName=by").await.elements("Name"), ["by-hand-1"]);
    assert_eq!(
        list(&format!("bucketNames={BUCKET},x&regions=ap-chongqing"))
            .await
            .element("TotalCount"),
        "1"
    );
    assert_eq!(list("regions=ap-nowhere").await.element("TotalCount"), "0");

    let closed = ok(call(&engine, "DELETE", &format!("{CI}/mediabucket"), "").await);
    assert_eq!(closed.element("BucketName"), BUCKET);
    let refused = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await;
    assert_eq!(refused.refusal(), (403, "FunctionNotEnabled"));
    assert_eq!(list("").await.elements("BucketId"), ["by-hand-1"]);
    assert_eq!(
        call(&engine, "DELETE", &format!("{CI}/mediabucket"), "")
            .await
            .refusal(),
        (404, "NoSuchBucket")
    );
    let opened = ok(call(&engine, "POST", &format!("{CI}/mediabucket"), "").await);
    assert_eq!(
        (opened.element("BucketId"), opened.element("Region")),
        (BUCKET, "ap-chongqing")
    );
    submit(&engine, body("in/clip.mp4", "", "")).await;

    let strict = with_clip(
        Config::ephemeral()
            .require_open(true)
            .media(Media::Synthetic),
    )
    .await;
    let refused = call(
        &strict,
        "POST",
        &format!("{CI}/jobs"),
        body("in/clip.mp4", "", ""),
    )
    .await;
    assert_eq!(refused.refusal(), (403, "FunctionNotEnabled"));
    ok(call(&strict, "POST", &format!("{CI}/mediabucket"), "").await);
    submit(&strict, body("in/clip.mp4", "", "")).await;
}
