//! The main job through the tool: a real clip in, pictures and their contact sheet out.

use std::fs;
use std::path::Path;

use ci_tests::data;
use ci_tests::picture::Picture;
use ci_tests::tool::Tool;
use serde_json::Value;

fn covers(folder: &Path, args: &[&str]) -> Value {
    let clip = data("bikes.mp4");
    let mut words = vec!["covers", clip.to_str().expect("a plain path"), "--json"];
    words.extend(args);
    Tool::new(folder, words).run().expect(0)
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut names: Vec<_> = entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn five_covers_are_640_wide_all_different_and_none_is_black() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = covers(folder.path(), &["--count", "5", "--width", "640"]);
    assert_eq!(done["state"], "Success");
    assert_eq!(done["engine"], "local");
    assert!(
        done["job_id"]
            .as_str()
            .is_some_and(|id| id.starts_with('j')),
        "{done}"
    );
    assert!(done["elapsed_ms"].is_u64(), "{done}");
    let covers = done["covers"].as_array().expect("covers");
    assert_eq!(covers.len(), 5, "{done}");
    let mut pictures = Vec::new();
    for (number, cover) in covers.iter().enumerate() {
        assert_eq!(cover["path"], format!("covers/bikes-{number}.jpg"));
        assert_eq!(cover["object"], format!("covers/bikes-{number}.jpg"));
        let bytes =
            fs::read(folder.path().join(cover["path"].as_str().expect("a path"))).expect("a file");
        assert_eq!(cover["bytes"], bytes.len());
        assert_eq!(cover["md5"], ci_tests::md5_of(&bytes));
        let picture = Picture::decode(&bytes);
        assert_eq!(
            (picture.width, picture.height),
            (640, 272),
            "the clip is 640 x 272"
        );
        assert_eq!(
            (&cover["width"], &cover["height"]),
            (&640.into(), &272.into())
        );
        assert!(
            cover["time"]
                .as_f64()
                .is_some_and(|time| (0.0..10.1).contains(&time)),
            "{cover}"
        );
        assert!(
            cover["score"]
                .as_f64()
                .is_some_and(|score| (0.0..=1.0).contains(&score)),
            "{cover}"
        );
        assert!(picture.mean() > 16.0, "cover {number} is black");
        pictures.push(picture);
    }
    for (a, first) in pictures.iter().enumerate() {
        for (b, second) in pictures.iter().enumerate().skip(a + 1) {
            assert!(
                first.difference(second) > 8.0,
                "covers {a} and {b} are alike"
            );
        }
    }
}

#[test]
fn the_contact_sheet_shows_every_cover_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    covers(folder.path(), &["--count", "2", "--out", "a/b"]);
    let names = names_in(&folder.path().join("a/b"));
    assert_eq!(names, ["bikes-0.jpg", "bikes-1.jpg", "index.html"]);
    let page = fs::read_to_string(folder.path().join("a/b/index.html")).expect("the page");
    assert!(
        page.contains("src=\"./bikes-0.jpg\"") && page.contains("src=\"./bikes-1.jpg\""),
        "{page}"
    );
}

#[test]
fn each_format_is_written_as_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, magic) in [
        ("jpg", &b"\xff\xd8\xff"[..]),
        ("png", b"\x89PNG"),
        ("webp", b"RIFF"),
    ] {
        let done = covers(
            folder.path(),
            &["--count", "1", "--height", "136", "--format", format],
        );
        let cover = &done["covers"][0];
        assert_eq!(cover["path"], format!("covers/bikes-0.{format}"));
        assert_eq!(
            (&cover["width"], &cover["height"]),
            (&320.into(), &136.into()),
            "{done}"
        );
        let bytes =
            fs::read(folder.path().join(cover["path"].as_str().expect("a path"))).expect("a file");
        assert!(bytes.starts_with(magic), "{format}");
        let picture = Picture::decode(&bytes);
        assert_eq!((picture.width, picture.height), (320, 136));
    }
}

#[test]
fn several_inputs_answer_in_their_order_and_one_failure_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("not-a-video.mp4"),
        "just text, whatever the name says\n",
    )
    .expect("a file");
    fs::copy(data("bikes.mp4"), folder.path().join("street one.mp4")).expect("a copy");
    let inputs = ["not-a-video.mp4", "street one.mp4", "missing.mp4"];
    let ran = Tool::new(
        folder.path(),
        ["covers", "--count", "1", "--json"].iter().chain(&inputs),
    )
    .run();
    let results = ran.expect(5)["results"].clone();
    assert_eq!(results[0]["input"], "not-a-video.mp4");
    assert_eq!(results[0]["error"]["kind"], "job_failed");
    assert_eq!(results[1]["input"], "street one.mp4");
    assert_eq!(results[1]["covers"][0]["path"], "covers/street one-0.jpg");
    assert!(folder.path().join("covers/street one-0.jpg").is_file());
    assert_eq!(
        (&results[2]["input"], &results[2]["error"]["kind"]),
        (&"missing.mp4".into(), &"bad_input".into())
    );
}

#[test]
fn text_for_people_names_each_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = data("bikes.mp4");
    let ran = Tool::new(
        folder.path(),
        [Path::new("covers"), &clip, Path::new("--count=1")],
    )
    .run();
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("covers/bikes-0.jpg") && ran.stdout.contains("covers/index.html"),
        "{ran:?}"
    );
}

#[test]
fn the_input_is_neither_copied_nor_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("clip.mp4");
    fs::copy(data("bikes.mp4"), &clip).expect("a copy");
    let before = fs::metadata(&clip)
        .expect("metadata")
        .modified()
        .expect("a time");
    let ran = Tool::new(
        folder.path(),
        ["covers", "clip.mp4", "--count", "1", "--json"],
    )
    .env("TMPDIR", folder.path())
    .run();
    let _ = ran.expect(0);
    assert_eq!(
        fs::metadata(&clip)
            .expect("metadata")
            .modified()
            .expect("a time"),
        before
    );
    let left = names_in(folder.path());
    assert_eq!(
        left,
        ["clip.mp4", "covers"],
        "the engine's folder is gone afterwards"
    );
}

#[test]
fn explain_writes_a_page_with_every_candidate_and_the_covers_of_the_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = covers(folder.path(), &["--count", "3", "--dedupe", "--explain"]);
    let page = fs::read_to_string(folder.path().join("covers/bikes-explain.html")).expect("a page");
    for (number, cover) in done["covers"]
        .as_array()
        .expect("covers")
        .iter()
        .enumerate()
    {
        let card = format!(
            "<b>{:.2} s</b> cover {number}",
            cover["time"].as_f64().expect("a time")
        );
        assert!(page.contains(&card), "{card}");
    }
    for reason in ["its scene has cover", "others added more", "quality"] {
        assert!(page.contains(reason), "{reason}");
    }
}
