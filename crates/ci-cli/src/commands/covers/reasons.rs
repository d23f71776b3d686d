//! `--explain`: a page for each file with every frame that was looked at and why it became a cover or not.

use ci_model::Pixels;
use smart_cover::{Cancel, Format, Options};

use super::files;
use super::plan::{Input, Place, Plan};
use crate::failure::{Failure, Kind};

/// Writes the page of one input beside its covers; nothing for an object of the service, whose reasons nobody is told.
///
/// A job has no field for reasons, so the file is looked at once more. The same file and options
/// give the same covers, so what the page shows is what the job did.
pub(super) async fn write(plan: &Plan, input: &Input) -> Result<(), Failure> {
    if input.place != Place::File {
        return Ok(());
    }
    let cover = &plan.cover;
    let count = cover.count.unwrap_or_default().get();
    let options = Options::new()
        .count(u8::try_from(count).unwrap_or(u8::MAX))
        .width(cover.width.map(Pixels::get))
        .height(cover.height.map(Pixels::get))
        .format(plan.extension.parse::<Format>().unwrap_or_default())
        .delete_duplicates(cover.delete_duplicates.unwrap_or(false))
        .explain(true);
    let (video, cancel) = (input.path.clone(), Cancel::new());
    // Interrupted: the children end with the drop of this future, not after their work.
    let stop = Stop(cancel.clone());
    let picked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().map_err(failed)?;
        smart_cover::pick(&video, &options, folder.path(), &mut |_| {}, &cancel).map_err(failed)
    });
    let picked = picked.await.map_err(failed)??;
    drop(stop);
    let mut name = input.stem.clone();
    name.push("-explain.html");
    let page = plan.out.join(name);
    let html = smart_cover::contact_sheet(&picked, &input.shown);
    files::write_whole(&page, html.as_bytes())
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure::chain(Kind::Other, &error)
}

struct Stop(Cancel);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
