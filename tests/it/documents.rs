//! `cosci inspect` through the real tool.

use ci_tests::tool::Tool;
use serde_json::json;

#[test]
fn a_callback_is_read_and_printed_in_the_words_of_the_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let xml = "<Response><EventName>TaskFinish</EventName><JobsDetail><JobId>j1</JobId><State>Success</State>\
               <StartTime>-</StartTime><Message/><Operation><JobLevel>0</JobLevel><MediaResult><OutputFile>\
               <ObjectName>a-0.jpg</ObjectName></OutputFile></MediaResult></Operation></JobsDetail></Response>";
    let read = Tool::new(folder.path(), ["inspect", "--json"])
        .stdin(xml)
        .run()
        .expect(0);
    assert_eq!(
        (&read["kind"], &read["format"]),
        (&json!("callback"), &json!("xml"))
    );
    assert_eq!(
        read["document"],
        json!({"EventName": "TaskFinish", "JobsDetail": [{"JobId": "j1", "State": "Success", "Operation":
            {"JobLevel": 0, "MediaResult": {"OutputFile": {"ObjectName": ["a-0.jpg"]}}}}]})
    );
    let text = Tool::new(folder.path(), ["inspect", "-"]).stdin(xml).run();
    assert!(
        text.stdout.starts_with("callback (xml)\n") && text.stdout.contains("JobId: j1"),
        "{text:?}"
    );
}

#[test]
fn what_is_no_document_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (stdin, part) in [
        (&b""[..], "empty"),
        (b"<html><body>502</body></html>", "HTML"),
        (b"<Response><JobsDetail>", ""),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"<Response><JobsDetail/><JobsDetail><Operation><SmartCover><Count>many</Count></SmartCover></Operation></JobsDetail></Response>", "SmartCover.Count"),
    ] {
        let error = Tool::new(folder.path(), ["inspect", "--json"]).stdin(stdin).run().expect_error(2);
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{part}: {error}");
    }
}
