//! Templates: parameters kept under an id.

use bytes::Bytes;
use ci_model::{
    DeleteTemplateResponse, ListTemplatesResponse, Tag, TemplateCategory, TemplateId,
    TemplateRequest, TemplateResponse,
};
use cos_sign::encode_component;
use http::{Method, Request, response};

use super::setters;
use crate::query::Query;
use crate::{Endpoint, Operation, Repeat, ReplyError, RequestError, Service, reply};

fn checked(request: &TemplateRequest) -> Result<String, RequestError> {
    let violations = request.violations();
    if violations.is_empty() {
        Ok(ci_model::to_xml(request))
    } else {
        Err(RequestError::Invalid(violations))
    }
}

fn path(id: &TemplateId) -> String {
    format!("/template/{}", encode_component(id.as_str()))
}

/// Creates a template. Whether a name can be given twice is not documented, so it is not sent twice.
/// Source: 460/84734.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateTemplate {
    /// Name and parameters.
    pub request: TemplateRequest,
}

impl CreateTemplate {
    /// Creates this one.
    #[must_use]
    pub fn new(request: TemplateRequest) -> Self {
        Self { request }
    }
}

impl Operation for CreateTemplate {
    const NAME: &'static str = "CreateTemplate";
    const REPEAT: Repeat = Repeat::Never;
    type Output = TemplateResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.xml(Method::POST, "/template", checked(&self.request)?)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<TemplateResponse, ReplyError> {
        reply::document(head, body)
    }
}

/// Replaces a template as a whole. Source: 460/84755.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateTemplate {
    /// Which.
    pub template: TemplateId,
    /// Name and parameters.
    pub request: TemplateRequest,
}

impl UpdateTemplate {
    /// Replaces `template`.
    #[must_use]
    pub fn new(template: TemplateId, request: TemplateRequest) -> Self {
        Self { template, request }
    }
}

impl Operation for UpdateTemplate {
    const NAME: &'static str = "UpdateTemplate";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = TemplateResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.xml(Method::PUT, &path(&self.template), checked(&self.request)?)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<TemplateResponse, ReplyError> {
        reply::document(head, body)
    }
}

/// Deletes a template. Source: 460/84738.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteTemplate {
    /// Which.
    pub template: TemplateId,
}

impl DeleteTemplate {
    /// Deletes `template`.
    #[must_use]
    pub fn new(template: TemplateId) -> Self {
        Self { template }
    }
}

impl Operation for DeleteTemplate {
    const NAME: &'static str = "DeleteTemplate";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = DeleteTemplateResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        to.empty(Method::DELETE, &path(&self.template), &Query::new())
    }

    fn response(
        head: &response::Parts,
        body: &Bytes,
    ) -> Result<DeleteTemplateResponse, ReplyError> {
        // The Java SDK does not read this body, so it may as well be empty.
        if head.status.is_success() && body.is_empty() {
            return Ok(DeleteTemplateResponse::default());
        }
        reply::document(head, body)
    }
}

/// Lists templates; there is no call for a single one, ask for its id here. Source: 460/84739.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListTemplates {
    /// Of one kind of work; of all by default.
    pub tag: Option<Tag>,
    /// The service's own or the user's, which is the default.
    pub category: Option<TemplateCategory>,
    /// With these ids.
    pub ids: Vec<TemplateId>,
    /// With a name that begins so.
    pub name: Option<String>,
    /// Which page, from 1.
    pub page_number: Option<u32>,
    /// Templates on a page: 10 by default, at most 100.
    pub page_size: Option<u32>,
}

impl ListTemplates {
    /// All templates of the user.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets the kind of work.
        tag: Tag,
        /// Sets who made them.
        category: TemplateCategory,
        /// Sets what the name begins with.
        name: String,
        /// Sets the page.
        page_number: u32,
        /// Sets how many stand on a page.
        page_size: u32,
    }

    /// Sets the ids.
    #[must_use]
    pub fn ids(mut self, ids: impl IntoIterator<Item = TemplateId>) -> Self {
        self.ids = ids.into_iter().collect();
        self
    }
}

impl Operation for ListTemplates {
    const NAME: &'static str = "ListTemplates";
    const REPEAT: Repeat = Repeat::Safe;
    type Output = ListTemplatesResponse;

    fn request(&self, to: &Endpoint) -> Result<Request<Bytes>, RequestError> {
        let query = Query::new()
            .opt("tag", self.tag.as_ref().map(Tag::as_str))
            .opt(
                "category",
                self.category.as_ref().map(TemplateCategory::as_str),
            )
            .list("ids", &self.ids)
            .opt("name", self.name.as_ref())
            .num("pageNumber", self.page_number)
            .num("pageSize", self.page_size);
        to.get(Service::Ci, "/template", &query)
    }

    fn response(head: &response::Parts, body: &Bytes) -> Result<ListTemplatesResponse, ReplyError> {
        reply::document(head, body)
    }
}

#[cfg(test)]
mod tests {
    use ci_model::{SmartCover, TemplateName};

    use super::super::testing::{cloud, line, read};
    use super::*;

    #[test]
    fn templates_are_made_replaced_and_deleted_by_their_paths() {
        let request = TemplateRequest::new(TemplateName::new("web").unwrap(), SmartCover::new());
        let (made, body) = line(&CreateTemplate::new(request.clone()));
        assert_eq!(made, "POST b.ci/template");
        assert!(body.contains("<Name>web</Name>"), "{body}");
        let id = TemplateId::new("t1").unwrap();
        assert_eq!(
            line(&UpdateTemplate::new(id.clone(), request)).0,
            "PUT b.ci/template/t1"
        );
        assert_eq!(line(&DeleteTemplate::new(id)).0, "DELETE b.ci/template/t1");
        assert!(
            CreateTemplate::new(TemplateRequest::default())
                .request(&cloud())
                .is_err()
        );
    }

    #[test]
    fn templates_are_listed_with_every_filter() {
        let call = ListTemplates::new()
            .tag(Tag::SmartCover)
            .category(TemplateCategory::Official)
            .ids([
                TemplateId::new("t1").unwrap(),
                TemplateId::new("t2").unwrap(),
            ])
            .name("we")
            .page_number(2)
            .page_size(100);
        let expected = "GET b.ci/template?tag=SmartCover&category=Official&ids=t1%2Ct2&name=we&pageNumber=2&pageSize=100";
        assert_eq!(line(&call).0, expected);
        assert_eq!(line(&ListTemplates::new()).0, "GET b.ci/template");
    }

    #[test]
    fn a_deletion_may_be_answered_with_or_without_a_document() {
        assert!(read::<DeleteTemplate>("").unwrap().template_id.is_none());
        let answer =
            read::<DeleteTemplate>("<Response><TemplateId>t1</TemplateId></Response>").unwrap();
        assert_eq!(answer.template_id.unwrap().as_str(), "t1");
    }
}
