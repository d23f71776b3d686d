//! What a server finds wrong with requests, and that it finds all of it.

use ci_model::{CreateJobRequest, TemplateRequest, UpdateQueueRequest, from_xml};

fn said(violations: &[ci_model::Violation]) -> Vec<String> {
    violations.iter().map(ToString::to_string).collect()
}

/// A request by its operation and what else it holds.
fn request(operation: &str, rest: &str) -> CreateJobRequest {
    from_xml(format!("<Request><Tag>SmartCover</Tag><Input><Object>a.mp4</Object></Input><Operation>{operation}</Operation>{rest}</Request>")).unwrap()
}

const OUTPUT: &str =
    "<Output><Region>ap-x</Region><Bucket>b-1</Bucket><Object>c-${Number}.jpg</Object></Output>";

#[test]
fn a_good_request_has_no_violations() {
    let cover = "<SmartCover><Format>webp</Format><Width>128</Width><Height>4096</Height><Count>10</Count></SmartCover><UserData>~ ok</UserData><JobLevel>2</JobLevel>";
    let rest = "<CallBack>HTTPS://h/x</CallBack><CallBackFormat>JSON</CallBackFormat><CallBackType>Url</CallBackType>";
    assert_eq!(
        said(&request(&format!("{cover}{OUTPUT}"), rest).violations()),
        [""; 0]
    );
    assert_eq!(
        said(&request(OUTPUT, "<CallBack>no</CallBack>").violations()),
        [""; 0]
    );
    let single = "<Output><Region>r</Region><Bucket>b</Bucket><Object>one.jpg</Object></Output>";
    assert_eq!(
        said(
            &request(
                &format!("<SmartCover><Count>1</Count></SmartCover>{single}"),
                ""
            )
            .violations()
        ),
        [""; 0]
    );
    assert_eq!(
        said(&request(&format!("<TemplateId>t1</TemplateId>{single}"), "").violations()),
        [""; 0]
    );
}

#[test]
fn every_violation_is_listed_with_path_value_and_range() {
    let long = "x".repeat(1025);
    let operation = format!(
        "<SmartCover><Format>gif</Format><Width>127</Width><Height>4097</Height><Count>0</Count></SmartCover>\
         <Output><Region>r</Region></Output><UserData>{long}</UserData><JobLevel>3</JobLevel>"
    );
    let rest = "<CallBack>ftp://h</CallBack><CallBackFormat>YAML</CallBackFormat><CallBackType>TDMQ</CallBackType><CallBackMqConfig><MqMode>Heap</MqMode></CallBackMqConfig>";
    let cut = format!("{}…", "x".repeat(64));
    assert_eq!(
        said(&request(&operation, rest).violations()),
        [
            "Operation[0].SmartCover.Format: \"gif\" is refused: one of jpg, png, webp".to_owned(),
            "Operation[0].SmartCover.Width: \"127\" is refused: 128 to 4096".into(),
            "Operation[0].SmartCover.Height: \"4097\" is refused: 128 to 4096".into(),
            "Operation[0].SmartCover.Count: \"0\" is refused: 1 to 10".into(),
            "Operation[0].Output.Bucket: is missing".into(),
            "Operation[0].Output.Object: is missing".into(),
            format!(
                "Operation[0].UserData: {cut:?} is refused: printable ASCII, at most 1024 characters"
            ),
            "Operation[0].JobLevel: \"3\" is refused: 0 to 2".into(),
            "CallBackFormat: \"YAML\" is refused: one of XML, JSON".into(),
            "CallBack: \"ftp://h\" is refused: a http or https URL, or no".into(),
            "CallBackMqConfig.MqRegion: is missing".into(),
            "CallBackMqConfig.MqName: is missing".into(),
            "CallBackMqConfig.MqMode: \"Heap\" is refused: one of Queue, Topic".into(),
        ]
    );
    let control = request(&format!("<UserData>a&#7;b</UserData>{OUTPUT}"), "");
    assert_eq!(control.violations()[0].path, "Operation[0].UserData");
}

#[test]
fn several_covers_need_a_number_in_the_key() {
    let key = |key: &str, cover: &str| {
        said(&request(&format!("{cover}<Output><Region>r</Region><Bucket>b</Bucket><Object>{key}</Object></Output>"), "").violations())
    };
    let refused = ["Operation[0].Output.Object: \"one.jpg\" is refused: 3 covers need ${number}"];
    assert_eq!(key("one.jpg", ""), refused, "three are the default");
    assert_eq!(
        key(
            "${numbers}.jpg",
            "<SmartCover><Count>2</Count></SmartCover>"
        )
        .len(),
        1
    );
    assert_eq!(
        key("${NUMBER}.jpg", "<SmartCover><Count>2</Count></SmartCover>").len(),
        0
    );
}

#[test]
fn what_is_missing_is_named() {
    let empty: CreateJobRequest = from_xml("<Request/>").unwrap();
    assert_eq!(
        said(&empty.violations()),
        [
            "Input.Object: is missing",
            "Tag: is missing",
            "Operation: is missing"
        ]
    );
    let several: CreateJobRequest = from_xml(format!(
        "<Request><Input><Object>a</Object></Input>{}</Request>",
        format!("<Operation>{OUTPUT}</Operation>").repeat(7)
    ))
    .unwrap();
    let found = said(&several.violations());
    assert_eq!(
        (found[0].as_str(), found.len()),
        ("Operation: 7 operations are refused: at most 6", 8)
    );
    assert_eq!(found[7], "Operation[6].Tag: is missing");
}

#[test]
fn templates_and_queues_are_checked_too() {
    let template: TemplateRequest = from_xml("<Request><Tag>SmartCover</Tag><Name>a b</Name><SmartCover><Count>11</Count></SmartCover></Request>").unwrap();
    assert_eq!(said(&template.violations()).len(), 2);
    let defaults: TemplateRequest =
        from_xml("<Request><Tag>SmartCover</Tag><Name>封面</Name><SmartCover/></Request>").unwrap();
    assert_eq!(said(&defaults.violations()), [""; 0]);
    let bare: TemplateRequest = from_xml("<Request><Tag>SmartCover</Tag></Request>").unwrap();
    assert_eq!(
        said(&bare.violations()),
        ["Name: is missing", "SmartCover: is missing"]
    );
    let queue: UpdateQueueRequest = from_xml("<Request><State>Asleep</State><NotifyConfig><State>On</State><Type>Url</Type></NotifyConfig></Request>").unwrap();
    assert_eq!(
        said(&queue.violations()),
        [
            "Name: is missing",
            "State: \"Asleep\" is refused: one of Active, Paused",
            "NotifyConfig.Event: is missing",
            "NotifyConfig.Url: is missing"
        ]
    );
    let off: UpdateQueueRequest = from_xml("<Request><Name>n</Name><State>Active</State><NotifyConfig><State>Off</State></NotifyConfig></Request>").unwrap();
    assert_eq!(said(&off.violations()), [""; 0]);
}
