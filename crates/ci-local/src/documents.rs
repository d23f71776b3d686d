//! Rows as documents of the service, and requests as rows.

use ci_model::{
    CallBack, CallBackKafkaConfig, CallBackMqConfig, CiTime, CoverCount, CoverFormat,
    CreateJobRequest, JobId, JobInput, JobLevel, JobOutput, JobsDetail, Md5Info, MediaBucket,
    MediaResult, NotifyConfig, OperationRequest, OutputFile, Pixels, Queue, QueueId, SmartCover,
    Tag, Template, TemplateCategory, TemplateId, TemplateName, UserData,
};

use crate::clock::Millis;
use crate::spec::{CoverSpec, KafkaSpec, MqSpec, NotifySpec, OutputSpec, Spec};
use crate::store::buckets::BucketRow;
use crate::store::jobs::JobRow;
use crate::store::queues::QueueRow;
use crate::store::templates::TemplateRow;

fn time(at: Millis) -> Option<CiTime> {
    CiTime::from_unix_seconds(at.div_euclid(1000))
}

/// A job as create, describe, list and callbacks show it.
pub(crate) fn job(row: &JobRow) -> JobsDetail {
    let mut detail = JobsDetail::default();
    detail.code = Some(row.code.clone());
    detail.message = Some(row.message.clone());
    detail.job_id = JobId::new(&*row.id).ok();
    detail.state = Some(row.state.as_str().into());
    detail.creation_time = time(row.created);
    detail.start_time = row.started.and_then(time);
    detail.end_time = row.ended.and_then(time);
    detail.queue_id = QueueId::new(&*row.queue).ok();
    detail.tag = Some(Tag::from(row.tag.as_str()));
    detail.queue_type.clone_from(&row.spec.queue_type);
    detail.input = JobInput::new(&*row.input);
    detail.input.bucket_id = Some(row.bucket.clone());
    detail.input.region = Some(row.region.clone());
    let spec = &row.spec;
    let operation = &mut detail.operation;
    operation.template_id = spec
        .template_id
        .as_deref()
        .and_then(|id| TemplateId::new(id).ok());
    operation.template_name.clone_from(&spec.template_name);
    operation.smart_cover = spec.inline.as_ref().map(smart_cover);
    operation.output = JobOutput::new(
        &*spec.output.region,
        &*spec.output.bucket,
        &*spec.output.object,
    );
    operation.user_data = spec
        .user_data
        .as_deref()
        .and_then(|text| UserData::new(text).ok());
    operation.job_level = JobLevel::new(row.level.into()).ok();
    if row.state == "Success" {
        operation.media_result = Some(result(row));
    }
    detail
}

fn result(row: &JobRow) -> MediaResult {
    let mut file = OutputFile::default();
    file.bucket = Some(row.spec.output.bucket.clone());
    file.region = Some(row.spec.output.region.clone());
    file.object_name = row
        .covers
        .iter()
        .map(|cover| cover.object.clone())
        .collect();
    file.object_prefix = Some(String::new());
    file.md5_info = row
        .covers
        .iter()
        .map(|cover| Md5Info::new(&*cover.object, &*cover.md5))
        .collect();
    let mut result = MediaResult::default();
    result.output_file = Some(file);
    result
}

/// The operation of a request as it is kept; its template is not looked up here.
pub(crate) fn spec(request: &CreateJobRequest, operation: &OperationRequest) -> Spec {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mq = request.call_back_mq_config.as_ref().map(|config| MqSpec {
        region: text(&config.mq_region),
        mode: config.mq_mode.clone().unwrap_or_default().to_string(),
        name: text(&config.mq_name),
    });
    Spec {
        template_id: operation.template_id.as_ref().map(ToString::to_string),
        template_name: None,
        inline: operation.smart_cover.as_ref().map(cover_spec),
        template: None,
        output: OutputSpec {
            region: text(&operation.output.region),
            bucket: text(&operation.output.bucket),
            object: text(&operation.output.object),
        },
        user_data: operation.user_data.as_ref().map(ToString::to_string),
        queue_type: request.queue_type.clone(),
        notify: NotifySpec {
            url: request.call_back.as_ref().map(|call_back| match call_back {
                CallBack::Url(url) => url.clone(),
                CallBack::No => "no".to_owned(),
            }),
            state: None,
            event: None,
            format: request.call_back_format.as_ref().map(ToString::to_string),
            kind: request.call_back_type.as_ref().map(ToString::to_string),
            mq,
            kafka: request.call_back_kafka_config.as_ref().map(kafka_spec),
        },
    }
}

