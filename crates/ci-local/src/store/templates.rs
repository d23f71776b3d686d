//! Table `templates`: named SmartCover settings of a bucket.

use rusqlite::{Connection, Row, params};

use super::{from_json, to_json};
use crate::clock::Millis;
use crate::error::StoreError;
use crate::spec::CoverSpec;

/// A template as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateRow {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) tag: String,
    pub(crate) name: String,
    /// `Custom` or `Official`.
    pub(crate) category: String,
    pub(crate) cover: CoverSpec,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
}

/// Which templates to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) bucket: String,
    pub(crate) tag: Option<String>,
    pub(crate) category: Option<String>,
    /// Empty is all.
    pub(crate) ids: Vec<String>,
    /// A prefix.
    pub(crate) name: Option<String>,
}

impl Filter {
    fn takes(&self, template: &TemplateRow) -> bool {
        self.tag.as_ref().is_none_or(|tag| *tag == template.tag)
            && self
                .category
                .as_ref()
                .is_none_or(|c| *c == template.category)
            && (self.ids.is_empty() || self.ids.contains(&template.id))
            && self
                .name
                .as_ref()
                .is_none_or(|name| template.name.starts_with(name))
    }
}

const COLUMNS: &str = "id, bucket, tag, name, category, cover, created, updated";

pub(crate) fn insert(connection: &Connection, template: &TemplateRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO templates (id, bucket, tag, name, category, cover, created, updated) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            template.id,
            template.bucket,
            template.tag,
            template.name,
            template.category,
            to_json(&template.cover)?,
            template.created,
            template.updated
        ])?;
    Ok(())
}

/// A template of the bucket, or an official one.
pub(crate) fn find(
    connection: &Connection,
    bucket: &str,
    id: &str,
) -> Result<Option<TemplateRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM templates WHERE id = ?2 AND (bucket = ?1 OR category = 'Official')"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([bucket, id])?;
    rows.next()?.map(read).transpose()
}

/// The templates of all buckets, oldest first.
pub(crate) fn all(connection: &Connection) -> Result<Vec<TemplateRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM templates ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut templates = Vec::new();
    while let Some(row) = rows.next()? {
        templates.push(read(row)?);
    }
    Ok(templates)
}

/// All that the filter takes, oldest first. Templates are few: the filter runs here.
pub(crate) fn list(
    connection: &Connection,
    filter: &Filter,
) -> Result<Vec<TemplateRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM templates WHERE bucket = ?1 OR category = 'Official' ORDER BY seq"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([&filter.bucket])?;
    let mut templates = Vec::new();
    while let Some(row) = rows.next()? {
        let template = read(row)?;
        if filter.takes(&template) {
            templates.push(template);
        }
    }
    Ok(templates)
}

/// Replaces name and settings of a template.
pub(crate) fn update(connection: &Connection, template: &TemplateRow) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE templates SET name = ?2, cover = ?3, updated = ?4 WHERE id = ?1")?
        .execute(params![
            template.id,
            template.name,
            to_json(&template.cover)?,
            template.updated
        ])?;
    Ok(())
}

/// Deletes a bucket's own template. Whether it was there.
pub(crate) fn remove(connection: &Connection, bucket: &str, id: &str) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "DELETE FROM templates WHERE bucket = ?1 AND id = ?2 AND category = 'Custom'",
        )?
        .execute([bucket, id])?;
    Ok(changed > 0)
}

fn read(row: &Row<'_>) -> Result<TemplateRow, StoreError> {
    let id: String = row.get(0)?;
    let cover: String = row.get(5)?;
    Ok(TemplateRow {
        bucket: row.get(1)?,
        tag: row.get(2)?,
        name: row.get(3)?,
        category: row.get(4)?,
        cover: from_json("templates", &id, &cover)?,
        created: row.get(6)?,
        updated: row.get(7)?,
        id,
    })
}
