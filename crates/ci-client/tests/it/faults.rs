//! Never submit twice: after each fault exactly one job exists, or the caller is told.

use std::time::Duration;

use ci_client::model::{CreateJobRequest, JobOutput, OperationRequest, SmartCover, UserData};
use ci_client::{CallError, Cause, Client, CreatedJob};

use crate::service::{List, Post, Service};

async fn submit(client: &Client) -> Result<CreatedJob, CallError> {
    client
        .create_job(SmartCover::new(), "in/a.mp4", "covers/a-${number}.jpg")
        .await
}

/// Submits once under these faults; how many jobs exist then, how many requests came whole, and the result.
async fn under(
    posts: impl IntoIterator<Item = Post>,
    list: List,
) -> (usize, usize, Result<CreatedJob, CallError>) {
    let service = Service::start(posts, list).await;
    let client = service
        .builder()
        .attempt_timeout(Duration::from_millis(300))
        .timeout(Duration::from_secs(4))
        .build();
    let result = submit(&client.unwrap()).await;
    (service.jobs(), service.posts(), result)
}

#[tokio::test]
async fn a_good_answer_makes_one_job_and_carries_a_mark() {
    let (jobs, posts, result) = under([Post::Good], List::Good).await;
    let job = result.unwrap();
    assert_eq!((jobs, posts, job.attempts), (1, 1, 1));
    assert_eq!(job.request_id.as_deref(), Some("ID"));
    assert!(job.mark.unwrap().starts_with("ci-"));
}

#[tokio::test]
async fn what_was_not_carried_out_is_sent_again() {
    for fault in [
        Post::Status(429, "X"),
        Post::Status(503, "SlowDown"),
        Post::StatusWith(429, "X", "retry-after: 0\r\n"),
        Post::StatusWith(503, "SlowDown", "retry-after: 0\r\n"),
    ] {
        let (jobs, posts, result) =
            under([fault.clone(), fault.clone(), Post::Good], List::Good).await;
        assert_eq!(
            (jobs, posts, result.unwrap().attempts),
            (1, 3, 3),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_found_and_not_made_twice() {
    for fault in [
        Post::AcceptedAndLost,
        Post::AcceptedAndSilent,
        Post::AcceptedWithStatus(500),
        Post::AcceptedWithStatus(502),
        Post::AcceptedWithStatus(503),
        Post::AcceptedWithStatus(504),
        Post::AcceptedWithBody(""),
        Post::AcceptedWithBody("<html>proxy</html>"),
        Post::AcceptedWithBody("<Response><JobsDetail>"),
        Post::AcceptedWithBody("<Response/>"),
        Post::AcceptedWithBody("<Error><Code>InternalError</Code></Error>"),
    ] {
        let (jobs, posts, result) = under([fault.clone()], List::Good).await;
        let job = result.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(
            (jobs, posts, job.job_id.as_str()),
            (1, 1, "j0"),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn what_may_have_been_carried_out_and_cannot_be_found_is_told_with_the_mark() {
    for fault in [
        Post::CloseAfter,
        Post::CloseHalf,
        Post::Reset,
        Post::Silence,
        Post::Status(500, "InternalError"),
        Post::Status(502, ""),
        Post::Status(503, "ServiceUnavailable"),
        Post::StatusWith(500, "InternalError", "retry-after: 0\r\n"),
        Post::StatusWith(503, "ServiceUnavailable", "retry-after: 0\r\n"),
    ] {
        let service = Service::start([fault.clone()], List::Good).await;
        let client = service
            .builder()
            .attempt_timeout(Duration::from_millis(100))
            .timeout(Duration::from_secs(1));
        let error = submit(&client.build().unwrap()).await.unwrap_err();
        assert_eq!(service.jobs(), 0, "{fault:?}");
        assert_eq!(error.kind(), "unknown_outcome", "{fault:?}: {error}");
        assert!(error.mark().unwrap().starts_with("ci-"), "{fault:?}");
        assert_eq!(error.attempts(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_connection_closed_at_once_leads_to_one_job_or_to_an_unknown_outcome() {
    // Whether the end is seen before the request is handed over is a matter of luck; what follows from it is not.
    let (jobs, _, result) = under([Post::CloseUnread, Post::Good], List::Good).await;
    match result {
        Ok(job) => assert_eq!((jobs, job.attempts), (1, 2)),
        Err(error) => assert_eq!((jobs, error.kind()), (0, "unknown_outcome"), "{error}"),
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_leaves_no_job() {
    let service = Service::start([], List::Good).await;
    let url = service.peer.url();
    let builder = service.builder().endpoint(url).retries(2);
    drop(service);
    let error = submit(&builder.build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), ("network", 3), "{error}");
}

#[tokio::test]
async fn a_refusal_is_final() {
    for (status, kind) in [
        (400, "refused"),
        (403, "auth"),
        (404, "not_found"),
        (409, "refused"),
    ] {
        let (jobs, posts, result) = under([Post::Status(status, "Code")], List::Good).await;
        let error = result.unwrap_err();
        assert_eq!(
            (jobs, posts, error.kind(), error.http_status()),
            (0, 1, kind, Some(status))
        );
        assert_eq!(
            (error.code(), error.request_id()),
            (Some("Code"), Some("ID"))
        );
    }
}

#[tokio::test]
async fn a_list_that_lags_or_is_long_still_settles_it() {
    for list in [List::Lags(2), List::Long(95)] {
        let (jobs, posts, result) = under([Post::AcceptedAndLost], list).await;
        assert_eq!(
            (jobs, posts, result.unwrap().job_id.as_str()),
            (1, 1, "j0"),
            "{list:?}"
        );
    }
}

#[tokio::test]
async fn a_list_that_is_refused_or_silent_leaves_the_outcome_unknown() {
    for (list, part) in [(List::Refused, "AccessDenied"), (List::Silent, "")] {
        let (jobs, posts, result) = under([Post::AcceptedAndLost], list).await;
        let error = result.unwrap_err();
        assert_eq!(
            (jobs, posts, error.kind()),
            (1, 1, "unknown_outcome"),
            "{list:?}"
        );
        assert!(error.to_string().contains(part), "{error}");
        assert!(matches!(
            error.cause(),
            Cause::UnknownOutcome { mark: Some(_), .. }
        ));
    }
}

#[tokio::test]
async fn with_user_data_of_the_callers_own_the_job_is_found_by_time_and_objects() {
    let request = |data: &str| {
        let output = JobOutput::new("ap-chongqing", "media-1250000000", "covers/a-${number}.jpg");
        let operation = OperationRequest::inline(SmartCover::new(), output)
            .user_data(UserData::new(data).unwrap());
        CreateJobRequest::smart_cover("in/a.mp4", operation)
    };
    let service = Service::start([Post::AcceptedAndLost], List::Good).await;
    let job = service
        .client()
        .create_job_with(request("order 17"))
        .await
        .unwrap();
    assert_eq!(
        (service.jobs(), job.job_id.as_str(), job.mark),
        (1, "j0", None)
    );
    // The same order again within seconds: nobody can tell which of the two jobs is whose.
    service
        .state
        .lock()
        .unwrap()
        .posts
        .push_back(Post::AcceptedAndLost);
    let error = service
        .client()
        .create_job_with(request("order 17"))
        .await
        .unwrap_err();
    assert_eq!(
        (service.jobs(), error.mark()),
        (2, Some("order 17")),
        "{error}"
    );
    assert!(error.to_string().contains("several"), "{error}");
}
