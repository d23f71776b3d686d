//! What holds for any bytes: shared by the fuzz targets and by the replay that runs with the tests.

use ci_model::{
    Callback, CiTime, CreateJobRequest, DescribeJobsResponse, Document, ErrorDocument, KeyValues,
    ListQueuesResponse, ListTemplatesResponse, OutputKey, ReadError, TemplateRequest,
    UpdateQueueRequest, from_bytes_with_extras, from_json, from_xml, inspect, to_json,
    to_json_with, to_typed_json, to_xml, to_xml_with,
};

/// What can be read is written so that XML reads as the same, and JSON and typed JSON as documents.
fn survives<T: Document + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<T> {
    let (read, extras) = from_bytes_with_extras::<T>(data).ok()?;
    let written = to_xml(&read);
    assert_eq!(from_xml::<T>(&written).as_ref(), Ok(&read), "{written}");
    from_xml::<T>(to_xml_with(&read, &extras)).unwrap();
    from_json::<T>(to_json(&read)).unwrap();
    let json = to_json_with(&read, &extras);
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    serde_json::from_str::<serde_json::Value>(&to_typed_json(&read, Some(&extras))).unwrap();
    Some(read)
}

/// Answers and requests as the engine and the client read them.
pub(crate) fn document(data: &[u8]) {
    survives::<DescribeJobsResponse>(data);
    survives::<ListQueuesResponse>(data);
    survives::<ListTemplatesResponse>(data);
    let _ = survives::<CreateJobRequest>(data).map(|request| request.violations());
    let _ = survives::<TemplateRequest>(data).map(|request| request.violations());
    let _ = survives::<UpdateQueueRequest>(data).map(|request| request.violations());
}

/// XML, behind a root so that mutations stay near documents.
pub(crate) fn xml(data: &[u8]) {
    document(data);
    if !data.starts_with(b"<") {
        let inside = |root: &str| {
            [
                b"<",
                root.as_bytes(),
                b">",
                data,
                b"</",
                root.as_bytes(),
                b">",
            ]
            .concat()
        };
        document(&inside("Response"));
        document(&inside("Request"));
    }
}

/// JSON.
pub(crate) fn json(data: &[u8]) {
    document(data);
}

/// Callbacks of both formats.
pub(crate) fn callback(data: &[u8]) {
    if let Ok(read) = ci_model::callback::parse(None, data) {
        let _ = read.event();
        assert_eq!(survives::<Callback>(data), Some(read));
    }
}

/// Errors, and errors where something else was asked for.
pub(crate) fn error(data: &[u8]) {
    let asked = survives::<ErrorDocument>(data);
    if let (Some(error), Err(ReadError::Refused(found))) =
        (asked, ci_model::from_bytes::<DescribeJobsResponse>(data))
    {
        assert_eq!(*found, error);
        let _ = found.to_string();
    }
}

/// Whatever `inspect` shows can be shown again, and is then the same.
pub(crate) fn inspected(data: &[u8]) {
    match inspect(data) {
        Ok(seen) => {
            let shown = serde_json::to_string(&seen).unwrap();
            assert!(shown.starts_with("{\"kind\""));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Key patterns and times: any text is one, and is shown as it was written.
pub(crate) fn pattern(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let key = OutputKey::parse(text);
    assert_eq!(key.to_string(), text);
    assert_eq!(key.expand(&KeyValues::new()), text);
    let expanded = key.expand(
        &KeyValues::new()
            .number(7)
            .job_id("j")
            .ext("jpg")
            .input("a/b.c"),
    );
    assert!(
        key.has_number()
            || key.uses(ci_model::Wildcard::JobId)
            || !text.is_empty()
            || expanded.is_empty()
    );
    let time = CiTime::new(text);
    assert_eq!(time.to_string(), text);
    if let (Some(seconds), Some(system)) = (time.unix_seconds(), time.system_time()) {
        assert_eq!(
            CiTime::from(system).unix_seconds(),
            Some(seconds.clamp(-62_167_248_000, 253_402_271_999))
        );
    }
}
