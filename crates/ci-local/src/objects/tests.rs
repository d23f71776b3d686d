//! Objects in a real folder: placed, found, listed, deleted, and never outside it.

use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

fn objects() -> (tempfile::TempDir, Objects) {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::open(folder.path()).unwrap();
    (folder, objects)
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[track_caller]
fn put(objects: &Objects, name: &str, bytes: &str) {
    let scratch = objects.scratch();
    fs::write(&scratch, bytes).unwrap();
    objects.place(&scratch, "b-1", &key(name)).unwrap();
}

fn keys(objects: &Objects, query: &ListQuery) -> (Vec<String>, Vec<String>, Option<String>) {
    let got = objects.list("b-1", query).unwrap();
    let keys = got.entries.into_iter().map(|e| e.key).collect();
    (keys, got.prefixes, got.next)
}

#[test]
fn a_placed_object_is_a_plain_file_and_a_dropped_file_is_an_object() {
    let (folder, objects) = objects();
    put(&objects, "covers/a-0.jpg", "one");
    let file = folder.path().join("buckets/b-1/covers/a-0.jpg");
    assert_eq!(fs::read_to_string(&file).unwrap(), "one");
    fs::write(folder.path().join("buckets/b-1/clip.mp4"), "two").unwrap();
    assert_eq!(objects.find("b-1", &key("clip.mp4")).unwrap().size, 3);
    assert!(
        fs::read_dir(folder.path().join("scratch"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn links_and_folders_are_no_objects() {
    let (folder, objects) = objects();
    put(&objects, "dir/a", "x");
    let bucket = folder.path().join("buckets/b-1");
    symlink("/etc/passwd", bucket.join("link")).unwrap();
    symlink("/etc", bucket.join("etc")).unwrap();
    for name in ["link", "etc/passwd", "dir", "absent", "dir/a/b"] {
        let got = objects.find("b-1", &key(name));
        assert!(matches!(got, Err(ObjectError::Absent)), "{name}: {got:?}");
    }
    let scratch = objects.scratch();
    fs::write(&scratch, "x").unwrap();
    let through = objects.place(&scratch, "b-1", &key("etc/evil"));
    assert!(matches!(through, Err(ObjectError::Conflict)), "{through:?}");
    let below_a_file = objects.place(&scratch, "b-1", &key("dir/a/b"));
    assert!(
        matches!(below_a_file, Err(ObjectError::Conflict)),
        "{below_a_file:?}"
    );
    let over_a_folder = objects.place(&scratch, "b-1", &key("dir"));
    assert!(
        matches!(over_a_folder, Err(ObjectError::Conflict)),
        "{over_a_folder:?}"
    );
    // Replacing a link replaces the link, not what it points to.
    objects.place(&scratch, "b-1", &key("link")).unwrap();
    assert!(fs::read_to_string("/etc/passwd").unwrap().len() > 1);
    assert_eq!(fs::read_to_string(bucket.join("link")).unwrap(), "x");
    assert_eq!(
        keys(
            &objects,
            &ListQuery {
                most: 9,
                ..Default::default()
            }
        )
        .0,
        ["dir/a", "link"]
    );
}

#[test]
fn a_lent_file_is_an_object_without_a_copy() {
    let (folder, objects) = objects();
    let outside = folder.path().join("mine.mp4");
    fs::write(&outside, "12345").unwrap();
    put(&objects, "a", "x");
    put(&objects, "z", "x");
    objects.lend("b-1", &key("mine.mp4"), outside.clone());
    assert_eq!(objects.find("b-1", &key("mine.mp4")).unwrap().path, outside);
    assert_eq!(
        keys(
            &objects,
            &ListQuery {
                most: 9,
                ..Default::default()
            }
        )
        .0,
        ["a", "mine.mp4", "z"]
    );
    objects.remove("b-1", &key("mine.mp4")).unwrap();
    assert!(
        outside.exists(),
        "deleting a lent object keeps the owner's file"
    );
    assert!(matches!(
        objects.find("b-1", &key("mine.mp4")),
        Err(ObjectError::Absent)
    ));
}

#[test]
fn deleting_the_last_object_of_a_folder_takes_the_folder_along() {
    let (folder, objects) = objects();
    put(&objects, "a/b/c", "x");
    put(&objects, "a/d", "x");
    objects.remove("b-1", &key("a/b/c")).unwrap();
    objects.remove("b-1", &key("a/b/c")).unwrap();
    assert!(!folder.path().join("buckets/b-1/a/b").exists());
    assert!(folder.path().join("buckets/b-1/a/d").exists());
}

#[test]
fn a_list_groups_by_delimiter_and_continues_at_its_marker() {
    let (_folder, objects) = objects();
    for name in ["a", "d/1", "d/2", "e-f", "e/1", "e0"] {
        put(&objects, name, "x");
    }
    let grouped = ListQuery {
        delimiter: "/".to_owned(),
        most: 3,
        ..Default::default()
    };
    let (entries, prefixes, next) = keys(&objects, &grouped);
    assert_eq!(
        (entries, prefixes),
        (
            vec!["a".to_owned(), "e-f".to_owned()],
            vec!["d/".to_owned()]
        )
    );
    let rest = ListQuery {
        marker: next.unwrap(),
        ..grouped
    };
    assert_eq!(
        keys(&objects, &rest),
        (vec!["e0".to_owned()], vec!["e/".to_owned()], None)
    );
    let below = ListQuery {
        prefix: "d/".to_owned(),
        most: 10,
        ..Default::default()
    };
    assert_eq!(keys(&objects, &below).0, ["d/1", "d/2"]);
    assert_eq!(objects.list("absent", &below).unwrap(), Listing::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pages_of_any_size_add_up_to_all_keys_in_order(
        names in proptest::collection::btree_set("[a-c.-]{1,2}(/[a-c0]{1,2}){0,2}", 0..12),
        most in 1_usize..5,
    ) {
        let (_folder, objects) = objects();
        let mut all = std::collections::BTreeSet::new();
        for name in names {
            let Ok(name) = Key::parse(&name) else { continue };
            let scratch = objects.scratch();
            fs::write(&scratch, "x").unwrap();
            if objects.place(&scratch, "b-1", &name).is_ok() {
                all.insert(name.as_str().to_owned());
            }
        }
        let mut seen = Vec::new();
        let mut query = ListQuery { most, ..Default::default() };
        loop {
            let (page, _, next) = keys(&objects, &query);
            prop_assert!(page.len() <= most);
            seen.extend(page);
            match next {
                Some(marker) => query.marker = marker,
                None => break,
            }
        }
        prop_assert_eq!(seen, all.into_iter().collect::<Vec<_>>());
    }
}
