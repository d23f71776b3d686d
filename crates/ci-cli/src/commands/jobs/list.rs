//! `cosci jobs list`.

use ci_core::{ListJobs, Order};
use ci_model::ListJobsResponse;

use super::table;
use crate::args::JobsList;
use crate::commands::answer::{Answer, document};
use crate::commands::pages;
use crate::connect;
use crate::failure::Failure;
use crate::output::Output;

/// Most jobs of a page. Source: 460/84766.
const LARGEST: u32 = 100;

/// Reads pages until there are as many jobs as wanted; the document is one page with all of them.
pub(super) async fn list(args: JobsList, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let mut left = args.limit;
    let mut list = wanted(args);
    let (mut jobs, mut attempts) = (Vec::new(), 0);
    let (request_id, next) = loop {
        list.size = Some(left.min(LARGEST));
        let reply = client.list_jobs(list.clone()).await?;
        attempts += reply.attempts;
        let mut page = reply.output.jobs_detail;
        page.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= u32::try_from(page.len()).unwrap_or(left);
        jobs.append(&mut page);
        // No token, an empty one, or the same one again: the end, which is not documented.
        let next = reply.output.next_token;
        let next =
            next.filter(|token| !token.is_empty() && Some(token) != list.next_token.as_ref());
        match next {
            Some(token) if left > 0 => list.next_token = Some(token),
            next => break (reply.request_id, next),
        }
    };
    let goes_on = next.is_some();
    let page = ListJobsResponse::new(jobs, next);
    let answer = Answer {
        request_id,
        attempts,
        document: document(&page),
    };
    let code = answer.print(output, || table(&page.jobs_detail))?;
    if goes_on {
        pages::more(output);
    }
    Ok(code)
}

fn wanted(args: JobsList) -> ListJobs {
    let order = match args.order.to_ascii_lowercase().as_str() {
        "asc" => Order::Asc,
        _ => Order::Desc,
    };
    let mut list = ListJobs::new(args.tag)
        .states(args.states)
        .order_by_time(order);
    list.queue_id = args.queue;
    list.start_creation_time = args.since;
    list.end_creation_time = args.until;
    list
}
