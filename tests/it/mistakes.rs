//! What people get wrong, through the real binary: one line that says what to do next.

use std::fs;

use ci_tests::data;
use ci_tests::served::Served;
use ci_tests::tool::Tool;

const PATTERN: &str = "c/${number}.jpg";

/// Words, exit code, what the one line has to say.
type Mistake<'a> = (&'a [&'a str], i32, &'a str);

#[track_caller]
fn check(tool: Tool, (words, exit, next): Mistake) {
    let ran = tool.run();
    assert_eq!(ran.exit, Some(exit), "{words:?}: {ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{words:?}: {ran:?}");
    assert!(ran.stderr.contains(next), "{words:?}: {ran:?}");
}

#[test]
fn mistakes_without_a_service_lead_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::copy(data("bikes.mp4"), path.join("a.mp4")).expect("the clip");
    fs::write(path.join("note.txt"), "hello").expect("a file");
    fs::create_dir(path.join("dir")).expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let mistakes: &[Mistake] = &[
        (&[], 2, "`cosci --help`"),
        (&["cover", "a.mp4"], 2, "'covers'"),
        (&["covers"], 2, "`cosci covers --help`"),
        (&["covers", "a.mp4", "--cout", "3"], 2, "'--count'"),
        (&["covers", "a.mp4", "--count", "11"], 2, "1 to 10"),
        (&["covers", "a.mp4", "--width", "5"], 2, "128 to 4096"),
        (&["covers", "a.mp4", "--format", "gif"], 2, "jpg, png, webp"),
        (&["covers", "nope.mp4"], 2, "nope.mp4"),
        (&["covers", "*.mov"], 2, "no file fits this pattern"),
        (&["covers", "https://e.com/a.mp4"], 2, "download it first"),
        (&["covers", "dir"], 2, "dir/*.mp4"),
        (&["covers", "cos://"], 2, "cos://BUCKET/KEY"),
        (&["covers", "a.mp4", "--out", "note.txt"], 2, "not a folder"),
        (&["covers", "note.txt"], 5, "note.txt: "),
        (&["jobs", "create"], 2, "`cosci jobs create --help`"),
        (&["jobs", "list"], 2, "--bucket"),
        (&["jobs", "list", "--bucket", "b-1"], 2, "--region"),
        (&["inspect", "note.txt"], 2, "a document of the service"),
        (&["sign"], 2, "a request in JSON"),
        (&["completions", "tcsh"], 2, "bash"),
        (&["serve", "--addr", "7717"], 2, "write HOST:PORT"),
        (&["serve", "--addr", "0.0.0.0:1"], 2, "--secret-id"),
        (&["listen", "--addr", &taken], 1, "--addr 127.0.0.1:0"),
    ];
    for mistake in mistakes {
        check(Tool::new(path, mistake.0), *mistake);
    }
}

#[test]
fn mistakes_about_a_service_lead_on() {
    let served = Served::start(&["--require-open"]);
    let clip = data("bikes.mp4");
    let clip = clip.to_str().expect("a path");
    let put = served.run(&["objects", "put", clip, "in/a.mp4"]);
    let _ = put.expect(0);
    let create = |input: &'static str, more: &'static [&'static str]| {
        let words = ["jobs", "create", "--output", PATTERN, "--input", input];
        words.iter().chain(more).copied().collect::<Vec<_>>()
    };
    let a = "in/a.mp4";
    let one = |mistake: Mistake| check(served.tool(mistake.0.iter().copied()), mistake);
    one((&create(a, &[]), 3, "`cosci buckets open`"));
    let _ = served.run(&["buckets", "open"]).expect(0);
    one((&create("in/b.mp4", &[]), 2, "`cosci objects list`"));
    one((
        &create(a, &["--template", "t9"]),
        2,
        "`cosci templates list`",
    ));
    one((&create(a, &["--queue", "p9"]), 2, "`cosci queues list`"));
    one((
        &create(a, &["--callback", "e.com"]),
        2,
        "a http or https URL",
    ));
    one((&["objects", "get", "c/0.jpg"], 4, "`cosci objects list`"));
    one((&["objects", "list", "--bucket", "b-1"], 4, "--bucket"));
    one((&["jobs", "get", "j9"], 4, "`cosci jobs list`"));
    one((&["jobs", "cancel", "j9"], 4, "`cosci jobs list`"));

    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let list: &[&str] = &["jobs", "list", "--retries", "0"];
    let at = |url: &str| served.tool(list.iter().copied()).env("COSCI_ENDPOINT", url);
    check(at(&nobody), (list, 7, "`cosci serve`"));
    check(at("127.0.0.1:7717"), (list, 2, "http://host[:port]"));
    let none = at("http://10.255.255.1").env("COS_DISABLE_METADATA", "1");
    check(none, (list, 3, "TENCENTCLOUD_SECRET_ID"));
    let unknown = served
        .tool(list.iter().copied())
        .env("TENCENTCLOUD_SECRET_ID", "AKIDx")
        .env("TENCENTCLOUD_SECRET_KEY", "y");
    check(unknown, (list, 3, "`cosci doctor`"));
}
