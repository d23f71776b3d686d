//! Whom a job tells: every combination of its own settings and its queue's that means something.

use super::channel::{Channel, channel};
use super::pause_after;
use crate::spec::{KafkaSpec, MqSpec, NotifySpec};
use std::time::Duration;

fn queue() -> NotifySpec {
    NotifySpec {
        url: Some("http://queue/".to_owned()),
        state: Some("On".to_owned()),
        event: Some("TaskFinish, WorkflowFinish".to_owned()),
        format: Some("JSON".to_owned()),
        kind: Some("Url".to_owned()),
        ..NotifySpec::default()
    }
}

fn url(text: &str) -> Channel {
    Channel::Url(text.to_owned())
}

#[test]
fn the_queue_tells_when_it_is_on_and_the_event_is_wanted() {
    let job = NotifySpec::default();
    assert_eq!(
        channel(&job, Some(&queue())),
        Some((url("http://queue/"), true))
    );
    assert_eq!(channel(&job, None), None);
    let off = NotifySpec {
        state: Some("Off".to_owned()),
        ..queue()
    };
    assert_eq!(channel(&job, Some(&off)), None);
    let other = NotifySpec {
        event: Some("WorkflowFinish".to_owned()),
        ..queue()
    };
    assert_eq!(channel(&job, Some(&other)), None);
}

#[test]
fn the_job_overrides_its_queue_field_by_field() {
    let own = NotifySpec {
        url: Some("http://job/".to_owned()),
        ..NotifySpec::default()
    };
    assert_eq!(
        channel(&own, Some(&queue())),
        Some((url("http://job/"), true))
    );
    assert_eq!(channel(&own, None), Some((url("http://job/"), false)));
    let format = NotifySpec {
        format: Some("XML".to_owned()),
        ..NotifySpec::default()
    };
    assert_eq!(
        channel(&format, Some(&queue())),
        Some((url("http://queue/"), false))
    );
    let silent = NotifySpec {
        url: Some("no".to_owned()),
        ..NotifySpec::default()
    };
    assert_eq!(channel(&silent, Some(&queue())), None);
}

#[test]
fn message_queues_have_local_names() {
    let mq = MqSpec {
        region: "sh".to_owned(),
        mode: "Topic".to_owned(),
        name: "covers".to_owned(),
    };
    let tdmq = NotifySpec {
        kind: Some("TDMQ".to_owned()),
        mq: Some(mq),
        ..NotifySpec::default()
    };
    let name = Channel::Queue("tdmq/sh/covers".to_owned());
    assert_eq!(channel(&tdmq, None), Some((name.clone(), false)));
    let of_queue = NotifySpec {
        kind: tdmq.kind.clone(),
        mq: tdmq.mq.clone(),
        ..queue()
    };
    assert_eq!(
        channel(&NotifySpec::default(), Some(&of_queue)),
        Some((name, true))
    );
    let own_url = NotifySpec {
        url: Some("http://job/".to_owned()),
        ..NotifySpec::default()
    };
    assert_eq!(
        channel(&own_url, Some(&of_queue)),
        Some((url("http://job/"), true))
    );
    let kafka = KafkaSpec {
        region: "ap-x".to_owned(),
        instance: "i".to_owned(),
        topic: "t".to_owned(),
    };
    let kafka = NotifySpec {
        kind: Some("Kafka".to_owned()),
        kafka: Some(kafka),
        ..NotifySpec::default()
    };
    assert_eq!(
        channel(&kafka, None),
        Some((Channel::Queue("kafka/ap-x/i/t".to_owned()), false))
    );
}

#[test]
fn pauses_double_up_to_five_minutes() {
    let pauses = [1, 2, 3, 9, 10, 99].map(|tries| pause_after(Duration::from_secs(1), tries));
    assert_eq!(pauses, [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
}
