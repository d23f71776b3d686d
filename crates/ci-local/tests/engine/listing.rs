//! Lists of jobs, cancelling, and queues that pause.

use ci_local::{Config, Engine, Media};

use super::durable::set_queue;
use super::harness::*;
use super::jobs::{body, describe, with_clip};

async fn paused() -> Engine {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    ok(set_queue(&engine, "Paused", "<State>Off</State>").await);
    engine
}

async fn submit(engine: &Engine, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let reply = call(
            engine,
            "POST",
            &format!("{CI}/jobs"),
            body("in/clip.mp4", "", ""),
        )
        .await;
        ids.push(ok(reply).element("JobId").to_owned());
    }
    ids
}

async fn list(engine: &Engine, query: &str) -> Reply {
    call(engine, "GET", &format!("{CI}/jobs?{query}"), "").await
}

#[tokio::test]
async fn pages_follow_their_tokens_to_the_end_in_both_orders() {
    let engine = paused().await;
    let mut ids = submit(&engine, 5).await;
    for order in ["Asc", "Desc"] {
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = list(
                &engine,
                &format!("tag=SmartCover&size=2&orderByTime={order}&nextToken={token}"),
            )
            .await;
            seen.extend(ok(page).elements("JobId").into_iter().map(str::to_owned));
            let page = list(
                &engine,
                &format!("tag=SmartCover&size=2&orderByTime={order}&nextToken={token}"),
            )
            .await;
            match page.elements("NextToken").first() {
                Some(next) => token = (*next).to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ids, "{order}");
        ids.reverse();
    }
    let default = ok(list(&engine, "tag=SmartCover&orderByTime=&nextToken=&states=All").await);
    ids.reverse();
    assert_eq!(default.elements("JobId"), ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_narrows_the_list() {
    let engine = paused().await;
    let ids = submit(&engine, 2).await;
    ok(call(&engine, "PUT", &format!("{CI}/jobs/{}?cancel", ids[0]), "").await);
    let queue = describe(&engine, &ids[0])
        .await
        .element("QueueId")
        .to_owned();
    let count = async |query: &str| ok(list(&engine, query).await).elements("JobId").len();
    for (query, want) in [
        ("tag=SmartCover", 2),
        ("Tag=SmartCover", 2),
        ("tag=Snapshot", 0),
        ("tag=SmartCover&states=Cancel", 1),
        ("tag=SmartCover&states=Pause", 1),
        ("tag=SmartCover&states=Submitted,Running", 0),
        ("tag=SmartCover&states=Cancel,Pause", 2),
        ("tag=SmartCover&inputObject=in%2Fclip.mp4", 2),
        ("tag=SmartCover&inputObject=in%2Fcli", 0),
        ("tag=SmartCover&queueType=Transcoding", 2),
        ("tag=SmartCover&queueType=SpeedTranscoding", 0),
        ("tag=SmartCover&queueId=pnone", 0),
        ("tag=SmartCover&workflowId=w1", 0),
        (
            "tag=SmartCover&startCreationTime=2001-01-01T00:00:00%2B0800",
            2,
        ),
        (
            "tag=SmartCover&startCreationTime=2001-01-01T00:00:00+0800",
            2,
        ),
        (
            "tag=SmartCover&endCreationTime=2001-01-01T00:00:00%2B0800",
            0,
        ),
        (
            "tag=SmartCover&startCreationTime=2101-01-01T00:00:00%2B0800",
            0,
        ),
    ] {
        assert_eq!(count(query).await, want, "{query}");
    }
    assert_eq!(count(&format!("tag=SmartCover&queueId={queue}")).await, 2);
    let created = describe(&engine, &ids[0])
        .await
        .element("CreationTime")
        .replace('+', "%2B");
    let window = format!("tag=SmartCover&startCreationTime={created}&endCreationTime={created}");
    assert!(
        count(&window).await >= 1,
        "a job's own second lies within itself"
    );
    for bad in [
        "",
        "tag=",
        "tag=SmartCover&size=0",
        "tag=SmartCover&size=101",
        "tag=SmartCover&size=x",
        "tag=SmartCover&orderByTime=Up",
        "tag=SmartCover&states=Done",
        "tag=SmartCover&nextToken=zz",
        "tag=SmartCover&startCreationTime=yesterday",
    ] {
        assert_eq!(
            list(&engine, bad).await.refusal(),
            (400, "InvalidArgument"),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_waiting_job_can_be_cancelled() {
    let engine = paused().await;
    let ids = submit(&engine, 3).await;
    // All the forms that official SDKs and demos send.
    for (id, query) in std::iter::zip(&ids, ["?cancel", "?cancel=", ""]) {
        let reply = ok(call(&engine, "PUT", &format!("{CI}/jobs/{id}{query}"), "").await);
        assert!(reply.body.is_empty() && reply.headers.contains_key("x-ci-request-id"));
        let state = describe(&engine, id).await;
        assert_eq!(
            (state.element("State"), state.element("Code")),
            ("Cancel", "Success")
        );
    }
    let again = call(&engine, "PUT", &format!("{CI}/jobs/{}?cancel", ids[0]), "").await;
    assert_eq!(again.refusal(), (400, "InvalidArgument"));
    assert!(again.element("Message").contains("can not be modified"));
    let none = call(&engine, "PUT", &format!("{CI}/jobs/jnone?cancel"), "").await;
    assert_eq!(none.refusal(), (404, "NoSuchJob"));
    ok(set_queue(&engine, "Active", "<State>Off</State>").await);
    assert_eq!(describe(&engine, &ids[1]).await.element("State"), "Cancel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_holds_its_jobs_until_it_is_resumed() {
    let engine = paused().await;
    let ids = submit(&engine, 1).await;
    assert_eq!(describe(&engine, &ids[0]).await.element("State"), "Pause");
    let paused = ok(call(&engine, "GET", &format!("{CI}/queue?state=Paused"), "").await);
    assert_eq!(
        (paused.element("TotalCount"), paused.element("State")),
        ("1", "Paused")
    );
    let active = ok(call(&engine, "GET", &format!("{CI}/queue?state=Active"), "").await);
    assert_eq!(active.element("TotalCount"), "0");
    ok(set_queue(&engine, "Active", "<State>Off</State>").await);
    assert_eq!(describe(&engine, &ids[0]).await.element("State"), "Success");
    engine.shutdown().await;
}

#[tokio::test]
async fn queues_are_listed_and_updated_as_documented() {
    let engine = with_clip(Config::ephemeral().media(Media::Synthetic)).await;
    let queues = ok(call(&engine, "GET", &format!("{CI}/queue"), "").await);
    let id = queues.element("QueueId").to_owned();
    assert_eq!(
        (queues.element("Category"), queues.element("MaxConcurrent")),
        ("Transcoding", "10")
    );
    assert_eq!(
        queues.element("RequestId"),
        queues.header("x-ci-request-id")
    );
    let named = ok(call(
        &engine,
        "GET",
        &format!("{CI}/queue?queueIds={id},pnone&category=CateAll"),
        "",
    )
    .await);
    assert_eq!(
        (named.element("QueueId"), named.element("NonExistPIDs")),
        (id.as_str(), "pnone")
    );
    let speed = ok(call(
        &engine,
        "GET",
        &format!("{CI}/queue?category=SpeedTranscoding"),
        "",
    )
    .await);
    assert_eq!(speed.element("TotalCount"), "0");
    let eleven: String = (0..11).map(|n| format!("p{n},")).collect();
    for bad in [
        format!("queueIds={eleven}"),
        "state=Asleep".to_owned(),
        "pageSize=0".to_owned(),
    ] {
        let reply = call(&engine, "GET", &format!("{CI}/queue?{bad}"), "").await;
        let wanted = 400;
        assert_eq!(reply.status.as_u16(), wanted, "{bad}");
    }
    let notify = "<State>On</State><Event>TaskFinish</Event><Type>Url</Type><Url>http://127.0.0.1/x</Url><ResultFormat>JSON</ResultFormat>";
    let updated = ok(set_queue(&engine, "Active", notify).await);
    assert_eq!(
        (updated.element("Url"), updated.element("ResultFormat")),
        ("http://127.0.0.1/x", "JSON")
    );
    for bad in [
        "<State>On</State>",
        "<State>Maybe</State>",
        "<State>On</State><Event>TaskFinish</Event><Type>TDMQ</Type>",
    ] {
        assert_eq!(
            set_queue(&engine, "Active", bad).await.refusal(),
            (400, "InvalidArgument"),
            "{bad}"
        );
    }
    assert_eq!(
        set_queue(&engine, "Asleep", "").await.refusal(),
        (400, "InvalidArgument")
    );
    let body = "<Request><Name>q</Name><State>Active</State><NotifyConfig><State>Off</State></NotifyConfig></Request>";
    let none = call(&engine, "PUT", &format!("{CI}/queue/pnone"), body).await;
    assert_eq!(none.refusal(), (404, "NoSuchQueue"));
}
