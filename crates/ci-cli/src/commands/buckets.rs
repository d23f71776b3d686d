//! `cosci buckets`: whose media service is open, and opening and closing it.

use ci_core::ListBuckets;
use ci_model::MediaBucket;

use super::answer::{Answer, cell};
use super::pages;
use crate::args::{Buckets, BucketsClose, BucketsList, BucketsOpen};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

/// The region answers, not a bucket; the name stands in for one where a client needs it.
const NO_BUCKET: &str = "none-0000000000";

pub(crate) async fn run(command: Buckets, output: Output) -> Result<u8, Failure> {
    match command {
        Buckets::List(args) => list(args, output).await,
        Buckets::Open(args) => open(args, output).await,
        Buckets::Close(args) => close(args, output).await,
    }
}

async fn open(args: BucketsOpen, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.open_bucket().await?;
    let opened = std::slice::from_ref(&reply.output.media_bucket);
    Answer::of(&reply).print(output, || table(opened))
}

async fn close(args: BucketsClose, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.close_bucket().await?;
    let name = cell(reply.output.bucket_name.as_ref());
    Answer::of(&reply).print(output, || format!("{name} is closed\n"))
}

async fn list(args: BucketsList, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, Some(NO_BUCKET))?;
    let listed = pages::read(&client, args.limit, |number, size| {
        let mut list = ListBuckets::new().page_number(number).page_size(size);
        list.bucket_name.clone_from(&args.name);
        list
    });
    listed
        .await?
        .print(output, |page| table(&page.media_bucket_list))
}

fn table(buckets: &[MediaBucket]) -> String {
    let head = ["BUCKET", "REGION", "CREATED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for bucket in buckets {
        rows.push(vec![
            cell(bucket.bucket_id.as_ref().or(bucket.name.as_ref())),
            cell(bucket.region.as_ref()),
            cell(bucket.create_time.as_ref()),
        ]);
    }
    output::table(&rows)
}
