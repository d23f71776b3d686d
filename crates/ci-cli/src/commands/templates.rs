//! `cosci templates`: parameters of covers under an id.

use ci_core::ListTemplates;
use ci_model::{Template, TemplateCategory, TemplateRequest};

use super::answer::{Answer, cell};
use super::covers::plan::smart_cover;
use super::pages;
use crate::args::{
    Templates, TemplatesCreate, TemplatesDelete, TemplatesGet, TemplatesList, TemplatesUpdate,
};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

pub(crate) async fn run(command: Templates, output: Output) -> Result<u8, Failure> {
    match command {
        Templates::Create(args) => create(args, output).await,
        Templates::Get(args) => get(args, output).await,
        Templates::List(args) => list(args, output).await,
        Templates::Update(args) => update(args, output).await,
        Templates::Delete(args) => delete(args, output).await,
    }
}

async fn create(args: TemplatesCreate, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.create_template(request(&args)).await?;
    let id = cell(reply.output.template.template_id.as_ref());
    Answer::of(&reply).print(output, || format!("{id}\n"))
}

fn request(args: &TemplatesCreate) -> TemplateRequest {
    TemplateRequest::new(args.name.clone(), smart_cover(&args.options).0)
}

/// The service has no call for one template: the list is asked for these ids.
async fn get(args: TemplatesGet, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let list = ListTemplates::new().ids(args.ids.clone()).page_size(100);
    let reply = client.list_templates(list).await?;
    let found = &reply.output.template_list;
    let missing: Vec<String> = args
        .ids
        .iter()
        .filter(|id| !found.iter().any(|one| one.template_id.as_ref() == Some(id)))
        .map(ToString::to_string)
        .collect();
    Answer::of(&reply).print_found(output, "template", found.len(), &missing, || table(found))
}

async fn list(args: TemplatesList, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let category = match args.category.as_str() {
        word if word.eq_ignore_ascii_case("official") => TemplateCategory::Official,
        _ => TemplateCategory::Custom,
    };
    let listed = pages::read(&client, args.limit, |number, size| {
        let mut list = ListTemplates::new()
            .category(category.clone())
            .page_number(number)
            .page_size(size);
        list.name.clone_from(&args.name);
        list
    });
    listed
        .await?
        .print(output, |page| table(&page.template_list))
}

async fn update(args: TemplatesUpdate, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.becomes.connection, None)?;
    let request = request(&args.becomes);
    let reply = client.update_template(&args.id, request).await?;
    Answer::of(&reply).print(output, || {
        table(std::slice::from_ref(&reply.output.template))
    })
}

async fn delete(args: TemplatesDelete, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.delete_template(&args.id).await?;
    Answer::of(&reply).print(output, || format!("{}\n", args.id))
}

fn table(templates: &[Template]) -> String {
    let head = ["TEMPLATE", "NAME", "COUNT", "SIZE", "FORMAT", "UPDATED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for template in templates {
        let cover = template.smart_cover.as_ref();
        let (width, height) = (cover.and_then(|c| c.width), cover.and_then(|c| c.height));
        rows.push(vec![
            cell(template.template_id.as_ref()),
            cell(template.name.as_ref().map(ci_model::TemplateName::as_str)),
            cell(cover.and_then(|cover| cover.count)),
            match (width, height) {
                (None, None) => "-".to_owned(),
                (width, height) => format!("{}x{}", cell(width), cell(height)),
            },
            cell(cover.and_then(|cover| cover.format.as_ref())),
            cell(template.update_time.as_ref()),
        ]);
    }
    output::table(&rows)
}