fn kafka_spec(config: &CallBackKafkaConfig) -> KafkaSpec {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    KafkaSpec {
        region: text(&config.region),
        instance: text(&config.instance_id),
        topic: text(&config.topic),
    }
}

pub(crate) fn cover_spec(cover: &SmartCover) -> CoverSpec {
    CoverSpec {
        format: cover.format.as_ref().map(ToString::to_string),
        width: cover.width.map(Pixels::get),
        height: cover.height.map(Pixels::get),
        count: cover.count.map(CoverCount::get),
        delete_duplicates: cover.delete_duplicates,
    }
}

fn smart_cover(spec: &CoverSpec) -> SmartCover {
    let mut cover = SmartCover::new();
    cover.format = spec.format.as_deref().map(CoverFormat::from);
    cover.width = spec.width.and_then(|n| Pixels::new(n).ok());
    cover.height = spec.height.and_then(|n| Pixels::new(n).ok());
    cover.count = spec.count.and_then(|n| CoverCount::new(n).ok());
    cover.delete_duplicates = spec.delete_duplicates;
    cover
}

pub(crate) fn template(row: &TemplateRow) -> Template {
    let mut template = Template::default();
    template.tag = Some(Tag::from(row.tag.as_str()));
    template.name = TemplateName::new(&*row.name).ok();
    template.template_id = TemplateId::new(&*row.id).ok();
    template.bucket_id = Some(row.bucket.clone());
    template.category = Some(TemplateCategory::from(row.category.as_str()));
    template.smart_cover = Some(smart_cover(&row.cover));
    template.create_time = time(row.created);
    template.update_time = time(row.updated);
    template
}

pub(crate) fn queue(row: &QueueRow) -> Queue {
    let mut queue = Queue::default();
    queue.queue_id = QueueId::new(&*row.id).ok();
    queue.name = Some(row.name.clone());
    queue.state = Some(row.state.as_str().into());
    queue.notify_config = Some(notify_config(&row.notify));
    queue.max_size = Some(row.max_size);
    queue.max_concurrent = Some(row.max_concurrent);
    queue.update_time = time(row.updated);
    queue.create_time = time(row.created);
    queue.category = Some(row.category.clone());
    queue.bucket_id = Some(row.bucket.clone());
    queue
}

fn notify_config(spec: &NotifySpec) -> NotifyConfig {
    let mut config = NotifyConfig::default();
    config.url.clone_from(&spec.url);
    config.state = Some(spec.state.as_deref().unwrap_or("Off").into());
    config.channel = spec.kind.as_deref().map(Into::into);
    config.event.clone_from(&spec.event);
    config.result_format = spec.format.as_deref().map(Into::into);
    if let Some(mq) = &spec.mq {
        let of = CallBackMqConfig::new(&*mq.region, mq.mode.as_str().into(), &*mq.name);
        (config.mq_mode, config.mq_region, config.mq_name) = (of.mq_mode, of.mq_region, of.mq_name);
    }
    config.kafka_config = spec
        .kafka
        .as_ref()
        .map(|kafka| CallBackKafkaConfig::new(&*kafka.region, &*kafka.instance, &*kafka.topic));
    config
}

/// `NotifyConfig` as a queue keeps it.
pub(crate) fn notify_spec(config: &NotifyConfig) -> NotifySpec {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    NotifySpec {
        url: config.url.clone(),
        state: config.state.as_ref().map(ToString::to_string),
        event: config.event.clone(),
        format: config.result_format.as_ref().map(ToString::to_string),
        kind: config.channel.as_ref().map(ToString::to_string),
        mq: config.mq_name.as_ref().map(|name| MqSpec {
            region: text(&config.mq_region),
            mode: config.mq_mode.clone().unwrap_or_default().to_string(),
            name: name.clone(),
        }),
        kafka: config.kafka_config.as_ref().map(kafka_spec),
    }
}

pub(crate) fn bucket(row: &BucketRow) -> MediaBucket {
    let mut bucket = MediaBucket::default();
    bucket.bucket_id = Some(row.name.clone());
    bucket.name = Some(row.name.clone());
    bucket.region = Some(row.region.clone());
    bucket.create_time = time(row.created);
    bucket
}
