//! The official SDKs as clients: every call, in each way they can be pointed at the engine, signatures checked.
//!
//! `tests/sdks/client.py` and `tests/sdks/client.js` make the calls and say what came back; here it is compared, and
//! so is what the engine noted of each request. `docs/official-sdks.md` holds the table that comes of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::thread;

use ci_local::{Config, Effect, Fault, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use ci_tests::data;
use ci_tests::local::{BUCKET, REGION};
use ci_tests::on_port::OnPort;
use ci_tests::pages::root;
use ci_tests::sdks::Sdk;
use serde_json::{Value, json};

/// Ways to point an SDK at the engine.
const MODES: [&str; 3] = ["host", "proxy", "address"];
const SDKS: [(Sdk, &str); 2] = [(Sdk::Python, "client.py"), (Sdk::Node, "client.js")];

/// Each call and what both SDKs must hand on; `null` where an SDK has no such call.
fn expected() -> Vec<(&'static str, Value, Value)> {
    let same = |call, answer: Value| (call, answer.clone(), answer);
    let data_as_xml = json!(["Success", "&lt;&amp;&gt; data"]);
    let covers = json!(["covers/0.jpg", "covers/1.jpg"]);
    vec![
        same("put object", json!(true)),
        same("head object", json!(509_868)),
        same("list objects", json!(["in/a b+中文.mp4"])),
        ("open bucket", Value::Null, json!(BUCKET)),
        same("list buckets", json!([BUCKET])),
        ("create job", json!(["Success", "<&> data"]), data_as_xml),
        (
            "describe jobs",
            json!(["Success", covers, "jnosuchjob"]),
            json!(["Success", covers, ["jnosuchjob"]]),
        ),
        same("get object", json!("ffd8ff")),
        same("get a range", json!("ffd8ff")),
        same("list queues", json!("Active")),
        same("update queue", json!("Paused")),
        same("cancel job", json!("Cancel")),
        same("list jobs", json!([true, false])),
        same("create template", json!(["SmartCover", "640"])),
        same("update template", json!("720")),
        (
            "list templates",
            json!(["1", "made-by-Python"]),
            json!(["1", "made-by-Node"]),
        ),
        same("delete template", json!(true)),
        same("delete object", json!(false)),
        same("create job, its answer lost", json!("Success")),
        same(
            "wrong secret, COS",
            json!([403, "SignatureDoesNotMatch", true]),
        ),
        same(
            "wrong secret, CI",
            json!([403, "SignatureDoesNotMatch", true]),
        ),
    ]
}

/// What one SDK saw in one mode.
struct Seen {
    version: String,
    answers: BTreeMap<String, Value>,
    /// The status of a GET of the presigned URL, with nothing added.
    presigned: u16,
    /// Jobs there are: three were asked for, and the answer to the third was lost.
    jobs: usize,
}

fn visit(sdk: Sdk, program: &str, mode: &str) -> Seen {
    let served = OnPort::start(Config::ephemeral().control(true));
    let (engine, address) = (&served.engine, served.address);
    let lost = Fault::new(Effect::LoseAnswer).operation("CreateJob").nth(3);
    engine.add_fault(lost).expect("a fault");
    let given = json!({
        "mode": mode, "port": address.port(), "bucket": BUCKET, "region": REGION,
        "id": LOCAL_SECRET_ID, "key": LOCAL_SECRET_KEY, "clip": data("bikes.mp4"),
    });
    let mut answers: BTreeMap<String, Value> = sdk
        .run(program, &given)
        .into_iter()
        .map(|line| {
            let call = line["call"].as_str().expect("a call").to_owned();
            (call, line["answer"].clone())
        })
        .collect();
    let mut text = |call: &str| {
        let answer = answers.remove(call).unwrap_or_default();
        answer.as_str().unwrap_or_default().to_owned()
    };
    let (version, link) = (text("version"), text("presign"));
    check_requests(&format!("{sdk:?} by {mode}"), mode, &engine.requests(500));
    let (_, jobs) = get(address, &format!("http://{address}/_engine/jobs"));
    let jobs: Value = serde_json::from_slice(&jobs).expect("JSON");
    let seen = Seen {
        version,
        answers,
        presigned: get(address, &link).0,
        jobs: jobs["jobs"].as_array().map_or(0, Vec::len),
    };
    served.stop();
    seen
}

/// Every request was signed well, save those with the wrong secret, and named the bucket as its mode does.
fn check_requests(place: &str, mode: &str, noted: &str) {
    let noted: Vec<Value> = serde_json::from_str(noted).expect("JSON");
    assert!(noted.len() > 20, "{place}: {} requests", noted.len());
    let refused = noted
        .iter()
        .filter(|request| request["signature"] == "refused: SignatureDoesNotMatch");
    assert_eq!(refused.count(), 2, "{place}");
    for request in &noted {
        let verdict = request["signature"].as_str().unwrap_or_default();
        assert!(
            verdict == "valid" || verdict == "refused: SignatureDoesNotMatch",
            "{place}: {request}"
        );
        let host = request["host"].as_str().unwrap_or_default();
        let with_port = host
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.is_empty());
        let lists_buckets = request["operation"] == "ListBuckets";
        assert!(
            lists_buckets || host.starts_with(&format!("{BUCKET}.c")),
            "{place}: {request}"
        );
        assert!(
            lists_buckets || with_port == (mode == "host"),
            "{place}: {request}"
        );
    }
}

