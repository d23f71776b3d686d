//! The main job: a video goes in, covers come out, and everything in between is told.

use std::collections::BTreeSet;

use ci_local::{Config, Engine, EngineError, JobProfile, Media};

use super::clips;
use super::harness::*;

/// The body of a create request with one operation.
pub(crate) fn body(input: &str, operation: &str, more: &str) -> String {
    format!(
        "<Request><Tag>SmartCover</Tag><Input><Object>{input}</Object></Input>\
         <Operation>{operation}<Output><Region>ap-chongqing</Region><Bucket>{BUCKET}</Bucket>\
         <Object>covers/${{jobid}}-${{number}}.${{ext}}</Object></Output></Operation>{more}</Request>"
    )
}

/// An engine whose descriptions wait for the end of the job, with a clip in its bucket.
pub(crate) async fn with_clip(config: Config) -> Engine {
    let engine = Engine::start(config.profile(JobProfile::Instant))
        .await
        .unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), clips::clip()).await);
    engine
}

pub(crate) async fn submit(engine: &Engine, body: String) -> String {
    let reply = ok(call(engine, "POST", &format!("{CI}/jobs"), body).await);
    assert_eq!(reply.element("State"), "Submitted");
    assert_eq!(
        (reply.element("StartTime"), reply.element("EndTime")),
        ("-", "-")
    );
    reply.element("JobId").to_owned()
}

