//! Where the news of a finished job goes.

use crate::text::text_enum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `CallBack` of a request: a URL, or the word `no`, which silences the queue's own callback for this job.
/// Source: 460/84791.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallBack {
    /// The service posts to this URL.
    Url(String),
    /// Nobody is told.
    No,
}

impl CallBack {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            CallBack::Url(url) => url,
            CallBack::No => "no",
        }
    }
}

impl From<&str> for CallBack {
    fn from(text: &str) -> Self {
        if text == "no" {
            CallBack::No
        } else {
            CallBack::Url(text.to_owned())
        }
    }
}

impl Serialize for CallBack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CallBack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::visit_trimmed(deserializer, &[], |text| Ok(text.into()))
    }
}

text_enum! {
    /// Format of a callback, `XML` when neither request nor queue says. Source: 460/84791.
    #[derive(Default)]
    pub enum CallBackFormat {
        /// XML, with the root `Response`.
        #[default]
        Xml = "XML",
        /// JSON, without a root.
        Json = "JSON",
    }
}

text_enum! {
    /// Channel of a callback, `Url` when neither request nor queue says. Source: 460/84791; `Kafka` only in SDKs.
    #[derive(Default)]
    pub enum CallBackType {
        /// A POST to a URL.
        #[default]
        Url = "Url",
        /// A message in TDMQ.
        Tdmq = "TDMQ",
        /// A message in Kafka.
        Kafka = "Kafka",
    }
}

text_enum! {
    /// Whether a TDMQ name is a queue or a topic. Source: 1045/49945.
    #[derive(Default)]
    pub enum MqMode {
        /// A queue, the documented default.
        #[default]
        Queue = "Queue",
        /// A topic with subscribers.
        Topic = "Topic",
    }
}

/// A TDMQ queue or topic, needed with [`CallBackType::Tdmq`]. Source: 1045/49945.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CallBackMqConfig {
    /// Short name of the region: `sh`, `bj`, `gz`, `cd` or `hk`.
    pub mq_region: Option<String>,
    /// Queue or topic.
    pub mq_mode: Option<MqMode>,
    /// Name of the queue or topic.
    pub mq_name: Option<String>,
}

impl CallBackMqConfig {
    /// All three parts, which a request needs.
    pub fn new(region: impl Into<String>, mode: MqMode, name: impl Into<String>) -> Self {
        CallBackMqConfig {
            mq_region: Some(region.into()),
            mq_mode: Some(mode),
            mq_name: Some(name.into()),
        }
    }
}

/// A Kafka topic, needed with [`CallBackType::Kafka`]. No page describes it; the Go and Java SDKs send it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CallBackKafkaConfig {
    /// Long name of the region, such as `ap-guangzhou`.
    pub region: Option<String>,
    /// Instance.
    pub instance_id: Option<String>,
    /// Topic.
    pub topic: Option<String>,
}

impl CallBackKafkaConfig {
    /// All three parts, which a request needs.
    pub fn new(
        region: impl Into<String>,
        instance_id: impl Into<String>,
        topic: impl Into<String>,
    ) -> Self {
        CallBackKafkaConfig {
            region: Some(region.into()),
            instance_id: Some(instance_id.into()),
            topic: Some(topic.into()),
        }
    }
}
