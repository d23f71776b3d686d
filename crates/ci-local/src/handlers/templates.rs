//! The calls on templates.

use axum::body::Body;
use ci_model::{
    DeleteTemplateResponse, ListTemplatesResponse, Tag, TemplateId, TemplateRequest,
    TemplateResponse, to_xml,
};
use http::{Response, StatusCode};

use super::body;
use super::call::Call;
use super::document::read;
use super::page::Paging;
use crate::documents;
use crate::reply::{Refusal, xml};
use crate::spec::CoverSpec;
use crate::store::templates::{self as table, Filter, TemplateRow};

/// Name and settings of a request that is in order.
async fn request(call: &Call<'_>, body: &mut Body) -> Result<(String, CoverSpec), Refusal> {
    let idle = call.shared.config.idle_timeout;
    let bytes = body::document(body, &call.head.headers, idle).await?;
    let request: TemplateRequest = read(&bytes)?;
    if let Some(violation) = request.violations().first() {
        return Err(Refusal::argument(format!("{violation}.")));
    }
    if request.tag != Some(Tag::SmartCover) {
        let tag = request.tag.as_ref().map_or("", Tag::as_str);
        return Err(Refusal::argument(format!(
            "Tag {tag} has no templates in the local engine, only SmartCover has."
        )));
    }
    let name = request
        .name
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let cover = request
        .smart_cover
        .as_ref()
        .map(documents::cover_spec)
        .unwrap_or_default();
    Ok((name, cover))
}

pub(super) async fn create(call: &Call<'_>, body: &mut Body) -> Result<Response<Body>, Refusal> {
    let (name, cover) = request(call, body).await?;
    let now = call.shared.clock.now();
    let row = TemplateRow {
        id: call.shared.ids.template(),
        bucket: call.bucket()?.to_owned(),
        tag: "SmartCover".to_owned(),
        name,
        category: "Custom".to_owned(),
        cover,
        created: now,
        updated: now,
    };
    let stored = row.clone();
    call.shared
        .store
        .write(move |c| table::insert(c, &stored).map_err(Refusal::from))
        .await?;
    Ok(answer(call, &row))
}

pub(super) async fn update(
    call: &Call<'_>,
    id: String,
    body: &mut Body,
) -> Result<Response<Body>, Refusal> {
    let (name, cover) = request(call, body).await?;
    let now = call.shared.clock.now();
    let bucket = call.bucket()?.to_owned();
    let row = call
        .shared
        .store
        .write(move |c| {
            let Some(old) = table::find(c, &bucket, &id)?.filter(|row| row.category == "Custom")
            else {
                return Err(absent(&id));
            };
            let row = TemplateRow {
                name,
                cover,
                updated: now,
                ..old
            };
            table::update(c, &row)?;
            Ok(row)
        })
        .await?;
    Ok(answer(call, &row))
}

fn answer(call: &Call<'_>, row: &TemplateRow) -> Response<Body> {
    let mut response = TemplateResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.template = documents::template(row);
    xml(to_xml(&response))
}

pub(super) async fn delete(call: &Call<'_>, id: String) -> Result<Response<Body>, Refusal> {
    let (bucket, wanted) = (call.bucket()?.to_owned(), id.clone());
    let removed = call
        .shared
        .store
        .write(move |c| table::remove(c, &bucket, &wanted).map_err(Refusal::from))
        .await?;
    if !removed {
        return Err(absent(&id));
    }
    let mut response = DeleteTemplateResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.template_id = TemplateId::new(id).ok();
    Ok(xml(to_xml(&response)))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let paging = Paging::of(call, 100)?;
    let category = call.param("category").unwrap_or("Custom");
    if !matches!(category, "Custom" | "Official") {
        return Err(Refusal::argument(format!(
            "category is {category:?}, it must be Official or Custom."
        )));
    }
    let filter = Filter {
        bucket: call.bucket()?.to_owned(),
        tag: call
            .param("tag")
            .filter(|tag| *tag != "All")
            .map(str::to_owned),
        category: Some(category.to_owned()),
        ids: call.words("ids"),
        name: call.param("name").map(str::to_owned),
    };
    let rows = call
        .shared
        .store
        .read(move |c| table::list(c, &filter))
        .await?;
    let mut response = ListTemplatesResponse::default();
    response.request_id = Some(call.request_id.to_owned());
    response.total_count = u32::try_from(rows.len()).ok();
    response.page_number = Some(paging.number);
    response.page_size = Some(paging.size);
    response.template_list = paging.cut(&rows).iter().map(documents::template).collect();
    Ok(xml(to_xml(&response)))
}

fn absent(id: &str) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "NoSuchTemplate",
        format!("The template {id} does not exist."),
    )
}
