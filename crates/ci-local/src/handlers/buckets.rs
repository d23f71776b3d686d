//! The calls on the media service of buckets, and how a bucket comes to have it.

use axum::body::Body;
use ci_model::{CloseBucketResponse, ListBucketsResponse, OpenBucketResponse, to_xml};
use http::Response;

use super::call::Call;
use super::objects::no_such_bucket;
use super::page::Paging;
use crate::documents;
use crate::reply::{Refusal, xml};
use crate::store::buckets::{self as table, BucketRow};

/// Opens the media service of a bucket that is new to it, as every bucket here has it from the start.
///
/// With `require_open`, and for a bucket that was closed, nothing happens.
pub(super) async fn ensure(call: &Call<'_>, bucket: &str) -> Result<(), Refusal> {
    let shared = call.shared;
    if shared.config.require_open || !shared.objects.bucket_exists(bucket) {
        return Ok(());
    }
    let name = bucket.to_owned();
    if shared
        .store
        .read(move |c| table::find(c, &name))
        .await?
        .is_some()
    {
        return Ok(());
    }
    let (name, region, now) = (bucket.to_owned(), call.region.clone(), shared.clock.now());
    shared
        .store
        .write(move |c| {
            if table::find(c, &name)?.is_none() {
                table::open(c, &name, &region, now)?;
            }
            Ok::<_, Refusal>(())
        })
        .await
}

pub(super) async fn open(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    call.shared.objects.create_bucket(&bucket)?;
    let (region, now) = (call.region.clone(), call.shared.clock.now());
    let row = call
        .shared
        .store
        .write(move |c| table::open(c, &bucket, &region, now).map_err(Refusal::from))
        .await?;
    // Jobs that waited when the service was closed go on.
    call.shared.work.notify_one();
    let mut response = OpenBucketResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.media_bucket = documents::bucket(&row);
    Ok(xml(to_xml(&response)))
}

pub(super) async fn close(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let bucket = call.bucket()?.to_owned();
    ensure(call, &bucket).await?;
    let name = bucket.clone();
    let closed = call
        .shared
        .store
        .write(move |c| table::close(c, &name).map_err(Refusal::from))
        .await?;
    if !closed {
        return Err(no_such_bucket());
    }
    let mut response = CloseBucketResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.bucket_name = Some(bucket);
    Ok(xml(to_xml(&response)))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let paging = Paging::of(call, 100)?;
    for name in call.shared.objects.bucket_names()? {
        ensure(call, &name).await?;
    }
    let (regions, names) = (call.words("regions"), call.words("bucketNames"));
    let prefix = call.param("bucketName").unwrap_or("");
    let rows = call.shared.store.read(table::all).await?;
    let rows: Vec<BucketRow> = rows
        .into_iter()
        .filter(|row| row.open && row.name.starts_with(prefix))
        .filter(|row| names.is_empty() || names.contains(&row.name))
        .filter(|row| regions.is_empty() || regions.iter().any(|r| *r == row.region || r == "All"))
        .collect();
    let mut response = ListBucketsResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.total_count = u32::try_from(rows.len()).ok();
    response.page_number = Some(paging.number);
    response.page_size = Some(paging.size);
    response.media_bucket_list = paging.cut(&rows).iter().map(documents::bucket).collect();
    Ok(xml(to_xml(&response)))
}
