//! The rules a server checks on requests that make jobs and templates or change queues.

use super::{CallBackType, CreateJobRequest, JobOutput, OperationRequest, SmartCover, Tag};
use crate::error::excerpt;
use crate::violation::{Violation, Violations};
use crate::{
    CallBack, CoverCount, JobLevel, OutputKey, Pixels, TemplateName, TemplateRequest,
    UpdateQueueRequest, UserData,
};
use crate::{NotifyConfig, NotifyState, QueueState};

/// Most operations of one request. Source: 460/84764.
const OPERATIONS: usize = 6;

fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

impl CreateJobRequest {
    /// Everything in the request that breaks a documented rule, in the order of the document.
    ///
    /// Says nothing about what only the service knows (whether template, queue and input exist), nor about other kinds
    /// of work than `SmartCover` beyond what all have in common.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut v = Violations::default();
        v.under("Input", |v| v.need("Object", self.input.object.as_deref()));
        if self.operation.is_empty() {
            v.need("Tag", self.tag.as_ref().map(Tag::as_str));
            v.add("Operation", "is missing");
        }
        if self.operation.len() > OPERATIONS {
            v.add(
                "Operation",
                format!(
                    "{} operations are refused: at most {OPERATIONS}",
                    self.operation.len()
                ),
            );
        }
        for (index, operation) in self.operation.iter().enumerate() {
            v.under(&format!("Operation[{index}]"), |v| self.check(operation, v));
        }
        v.rule(
            "CallBackFormat",
            self.call_back_format.as_ref(),
            |f| f.is_known(),
            &one_of(crate::CallBackFormat::WORDS),
        );
        v.rule(
            "CallBackType",
            self.call_back_type.as_ref(),
            |t| t.is_known(),
            &one_of(CallBackType::WORDS),
        );
        if let Some(CallBack::Url(url)) = &self.call_back {
            v.rule(
                "CallBack",
                Some(url),
                |url| is_web(url),
                "a http or https URL, or no",
            );
        }
        match &self.call_back_type {
            Some(CallBackType::Tdmq) => v.under("CallBackMqConfig", |v| {
                let config = self.call_back_mq_config.clone().unwrap_or_default();
                v.need("MqRegion", config.mq_region.as_deref());
                v.need("MqName", config.mq_name.as_deref());
                v.rule(
                    "MqMode",
                    config.mq_mode,
                    super::MqMode::is_known,
                    &one_of(super::MqMode::WORDS),
                );
            }),
            Some(CallBackType::Kafka) => v.under("CallBackKafkaConfig", |v| {
                let config = self.call_back_kafka_config.clone().unwrap_or_default();
                v.need("Region", config.region.as_deref());
                v.need("InstanceId", config.instance_id.as_deref());
                v.need("Topic", config.topic.as_deref());
            }),
            _ => {}
        }
        v.found
    }

    fn check(&self, operation: &OperationRequest, v: &mut Violations) {
        let tag = self.tag_of(operation);
        v.need("Tag", tag.map(Tag::as_str));
        if let Some(cover) = &operation.smart_cover {
            v.under("SmartCover", |v| check_cover(cover, v));
        }
        v.under("Output", |v| check_output(&operation.output, v));
        // A template may ask for a single cover, so only what the request itself says can be held against it.
        let count = match (&operation.template_id, &operation.smart_cover) {
            (Some(_), _) => 1,
            (None, cover) => cover
                .as_ref()
                .and_then(|c| c.count)
                .unwrap_or_default()
                .get(),
        };
        let key = operation.output.object.as_deref().unwrap_or_default();
        if tag == Some(&Tag::SmartCover)
            && count > 1
            && !key.is_empty()
            && !OutputKey::parse(key).has_number()
        {
            let message = format!(
                "{:?} is refused: {count} covers need ${{number}}",
                excerpt(key)
            );
            v.under("Output", |v| v.add("Object", message));
        }
        v.rule(
            "UserData",
            operation.user_data.as_ref(),
            |data| data.is_within(),
            UserData::RULE,
        );
        v.rule(
            "JobLevel",
            operation.job_level,
            |level| level.is_within(),
            JobLevel::RULE,
        );
    }
}