/// A GET of a URL from the engine, wherever its name leads: only the `Host` says where it belongs.
fn get(engine: SocketAddr, url: &str) -> (u16, Vec<u8>) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, target) = rest.split_at(rest.find('/').expect("a path"));
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build(),
    );
    let answer = agent
        .get(format!("http://{engine}{target}"))
        .header("host", host)
        .call();
    let mut answer = answer.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.body_mut().read_to_vec().expect("a body"))
}

#[test]
fn every_call_of_the_official_sdks_works_in_every_mode() {
    let visits: Vec<(&str, Vec<Seen>)> = thread::scope(|scope| {
        let running = SDKS.map(|(sdk, program)| {
            let visits = move || MODES.map(|mode| visit(sdk, program, mode)).into();
            (program, scope.spawn(visits))
        });
        running
            .map(|(program, visits)| (program, visits.join().expect("the visits")))
            .into()
    });
    for ((program, seen), at) in visits.iter().zip(0..) {
        for (seen, mode) in seen.iter().zip(MODES) {
            let mut left = seen.answers.clone();
            for (call, python, node) in expected() {
                let wanted = if at == 0 { python } else { node };
                let got = left.remove(call).unwrap_or_default();
                assert_eq!(got, wanted, "{call} of {program} by {mode}");
            }
            assert!(left.is_empty(), "{program} by {mode}: {left:?}");
            // The Python SDK, given an address, makes a link to that address, which names no bucket.
            let nowhere = (at, mode) == (0, "address");
            let wanted = if nowhere { 404 } else { 200 };
            assert_eq!(seen.presigned, wanted, "{program} by {mode}");
            // Both send a job again when its answer is lost: the engine shows the price.
            assert_eq!(seen.jobs, 4, "{program} by {mode}");
        }
    }
    compare_table(&visits);
}

/// The table in the page is what was seen.
fn compare_table(visits: &[(&str, Vec<Seen>)]) {
    let versions: Vec<&str> = visits
        .iter()
        .map(|(_, seen)| seen[0].version.as_str())
        .collect();
    let [python, node] = versions[..] else {
        panic!("two SDKs, not {versions:?}");
    };
    let mut table = format!(
        "| call | Python {python}: host | proxy | address | Node {node}: host | proxy | address |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for (call, _, _) in expected() {
        let cells = visits.iter().flat_map(|(_, seen)| seen).map(|seen| {
            let cell = seen.answers.get(call).map_or("–", |answer| match call {
                _ if call.starts_with("wrong secret") => "refused",
                "create job, its answer lost" => "a second job",
                _ if answer.is_null() => "–",
                _ => "yes",
            });
            cell.to_owned()
        });
        let cells: Vec<String> = cells.collect();
        writeln!(table, "| {call} | {} |", cells.join(" | ")).expect("a string takes all");
    }
    let presigned = visits.iter().flat_map(|(_, seen)| seen);
    let presigned: Vec<&str> = presigned
        .map(|seen| {
            if seen.presigned == 200 {
                "yes"
            } else {
                "names no bucket"
            }
        })
        .collect();
    writeln!(
        table,
        "| open a presigned URL | {} |",
        presigned.join(" | ")
    )
    .expect("a string");
    let file = root().join(PAGE);
    let page = fs::read_to_string(&file).expect("the page");
    let start = page.find("| call |").expect("the table");
    let end = page[start..]
        .find("\n\n")
        .map_or(page.len(), |length| start + length + 1);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{}{table}{}", &page[..start], &page[end..]);
        fs::write(&file, updated).expect("written");
        return;
    }
    assert_eq!(
        &page[start..end],
        table,
        "{PAGE} is out of date: UPDATE_DOCS=1 cargo test -p ci-tests --test it sdks"
    );
}

const PAGE: &str = "docs/official-sdks.md";
