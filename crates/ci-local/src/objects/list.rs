//! Lists a bucket's objects in the order of their keys' bytes, with prefix, delimiter and marker.

use std::fs;
use std::io;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use super::modified;

/// What to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListQuery {
    pub(crate) prefix: String,
    /// Empty: no grouping.
    pub(crate) delimiter: String,
    /// Only what comes after this key.
    pub(crate) marker: String,
    pub(crate) most: usize,
}

/// One object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    pub(crate) prefixes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

/// Lists the folder of one bucket, with the lent files among its own.
pub(super) fn list(
    folder: &Path,
    lent: Vec<(String, PathBuf)>,
    query: &ListQuery,
) -> io::Result<Listing> {
    let mut page = Page {
        query,
        out: Listing::default(),
        last: String::new(),
        lent: lent.into_iter().peekable(),
    };
    if query.most == 0 {
        return Ok(page.out);
    }
    let flow = match walk(folder, "", query, &mut |key, path| page.take(key, path)) {
        Ok(flow) => flow,
        Err(error) if error.kind() == io::ErrorKind::NotFound => ControlFlow::Continue(()),
        Err(error) => return Err(error),
    };
    if flow.is_continue() {
        let _ = page.lent_before(None)?;
    }
    Ok(page.out)
}

struct Page<'a> {
    query: &'a ListQuery,
    out: Listing,
    last: String,
    lent: Peekable<IntoIter<(String, PathBuf)>>,
}

impl Page<'_> {
    fn take(&mut self, key: &str, path: &Path) -> io::Result<ControlFlow<()>> {
        if self.lent_before(Some(key))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        self.put(key, path)
    }

    fn lent_before(&mut self, key: Option<&str>) -> io::Result<ControlFlow<()>> {
        while let Some((lent, path)) = self
            .lent
            .next_if(|(lent, _)| key.is_none_or(|key| lent.as_str() < key))
        {
            if self.put(&lent, &path)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn put(&mut self, key: &str, path: &Path) -> io::Result<ControlFlow<()>> {
        let query = self.query;
        let Some(rest) = key.strip_prefix(query.prefix.as_str()) else {
            return Ok(ControlFlow::Continue(()));
        };
        if key <= query.marker.as_str() {
            return Ok(ControlFlow::Continue(()));
        }
        let group = (!query.delimiter.is_empty())
            .then(|| rest.split_once(query.delimiter.as_str()))
            .flatten()
            .map(|(head, _)| format!("{}{head}{}", query.prefix, query.delimiter));
        if let Some(group) = &group
            && (self.out.prefixes.last() == Some(group) || group.as_str() <= query.marker.as_str())
        {
            return Ok(ControlFlow::Continue(()));
        }
        if self.out.entries.len() + self.out.prefixes.len() == query.most {
            self.out.next = Some(self.last.clone());
            return Ok(ControlFlow::Break(()));
        }
        if let Some(group) = group {
            self.last.clone_from(&group);
            self.out.prefixes.push(group);
        } else {
            let metadata = match fs::metadata(path) {
                Ok(metadata) => metadata,
                // Deleted while the list was made.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(ControlFlow::Continue(()));
                }
                Err(error) => return Err(error),
            };
            key.clone_into(&mut self.last);
            self.out.entries.push(Entry {
                key: key.to_owned(),
                size: metadata.len(),
                modified: modified(&metadata),
            });
        }
        Ok(ControlFlow::Continue(()))
    }
}

type Visit<'a> = dyn FnMut(&str, &Path) -> io::Result<ControlFlow<()>> + 'a;

/// Visits files in key order, leaving out folders that can hold nothing of interest.
fn walk(
    folder: &Path,
    above: &str,
    query: &ListQuery,
    visit: &mut Visit<'_>,
) -> io::Result<ControlFlow<()>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Names that are not UTF-8 are no keys; links are not followed.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            // With its slash a folder sorts where its keys do: `a-b` before `a/b` before `a0`.
            names.push(format!("{name}/"));
        } else if kind.is_file() {
            names.push(name);
        }
    }
    names.sort_unstable();
    for name in names {
        let key = format!("{above}{name}");
        if let Some(inner) = name.strip_suffix('/') {
            let within = key.starts_with(&query.prefix) || query.prefix.starts_with(&key);
            // All keys below a folder that sorts before the marker, and is no part of it, are past.
            let past = key.as_str() < query.marker.as_str() && !query.marker.starts_with(&key);
            if !within || past {
                continue;
            }
            match walk(&folder.join(inner), &key, query, visit) {
                Ok(ControlFlow::Continue(())) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                stop => return stop,
            }
        } else if visit(&key, &folder.join(&name))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
