//! What `inspect` recognises and how it lays documents out.

use ci_model::{Format, Kind, ReadError, inspect};
use serde_json::{Value, json};

#[track_caller]
fn shown(text: &str) -> (String, Value) {
    let seen = inspect(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    (seen.kind.to_string(), seen.document)
}

#[test]
fn every_fixture_is_recognised() {
    for file in super::fixtures::files() {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let kind = match name.split('.').next().unwrap() {
            "create-job-request" => Kind::CreateJobRequest,
            "create-job-response" => Kind::CreateJobResponse,
            "describe-jobs-response" => Kind::DescribeJobsResponse,
            "list-jobs-response" => Kind::ListJobsResponse,
            "template-request" | "template-response" | "delete-template-response" => Kind::Template,
            "list-templates-response" => Kind::Templates,
            "update-queue-request" | "update-queue-response" | "list-queues-response" => {
                Kind::Queues
            }
            "open-bucket-response" | "close-bucket-response" | "list-buckets-response" => {
                Kind::Buckets
            }
            "error-document" => Kind::Error,
            "callback" => Kind::Callback,
            other => panic!("{other}"),
        };
        let seen = inspect(std::fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let format = if name.ends_with("json") {
            Format::Json
        } else {
            Format::Xml
        };
        assert_eq!((seen.kind, seen.format), (kind, format), "{name}");
    }
}

#[test]
fn lists_are_lists_numbers_are_numbers_and_nothing_empty_is_shown() {
    let text = "<Response><JobsDetail><Code>0</Code><Message/><JobId>123</JobId><State>Success</State><StartTime>-</StartTime><Progress>100</Progress>\
        <CreationTime>2024-03-01T08:00:00+0800</CreationTime><Input><Object>a</Object><CosHeaders><Key>Size</Key><Value>7</Value></CosHeaders></Input>\
        <Operation><Tag>SmartCover</Tag><SmartCover><Count>2</Count><Width>640</Width><Height/><DeleteDuplicates>False</DeleteDuplicates></SmartCover>\
        <MediaResult><OutputFile><ObjectName>o</ObjectName><Md5Info/><Md5Info><Md5>m</Md5></Md5Info></OutputFile></MediaResult>\
        <MediaInfo><Format><Duration>1.5</Duration></Format><Stream><Audio/><Video><Width>640</Width></Video></Stream></MediaInfo>\
        <UserData>42</UserData><JobLevel>1</JobLevel><Future><A>1</A><B/></Future></Operation></JobsDetail><NonExistJobIds>x,y</NonExistJobIds></Response>";
    let document = json!({
        "JobsDetail": [{
            "Code": "0", "JobId": "123", "State": "Success", "Progress": 100, "CreationTime": "2024-03-01T08:00:00+0800", "Tag": "SmartCover",
            "Input": {"Object": "a", "CosHeaders": [{"Key": "Size", "Value": "7"}]},
            "Operation": {
                "SmartCover": {"Count": 2, "Width": 640, "DeleteDuplicates": false},
                "MediaResult": {"OutputFile": {"ObjectName": ["o"], "Md5Info": [{"Md5": "m"}]}},
                "MediaInfo": {"Format": {"Duration": "1.5"}, "Stream": {"Video": [{"Width": "640"}]}},
                "UserData": "42", "JobLevel": 1, "Future": {"A": "1"}
            }
        }],
        "NonExistJobIds": ["x", "y"]
    });
    assert_eq!(shown(text), ("describe_jobs_response".into(), document));
}

#[test]
fn an_empty_element_that_a_request_needs_is_left_out_like_any_other() {
    let text = "<Request><Name>q</Name><State>Paused</State><NotifyConfig/></Request>";
    let document = json!({"Name": "q", "State": "Paused"});
    assert_eq!(shown(text), ("queues".into(), document));
}

#[test]
fn the_same_callback_is_shown_alike_from_both_formats() {
    let read = |name: &str| {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/1045-49522");
        inspect(std::fs::read(folder.join(name)).unwrap())
            .unwrap()
            .document
    };
    assert_eq!(
        read("callback.task-finish.xml"),
        read("callback.task-finish.json")
    );
}

#[test]
fn answers_with_jobs_are_told_apart() {
    let kind = |inside: &str| shown(&format!("<Response>{inside}</Response>")).0;
    let submitted = "<JobsDetail><JobId>j</JobId><State>Submitted</State></JobsDetail>";
    assert_eq!(kind(submitted), "create_job_response");
    assert_eq!(kind("<JobsDetail/>"), "create_job_response");
    assert_eq!(
        kind(&format!(
            "{submitted}<JobsDetail><State>Running</State></JobsDetail>"
        )),
        "describe_jobs_response"
    );
    assert_eq!(
        kind(&format!("{submitted}<NonExistJobIds/>")),
        "describe_jobs_response"
    );
    assert_eq!(
        kind(&format!("{submitted}<NextToken/>")),
        "list_jobs_response"
    );
    assert_eq!(
        kind(&format!("<EventName>TaskFinish</EventName>{submitted}")),
        "callback"
    );
    assert_eq!(shown("<Response><JobsDetail/></Response>").1, json!({}));
    assert_eq!(
        shown(r#"{"JobsDetail":{"State":"Failed","Operation":null}}"#),
        (
            "describe_jobs_response".into(),
            json!({"JobsDetail": [{"State": "Failed"}]})
        )
    );
}

#[test]
fn requests_are_told_apart_and_keep_their_operations_as_a_list() {
    let (kind, document) = shown(
        "<Request><Tag>SmartCover</Tag><Operation><SmartCover/><JobLevel>1</JobLevel></Operation></Request>",
    );
    assert_eq!(
        (kind.as_str(), document),
        (
            "create_job_request",
            json!({"Tag": "SmartCover", "Operation": [{"JobLevel": 1}]})
        )
    );
    let json = r#"{"Input":{"Object":"a"},"Operation":{"JobLevel":"1"},"CallBack":"no"}"#;
    assert_eq!(
        shown(json),
        (
            "create_job_request".into(),
            json!({"Input": {"Object": "a"}, "Operation": [{"JobLevel": 1}], "CallBack": "no"})
        )
    );
    assert_eq!(
        shown("<Request><Name>n</Name><State>Active</State></Request>").0,
        "queues"
    );
    assert_eq!(
        shown(r#"{"Tag":"SmartCover","Name":"n","SmartCover":{"Count":"3"}}"#),
        (
            "template".into(),
            json!({"Tag": "SmartCover", "Name": "n", "SmartCover": {"Count": 3}})
        )
    );
    assert_eq!(
        shown(r#"{"Name":"n","QueueID":"p","State":"Active"}"#).0,
        "queues"
    );
}

#[test]
fn errors_are_brought_to_one_spelling() {
    let expected = (
        "error".to_owned(),
        json!({"Code": "-21", "Message": "m", "RequestId": "r"}),
    );
    assert_eq!(
        shown(r#"{"code":-21,"message":"m","request_id":"r"}"#),
        expected
    );
    assert_eq!(
        shown(
            "<Error><Code>-21</Code><Message>m</Message><Resource/><RequestID>r</RequestID></Error>"
        ),
        expected
    );
    assert_eq!(
        shown(r#"{"Error":{"Code":"-21","Message":"m","RequestId":"r"}}"#),
        expected
    );
}

#[test]
fn a_document_of_another_root_is_a_plain_tree() {
    let text = "<ListBucketResult><Name>b</Name><Contents><Key>a</Key><Size>1</Size></Contents><Contents><Key>c</Key></Contents><Prefix/></ListBucketResult>";
    let tree = json!({"Name": "b", "Contents": [{"Key": "a", "Size": "1"}, {"Key": "c"}]});
    assert_eq!(shown(text), ("unknown".into(), tree));
    assert_eq!(
        shown("<Response><Surprise>1</Surprise></Response>"),
        ("unknown".into(), json!({"Surprise": "1"}))
    );
    assert_eq!(
        shown(r#"{"a":{"b":1,"c":null,"d":[""]}}"#),
        ("unknown".into(), json!({"a": {"b": 1}}))
    );
    assert_eq!(shown("{}"), ("unknown".into(), json!({})));
    let (kind, page) =
        shown("<Response><RequestId>r</RequestId><TotalCount>0</TotalCount></Response>");
    assert_eq!(
        (kind.as_str(), page),
        ("unknown", json!({"RequestId": "r", "TotalCount": 0}))
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_path() {
    let jobs = "<JobsDetail><JobId>j</JobId></JobsDetail>".repeat(2);
    let bad = format!(
        "<Response>{jobs}<JobsDetail><Operation><SmartCover><Count>many</Count></SmartCover></Operation></JobsDetail></Response>"
    );
    assert!(
        inspect(bad)
            .unwrap_err()
            .to_string()
            .contains(" at JobsDetail[2].Operation.SmartCover.Count: ")
    );
    assert_eq!(inspect("").unwrap_err(), ReadError::Empty);
    assert!(matches!(
        inspect("<html></html>"),
        Err(ReadError::Html { .. })
    ));
    assert!(matches!(
        inspect("hello"),
        Err(ReadError::NotADocument { .. })
    ));
    assert!(matches!(
        inspect("<Response><JobsDetail>"),
        Err(ReadError::CutOff { .. })
    ));
    assert!(matches!(
        inspect("<Other>&x;</Other>"),
        Err(ReadError::Entity { .. })
    ));
    assert!(matches!(
        inspect(b"<Other>\xff</Other>"),
        Err(ReadError::NotUtf8 { .. })
    ));
}
