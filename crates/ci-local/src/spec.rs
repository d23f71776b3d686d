//! What a job is to do, as the database keeps it: names of the service, independent of the wire.

use serde::{Deserialize, Serialize};

/// One operation of a create request, with its template resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_name: Option<String>,
    /// As sent inline; it comes back in every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inline: Option<CoverSpec>,
    /// The template's settings when the job was made. A template wins over inline settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<CoverSpec>,
    pub(crate) output: OutputSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue_type: Option<String>,
    #[serde(skip_serializing_if = "NotifySpec::is_empty")]
    pub(crate) notify: NotifySpec,
}

impl Spec {
    /// The settings the job runs with.
    pub(crate) fn cover(&self) -> CoverSpec {
        self.template
            .clone()
            .or_else(|| self.inline.clone())
            .unwrap_or_default()
    }
}

/// The parameters of SmartCover; absent means the service's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CoverSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delete_duplicates: Option<bool>,
}

/// Where the covers go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OutputSpec {
    pub(crate) region: String,
    pub(crate) bucket: String,
    /// The key pattern as sent.
    pub(crate) object: String,
}

/// Callback settings, of a job or of a queue's `NotifyConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NotifySpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// `On` or `Off`; queues only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// Comma list; queues only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<String>,
    /// `XML` or `JSON`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    /// `Url`, `TDMQ` or `Kafka`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mq: Option<MqSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kafka: Option<KafkaSpec>,
}

impl NotifySpec {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A TDMQ topic or queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MqSpec {
    pub(crate) region: String,
    pub(crate) mode: String,
    pub(crate) name: String,
}

/// A Kafka topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KafkaSpec {
    pub(crate) region: String,
    pub(crate) instance: String,
    pub(crate) topic: String,
}

/// One cover as it was written: what the wire protocol has no place for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CoverRecord {
    /// The key in the output bucket.
    pub object: String,
    /// Position in the video in seconds as displayed; none for media made without decoding.
    pub time: Option<f64>,
    /// 0 to 1, higher is better; none for media made without decoding.
    pub score: Option<f64>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
    /// 32 lower-case hex digits.
    pub md5: String,
}
