//! Lists of numbered pages, brought together as one answer of at most so many entries.

use ci_client::{CallError, Client};
use ci_core::Operation;
use ci_model::{
    Document, ListBucketsResponse, ListQueuesResponse, ListTemplatesResponse, MediaBucket, Queue,
    Template,
};

use super::answer::{Answer, document};
use crate::failure::Failure;
use crate::output::{Output, note};

/// Most entries of a page that the service gives.
const LARGEST: u32 = 100;

/// One page of a list.
pub(super) trait Page: Document {
    type Entry;
    /// Entries on all pages.
    fn total(&self) -> Option<u32>;
    /// Entries that a full page has, as the service sees it.
    fn size(&self) -> Option<u32>;
    fn entries(&mut self) -> &mut Vec<Self::Entry>;
}

macro_rules! pages {
    ($($page:ident of $entry:ident in $field:ident;)*) => {
        $(impl Page for $page {
            type Entry = $entry;
            fn total(&self) -> Option<u32> {
                self.total_count
            }
            fn size(&self) -> Option<u32> {
                self.page_size
            }
            fn entries(&mut self) -> &mut Vec<$entry> {
                &mut self.$field
            }
        })*
    };
}

pages! {
    ListTemplatesResponse of Template in template_list;
    ListQueuesResponse of Queue in queue_list;
    ListBucketsResponse of MediaBucket in media_bucket_list;
}

/// A list as far as it was asked for.
pub(super) struct Listed<P> {
    /// The first page, with the entries of all that were read.
    pub(super) page: P,
    request_id: Option<String>,
    attempts: u32,
    more: bool,
}

/// Reads pages until there are `limit` entries or no more; `list` makes the call for a page of a number and a size.
pub(super) async fn read<L>(
    client: &Client,
    limit: u32,
    list: impl Fn(u32, u32) -> L,
) -> Result<Listed<L::Output>, CallError>
where
    L: Operation,
    L::Output: Page,
{
    let size = limit.min(LARGEST);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let first = client.send(list(1, size)).await?;
    let (mut page, mut request_id, mut attempts) = (first.output, first.request_id, first.attempts);
    let size = page.size().unwrap_or(size).clamp(1, size);
    let full = usize::try_from(size).unwrap_or(usize::MAX);
    let mut last = page.entries().len();
    let mut number = 1;
    // A list without a total ends with a page that is not full.
    let more = |had: usize, last: usize, total: Option<u32>| match total {
        Some(total) => last > 0 && had < usize::try_from(total).unwrap_or(usize::MAX),
        None => last >= full,
    };
    while page.entries().len() < most && more(page.entries().len(), last, page.total()) {
        number += 1;
        let mut next = client.send(list(number, size)).await?;
        request_id = next.request_id;
        attempts += next.attempts;
        last = next.output.entries().len();
        page.entries().append(next.output.entries());
    }
    let more = page.entries().len() > most || more(page.entries().len(), last, page.total());
    page.entries().truncate(most);
    Ok(Listed {
        page,
        request_id,
        attempts,
        more,
    })
}

impl<P: Page> Listed<P> {
    /// What scripts read of it.
    pub(super) fn answer(&self) -> Answer {
        Answer {
            request_id: self.request_id.clone(),
            attempts: self.attempts,
            document: document(&self.page),
        }
    }

    /// Prints it, and says when there are more entries.
    pub(super) fn print(
        self,
        output: Output,
        text: impl FnOnce(&P) -> String,
    ) -> Result<u8, Failure> {
        let code = self.answer().print(output, || text(&self.page))?;
        if self.more {
            more(output);
        }
        Ok(code)
    }
}

/// Tells a person that a list goes on; scripts see it in the document.
pub(super) fn more(output: Output) {
    if !output.is_json() {
        note("cosci: there are more, --limit lists them");
    }
}
