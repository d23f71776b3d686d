//! Each way in which bytes can be unusable has its own error, with a text that says what to look at.

use ci_model::{
    CreateJobResponse, DescribeJobsResponse, ListJobsResponse, ReadError, from_bytes, from_json,
    from_xml,
};

fn refused(bytes: impl AsRef<[u8]>) -> ReadError {
    from_bytes::<DescribeJobsResponse>(bytes).unwrap_err()
}

#[test]
fn nothing_is_not_a_document() {
    for bytes in ["", " \r\n\t", "\u{feff}", "\u{feff} \n"] {
        assert_eq!(refused(bytes), ReadError::Empty);
    }
    assert_eq!(refused("<!-- only a comment -->"), ReadError::Empty);
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_position() {
    assert_eq!(
        refused(b"<Response>\xff</Response>"),
        ReadError::NotUtf8 { at: 10 }
    );
    assert_eq!(refused(b"\xff\xfe<R"), ReadError::NotUtf8 { at: 0 });
}

#[test]
fn pages_of_gateways_are_told_from_documents() {
    for page in [
        "<html><body>502 Bad Gateway</body></html>",
        "<!DOCTYPE html>\n<html lang=en><br>",
        "  <!doctype HTML PUBLIC \"-//W3C//DTD\">",
        "<?xml version=\"1.0\"?><!DOCTYPE html><html/>",
        "<HTML></HTML>",
    ] {
        assert!(
            matches!(refused(page), ReadError::Html { .. }),
            "{page}: {:?}",
            refused(page)
        );
    }
    let text = refused("upstream connect error");
    assert_eq!(
        text.to_string(),
        "expected a document of the service, found text that starts with \"upstream connect error\""
    );
    assert!(matches!(refused("[1]"), ReadError::NotADocument { .. }));
    assert!(matches!(
        from_xml::<CreateJobResponse>("{}"),
        Err(ReadError::NotADocument { .. })
    ));
    assert!(matches!(
        from_json::<CreateJobResponse>("<Response/>"),
        Err(ReadError::NotADocument { .. })
    ));
}

#[test]
fn another_document_is_named() {
    let error = refused("<Request><Tag>SmartCover</Tag></Request>");
    assert_eq!(
        error.to_string(),
        "expected a <Response> document, found <Request>"
    );
}

#[test]
fn a_refusal_of_the_service_is_read_whatever_was_asked_for() {
    let xml =
        "<Error><Code>AccessDenied</Code><Message>no</Message><RequestID>r1</RequestID></Error>";
    let json = [
        r#"{"code":"AccessDenied","Message":"no","request_id":"r1"}"#,
        r#"{"Error":{"Code":"AccessDenied","Message":"no","RequestId":"r1"}}"#,
    ];
    for text in [xml, json[0], json[1]] {
        let error = refused(text);
        let ReadError::Refused(document) = &error else {
            panic!("{text}: {error:?}")
        };
        assert_eq!(
            (document.code.as_deref(), document.request_id.as_deref()),
            (Some("AccessDenied"), Some("r1"))
        );
        assert_eq!(
            error.to_string(),
            "the service answered an error: AccessDenied: no (request id r1)"
        );
    }
}

#[test]
fn a_number_that_cannot_be_read_is_named_by_its_path() {
    let job =
        "<JobsDetail><Operation><SmartCover><Count>2</Count></SmartCover></Operation></JobsDetail>";
    let bad = "<JobsDetail><Operation><SmartCover><Count>three</Count></SmartCover></Operation></JobsDetail>";
    let xml = format!("<Response>{job}<Other/>{job}{job}{bad}</Response>");
    let error = from_xml::<ListJobsResponse>(xml).unwrap_err();
    let said = "cannot read <Response> at JobsDetail[3].Operation.SmartCover.Count: expected a whole number from 0 to 4294967295, found \"three\"";
    assert_eq!(error.to_string(), said);
    let json = r#"{"JobsDetail":[{},{"Operation":{"SmartCover":{"DeleteDuplicates":"maybe"}}}]}"#;
    let error = from_json::<ListJobsResponse>(json).unwrap_err();
    assert!(
        error.to_string().contains(
            "JobsDetail[0].Operation.SmartCover.DeleteDuplicates: expected true or false"
        ),
        "{error}"
    );
    let error = from_xml::<ListJobsResponse>(
        "<Response><JobsDetail><JobId>a/b</JobId></JobsDetail></Response>",
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("at JobsDetail[0].JobId: JobId \"a/b\" is refused"),
        "{error}"
    );
}

#[test]
fn a_shape_that_does_not_fit_is_named_by_its_path() {
    let error = from_xml::<ListJobsResponse>(
        "<Response><JobsDetail><Input>film.mov</Input></JobsDetail></Response>",
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("JobsDetail[0].Input: expected elements, found \"film.mov\""),
        "{error}"
    );
    let error =
        from_xml::<ListJobsResponse>("<Response><NextToken><a>1</a></NextToken></Response>")
            .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("at NextToken: expected a text, found elements"),
        "{error}"
    );
    let error = from_xml::<ListJobsResponse>("<Response>no jobs today</Response>").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected elements, found only text"),
        "{error}"
    );
}

