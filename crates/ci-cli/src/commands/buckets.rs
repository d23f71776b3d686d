//! `cosci buckets`: the buckets whose media service is open.

use ci_core::ListBuckets;
use ci_model::MediaBucket;

use super::answer::cell;
use super::pages;
use crate::args::{Buckets, BucketsList};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

/// The region answers, not a bucket; the name stands in for one where a client needs it.
const NO_BUCKET: &str = "none-0000000000";

pub(crate) async fn run(command: Buckets, output: Output) -> Result<u8, Failure> {
    let Buckets::List(args) = command;
    list(args, output).await
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
