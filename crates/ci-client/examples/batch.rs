//! Many jobs with a journal: kill it at any moment, start it again, and every input still has exactly one job.
//!
//! `cargo run -p ci-client --example batch -- http://127.0.0.1:7717 input/demo.mp4 100 journal.jsonl`

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;
use std::time::Duration;

use ci_client::batch::{BatchItem, BatchOptions, Journal};
use ci_client::model::{CreateJobRequest, JobOutput, OperationRequest, SmartCover};
use ci_client::{Client, WaitOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What an error came from is its source, and is not repeated in its own text.
            let causes = successors(Some(&*error), |&error| error.source());
            let said: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("{}", said.join(": "));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base, input, count, journal] = args.as_slice() else {
        return Err("four arguments are needed: an address, a key, a number and a file".into());
    };
    let client = Client::builder("media-1250000000", "ap-chongqing")
        .endpoint(base)
        .build()?;
    let items = (0..count.parse()?).map(|line: u64| {
        let key = format!("covers/{line}-${{number}}.jpg");
        let output = JobOutput::new("ap-chongqing", "media-1250000000", key);
        let operation = OperationRequest::inline(SmartCover::new(), output);
        BatchItem::new(line, CreateJobRequest::smart_cover(input, operation))
    });
    let options = BatchOptions::default()
        // A local engine lists a job as soon as it has accepted it.
        .absent(Duration::from_millis(200))
        .wait(WaitOptions::default().interval(Duration::from_millis(100)));
    let journal = Journal::open(journal)?;
    let summary = client
        .batch(items, &journal, options, |end| match end.result {
            Ok(_) => {}
            Err(fault) => eprintln!("line {}: {fault}", end.line),
        })
        .await?;
    println!("{summary:?}");
    Ok(())
}
