//! Lists: what they leave out, where they end, and that pages are read as one.

use std::collections::BTreeSet;

use ci_tests::tool::Tool;

use super::{BUCKET, Engine, ids, jobs};

#[test]
fn a_list_of_jobs_is_cut_at_its_limit_and_ordered_and_filtered() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    let made: Vec<String> = (0..3)
        .map(|_| engine.job("a.mp4", &["--wait", "--interval", "50ms"]))
        .collect();
    let newest: Vec<String> = made.iter().rev().cloned().collect();
    let list = |args: &[&str]| engine.run(&[&["jobs", "list"], args].concat());

    assert_eq!(jobs(&list(&[])), newest);
    assert_eq!(jobs(&list(&["--order", "asc"])), made);
    let two = list(&["--limit", "2"]);
    assert_eq!(jobs(&two), newest[..2]);
    assert!(two.json()["document"]["NextToken"].is_string(), "{two:?}");
    assert_eq!(
        list(&["--limit", "3"]).json()["document"].get("NextToken"),
        None
    );

    assert_eq!(jobs(&list(&["--states", "success,failed"])), newest);
    assert!(jobs(&list(&["--states", "Cancel"])).is_empty());
    assert!(jobs(&list(&["--tag", "Transcode"])).is_empty());
    assert_eq!(jobs(&list(&["--queue", &engine.queue()])), newest);
    assert!(jobs(&list(&["--queue", "p0"])).is_empty());
    assert_eq!(
        jobs(&list(&["--since", "2022-06-27T15:23:10+0800"])),
        newest
    );
    assert!(jobs(&list(&["--until", "2022-06-27T07:23:10Z"])).is_empty());

    let shown = engine.tool(["jobs", "list", "--limit", "1"]).run();
    assert_eq!(shown.exit, Some(0));
    assert!(
        shown.stdout.contains(&newest[0]) && !shown.stdout.contains(&newest[1]),
        "{shown:?}"
    );
    assert!(shown.stderr.contains("--limit"), "{shown:?}");
}

#[test]
fn flags_of_lists_are_refused_with_what_they_take() {
    let engine = Engine::start(&[]);
    for (args, part) in [
        (["--states", "Done"], "Submitted"),
        (["--since", "yesterday"], "2022-06-27T"),
        (["--limit", "0"], "from 1"),
        (["--order", "random"], "asc"),
    ] {
        let ran = engine.run(&[&["jobs", "list"], &args[..]].concat());
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        let error = ran.expect_error(2);
        let message = error["message"].as_str().expect("text");
        assert!(
            message.contains(part) && message.contains(args[1]),
            "{message}"
        );
    }
}

#[test]
fn a_list_longer_than_a_page_is_read_page_by_page() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    let _ = engine
        .run(&["queues", "update", &engine.queue(), "--state", "paused"])
        .expect(0);
    // As many as one page holds, and one more.
    let mut made = BTreeSet::new();
    for _ in 0..101 {
        assert!(made.insert(engine.job("a.mp4", &[])));
    }
    let all = engine.run(&["jobs", "list", "--limit", "1000"]);
    assert_eq!(all.json()["attempts"], 2);
    assert_eq!(jobs(&all).len(), 101);
    assert_eq!(jobs(&all).into_iter().collect::<BTreeSet<_>>(), made);
    assert_eq!(jobs(&engine.run(&["jobs", "list"])).len(), 100);
}

#[test]
fn templates_are_listed_by_the_beginning_of_their_name_and_over_pages() {
    let engine = Engine::start(&[]);
    // As many as one page holds, and one more.
    let mut made = BTreeSet::new();
    for number in 0..101 {
        let name = format!("{}-{number}", if number < 99 { "web" } else { "tv" });
        let create = ["templates", "create", "--name", &name];
        let _ = engine.run(&create).expect(0);
        made.insert(name);
    }
    let names = |args: &[&str]| {
        ids(
            &engine.run(&[&["templates", "list"], args].concat()),
            "TemplateList",
            "Name",
        )
    };
    let all = names(&["--limit", "1000"]);
    assert_eq!(all.len(), 101);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), made);
    assert_eq!(names(&[]).len(), 100);
    assert_eq!(names(&["--limit", "5"]).len(), 5);
    let tv = names(&["--name", "tv"]);
    assert!(
        tv.len() == 2 && tv.iter().all(|name| name.starts_with("tv-")),
        "{tv:?}"
    );
    assert!(names(&["--category", "official"]).is_empty());
}

#[test]
fn buckets_are_listed_without_naming_one() {
    let engine = Engine::start(&[]);
    engine.put("a.mp4");
    let list = |args: &[&str]| {
        let words = [&["buckets", "list", "--json"], args].concat();
        let ran = Tool::new(engine.path(), words)
            .env("COSCI_ENDPOINT", engine.url())
            .env("TENCENTCLOUD_REGION", "ap-chongqing")
            .run();
        ids(&ran, "MediaBucketList", "BucketId")
    };
    assert_eq!(list(&[]), [BUCKET]);
    assert_eq!(list(&["--name", "media"]), [BUCKET]);
    assert!(list(&["--name", "other"]).is_empty());
}

#[test]
fn objects_are_listed_by_prefix_and_deleted() {
    let engine = Engine::start(&[]);
    for key in ["in/a.mp4", "in/b.mp4", "out/c.jpg"] {
        engine.put(key);
    }
    let keys = |args: &[&str]| {
        ids(
            &engine.run(&[&["objects", "list"], args].concat()),
            "Contents",
            "Key",
        )
    };
    assert_eq!(keys(&[]), ["in/a.mp4", "in/b.mp4", "out/c.jpg"]);
    assert_eq!(keys(&["in/"]), ["in/a.mp4", "in/b.mp4"]);
    let cut = engine.run(&["objects", "list", "--limit", "2"]).expect(0);
    assert_eq!(cut["document"]["NextMarker"], "in/b.mp4");
    assert_eq!(cut["document"]["Contents"][0]["Size"], 8);
    assert_eq!(
        engine.run(&["objects", "rm", "in/a.mp4"]).expect(0)["document"]["Key"],
        "in/a.mp4"
    );
    assert_eq!(keys(&["in/"]), ["in/b.mp4"]);
}
