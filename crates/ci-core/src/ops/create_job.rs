//! The one call that costs money: it is sent once, and can be found again by its mark.

use bytes::Bytes;
use ci_model::{CreateJobRequest, CreateJobResponse, JobsDetail, Tag, UserData};
use http::{Method, Request, response};

use crate::operation::Picked;
use crate::{Endpoint, Lookup, Operation, Repeat, ReplyError, RequestError, reply};

/// Creates a job, or up to six on one input. Source: 460/84791, 460/84764.
///
/// There is no idempotency key. [`Operation::stamp`] puts a mark into the `UserData` of operations without one, and
/// [`Operation::lookup`] finds the jobs again by it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateJob {
    /// The document that is sent.
    pub request: CreateJobRequest,
    /// For each operation, whether its `UserData` is a mark of ours.
    marked: Vec<bool>,
}

impl CreateJob {
    /// Sends this document.
    #[must_use]
    pub fn new(request: CreateJobRequest) -> Self {
        Self {
            request,
            marked: Vec::new(),
        }
    }
}

impl From<CreateJobRequest> for CreateJob {
    fn from(request: CreateJobRequest) -> Self {
        Self::new(request)
    }
}

impl Operation for CreateJob {
    const NAME: &'static str = "CreateJob";
    const REPEAT: Repeat = Repeat::Never;
    type Output = CreateJobResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let violations = self.request.violations();
        if !violations.is_empty() {
            return Err(RequestError::Invalid(violations));
        }
        to.xml(Method::POST, "/jobs", ci_model::to_xml(&self.request))
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<CreateJobResponse, ReplyError> {
        let read: CreateJobResponse = reply::document(head, body)?;
        // Without an id nobody can follow the job, so an answer without one is not an answer.
        if read.jobs_detail.is_empty() || read.jobs_detail.iter().any(|job| job.job_id.is_none()) {
            return Err(reply::unreadable(head, body, ci_model::ReadError::Empty));
        }
        Ok(read)
    }

    fn stamp(&mut self, mark: &str) -> bool {
        // A mark of an earlier call is kept: that is what it is for.
        if self.marked.contains(&true) {
            return true;
        }
        let several = self.request.operation.len() > 1;
        self.marked.clear();
        for (index, operation) in self.request.operation.iter_mut().enumerate() {
            let own = if several {
                format!("{mark}-{index}")
            } else {
                mark.to_owned()
            };
            let mark = match operation.user_data {
                None => UserData::new(own).ok(),
                Some(_) => None,
            };
            self.marked.push(mark.is_some());
            if mark.is_some() {
                operation.user_data = mark;
            }
        }
        self.marked.contains(&true)
    }

    fn lookup(&self) -> Option<Lookup<CreateJobResponse>> {
        let mut wanted = Vec::new();
        for (index, operation) in self.request.operation.iter().enumerate() {
            wanted.push(Wanted {
                tag: self.request.tag_of(operation)?.clone(),
                mark: operation.user_data.as_ref()?.as_str().to_owned(),
                unique: self.marked.get(index).copied().unwrap_or(false),
                input: self.request.input.object.clone()?,
                output: operation.output.object.clone()?,
            });
        }
        let mut tags: Vec<Tag> = Vec::new();
        for one in &wanted {
            if !tags.contains(&one.tag) {
                tags.push(one.tag.clone());
            }
        }
        let first = wanted.first()?;
        let mark = match (first.unique, first.mark.rsplit_once('-')) {
            (true, Some((mark, _))) if wanted.len() > 1 => mark.to_owned(),
            _ => first.mark.clone(),
        };
        Some(Lookup {
            tags,
            input: Some(first.input.clone()),
            mark,
            unique: wanted.iter().all(|one| one.unique),
            pick: Box::new(move |jobs, not_before| pick(&wanted, jobs, not_before)),
        })
    }
}

/// One job that should exist if the request was carried out.
struct Wanted {
    tag: Tag,
    mark: String,
    unique: bool,
    input: String,
    output: String,
}

impl Wanted {
    fn is(&self, job: &JobsDetail, not_before: i64) -> bool {
        let mark = job.operation.user_data.as_ref().map(UserData::as_str);
        if mark != Some(self.mark.as_str()) || job.job_id.is_none() {
            return false;
        }
        let created = job
            .creation_time
            .as_ref()
            .and_then(ci_model::CiTime::unix_seconds);
        let same = |ours: &str, theirs: &Option<String>| {
            theirs.as_deref().is_some_and(|theirs| {
                theirs.trim_start_matches('/') == ours.trim_start_matches('/')
            })
        };
        self.unique
            || (created.is_some_and(|created| created >= not_before)
                && same(&self.input, &job.input.object)
                && same(&self.output, &job.operation.output.object))
    }
}

fn pick(wanted: &[Wanted], jobs: &[JobsDetail], not_before: i64) -> Picked<CreateJobResponse> {
    let mut found = Vec::new();
    for one in wanted {
        let mut fitting = jobs.iter().filter(|job| one.is(job, not_before));
        let Some(job) = fitting.next() else {
            return Picked::Missing;
        };
        if fitting.any(|other| other.job_id != job.job_id) {
            return Picked::Ambiguous;
        }
        found.push(job.clone());
    }
    Picked::Found(CreateJobResponse::new(found))
}

#[cfg(test)]
mod tests {
    use ci_model::{JobOutput, OperationRequest, SmartCover};

    use super::super::testing::{head, line, read};
    use super::*;

