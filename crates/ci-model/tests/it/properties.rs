//! Whatever is written is read back the same, and nothing that carries no meaning changes what is read.

use super::fixtures::{files, for_type_of};
use ci_model::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use quick_xml::events::Event as Xml;
use std::fmt::{Debug, Write};

/// Any text that XML can carry and that is not the empty text, which is read as absence.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,20}",
        "[<>&'\"\\]\\[ \t\r\n-]{1,8}",
        any::<String>()
            .prop_map(|text| text.replace('\0', "0"))
            .prop_filter("empty", |text| !text.is_empty()),
    ]
}

fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_-]{1,12}".prop_map(|word| if word == "-" { "x".into() } else { word })
}

fn cover() -> impl Strategy<Value = SmartCover> {
    (
        of("jpg|png|webp|[a-z]{2,5}"),
        of(any::<u32>()),
        of(any::<u32>()),
        of(any::<u32>()),
        of(any::<bool>()),
    )
        .prop_map(|(format, width, height, count, delete)| {
            // Read, because only reading makes numbers outside the limits.
            let element = |name: &str, value: Option<u32>| {
                value.map_or(String::new(), |value| format!("<{name}>{value}</{name}>"))
            };
            let parts = [
                element("Width", width),
                element("Height", height),
                element("Count", count),
            ]
            .concat();
            let read: CreateJobRequest = from_xml(format!(
                "<Request><Operation><SmartCover>{parts}</SmartCover></Operation></Request>"
            ))
            .unwrap();
            let mut cover = read
                .operation
                .into_iter()
                .next()
                .and_then(|operation| operation.smart_cover)
                .unwrap_or_default();
            (cover.format, cover.delete_duplicates) =
                (format.map(|format| format.as_str().into()), delete);
            cover
        })
}

fn time() -> impl Strategy<Value = CiTime> {
    prop_oneof![
        (-62_167_248_000_i64..253_402_272_000).prop_filter_map("years", CiTime::from_unix_seconds),
        "[0-9T:+Z-]{2,30}".prop_map(|text| CiTime::new(&text)),
    ]
}

fn output() -> impl Strategy<Value = JobOutput> {
    (of(text()), of(text()), of(text())).prop_map(|(region, bucket, object)| {
        let mut output = JobOutput::default();
        (output.region, output.bucket, output.object) = (region, bucket, object);
        output
    })
}

prop_compose! {
    fn operation()(template in of(word()), cover in of(cover()), output in output(), data in of("[ -~]{1,30}"), level in of(0_u32..3), tag in of(word())) -> OperationRequest {
        let mut operation = OperationRequest::default();
        operation.template_id = template.map(|id| TemplateId::new(id).unwrap());
        (operation.smart_cover, operation.output) = (cover, output);
        operation.user_data = data.map(|data| UserData::new(data).unwrap());
        operation.job_level = level.map(|level| JobLevel::new(level).unwrap());
        operation.tag = tag.map(|tag| tag.as_str().into());
        operation
    }
}

prop_compose! {
    fn request()(tag in of(word()), object in of(text()), operation in vec(operation(), 0..4), back in of(word()), format in of(word()), mq in of((word(), word())), queue in of(word())) -> CreateJobRequest {
        let mut request = CreateJobRequest::default();
        (request.tag, request.input.object) = (tag.map(|tag| tag.as_str().into()), object);
        // An operation without anything in it is an empty element, which is none.
        request.operation = operation.into_iter().filter(|operation| *operation != OperationRequest::default()).collect();
        request.call_back = back.map(|url| url.as_str().into());
        request.call_back_format = format.map(|format| format.as_str().into());
        request.call_back_mq_config = mq.map(|(region, name)| CallBackMqConfig::new(region, MqMode::Topic, name));
        request.queue_id = queue.map(|id| QueueId::new(id).unwrap());
        request
    }
}

prop_compose! {
    fn result()(bucket in of(text()), names in vec(text(), 0..4), md5 in vec((text(), text()), 0..3), file in any::<bool>()) -> MediaResult {
        let mut output = OutputFile::default();
        (output.bucket, output.object_name) = (bucket, names);
        output.md5_info = md5.into_iter().map(|(name, sum)| Md5Info::new(name, sum)).collect();
        let mut result = MediaResult::default();
        result.output_file = file.then_some(output);
        result
    }
}