impl TemplateRequest {
    /// Everything in the request that breaks a documented rule.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut v = Violations::default();
        v.need("Tag", self.tag.as_ref().map(Tag::as_str));
        v.need("Name", self.name.as_ref().map(TemplateName::as_str));
        v.rule(
            "Name",
            self.name.as_ref().filter(|name| !name.as_str().is_empty()),
            |name| name.is_within(),
            TemplateName::RULE,
        );
        match &self.smart_cover {
            Some(cover) => v.under("SmartCover", |v| check_cover(cover, v)),
            None if self.tag == Some(Tag::SmartCover) => v.add("SmartCover", "is missing"),
            None => {}
        }
        v.found
    }
}

impl UpdateQueueRequest {
    /// Everything in the request that breaks a documented rule.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut v = Violations::default();
        v.need("Name", self.name.as_deref());
        v.rule(
            "Name",
            self.name.as_deref(),
            |name| name.chars().count() <= 128,
            "at most 128 characters",
        );
        v.need("State", self.state.as_ref().map(QueueState::as_str));
        v.rule(
            "State",
            self.state.as_ref(),
            |state| state.is_known(),
            &one_of(QueueState::WORDS),
        );
        match &self.notify_config {
            Some(notify) => v.under("NotifyConfig", |v| check_notify(notify, v)),
            None => v.add("NotifyConfig", "is missing"),
        }
        v.found
    }
}

fn check_cover(cover: &SmartCover, v: &mut Violations) {
    v.rule(
        "Format",
        cover.format.as_ref(),
        |format| format.is_known(),
        &one_of(super::CoverFormat::WORDS),
    );
    v.rule(
        "Width",
        cover.width,
        |width| width.is_within(),
        Pixels::RULE,
    );
    v.rule(
        "Height",
        cover.height,
        |height| height.is_within(),
        Pixels::RULE,
    );
    v.rule(
        "Count",
        cover.count,
        |count| count.is_within(),
        CoverCount::RULE,
    );
}

fn check_output(output: &JobOutput, v: &mut Violations) {
    v.need("Region", output.region.as_deref());
    v.need("Bucket", output.bucket.as_deref());
    v.need("Object", output.object.as_deref());
}

fn check_notify(notify: &NotifyConfig, v: &mut Violations) {
    v.rule(
        "State",
        notify.state.as_ref(),
        |state| state.is_known(),
        &one_of(NotifyState::WORDS),
    );
    v.rule(
        "Type",
        notify.channel.as_ref(),
        |channel| channel.is_known(),
        &one_of(CallBackType::WORDS),
    );
    v.rule(
        "ResultFormat",
        notify.result_format.as_ref(),
        |f| f.is_known(),
        &one_of(crate::CallBackFormat::WORDS),
    );
    if notify.state != Some(NotifyState::On) {
        return;
    }
    v.need("Event", notify.event.as_deref());
    v.need("Type", notify.channel.as_ref().map(CallBackType::as_str));
    match notify.channel {
        Some(CallBackType::Url) => {
            v.need("Url", notify.url.as_deref());
            v.rule(
                "Url",
                notify.url.as_deref(),
                |url| is_web(url),
                "a http or https URL",
            );
        }
        Some(CallBackType::Tdmq) => {
            v.need("MqRegion", notify.mq_region.as_deref());
            v.need("MqName", notify.mq_name.as_deref());
            v.rule(
                "MqMode",
                notify.mq_mode.as_ref(),
                |mode| mode.is_known(),
                &one_of(super::MqMode::WORDS),
            );
        }
        _ => {}
    }
}

fn is_web(url: &str) -> bool {
    let scheme = url
        .split_once("://")
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    scheme.is_some_and(|(scheme, rest)| {
        matches!(scheme.as_str(), "http" | "https") && !rest.is_empty()
    })
}
