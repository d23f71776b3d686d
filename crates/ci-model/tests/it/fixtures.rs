//! Every fixture is read, written and read again in both formats; a new document needs a file here, not a test.

use ci_model::{Document, from_bytes_with_extras, from_json, from_xml, to_json, to_xml};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// Files below `tests/fixtures`, in a folder for the page they follow in shape; names and values are our own.
pub(crate) fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let list = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    let mut files: Vec<PathBuf> = list(&root)
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|folder| list(folder))
        .collect();
    files.sort();
    files
}

/// The type that reads a fixture, by the first part of its name.
macro_rules! for_type_of {
    ($file:expr, $check:ident($($argument:expr),*)) => {{
        let name = $file.file_name().unwrap().to_str().unwrap();
        match name.split('.').next().unwrap() {
            "create-job-request" => $check::<ci_model::CreateJobRequest>($($argument),*),
            "create-job-response" => $check::<ci_model::CreateJobResponse>($($argument),*),
            "describe-jobs-response" => $check::<ci_model::DescribeJobsResponse>($($argument),*),
            "list-jobs-response" => $check::<ci_model::ListJobsResponse>($($argument),*),
            "template-request" => $check::<ci_model::TemplateRequest>($($argument),*),
            "template-response" => $check::<ci_model::TemplateResponse>($($argument),*),
            "delete-template-response" => $check::<ci_model::DeleteTemplateResponse>($($argument),*),
            "list-templates-response" => $check::<ci_model::ListTemplatesResponse>($($argument),*),
            "update-queue-request" => $check::<ci_model::UpdateQueueRequest>($($argument),*),
            "update-queue-response" => $check::<ci_model::UpdateQueueResponse>($($argument),*),
            "list-queues-response" => $check::<ci_model::ListQueuesResponse>($($argument),*),
            "open-bucket-response" => $check::<ci_model::OpenBucketResponse>($($argument),*),
            "close-bucket-response" => $check::<ci_model::CloseBucketResponse>($($argument),*),
            "list-buckets-response" => $check::<ci_model::ListBucketsResponse>($($argument),*),
            "error-document" => $check::<ci_model::ErrorDocument>($($argument),*),
            "callback" => $check::<ci_model::Callback>($($argument),*),
            other => panic!("no type for fixture {other}"),
        }
    }};
}
pub(crate) use for_type_of;

fn survives<T: Document + PartialEq + Debug>(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    let (read, extras) =
        from_bytes_with_extras::<T>(&bytes).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    assert!(
        extras.is_empty(),
        "{file:?} has elements without a field: {extras:?}"
    );
    assert_eq!(
        from_xml::<T>(to_xml(&read)).unwrap(),
        read,
        "{file:?} through XML"
    );
    assert_eq!(
        from_json::<T>(to_json(&read)).unwrap(),
        read,
        "{file:?} through JSON"
    );
}

#[test]
fn every_document_survives_both_formats_and_has_a_field_for_every_element() {
    let files = files();
    assert!(files.len() >= 25, "{} fixtures", files.len());
    for file in &files {
        for_type_of!(file, survives(file));
    }
}

/// The texts of all leaves, sorted, without times that have not come.
fn leaves(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut leaves, mut path) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) => path.push(start.name().0.to_owned()),
            quick_xml::events::Event::End(_) => drop(path.pop()),
            quick_xml::events::Event::Text(text) if !text.trim().is_empty() && &*text != "-" => {
                leaves.push(format!("{}={}", path.join("/"), &*text));
            }
            quick_xml::events::Event::GeneralRef(name) => {
                leaves.push(format!("{}&{}", path.join("/"), &*name));
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    leaves.sort();
    leaves
}

fn writes_what_it_read<T: Document>(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let written = to_xml(&from_xml::<T>(&text).unwrap());
    assert_eq!(leaves(&written), leaves(&text), "{file:?}");
}

#[test]
fn no_text_of_a_document_is_lost_or_changed_by_reading_and_writing_it() {
    // Three fixtures are there for spellings that are brought into one form.
    let reformed = [
        "describe-jobs-response.mixed.xml",
        "create-job-response.several.xml",
        "error-document.signature.xml",
    ];
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.ends_with("xml") && !reformed.contains(&name) {
            for_type_of!(file, writes_what_it_read(&file));
        }
    }
}

#[test]
fn the_callback_says_the_same_in_both_formats() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/1045-49522")
            .join(name);
        ci_model::callback::parse(None, std::fs::read(path).unwrap()).unwrap()
    };
    let (xml, json) = (
        read("callback.task-finish.xml"),
        read("callback.task-finish.json"),
    );
    assert_eq!(xml, json);
    let written: serde_json::Value = serde_json::from_str(&to_json(&xml)).unwrap();
    let sample = std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/1045-49522/callback.task-finish.json"),
    );
    assert_eq!(
        written,
        serde_json::from_slice::<serde_json::Value>(&sample.unwrap()).unwrap()
    );
}