prop_compose! {
    fn info()(duration in of(text()), widths in vec(text(), 0..3), stream in any::<bool>()) -> MediaInfo {
        let mut info = MediaInfo::default();
        info.format = duration.map(|duration| { let mut format = MediaFormat::default(); format.duration = Some(duration); format });
        let video = widths.into_iter().map(|width| { let mut video = VideoStream::default(); video.width = Some(width); video });
        let mut streams = MediaStream::default();
        streams.video = video.collect();
        info.stream = stream.then_some(streams);
        info
    }
}

prop_compose! {
    fn job()(
        id in word(), (code, message) in (of(text()), of(text())), (state, tag) in (of(word()), of(word())),
        times in (of(time()), of(time()), of(time())), headers in vec((text(), text()), 0..3),
        (cover, output, result, info) in (of(cover()), output(), of(result()), of(info())),
        data in of("[ -~]{1,30}"), (progress, level, name) in (of(any::<u32>()), of(0_u32..3), of(text())),
    ) -> JobsDetail {
        let mut job = JobsDetail::default();
        (job.job_id, job.code, job.message) = (Some(JobId::new(id).unwrap()), code, message);
        (job.state, job.tag) = (state.map(|word| word.as_str().into()), tag.map(|word| word.as_str().into()));
        (job.creation_time, job.start_time, job.end_time) = times;
        let all: String = headers.iter().map(|(key, value)| format!("<CosHeaders>{}{}</CosHeaders>", element("Key", key), element("Value", value))).collect();
        let read: ListJobsResponse = from_xml(format!("<Response><JobsDetail><Input>{all}</Input></JobsDetail></Response>")).unwrap();
        job.input = read.jobs_detail.into_iter().next().map(|job| job.input).unwrap_or_default();
        (job.operation.smart_cover, job.operation.output) = (cover, output);
        (job.operation.media_result, job.operation.media_info) = (result, info.map(Box::new));
        job.operation.user_data = data.map(|data| UserData::new(data).unwrap());
        (job.progress, job.operation.job_level) = (progress, level.map(|level| JobLevel::new(level).unwrap()));
        job.workflow = name.map(|name| { let mut workflow = Workflow::default(); workflow.name = Some(name); workflow });
        job
    }
}

/// An element whose text is written as references only, so that the writer under test is not what makes it.
fn element(name: &str, text: &str) -> String {
    let mut out = format!("<{name}>");
    text.chars()
        .for_each(|c| write!(out, "&#{};", u32::from(c)).unwrap());
    write!(out, "</{name}>").unwrap();
    out
}

fn survives<T: Document + PartialEq + Debug>(document: &T) -> Result<(), TestCaseError> {
    let (xml, json) = (to_xml(document), to_json(document));
    prop_assert_eq!(&from_xml::<T>(&xml).unwrap(), document, "{}", xml);
    prop_assert_eq!(&from_json::<T>(&json).unwrap(), document, "{}", json);
    let (_, extras) = from_bytes_with_extras::<T>(&xml).unwrap();
    prop_assert!(extras.is_empty());
    let typed = to_typed_json(document, None);
    serde_json::from_str::<serde_json::Value>(&typed).unwrap();
    inspect(&xml).unwrap();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_request_that_is_written_is_read_the_same(request in request()) {
        survives(&request)?;
    }

    #[test]
    fn jobs_that_are_written_are_read_the_same(jobs in vec(job(), 0..4), token in of(text()), missing in vec(word(), 0..3)) {
        survives(&ListJobsResponse::new(jobs.clone(), token))?;
        survives(&DescribeJobsResponse::new(jobs.clone(), missing))?;
        survives(&CreateJobResponse::new(jobs.clone()))?;
        survives(&Callback::task_finish(jobs))?;
    }

    #[test]
    fn an_error_that_is_written_is_read_the_same(code in text(), message in text(), resource in text()) {
        survives(&ErrorDocument::new(code, message).resource(resource))?;
    }

    #[test]
    fn noise_does_not_change_what_is_read(seed in any::<u64>()) {
        for file in files().iter().filter(|file| file.extension().is_some_and(|kind| kind == "xml")) {
            let text = std::fs::read_to_string(file).unwrap();
            let noisy = Noise(seed | 1).document(&Tree::parse(&text));
            for_type_of!(file, same(&text, &noisy));
        }
    }
}

