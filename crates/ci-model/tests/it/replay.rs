//! Every way in, over the kept corpus and random changes of it, on the stable toolchain.
//!
//! A run changes each input a few hundred times. `CI_MODEL_MUTATIONS=100000 cargo test -p ci-model --release --test it
//! replay -- --nocapture` does more and says how many; a finding goes into `tests/fixtures/corpus`.

use ci_model::{
    Callback, CreateJobRequest, DescribeJobsResponse, ErrorDocument, Extras, KeyValues,
    ListQueuesResponse, OutputKey, callback, from_bytes, from_bytes_with_extras, from_json,
    from_xml, inspect, to_json, to_json_with, to_typed_json, to_xml, to_xml_with,
};

/// Whatever is read is written and read again; nothing panics.
fn run(bytes: &[u8]) {
    if let Ok((read, extras)) = from_bytes_with_extras::<DescribeJobsResponse>(bytes) {
        let _: (DescribeJobsResponse, Extras) =
            from_bytes_with_extras(to_xml_with(&read, &extras)).unwrap_or_default();
        let _ = (
            to_json_with(&read, &extras),
            to_typed_json(&read, Some(&extras)),
        );
        assert_eq!(
            from_xml::<DescribeJobsResponse>(to_xml(&read)).as_ref(),
            Ok(&read)
        );
        let json = to_json(&read);
        assert!(from_json::<DescribeJobsResponse>(&json).is_ok(), "{json}");
    }
    if let Ok(read) = from_bytes::<CreateJobRequest>(bytes) {
        let _ = read.violations();
        assert_eq!(from_xml::<CreateJobRequest>(to_xml(&read)).unwrap(), read);
    }
    let _ = (
        from_bytes::<ErrorDocument>(bytes),
        from_bytes::<ListQueuesResponse>(bytes),
        from_bytes::<Callback>(bytes),
    );
    if let Ok(read) = callback::parse(None, bytes) {
        let _ = read.event();
    }
    if let Ok(seen) = inspect(bytes) {
        let _ = seen.document.to_string();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let key = OutputKey::parse(text);
        assert_eq!(key.to_string(), text);
        assert_eq!(key.expand(&KeyValues::new()), text);
        let time = ci_model::CiTime::new(text);
        assert_eq!(time.to_string(), text);
        let _ = time.system_time();
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let mut files = super::fixtures::files();
    files.extend(
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    files.sort();
    files.dedup();
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

#[test]
fn the_corpus_and_its_mutations_are_read_or_refused_and_never_worse() {
    let corpus = corpus();
    let pieces: Vec<&[u8]> = vec![
        b"<",
        b">",
        b"/>",
        b"</",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<!DOCTYPE x [",
        b"<!ENTITY",
        b"&#",
        b"&amp;",
        b"&x;",
        b";",
        b"<?",
        b"?>",
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"null",
        b"-1",
        b"1e99",
        b"4294967296",
        b"\\u0000",
        b"\\ud800",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
        b"${",
        b"${number}",
        b"-",
        b" ",
        b"JobsDetail",
        b"<JobsDetail>",
        b"</JobsDetail>",
        b"<Operation>",
        b"<Tag>",
        b"<Error>",
        b"Response",
        b"Count",
        b"<Count>x</Count>",
        b"\"JobsDetail\":",
    ];
    let rounds: usize = std::env::var("CI_MODEL_MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(150);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit.max(1) as u64).unwrap()
    };
    let mut executions = 0_usize;
    for input in &corpus {
        run(input);
        for _ in 0..rounds {
            let mut bytes = input.clone();
            for _ in 0..=below(4) {
                let at = below(bytes.len() + 1);
                match below(6) {
                    0 => bytes.truncate(at),
                    1 => drop(bytes.drain(at..(at + below(20)).min(bytes.len()))),
                    2 => drop(bytes.splice(at..at, pieces[below(pieces.len())].iter().copied())),
                    3 => {
                        let (from, other) = (below(bytes.len() + 1), &corpus[below(corpus.len())]);
                        let start = below(other.len());
                        let part = &other[start..(start + below(80)).min(other.len())];
                        drop(bytes.splice(from..from, part.iter().copied()));
                    }
                    4 => {
                        let part = bytes[at..(at + below(60)).min(bytes.len())].to_vec();
                        drop(bytes.splice(at..at, part));
                    }
                    _ => {
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte = u8::try_from(below(256)).unwrap();
                        }
                    }
                }
            }
            run(&bytes);
            executions += 1;
        }
    }
    println!("{executions} mutations of {} inputs", corpus.len());
    assert!(executions >= rounds * 30);
}
