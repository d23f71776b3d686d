//! Input meant to hurt costs no more than its length.

use ci_model::{
    CreateJobResponse, Limits, ListJobsResponse, ReadError, from_bytes, from_bytes_within, inspect,
};

fn nested(levels: usize) -> String {
    let inside = levels - 1;
    format!(
        "<Response>{}{}</Response>",
        "<a>".repeat(inside),
        "</a>".repeat(inside)
    )
}

#[test]
fn nesting_is_refused_below_128_levels() {
    assert!(from_bytes::<CreateJobResponse>(nested(128)).is_ok());
    assert_eq!(
        from_bytes::<CreateJobResponse>(nested(129)).unwrap_err(),
        ReadError::TooDeep { limit: 128 }
    );
    assert_eq!(
        inspect(nested(100_000)).unwrap_err(),
        ReadError::TooDeep { limit: 128 }
    );
    assert!(inspect(nested(128)).is_ok());
    let json = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert!(inspect(json(120)).is_ok());
    for levels in [129, 100_000] {
        assert_eq!(
            inspect(json(levels)).unwrap_err(),
            ReadError::TooDeep { limit: 128 }
        );
    }
    let empty = format!(
        "<Response>{}<b/>{}</Response>",
        "<a>".repeat(127),
        "</a>".repeat(127)
    );
    assert_eq!(
        from_bytes::<CreateJobResponse>(empty).unwrap_err(),
        ReadError::TooDeep { limit: 128 }
    );
    let list = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(
        inspect(list).unwrap_err(),
        ReadError::TooDeep { limit: 128 }
    );
}

#[test]
fn a_caller_cannot_ask_for_more_levels_than_the_stack_holds() {
    let mut limits = Limits::default();
    limits.depth = usize::MAX;
    let refused = from_bytes_within::<CreateJobResponse>(nested(100_000), &limits);
    assert_eq!(refused, Err(ReadError::TooDeep { limit: 128 }));
}

#[test]
fn limits_of_the_caller_hold() {
    let limits = Limits::default().bytes(100).elements(5).depth(3);
    let read = |text: &str| from_bytes_within::<CreateJobResponse>(text, &limits);
    assert!(read("<Response><a><b/></a></Response>").is_ok());
    assert_eq!(
        read(&format!("<Response>{}</Response>", " ".repeat(100))),
        Err(ReadError::TooLarge {
            limit: 100,
            unit: "bytes"
        })
    );
    assert_eq!(
        read("<Response><a/><a/><a/><a/><a/></Response>"),
        Err(ReadError::TooLarge {
            limit: 5,
            unit: "elements"
        })
    );
    assert_eq!(
        read("<Response><a><b><c/></b></a></Response>"),
        Err(ReadError::TooDeep { limit: 3 })
    );
    assert_eq!(
        read(r#"{"a":[1,2,3,4,5,6]}"#),
        Err(ReadError::TooLarge {
            limit: 5,
            unit: "elements"
        })
    );
    assert_eq!(
        read(r#"{"a":{"b":{"c":{}}}}"#),
        Err(ReadError::TooDeep { limit: 3 })
    );
}

/// Each would take minutes if any step looked at all that came before; the test run's own limit catches that.
#[test]
fn many_of_anything_are_read_in_one_pass() {
    let many = 60_000;
    let unknown: String = (0..many).map(|n| format!("<x{n}/>")).collect();
    let scattered =
        "<JobsDetail><JobId>j</JobId></JobsDetail><NonExistJobIds>a</NonExistJobIds><y/>"
            .repeat(many / 4);
    let documents = [
        format!("<Response>{unknown}</Response>"),
        format!("<Response><JobsDetail>{unknown}</JobsDetail></Response>"),
        format!("<Response>{scattered}</Response>"),
        format!(
            "<Response><JobsDetail><Code>{}</Code></JobsDetail></Response>",
            "&lt;".repeat(many)
        ),
        format!(
            "<Response><JobsDetail><Code>{}</Code></JobsDetail></Response>",
            "<![CDATA[a]]>".repeat(many)
        ),
        format!(
            "<Response><JobsDetail><Code>{}</Code></JobsDetail></Response>",
            "a<!-- -->".repeat(many)
        ),
        format!(
            "<Response><JobsDetail>{}</JobsDetail></Response>",
            "<Code>a</Code>".repeat(many)
        ),
        format!("<Response {}/>", "a='1' ".repeat(many)),
        format!("<Response>{}", "<a>".repeat(120)),
        format!(
            "{{\"JobsDetail\":[{}{{}}]}}",
            "{\"JobId\":\"j\"},".repeat(many)
        ),
        format!(
            "{{{}\"z\":1}}",
            (0..many)
                .map(|n| format!("\"x{n}\":1,"))
                .collect::<String>()
        ),
        format!(
            "<Response><JobsDetail><Operation><Output><Object>{}</Object></Output></Operation></JobsDetail></Response>",
            "${".repeat(many)
        ),
    ];
    for document in &documents {
        let _ = ci_model::from_bytes_with_extras::<ci_model::DescribeJobsResponse>(document);
        let _ = inspect(document);
    }
    let read: ci_model::DescribeJobsResponse = from_bytes(&documents[2]).unwrap();
    assert_eq!(
        (read.jobs_detail.len(), read.non_exist_job_ids.len()),
        (many / 4, many / 4)
    );
    for pattern in [
        "${".repeat(many),
        "${a".repeat(many) + "}",
        "${number}".repeat(many),
        "}${ ".repeat(many),
    ] {
        assert_eq!(ci_model::OutputKey::parse(&pattern).to_string(), pattern);
    }
}

#[test]
fn a_list_keeps_only_what_it_holds() {
    let page = "<JobsDetail><JobId>j1</JobId></JobsDetail>".repeat(50_000);
    let read: ListJobsResponse = from_bytes(format!(
        "<Response>{page}<NextToken>9</NextToken></Response>"
    ))
    .unwrap();
    assert_eq!(
        (read.jobs_detail.len(), read.next_token.as_deref()),
        (50_000, Some("9"))
    );
}