pub(crate) async fn describe(engine: &Engine, id: &str) -> Reply {
    ok(call(engine, "GET", &format!("{CI}/jobs/{id}"), "").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_becomes_covers_that_can_be_fetched() {
    let engine = with_clip(Config::ephemeral()).await;
    let operation = "<SmartCover><Format>png</Format><Width>160</Width><Count>2</Count></SmartCover>\
                     <UserData>order 17</UserData><JobLevel>1</JobLevel>";
    let id = submit(&engine, body("in/clip.mp4", operation, "")).await;
    let done = describe(&engine, &id).await;
    assert_eq!(
        (done.element("State"), done.element("Code")),
        ("Success", "Success"),
        "{}",
        done.text()
    );
    assert_eq!(done.header("server"), "tencent-ci");
    assert_eq!(done.element("UserData"), "order 17");
    assert_eq!(done.element("JobLevel"), "1");
    assert_eq!(done.element("Width"), "160");
    assert!(done.element("EndTime").ends_with("+0800"));
    let names: Vec<_> = done.elements("Md5Info");
    assert_eq!(names.len(), 2);
    let covers = engine.covers_of(&id).await.unwrap();
    assert_eq!(covers.len(), 2);
    for (number, cover) in covers.iter().enumerate() {
        assert_eq!(cover.object, format!("covers/{id}-{number}.png"));
        assert!(
            done.text().contains(&format!(
                "<Md5Info><ObjectName>{}</ObjectName><Md5>{}</Md5></Md5Info>",
                cover.object, cover.md5
            )),
            "{}",
            done.text()
        );
        let got = ok(call(&engine, "GET", &format!("{COS}/{}", cover.object), "").await);
        assert!(got.body.starts_with(b"\x89PNG"));
        assert_eq!(got.header("etag"), format!("\"{}\"", cover.md5));
        assert_eq!(
            (got.body.len() as u64, cover.width, cover.height),
            (cover.bytes, 160, 90)
        );
        assert!(cover.time.is_some() && cover.score.is_some());
    }
    assert_ne!(covers[0].md5, covers[1].md5);
    assert!(
        std::fs::read_dir(engine.folder().join("scratch"))
            .unwrap()
            .next()
            .is_none()
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_is_no_video_fails_the_job_and_leaves_nothing() {
    let engine = with_clip(Config::ephemeral()).await;
    let cut = &clips::clip()[..200];
    for (key, bytes, code) in [
        ("empty.mp4", Vec::new(), "InvalidMedia"),
        ("text.mp4", b"this is a text".to_vec(), "InvalidMedia"),
        ("cut.mp4", cut.to_vec(), "InvalidMedia"),
        ("sound.m4a", clips::sound(), "NoVideoStream"),
        (
            "list.mp4",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n".to_vec(),
            "RefusedFormat",
        ),
    ] {
        ok(call(&engine, "PUT", &format!("{COS}/{key}"), bytes).await);
        let id = submit(&engine, body(key, "", "")).await;
        let done = describe(&engine, &id).await;
        assert_eq!(
            (done.element("State"), done.element("Code")),
            ("Failed", code),
            "{}",
            done.text()
        );
        assert!(!done.element("Message").is_empty());
        assert!(!done.text().contains("MediaResult"));
        assert!(engine.covers_of(&id).await.unwrap().is_empty());
    }
    let covers = engine.folder().join("buckets").join(BUCKET).join("covers");
    assert!(
        !covers.exists(),
        "a failed job wrote into {}",
        covers.display()
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ffmpeg_the_job_says_what_to_install() {
    let engine = with_clip(Config::ephemeral().ffmpeg("/no/ffmpeg", "/no/ffprobe")).await;
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    let done = describe(&engine, &id).await;
    assert_eq!(
        (done.element("State"), done.element("Code")),
        ("Failed", "FfmpegMissing"),
        "{}",
        done.text()
    );
    assert!(done.element("Message").contains("install ffmpeg"));
    engine.shutdown().await;
}

#[tokio::test]
async fn every_rule_of_a_create_request_is_checked_before_anything_is_stored() {
    let engine = with_clip(Config::ephemeral()).await;
    let good = body("in/clip.mp4", "", "");
    let inline = |text: &str| {
        body(
            "in/clip.mp4",
            &format!("<SmartCover>{text}</SmartCover>"),
            "",
        )
    };
    let long = "x".repeat(1025);
    for (document, code, words) in [
        (String::new(), "MissingContent", "missing"),
        ("not xml".to_owned(), "InvalidContent", ""),
        ("<Request><Tag>".to_owned(), "InvalidContent", "cut off"),
        ("<Wrong/>".to_owned(), "InvalidContent", "Wrong"),
        (
            "<!DOCTYPE a [<!ENTITY x \"y\">]><Request>&x;</Request>".to_owned(),
            "InvalidContent",
            "",
        ),
        (
            format!("<Request>{}</Request>", "<a>".repeat(100)),
            "InvalidContent",
            "",
        ),
        (
            format!("<Request>{}</Request>", "<a/>".repeat(10_000)),
            "InvalidContent",
            "elements",
        ),
        ("\u{feff}\u{fffe}".to_owned(), "InvalidContent", ""),
        (inline("<Count>0</Count>"), "InvalidArgument", "Count"),
        (inline("<Count>11</Count>"), "InvalidArgument", "Count"),
        (inline("<Count>many</Count>"), "InvalidArgument", "Count"),
        (inline("<Width>127</Width>"), "InvalidArgument", "Width"),
        (inline("<Height>4097</Height>"), "InvalidArgument", "Height"),
        (inline("<Format>gif</Format>"), "InvalidArgument", "Format"),
        (
            body("in/clip.mp4", &format!("<UserData>{long}</UserData>"), ""),
            "InvalidArgument",
            "UserData",
        ),
        (
            body("in/clip.mp4", "<UserData>caf\u{e9}</UserData>", ""),
            "InvalidArgument",
            "UserData",
        ),
        (
            body("in/clip.mp4", "<JobLevel>3</JobLevel>", ""),
            "InvalidArgument",
            "JobLevel",
        ),
        (
            body("in/clip.mp4", "<TemplateId>tnone</TemplateId>", ""),
            "InvalidArgument",
            "tnone",
        ),
        (
            body("in/clip.mp4", "", "<QueueId>pnone</QueueId>"),
            "InvalidArgument",
            "pnone",
        ),
        (
            body("in/clip.mp4", "", "<CallBack>ftp://x</CallBack>"),
            "InvalidArgument",
            "CallBack",
        ),
        (body("in/none.mp4", "", ""), "ResourceNotFound", "none.mp4"),
        (body("../secret", "", ""), "InvalidObjectName", ""),
        (good.replace("-${number}", ""), "InvalidArgument", "number"),
        (
            good.replace("covers/", "../covers/"),
            "InvalidObjectName",
            "",
        ),
        (good.replace(BUCKET, "../etc"), "InvalidArgument", "Bucket"),
        (
            good.replace("SmartCover", "Snapshot"),
            "InvalidArgument",
            "Snapshot",
        ),
        (
            good.replace("<Tag>SmartCover</Tag>", ""),
            "InvalidArgument",
            "Tag",
        ),
    ] {
        let reply = call(&engine, "POST", &format!("{CI}/jobs"), document.clone()).await;
        assert_eq!(reply.refusal(), (400, code), "{document}\n{}", reply.text());
        assert!(reply.element("Message").contains(words), "{}", reply.text());
    }
    let large = call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        " ".repeat(600 * 1024),
    )
    .await;
    assert_eq!(large.refusal(), (400, "XMLSizeLimit"));
    let md5 = [
        ("content-type", "application/xml"),
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];
    let request = request("POST", &format!("{CI}/jobs"), &md5, good);
    let wrong = send(&engine, signed(request, &credentials())).await;
    assert_eq!(wrong.refusal(), (400, "InvalidContent"));
    let list = ok(call(&engine, "GET", &format!("{CI}/jobs?tag=SmartCover"), "").await);
    assert!(!list.text().contains("<JobId>"), "{}", list.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_be_json() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let document = format!(
        r#"{{"Tag":"SmartCover","Input":{{"Object":"in/clip.mp4"}},"Operation":{{"SmartCover":{{"Count":"2"}},
        "Output":{{"Region":"ap-chongqing","Bucket":"{BUCKET}","Object":"covers/${{number}}.jpg"}}}}}}"#
    );
    let id = submit(&engine, document).await;
    let done = describe(&engine, &id).await;
    assert_eq!(done.element("State"), "Success");
    assert_eq!(done.element("Count"), "2");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_operations_are_several_jobs_and_all_or_none() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let operation = |name: &str, count: u32| {
        format!(
            "<Operation><Tag>SmartCover</Tag><SmartCover><Count>{count}</Count></SmartCover><Output>\
             <Region>r</Region><Bucket>{BUCKET}</Bucket><Object>{name}-${{Number}}.jpg</Object></Output></Operation>"
        )
    };
    let request = |operations: String| {
        format!("<Request><Input><Object>in/clip.mp4</Object></Input>{operations}</Request>")
    };
    let bad = request(operation("a", 1) + &operation("b", 11));
    assert_eq!(
        call(&engine, "POST", &format!("{CI}/jobs"), bad)
            .await
            .refusal()
            .1,
        "InvalidArgument"
    );
    let seven = request(operation("a", 1).repeat(7));
    assert_eq!(
        call(&engine, "POST", &format!("{CI}/jobs"), seven)
            .await
            .refusal()
            .1,
        "InvalidArgument"
    );

    let two = ok(call(
        &engine,
        "POST",
        &format!("{CI}/jobs"),
        request(operation("a", 1) + &operation("b", 2)),
    )
    .await);
    let ids: Vec<String> = two
        .elements("JobId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(ids.len(), 2);
    let both = describe(&engine, &format!("{},jnone,{}", ids[0], ids[1])).await;
    assert_eq!(both.elements("JobId"), ids);
    assert_eq!(both.elements("State"), ["Success", "Success"]);
    assert_eq!(both.element("NonExistJobIds"), "jnone");
    assert_eq!(
        engine.covers_of(&ids[1]).await.unwrap()[1].object,
        "b-1.jpg"
    );
    engine.shutdown().await;
}

#[tokio::test]
async fn an_unknown_job_is_an_answer_and_no_id_is_not() {
    let engine = engine().await;
    let unknown = describe(&engine, "jnone").await;
    assert_eq!(unknown.element("NonExistJobIds"), "jnone");
    assert!(!unknown.text().contains("<JobId>"));
    assert_eq!(
        call(&engine, "GET", &format!("{CI}/jobs/"), "")
            .await
            .refusal(),
        (400, "InvalidArgument")
    );
    assert_eq!(
        call(&engine, "GET", &format!("{CI}/jobs/,"), "")
            .await
            .refusal(),
        (400, "InvalidArgument")
    );
    assert!(matches!(
        engine.covers_of("jnone").await,
        Err(EngineError::NoSuchJob { .. })
    ));
    // A job is found in its own bucket only.
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    let other = ok(call(
        &engine,
        "GET",
        &format!("http://other-1.ci.ap-x.myqcloud.com/jobs/{id}"),
        "",
    )
    .await);
    assert_eq!(other.element("NonExistJobIds"), id);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_polls_goes_through_its_states() {
    let config = Config::ephemeral()
        .media(Media::Synthetic)
        .profile(JobProfile::Polls(2));
    let engine = Engine::start(config).await.unwrap();
    ok(call(&engine, "PUT", &format!("{COS}/in/clip.mp4"), "x").await);
    let id = submit(&engine, body("in/clip.mp4", "", "")).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(describe(&engine, &id).await.element("State").to_owned());
    }
    assert_eq!(seen, ["Submitted", "Running", "Success", "Success"]);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn synthetic_covers_are_whole_pictures_of_their_size_and_one_colour_each() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    // 1003 pixels end within a byte, and its rows need more than one block.
    for (wish, width, height) in [("", 640, 360), ("<Width>1003</Width>", 1003, 565)] {
        let operation =
            format!("<SmartCover><Format>png</Format>{wish}<Count>3</Count></SmartCover>");
        let id = submit(&engine, body("in/clip.mp4", &operation, "")).await;
        describe(&engine, &id).await;
        let mut colours = BTreeSet::new();
        for cover in engine.covers_of(&id).await.unwrap() {
            assert_eq!((cover.width, cover.height), (width, height));
            let got = ok(call(&engine, "GET", &format!("{COS}/{}", cover.object), "").await);
            let pixels = clips::pixels(&got.body);
            assert_eq!(pixels.len(), (width * height * 3) as usize);
            let seen: BTreeSet<_> = pixels.chunks(3).map(<[u8]>::to_vec).collect();
            assert_eq!(seen.len(), 1);
            colours.extend(seen);
        }
        assert_eq!(colours.len(), 3);
    }
    engine.shutdown().await;
}