fn same<T: Document + PartialEq + Debug>(text: &str, noisy: &str) {
    let (clean, noisy_read) = (
        from_xml::<T>(text).unwrap(),
        from_xml::<T>(noisy).unwrap_or_else(|error| panic!("{error}\n{noisy}")),
    );
    assert_eq!(clean, noisy_read, "{noisy}");
    let (with_extras, extras) = from_bytes_with_extras::<T>(noisy).unwrap();
    assert_eq!(with_extras, clean);
    assert!(
        extras
            .iter()
            .all(|(_, element)| element.name.starts_with("Zz")),
        "{extras:?}"
    );
}

/// An element of a fixture.
#[derive(Default)]
struct Tree {
    name: String,
    text: String,
    children: Vec<Tree>,
}

impl Tree {
    fn parse(text: &str) -> Tree {
        let mut reader = quick_xml::Reader::from_str(text);
        let mut open = vec![Tree::default()];
        loop {
            match reader.read_event().unwrap() {
                Xml::Start(start) => open.push(Tree {
                    name: start.name().0.to_owned(),
                    ..Tree::default()
                }),
                Xml::Empty(start) => open.last_mut().unwrap().children.push(Tree {
                    name: start.name().0.to_owned(),
                    ..Tree::default()
                }),
                Xml::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Xml::Text(text) => open.last_mut().unwrap().text.push_str(&text),
                Xml::GeneralRef(name) => {
                    write!(open.last_mut().unwrap().text, "&{};", &*name).unwrap();
                }
                Xml::Eof => return open.remove(0).children.remove(0),
                _ => {}
            }
        }
    }
}

/// Changes everything about a document that has no meaning, by a seed.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn between(&mut self) -> &'static str {
        [
            "",
            "",
            "",
            "\n\t",
            " ",
            "<!-- <Code>9</Code> -->",
            "<?pi <Code>9</Code>?>",
            "\r\n  ",
        ][self.below(8)]
    }

    fn document(&mut self, root: &Tree) -> String {
        let mut out = [
            "",
            "\u{feff}",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "\n<!-- x -->\n",
        ][self.below(4)]
        .to_owned();
        self.element(root, &mut out);
        out.push_str(["", "\n", "<!-- end -->"][self.below(3)]);
        out
    }

    fn element(&mut self, tree: &Tree, out: &mut String) {
        let attributes = ["", "", " a=\"1>0\"", " xmlns=\"urn:x\" b='\"'", "\n"][self.below(5)];
        write!(out, "<{}{attributes}>", tree.name).unwrap();
        if tree.children.is_empty() {
            // An empty element means something else once it has children.
            if !tree.text.trim().is_empty() {
                self.text(&tree.text, out);
            }
        } else {
            self.children(tree, out);
        }
        write!(out, "</{}{}>", tree.name, ["", " ", "\n"][self.below(3)]).unwrap();
    }

    /// Children in another order; those of one name keep theirs, because it is the order of a list.
    fn children(&mut self, tree: &Tree, out: &mut String) {
        let mut order: Vec<usize> = (0..tree.children.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
        let mut taken = vec![false; order.len()];
        for place in order {
            out.push_str(self.between());
            if self.below(4) == 0 {
                out.push_str(
                    [
                        "<Zz/>",
                        "<ZzA>7</ZzA>",
                        "<ZzB><Count>x</Count><Zz><JobsDetail/></Zz></ZzB>",
                    ][self.below(3)],
                );
            }
            let name = &tree.children[place].name;
            let next = (0..taken.len())
                .find(|index| !taken[*index] && tree.children[*index].name == *name)
                .unwrap();
            taken[next] = true;
            self.element(&tree.children[next], out);
        }
        out.push_str(self.between());
    }

    /// The same text spelled otherwise. The fixtures' own references are left as they are.
    fn text(&mut self, text: &str, out: &mut String) {
        if text.contains('&') {
            return out.push_str(text);
        }
        match self.below(4) {
            0 => write!(out, "<![CDATA[{text}]]>").unwrap(),
            1 => text
                .chars()
                .for_each(|c| write!(out, "&#x{:X};", u32::from(c)).unwrap()),
            2 => {
                let middle = text
                    .char_indices()
                    .nth(text.chars().count() / 2)
                    .map_or(0, |(at, _)| at);
                write!(out, "{}<!-- in -->{}", &text[..middle], &text[middle..]).unwrap();
            }
            _ => out.push_str(text),
        }
    }
}
