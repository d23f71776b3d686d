//! What the service, its SDKs and people who write by hand vary, and what must not matter.

use ci_model::callback::{self, Event};
use ci_model::{
    CreateJobRequest, DescribeJobsResponse, Element, ErrorDocument, Extras, JobState, JobsDetail,
    ListJobsResponse, ListQueuesResponse, Outcome, Tag, UpdateQueueRequest, from_bytes_with_extras,
    from_json, from_xml, to_json, to_json_with, to_xml, to_xml_with,
};

/// The only job of an answer whose `JobsDetail` holds this.
#[track_caller]
fn job(inside: &str) -> JobsDetail {
    let read: ListJobsResponse = from_xml(format!(
        "<Response><JobsDetail>{inside}</JobsDetail></Response>"
    ))
    .unwrap();
    read.jobs_detail.into_iter().next().unwrap()
}

#[test]
fn a_time_that_has_not_come_is_none_however_it_is_written() {
    for time in [
        "<EndTime>-</EndTime>",
        "<EndTime> - </EndTime>",
        "<EndTime></EndTime>",
        "<EndTime/>",
        "<EndTime>\n  </EndTime>",
        "",
    ] {
        assert_eq!(
            job(&format!("<Code>x</Code>{time}")).end_time,
            None,
            "{time}"
        );
    }
    assert_eq!(
        job("<EndTime>soon</EndTime>").end_time.unwrap().to_string(),
        "soon"
    );
    let job = job("<JobId>j</JobId>");
    let page = ListJobsResponse::new(vec![job], None);
    assert!(
        to_xml(&page).contains("<StartTime>-</StartTime><EndTime>-</EndTime>"),
        "as the service writes it"
    );
    assert_eq!(to_json(&page), r#"{"JobsDetail":[{"JobId":"j"}]}"#);
}

#[test]
fn numbers_and_booleans_are_read_as_text_and_as_themselves() {
    let json = |level: &str, delete: &str| -> ListJobsResponse {
        let text = format!(
            r#"{{"JobsDetail":{{"Operation":{{"JobLevel":{level},"SmartCover":{{"DeleteDuplicates":{delete},"Count":" 5 "}}}}}}}}"#
        );
        from_json(text).unwrap()
    };
    for (level, delete) in [
        ("2", "true"),
        ("\"2\"", "\"true\""),
        ("\" 2\"", "\"True\""),
        ("2", "1"),
        ("2", "\"TRUE\""),
    ] {
        let read = json(level, delete);
        let operation = &read.jobs_detail[0].operation;
        assert_eq!(operation.job_level.unwrap().get(), 2);
        let cover = operation.smart_cover.as_ref().unwrap();
        assert_eq!(
            (cover.delete_duplicates, cover.count.unwrap().get()),
            (Some(true), 5)
        );
    }
    let numbers = from_json::<ListJobsResponse>(
        r#"{"JobsDetail":{"Code":0,"Message":1.5,"Operation":{"UserData":true,"JobLevel":null}}}"#,
    )
    .unwrap();
    let job = &numbers.jobs_detail[0];
    assert_eq!(
        (job.code.as_deref(), job.message.as_deref()),
        (Some("0"), Some("1.5"))
    );
    assert_eq!(job.operation.user_data.as_ref().unwrap().as_str(), "true");
}

#[test]
fn what_the_service_answers_is_read_even_outside_the_limits() {
    let job = job(
        "<Operation><JobLevel>9</JobLevel><SmartCover><Count>99</Count><Width>1</Width></SmartCover><UserData>订单</UserData></Operation>",
    );
    let cover = job.operation.smart_cover.unwrap();
    assert_eq!(
        (cover.count.unwrap().get(), cover.count.unwrap().is_within()),
        (99, false)
    );
    assert_eq!(
        (cover.width.unwrap().get(), cover.width.unwrap().is_within()),
        (1, false)
    );
    assert_eq!(
        (
            job.operation.job_level.unwrap().get(),
            job.operation.user_data.unwrap().as_str()
        ),
        (9, "订单")
    );
}

#[test]
fn one_or_many_near_or_far_are_the_same_list() {
    let ids = |read: &DescribeJobsResponse| {
        read.jobs_detail
            .iter()
            .map(|job| job.job_id.clone().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    let scattered = "<Response><NonExistJobIds>x , y</NonExistJobIds><JobsDetail><JobId>a</JobId></JobsDetail><Odd/><NonExistJobIds>z</NonExistJobIds>\
                     <JobsDetail/><JobsDetail><JobId>b</JobId></JobsDetail></Response>";
    let read: DescribeJobsResponse = from_xml(scattered).unwrap();
    assert_eq!(
        (ids(&read), read.non_exist_job_ids),
        (
            vec!["a".into(), "b".into()],
            vec!["x".into(), "y".into(), "z".into()]
        )
    );
    for json in [
        r#"{"JobsDetail":{"JobId":"a"},"NonExistJobIds":"x,y"}"#,
        r#"{"JobsDetail":[{"JobId":"a"}],"NonExistJobIds":["x","y"]}"#,
        r#"{"Response":{"JobsDetail":[[{"JobId":"a"}]],"NonExistJobIds":["x,y"]}}"#,
    ] {
        let read: DescribeJobsResponse = from_json(json).unwrap();
        assert_eq!(
            (ids(&read), read.non_exist_job_ids),
            (vec!["a".into()], vec!["x".to_owned(), "y".into()]),
            "{json}"
        );
    }
    for none in [
        "<Response/>",
        "<Response></Response>",
        "<Response><JobsDetail/></Response>",
        "<Response><JobsDetail> \n </JobsDetail></Response>",
    ] {
        assert_eq!(
            from_xml::<DescribeJobsResponse>(none).unwrap(),
            DescribeJobsResponse::default()
        );
    }
    let inside = job(
        "<Operation><MediaResult><OutputFile><ObjectName>0</ObjectName><Bucket>b</Bucket><ObjectName>1</ObjectName><Md5Info/></OutputFile></MediaResult></Operation>",
    );
    assert_eq!(inside.object_names(), ["0", "1"]);
    assert!(
        inside
            .operation
            .media_result
            .unwrap()
            .output_file
            .unwrap()
            .md5_info
            .is_empty()
    );
}

#[test]
fn ids_of_unknown_queues_are_read_in_all_three_shapes() {
    for shape in [
        "<NonExistPIDs>a</NonExistPIDs><NonExistPIDs>b</NonExistPIDs>",
        "<NonExistPIDs><QueueID>a</QueueID><QueueID>b</QueueID></NonExistPIDs>",
        "<NonExistPIDs>a,b</NonExistPIDs>",
    ] {
        let read: ListQueuesResponse = from_xml(format!("<Response>{shape}</Response>")).unwrap();
        assert_eq!(read.non_exist_pids, ["a", "b"], "{shape}");
    }
    for name in ["QueueID", "QueueId"] {
        let read: UpdateQueueRequest =
            from_xml(format!("<Request><{name}>p1</{name}></Request>")).unwrap();
        assert_eq!(read.queue_id.unwrap().as_str(), "p1");
    }
}

#[test]
fn text_is_the_same_however_it_is_escaped() {
    for text in [
        "a&lt;b &amp; c",
        "a<![CDATA[<b & c]]>",
        "<![CDATA[a<]]>b<!-- note --> &#38;<?pi?> &#x63;",
        "&#97;&#60;b &#x26; c",
    ] {
        assert_eq!(
            job(&format!("<Message>{text}</Message>"))
                .message
                .as_deref(),
            Some("a<b & c"),
            "{text}"
        );
    }
    assert_eq!(
        job("<Message><![CDATA[ ]]></Message>").message.as_deref(),
        Some(" "),
        "white space on purpose"
    );
    let read: ListJobsResponse = from_xml("\u{feff}\r\n<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\r\n<!-- x --><Response xmlns='urn:a' b=\"c>\">\r\n<NextToken >7</NextToken ></Response>\r\n<!-- y -->").unwrap();
    assert_eq!(read.next_token.as_deref(), Some("7"));
    let prefixed: ListJobsResponse =
        from_xml("<ci:Response xmlns:ci='urn:a'><ci:NextToken>7</ci:NextToken></ci:Response>")
            .unwrap();
    assert_eq!(prefixed, read);
}

#[test]
fn unknown_words_and_tags_keep_their_text_and_leave_the_rest_readable() {
    let text = "<Response><JobsDetail><JobId>j</JobId><State>Dreaming</State><Tag>VideoOpera</Tag><Operation><VideoOpera><Acts>5</Acts></VideoOpera><UserData>u</UserData></Operation></JobsDetail></Response>";
    let (read, extras): (ListJobsResponse, Extras) = from_bytes_with_extras(text).unwrap();
    let job = &read.jobs_detail[0];
    assert_eq!(
        (&job.state, &job.tag),
        (
            &Some(JobState::Other("Dreaming".into())),
            &Some(Tag::Other("VideoOpera".into()))
        )
    );
    assert_eq!(job.operation.user_data.as_ref().unwrap().as_str(), "u");
    assert!(!job.state.as_ref().unwrap().is_final());
    let opera = extras.get("JobsDetail[0].Operation", "VideoOpera").unwrap();
    assert_eq!(opera.child("Acts").unwrap().text, "5");
    let again: (ListJobsResponse, Extras) =
        from_bytes_with_extras(to_xml_with(&read, &extras)).unwrap();
    assert_eq!(again, (read.clone(), extras.clone()));
    let again: (ListJobsResponse, Extras) =
        from_bytes_with_extras(to_json_with(&read, &extras)).unwrap();
    assert_eq!(again, (read, extras));
}

#[test]
fn what_is_unknown_is_carried_from_every_place_in_both_formats() {
    let text = "<Response><New a='1'>1</New><JobsDetail/><JobsDetail><X>x</X></JobsDetail><JobsDetail><Y><Z>1</Z><Z>2</Z></Y><Input><In>i</In></Input></JobsDetail>\
                <Later>2</Later><NextToken>t</NextToken><New>3</New></Response>";
    let (read, extras): (ListJobsResponse, Extras) = from_bytes_with_extras(text).unwrap();
    let found: Vec<_> = extras
        .iter()
        .map(|(path, element)| (path, element.name.as_str()))
        .collect();
    let expected = [
        ("", "New"),
        ("", "Later"),
        ("", "New"),
        ("JobsDetail", "X"),
        ("JobsDetail[1]", "Y"),
        ("JobsDetail[1].Input", "In"),
    ];
    assert_eq!(found, expected);
    for written in [to_xml_with(&read, &extras), to_json_with(&read, &extras)] {
        let (again, found): (ListJobsResponse, Extras) = from_bytes_with_extras(&written).unwrap();
        assert_eq!(again, read, "{written}");
        assert_eq!(
            found.at("JobsDetail[1]"),
            extras.at("JobsDetail[1]"),
            "{written}"
        );
        assert_eq!(found.at("").len(), 3, "{written}");
    }
    let mut request = CreateJobRequest::default();
    request
        .operation
        .push(ci_model::OperationRequest::default());
    let mut extras = Extras::new();
    extras.insert(
        "Operation",
        Element::container("Snapshot", vec![Element::text("Start", "1 < 2")]),
    );
    assert_eq!(
        to_xml_with(&request, &extras),
        "<Request><Operation><Snapshot><Start>1 &lt; 2</Start></Snapshot></Operation></Request>"
    );
}

#[test]
fn the_tag_of_a_job_stands_in_one_place_wherever_it_came() {
    let inside =
        job("<Operation><JobLevel>1</JobLevel><Tag>SmartCover</Tag></Operation><JobId>j</JobId>");
    assert_eq!(
        (inside.tag, inside.job_id.unwrap().as_str()),
        (Some(Tag::SmartCover), "j")
    );
    let both = job("<Tag>Snapshot</Tag><Operation><Tag>SmartCover</Tag></Operation>");
    assert_eq!(both.tag, Some(Tag::Snapshot));
    let late = job("<Operation><Tag>SmartCover</Tag></Operation><Tag>Snapshot</Tag>");
    assert_eq!(late.tag, Some(Tag::Snapshot));
}

#[test]
fn a_failed_job_cannot_be_taken_for_a_finished_one() {
    let failed = job("<State>Failed</State><Code>InvalidMedia</Code><Message>m</Message>");
    assert_eq!(
        failed.outcome(),
        Outcome::Failed {
            code: "InvalidMedia",
            message: "m"
        }
    );
    assert_eq!(job("<State>Success</State>").outcome(), Outcome::Done(None));
    assert_eq!(job("<State>Cancel</State>").outcome(), Outcome::Cancelled);
    assert_eq!(
        job("<State>Pause</State>").outcome(),
        Outcome::Pending(Some(&JobState::Pause))
    );
    assert_eq!(job("<Code>x</Code>").outcome(), Outcome::Pending(None));
}

#[test]
fn a_callback_is_told_by_its_bytes_not_by_its_header() {
    let json = br#"{"EventName":"TaskFinish","JobsDetail":{"JobId":"j"}}"#;
    for kind in [None, Some("application/xml"), Some("text/plain")] {
        let read = callback::parse(kind, json).unwrap();
        assert!(matches!(read.event(), Event::TaskFinish([job]) if job.job_id.is_some()));
    }
    let unnamed = callback::parse(
        None,
        "<Response><JobsDetail><JobId>j</JobId></JobsDetail></Response>",
    )
    .unwrap();
    assert!(matches!(unnamed.event(), Event::TaskFinish([_])));
    let run = callback::parse(None, "<Response><EventName>WorkflowFinish</EventName><WorkflowExecution><RunId>r</RunId></WorkflowExecution></Response>").unwrap();
    assert!(
        matches!(run.event(), Event::WorkflowFinish(run) if run.run_id.as_deref() == Some("r"))
    );
    let new = callback::parse(None, r#"{"EventName":"Eclipse"}"#).unwrap();
    assert!(matches!(new.event(), Event::Other(Some(name)) if name.as_str() == "Eclipse"));
}

#[test]
fn an_error_is_read_in_every_spelling() {
    for text in [
        r#"{"code":-21,"message":"m","request_id":"r"}"#,
        r#"{"Code":"-21","Message":"m","RequestId":"r"}"#,
        r#"{"code":"-21","Message":"m","requestId":"r"}"#,
    ] {
        let read: ErrorDocument = from_json(text).unwrap();
        assert_eq!(
            (
                read.code.as_deref(),
                read.message.as_deref(),
                read.request_id.as_deref()
            ),
            (Some("-21"), Some("m"), Some("r")),
            "{text}"
        );
    }
    let bare: ErrorDocument = from_xml("<Error/>").unwrap();
    assert_eq!(bare.to_string(), "without code");
}

#[test]
fn a_name_that_would_end_its_tag_is_not_written_as_xml() {
    let (read, extras): (ListJobsResponse, Extras) = from_bytes_with_extras(
        r#"{"NextToken":"t","a><NextToken>x</NextToken><b":"1","1a":"3","名":"4"}"#,
    )
    .unwrap();
    assert_eq!(
        to_xml_with(&read, &extras),
        "<Response><NextToken>t</NextToken><名>4</名></Response>"
    );
}
