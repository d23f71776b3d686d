//! Templates: parameters kept under an id.

use crate::job::response;
use crate::text::text_enum;
use crate::{CiTime, SmartCover, Tag, TemplateId, TemplateName, time};
use serde::{Deserialize, Serialize};

/// Body of `POST /template` and `PUT /template/<id>`. Source: 460/84734, 460/84755.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TemplateRequest {
    /// Kind of work.
    pub tag: Option<Tag>,
    /// Name of the template.
    pub name: Option<TemplateName>,
    /// The parameters; an empty element means all defaults.
    #[serde(deserialize_with = "crate::job::present")]
    pub smart_cover: Option<SmartCover>,
}

impl crate::Document for TemplateRequest {
    const ROOT: &'static str = "Request";
}

impl TemplateRequest {
    /// A template for covers.
    #[must_use]
    pub fn new(name: TemplateName, smart_cover: SmartCover) -> Self {
        Self {
            tag: Some(Tag::SmartCover),
            name: Some(name),
            smart_cover: Some(smart_cover),
        }
    }
}

text_enum! {
    /// Who made a template. Source: 460/84739.
    pub enum TemplateCategory {
        /// A user.
        Custom = "Custom",
        /// The service.
        Official = "Official",
    }
}

/// A template as the service describes it. Source: 460/84734.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Template {
    /// Kind of work.
    pub tag: Option<Tag>,
    /// Name.
    pub name: Option<TemplateName>,
    /// Id.
    pub template_id: Option<TemplateId>,
    /// Bucket it belongs to.
    pub bucket_id: Option<String>,
    /// Who made it.
    pub category: Option<TemplateCategory>,
    /// The parameters.
    #[serde(deserialize_with = "crate::job::present")]
    pub smart_cover: Option<SmartCover>,
    /// When it was made.
    #[serde(deserialize_with = "time::optional")]
    pub create_time: Option<CiTime>,
    /// When it was last changed.
    #[serde(deserialize_with = "time::optional")]
    pub update_time: Option<CiTime>,
    /// Known to the Java SDK only; its values are not documented.
    pub state: Option<String>,
}

response! {
    /// Answer to creating and replacing a template. Source: 460/84734, 460/84755.
    TemplateResponse {
        /// Id of the request; older answers lack it.
        request_id: Option<String>,
        /// The template.
        template: Template,
    }
}

response! {
    /// Answer to `DELETE /template/<id>`. Source: 460/84738.
    DeleteTemplateResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// The template that is gone.
        template_id: Option<TemplateId>,
    }
}

response! {
    /// Answer to `GET /template`. Source: 460/84739.
    ListTemplatesResponse {
        /// Id of the request.
        request_id: Option<String>,
        /// How many there are on all pages.
        total_count: Option<u32>,
        /// Number of this page, from 1.
        page_number: Option<u32>,
        /// Most entries of a page, 1 to 100.
        page_size: Option<u32>,
        /// This page.
        template_list: Vec<Template>,
    }
}