#[test]
fn a_document_that_is_cut_off_anywhere_is_never_taken_for_a_whole_one() {
    let xml = "<?xml version=\"1.0\"?><Response a='1'><JobsDetail><Code>Su&amp;cc</Code><!-- c --><Message><![CDATA[x]]></Message></JobsDetail></Response>";
    for end in 1..xml.len() {
        let error = refused(&xml[..end]);
        assert!(
            matches!(error, ReadError::CutOff { .. } | ReadError::Empty),
            "{:?}: {error:?}",
            &xml[..end]
        );
    }
    let json =
        r#"{"EventName":"TaskFinish","JobsDetail":[{"Code":"x","Operation":{"JobLevel":1}}]}"#;
    for end in 1..json.len() {
        let error = refused(&json[..end]);
        assert!(
            matches!(error, ReadError::CutOff { .. }),
            "{:?}: {error:?}",
            &json[..end]
        );
    }
    let error = refused("<Response><JobsDetail><Operation><Out");
    assert_eq!(
        error.to_string(),
        "the document is cut off after 37 bytes, inside <Response/JobsDetail/Operation>"
    );
}

#[test]
fn what_is_not_well_formed_is_named_by_its_position() {
    let cases = [
        (
            "<Response><a></b></Response>",
            "expected `</a>`, but `</b>` was found",
        ),
        (
            "<Response/><Response/>",
            "something follows the root element",
        ),
        ("<Response/>tail", "something follows the root element"),
        ("<Response><a>&#0;</a></Response>", "&#0; is no character"),
        (
            "<Response><a>&#xD800;</a></Response>",
            "&#xD800; is no character",
        ),
        ("<Response>\0</Response>", "a NUL character"),
        ("{\"a\":\"\\u0000\"}", "a NUL character"),
        ("{\"a\":}", "expected value"),
        ("{\"a\":1} x", "trailing characters"),
    ];
    for (text, said) in cases {
        let error = refused(text);
        assert!(
            matches!(&error, ReadError::Malformed { message, .. } if message.contains(said)),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn entities_and_document_types_are_refused() {
    for text in [
        "<!DOCTYPE Response [<!ENTITY a \"aaaa\">]><Response>&a;</Response>",
        "<!DOCTYPE Response SYSTEM \"file:///etc/passwd\"><Response/>",
        "<Response><JobsDetail><Code>&lol;</Code></JobsDetail></Response>",
        "<Response>&lol;</Response>",
        "<Response a=\"&amp;&lol;\"/>",
        "<Response><JobsDetail><Code a='&#65;&lol;'>0</Code></JobsDetail></Response>",
    ] {
        assert!(
            matches!(refused(text), ReadError::Entity { .. }),
            "{text}: {:?}",
            refused(text)
        );
    }
}

#[test]
fn the_predefined_references_may_stand_in_attributes() {
    let text = "<Response a='&lt;&#x41;'><Tag b=\"&quot;\">x</Tag></Response>";
    assert!(ci_model::inspect(text).is_ok());
    assert!(matches!(
        ci_model::inspect("<Response a='a & b'/>"),
        Err(ReadError::Malformed { .. })
    ));
}

#[test]
fn a_callback_without_event_and_jobs_is_refused() {
    let error = ci_model::callback::parse(None, "<Response><RequestId>r</RequestId></Response>")
        .unwrap_err();
    assert!(
        error.to_string().contains("neither event nor job"),
        "{error}"
    );
    let error = ci_model::callback::parse(Some("text/plain"), "hello").unwrap_err();
    assert!(error.to_string().contains("(text/plain)"), "{error}");
}