    fn operation() -> OperationRequest {
        OperationRequest::inline(
            SmartCover::new(),
            JobOutput::new("ap-chongqing", "media-1250000000", "c/${number}.jpg"),
        )
    }

    fn call() -> CreateJob {
        CreateJob::new(CreateJobRequest::smart_cover("in/a.mp4", operation()))
    }

    /// A job as the list shows it.
    fn job(id: &str, mark: &str, input: &str, created: i64) -> JobsDetail {
        let time = ci_model::CiTime::from_unix_seconds(created).unwrap();
        let xml = format!(
            "<Response><JobsDetail><JobId>{id}</JobId><CreationTime>{time}</CreationTime><Input><Object>{input}</Object></Input>\
             <Operation><UserData>{mark}</UserData><Output><Object>c/${{number}}.jpg</Object></Output></Operation></JobsDetail></Response>"
        );
        ci_model::from_xml::<CreateJobResponse>(xml)
            .unwrap()
            .jobs_detail
            .remove(0)
    }

    #[test]
    fn the_document_goes_to_the_buckets_own_host() {
        let (line, body) = line(&call());
        assert_eq!(line, "POST b.ci/jobs");
        assert!(body.starts_with("<Request><Tag>SmartCover</Tag>"), "{body}");
    }

    #[test]
    fn a_document_the_service_would_refuse_is_not_sent_and_all_faults_are_named() {
        let request = CreateJobRequest::smart_cover(
            "",
            OperationRequest::inline(SmartCover::new(), JobOutput::new("", "b", "x")),
        );
        let error = CreateJob::new(request)
            .request(&super::super::testing::cloud())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("Input.Object")
                && error.contains("Output.Region")
                && error.contains("${number}"),
            "{error}"
        );
    }

    #[test]
    fn a_mark_goes_only_where_the_caller_left_room() {
        let mut ours = call();
        assert!(ours.stamp("m1"));
        assert_eq!(
            ours.request.operation[0]
                .user_data
                .as_ref()
                .unwrap()
                .as_str(),
            "m1"
        );
        let mut theirs = call();
        theirs.request.operation[0].user_data = Some(UserData::new("order 17").unwrap());
        assert!(!theirs.stamp("m1"));
        assert_eq!(theirs.lookup().unwrap().mark, "order 17");
        assert!(!theirs.lookup().unwrap().unique);
        let mut several = CreateJob::new(CreateJobRequest::several(
            "a",
            vec![operation().tag(Tag::SmartCover); 2],
        ));
        assert!(several.stamp("m-1"));
        let marks: Vec<_> = several
            .request
            .operation
            .iter()
            .map(|o| o.user_data.clone().unwrap().to_string())
            .collect();
        assert_eq!(marks, ["m-1-0", "m-1-1"]);
        assert_eq!(several.lookup().unwrap().mark, "m-1");
        assert!(several.stamp("m-2"));
        assert_eq!(several.lookup().unwrap().mark, "m-1", "a mark stays");
        assert!(
            call().lookup().is_none(),
            "without any mark there is nothing to look for"
        );
    }

    #[test]
    fn a_lost_job_is_found_by_its_mark_alone_when_the_mark_is_ours() {
        let mut call = call();
        call.stamp("m1");
        let lookup = call.lookup().unwrap();
        let jobs = [
            job("j1", "m0", "in/a.mp4", 100),
            job("j2", "m1", "/in/a.mp4", 50),
        ];
        let Picked::Found(found) = (lookup.pick)(&jobs, 90) else {
            panic!()
        };
        assert_eq!(found.jobs_detail[0].job_id.as_ref().unwrap().as_str(), "j2");
        assert!(matches!((lookup.pick)(&jobs[..1], 90), Picked::Missing));
    }

    #[test]
    fn with_the_callers_own_mark_time_and_objects_must_agree_and_two_are_too_many() {
        let mut call = call();
        call.request.operation[0].user_data = Some(UserData::new("order 17").unwrap());
        call.stamp("m1");
        let lookup = call.lookup().unwrap();
        let old = job("j1", "order 17", "in/a.mp4", 89);
        let other = job("j2", "order 17", "in/b.mp4", 91);
        let ours = job("j3", "order 17", "in/a.mp4", 91);
        let twin = job("j4", "order 17", "in/a.mp4", 92);
        let try_with = |jobs: &[JobsDetail]| (lookup.pick)(jobs, 90);
        assert!(matches!(
            try_with(&[old.clone(), other.clone()]),
            Picked::Missing
        ));
        assert!(matches!(
            try_with(&[old, other, ours.clone()]),
            Picked::Found(_)
        ));
        assert!(matches!(try_with(&[ours, twin]), Picked::Ambiguous));
    }

    #[test]
    fn an_answer_without_a_job_id_is_no_answer() {
        let good = "<Response><JobsDetail><JobId>j1</JobId></JobsDetail></Response>";
        assert_eq!(read::<CreateJob>(good).unwrap().jobs_detail.len(), 1);
        for body in [
            "<Response/>",
            "<Response><JobsDetail/></Response>",
            "<Response><JobsDetail><State>Submitted</State></JobsDetail></Response>",
        ] {
            assert!(
                matches!(read::<CreateJob>(body), Err(ReplyError::Unreadable(_))),
                "{body}"
            );
        }
        assert!(matches!(
            CreateJob::response(&head(500, &[]), &Bytes::new()),
            Err(ReplyError::Refused(_))
        ));
    }
}
