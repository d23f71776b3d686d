//! Reading beside a bare quick-xml event loop and a plain serde derive over the same bytes; memory of a 100 MB list.
//!
//! `cargo bench -p ci-model`. Times are the best of many, ratios (to the event loop) belong to one run on one machine.

use ci_model::ListJobsResponse;
use serde::Deserialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Page {
    jobs_detail: Vec<Job>,
    next_token: Option<String>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Job {
    code: Option<String>,
    message: Option<String>,
    job_id: Option<String>,
    state: Option<String>,
    creation_time: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    queue_id: Option<String>,
    tag: Option<String>,
    input: Option<Input>,
    operation: Option<Operation>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Input {
    bucket_id: Option<String>,
    object: Option<String>,
    region: Option<String>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Operation {
    smart_cover: Option<Cover>,
    output: Option<Output>,
    media_result: Option<MediaResult>,
    user_data: Option<String>,
    job_level: Option<u32>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Cover {
    format: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    count: Option<u32>,
    delete_duplicates: Option<bool>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct Output {
    region: Option<String>,
    bucket: Option<String>,
    object: Option<String>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct MediaResult {
    output_file: Option<OutputFile>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default, rename_all = "PascalCase")]
struct OutputFile {
    bucket: Option<String>,
    region: Option<String>,
    object_name: Vec<String>,
    object_prefix: Option<String>,
}

fn job(number: usize) -> String {
    format!(
        "<JobsDetail><Code>Success</Code><Message/><JobId>j{number:032x}</JobId><State>Success</State>\
         <CreationTime>2024-03-01T08:00:00+0800</CreationTime><StartTime>2024-03-01T08:00:01+0800</StartTime>\
         <EndTime>2024-03-01T08:00:09+0800</EndTime><QueueId>p5d0c64a5a1f54f7f8c7c0e1d2b3a4958</QueueId><Tag>SmartCover</Tag>\
         <Input><BucketId>harbour-1300000001</BucketId><Object>film/lighthouse-{number}.mov</Object><Region>ap-nanjing</Region></Input>\
         <Operation><SmartCover><Format>jpg</Format><Width>1280</Width><Height>720</Height><Count>3</Count><DeleteDuplicates>true</DeleteDuplicates></SmartCover>\
         <Output><Region>ap-nanjing</Region><Bucket>harbour-1300000001</Bucket><Object>stills/{number}-${{number}}.jpg</Object></Output>\
         <MediaResult><OutputFile><Bucket>harbour-1300000001</Bucket><Region>ap-nanjing</Region><ObjectName>stills/{number}-0.jpg</ObjectName>\
         <ObjectName>stills/{number}-1.jpg</ObjectName><ObjectName>stills/{number}-2.jpg</ObjectName><ObjectPrefix/></OutputFile></MediaResult>\
         <UserData>order {number}</UserData><JobLevel>0</JobLevel></Operation></JobsDetail>"
    )
}

fn page(jobs: usize) -> String {
    let mut text = String::with_capacity(jobs * 1100 + 100);
    text.push_str("<Response>");
    text.extend((0..jobs).map(job));
    text.push_str("<NextToken>18446744073709551616</NextToken></Response>");
    text
}

fn events(text: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut count = 0;
    while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {
        count += 1;
    }
    count
}

/// The best time of each, taken in turns so that a busy moment of the machine meets all of them.
fn best<const N: usize>(budget: Duration, mut runs: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let (start, mut best) = (Instant::now(), [Duration::MAX; N]);
    while start.elapsed() < budget || best.contains(&Duration::MAX) {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            let before = Instant::now();
            run();
            *best = before.elapsed().min(*best);
        }
    }
    best
}

fn row(what: &str, text: &str, budget: Duration) {
    let mut events = || {
        black_box(events(black_box(text)));
    };
    let mut ours = || {
        drop(black_box(
            ci_model::from_xml::<ListJobsResponse>(black_box(text)).unwrap(),
        ));
    };
    let mut plain = || {
        drop(black_box(
            quick_xml::de::from_str::<Page>(black_box(text)).unwrap(),
        ));
    };
    let [events, ours, plain] = best(budget, [&mut events, &mut ours, &mut plain]);
    let shown = |time: Duration| {
        let rate = text.len() as f64 / time.as_secs_f64() / 1e6;
        format!(
            "{rate:>5.0} MB/s ({:.2})",
            events.as_secs_f64() / time.as_secs_f64()
        )
    };
    let (events, ours, plain) = (shown(events), shown(ours), shown(plain));
    println!(
        "{what:<12} {:>9} bytes: events {events}, ci-model {ours}, plain serde {plain}",
        text.len()
    );
}

/// Peak resident memory of this process in MB, on Linux.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or_default();
    line.trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .map_or(f64::NAN, |kilobytes: f64| kilobytes / 1024.0)
}

const LIST: usize = 95_000;

/// Each case runs in a process of its own, because peaks do not go down.
fn memory(case: &str) {
    let (text, before) = match case {
        "typed" => (job(7), peak()),
        _ => {
            let text = page(LIST);
            (text, peak())
        }
    };
    let used = match case {
        "typed" => {
            let one: ListJobsResponse =
                ci_model::from_xml(format!("<Response>{text}</Response>")).unwrap();
            let mut all = Vec::with_capacity(LIST);
            all.extend(std::iter::repeat_n(&one.jobs_detail[0], LIST).cloned());
            black_box(&all);
            peak()
        }
        "ours" => {
            black_box(ci_model::from_xml::<ListJobsResponse>(&text).unwrap());
            peak()
        }
        _ => {
            black_box(quick_xml::de::from_str::<Page>(&text).unwrap());
            peak()
        }
    };
    println!("{}", used - before);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(case) = arguments
        .iter()
        .skip_while(|argument| *argument != "memory")
        .nth(1)
    {
        return memory(case);
    }
    row("one job", &page(1), Duration::from_secs(3));
    row("page of 100", &page(100), Duration::from_secs(6));
    row("10 MB list", &page(LIST / 10), Duration::from_secs(9));
    row("100 MB list", &page(LIST), Duration::from_secs(20));
    let in_child = |case: &str| -> f64 {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["memory", case])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .unwrap_or(f64::NAN)
    };
    let (typed, ours, plain) = (in_child("typed"), in_child("ours"), in_child("plain"));
    println!(
        "memory beyond the {:.0} MB of text: the typed result alone {typed:.0} MB, ci-model at its peak {ours:.0} MB ({:.2}), plain serde {plain:.0} MB",
        page(LIST).len() as f64 / 1e6,
        ours / typed
    );
}
