//! Lists over several pages, and requests for one object by others.

use std::time::Duration;

use ci_client::core::{ListBuckets, ListJobs, ListObjects, ListQueues, ListTemplates};
use ci_client::model::Tag;
use ci_client::testing::Canned;
use ci_client::{Client, Credentials};

fn client(canned: &Canned) -> Client {
    let builder =
        Client::builder("media-1250000000", "ap-chongqing").credentials(Credentials::new("I", "K"));
    builder
        .transport(canned.clone())
        .retries(0)
        .build()
        .unwrap()
}

fn targets(canned: &Canned) -> Vec<String> {
    canned
        .captured()
        .iter()
        .map(|asked| asked.uri.path_and_query().unwrap().to_string())
        .collect()
}

fn jobs(ids: &[&str], token: &str) -> String {
    let jobs: String = ids
        .iter()
        .map(|id| format!("<JobsDetail><JobId>{id}</JobId></JobsDetail>"))
        .collect();
    format!("<Response>{jobs}<NextToken>{token}</NextToken></Response>")
}

#[tokio::test]
async fn jobs_come_page_by_page_until_a_token_is_empty_or_repeats() {
    // The last leads back to a page that was read.
    for last in ["", "t2", "t1"] {
        let canned = Canned::new()
            .answer(200, jobs(&["j1", "j2"], "t1"))
            .answer(200, jobs(&[], "t2"))
            .answer(200, jobs(&["j3"], last));
        let all = client(&canned)
            .all_jobs(ListJobs::new(Tag::SmartCover))
            .all()
            .await
            .unwrap();
        assert_eq!(all.len(), 3);
        let expected = [
            "/jobs?tag=SmartCover",
            "/jobs?tag=SmartCover&nextToken=t1",
            "/jobs?tag=SmartCover&nextToken=t2",
        ];
        assert_eq!(targets(&canned), expected);
    }
}

#[tokio::test]
async fn a_page_is_fetched_when_it_is_asked_for_and_an_error_ends_the_list() {
    let canned = Canned::new()
        .answer(200, jobs(&["j1"], "t1"))
        .answer(500, "");
    let mut pages = client(&canned).all_jobs(ListJobs::new(Tag::SmartCover));
    assert_eq!(canned.captured().len(), 0);
    assert!(pages.next().await.unwrap().is_some());
    assert_eq!(canned.captured().len(), 1);
    assert!(pages.next().await.is_err());
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test]
async fn objects_continue_after_the_last_key() {
    let page = |key: &str, more: bool| {
        format!(
            "<ListBucketResult><Name>b</Name><IsTruncated>{more}</IsTruncated><Contents><Key>{key}</Key><Size>1</Size></Contents></ListBucketResult>"
        )
    };
    let canned = Canned::new()
        .answer(200, page("a", true))
        .answer(200, page("b", false));
    let all = client(&canned)
        .all_objects(ListObjects::new())
        .all()
        .await
        .unwrap();
    assert_eq!(
        all.iter()
            .map(|object| object.key.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(targets(&canned)[1], "/?marker=a&encoding-type=url");
}

#[tokio::test]
async fn numbered_pages_end_with_the_total_or_with_a_page_that_is_not_full() {
    let page = |entries: &str, total: &str| {
        format!("<Response>{total}<PageSize>1</PageSize>{entries}</Response>")
    };
    let total = "<TotalCount>2</TotalCount>";
    let templates = page(
        "<TemplateList><TemplateId>t1</TemplateId></TemplateList>",
        total,
    );
    let canned = Canned::new()
        .answer(200, templates.clone())
        .answer(200, templates);
    assert_eq!(
        client(&canned)
            .all_templates(ListTemplates::new())
            .all()
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(targets(&canned), ["/template", "/template?pageNumber=2"]);

    let canned = Canned::new()
        .answer(
            200,
            page("<QueueList><QueueId>p1</QueueId></QueueList>", ""),
        )
        .answer(200, page("", ""));
    assert_eq!(
        client(&canned)
            .all_queues(ListQueues::new())
            .all()
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(canned.captured().len(), 2);

    let canned = Canned::new().answer(
        200,
        page(
            "<MediaBucketList><Name>b</Name></MediaBucketList>",
            "<TotalCount>1</TotalCount>",
        ),
    );
    assert_eq!(
        client(&canned)
            .all_buckets(ListBuckets::new())
            .all()
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        canned.captured()[0].headers["host"],
        "ci.ap-chongqing.myqcloud.com"
    );
}

#[tokio::test]
async fn a_presigned_url_is_made_without_a_request() {
    let canned = Canned::new();
    let url = client(&canned)
        .presign_get("covers/a-0.jpg", Duration::from_secs(600))
        .await
        .unwrap();
    assert_eq!(
        url.uri.host(),
        Some("media-1250000000.cos.ap-chongqing.myqcloud.com")
    );
    assert!(url.uri.query().unwrap().contains("q-signature="));
    let put = client(&canned)
        .presign_put("in/a.mp4", Some("video/mp4"), Duration::from_secs(600))
        .await
        .unwrap();
    assert_eq!(put.headers["content-type"], "video/mp4");
    assert!(canned.captured().is_empty());
}
