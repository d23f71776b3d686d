//! `docs/migration.md`: its blocks for the Python and the Node SDK, run against the engine as they stand.

use std::fs;

use ci_local::{Config, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};
use ci_model::{JobState, Outcome};
use ci_tests::data;
use ci_tests::local::{BUCKET, client};
use ci_tests::on_port::OnPort;
use ci_tests::pages::blocks;
use ci_tests::sdks::Sdk;
use serde_json::json;

const PAGE: &str = "docs/migration.md";

/// What a program of this SDK has before the block: a client with the engine as its proxy.
const PYTHON: &str = r#"
import json, sys
from qcloud_cos import CosConfig, CosS3Client
given = json.loads(sys.argv[1])
client = CosS3Client(CosConfig(Region="ap-chongqing", SecretId=given["id"], SecretKey=given["key"],
                               Scheme="http", Proxies={"http": given["proxy"]}))
"#;

const NODE: &str = r#"
const COS = require("cos-nodejs-sdk-v5");
const given = JSON.parse(process.argv[2]);
const cos = new COS({ SecretId: given.id, SecretKey: given.key, Protocol: "http:", Proxy: given.proxy });
"#;

/// Runs the block of a language and checks the job that it made.
fn check(sdk: Sdk, language: &str, before: &str, after: &str) {
    let served = OnPort::start(Config::ephemeral());
    let client = client().endpoint(served.url()).build().expect("a client");
    let put = client.put_file("in/a.mp4", data("bikes.mp4"));
    served.wait(put).expect("put");

    let block = blocks(PAGE).into_iter().find(|b| b.language == language);
    // The engine speaks plain HTTP; nothing else of the block is changed.
    let block = block.expect("a block").text.replace("https://", "http://");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program");
    fs::write(&file, format!("{before}{block}{after}")).expect("written");
    let given = json!({ "id": LOCAL_SECRET_ID, "key": LOCAL_SECRET_KEY, "proxy": served.url() });
    let mut program = sdk.program(&file);
    let ran = program.arg(given.to_string()).output().expect("it starts");
    let said = [ran.stdout, ran.stderr].map(|part| String::from_utf8_lossy(&part).into_owned());
    assert!(ran.status.success(), "{}\n{}", said[0], said[1]);

    let id = said[0].split(|c: char| !c.is_ascii_alphanumeric());
    let mut id = id.filter_map(|word| word.parse().ok().filter(|_| word.len() > 30));
    let id: ci_model::JobId = id.next().unwrap_or_else(|| panic!("no job id in {said:?}"));
    let job = served.wait(client.wait(&id)).expect("a finished job");
    assert!(matches!(job.outcome(), Outcome::Done(Some(_))), "{job:?}");
    assert_eq!(job.state, Some(JobState::Success));
    assert_eq!(job.object_names(), ["out/0.jpg", "out/1.jpg", "out/2.jpg"]);
    let operation = &job.operation;
    let cover = operation.smart_cover.as_ref().expect("settings");
    assert_eq!(cover.width.map(u32::from), Some(640));
    assert_eq!(cover.count.map(u32::from), Some(3));
    assert_eq!(operation.output.bucket.as_deref(), Some(BUCKET));
    served.stop();
}

#[test]
fn the_block_for_the_python_sdk_makes_the_job() {
    let after = "print(response[\"JobsDetail\"][0][\"JobId\"])\n";
    check(Sdk::Python, "python", PYTHON, after);
}

#[test]
fn the_block_for_the_node_sdk_makes_the_job() {
    check(Sdk::Node, "js", NODE, "");
}
