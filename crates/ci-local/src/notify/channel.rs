//! Where the news of a job goes: the job's own settings over its queue's.

use crate::spec::NotifySpec;

/// The event that the end of a job is.
const TASK_FINISH: &str = "TaskFinish";

/// One way to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Channel {
    /// Posted to this URL.
    Url(String),
    /// Appended to the local queue of this name.
    Queue(String),
}

/// The channel and whether the format is JSON; none when nobody is to be told.
pub(super) fn channel(job: &NotifySpec, queue: Option<&NotifySpec>) -> Option<(Channel, bool)> {
    if job.url.as_deref() == Some("no") {
        return None;
    }
    let told = queue.filter(|queue| {
        let events = queue.event.as_deref().unwrap_or_default();
        queue.state.as_deref() == Some("On") && events.split(',').any(|e| e.trim() == TASK_FINISH)
    });
    // A job that names a URL and no type means that URL, whatever its queue uses.
    let kind = match (&job.kind, &job.url) {
        (Some(kind), _) => kind.as_str(),
        (None, Some(_)) => "Url",
        (None, None) => told
            .and_then(|queue| queue.kind.as_deref())
            .unwrap_or("Url"),
    };
    let channel = match kind {
        "TDMQ" => {
            let mq = job
                .mq
                .as_ref()
                .or(told.and_then(|queue| queue.mq.as_ref()))?;
            Channel::Queue(format!("tdmq/{}/{}", mq.region, mq.name))
        }
        "Kafka" => {
            let kafka = job
                .kafka
                .as_ref()
                .or(told.and_then(|queue| queue.kafka.as_ref()))?;
            Channel::Queue(format!(
                "kafka/{}/{}/{}",
                kafka.region, kafka.instance, kafka.topic
            ))
        }
        _ => Channel::Url(
            job.url
                .clone()
                .or_else(|| told.and_then(|queue| queue.url.clone()))?,
        ),
    };
    let format = job
        .format
        .as_deref()
        .or(queue.and_then(|queue| queue.format.as_deref()))
        .unwrap_or("XML");
    Some((channel, format == "JSON"))
}
