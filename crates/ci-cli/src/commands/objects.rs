//! `cosci objects`: bring a video in and the covers out, see what is there, delete it.

use std::path::Path;

use ci_core::{ListObjects, ObjectSummary, PutObject};
use serde_json::json;

use super::answer::{Answer, cell};
use super::covers::files::write_whole;
use crate::args::{Objects, ObjectsGet, ObjectsList, ObjectsPut, ObjectsRm};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

pub(crate) async fn run(command: Objects, output: Output) -> Result<u8, Failure> {
    match command {
        Objects::Put(args) => put(args, output).await,
        Objects::Get(args) => get(args, output).await,
        Objects::List(args) => list(args, output).await,
        Objects::Rm(args) => rm(args, output).await,
    }
}

async fn put(args: ObjectsPut, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = if args.file == Path::new("-") {
        let bytes = super::input(None)?;
        client.send(PutObject::new(&args.key, bytes)).await?
    } else {
        let metadata = std::fs::metadata(&args.file);
        match metadata {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => {
                return Err(Failure::bad_input(format!(
                    "{} is not a file",
                    args.file.display()
                )));
            }
            Err(error) => {
                return Err(Failure::bad_input(format!(
                    "cannot read {}: {error}",
                    args.file.display()
                )));
            }
        }
        client.put_file(&args.key, &args.file).await?
    };
    let document = json!({ "Key": args.key, "ETag": reply.output.etag });
    Answer::with(&reply, document).print(output, || format!("{}\n", args.key))
}

/// With `--json` and no file, stdout belongs to the document, so the object needs a file.
async fn get(args: ObjectsGet, output: Output) -> Result<u8, Failure> {
    let file = args.file.as_deref().filter(|file| *file != Path::new("-"));
    if output.is_json() && file.is_none() {
        return Err(Failure::usage(
            "--json needs a FILE for the object: both cannot go to stdout",
        ));
    }
    let client = connect::client(&args.connection, None)?;
    let reply = client.get_object(&args.key).await?;
    let object = &reply.output;
    let Some(file) = file else {
        output::bytes(&object.bytes)?;
        return Ok(0);
    };
    write_whole(file, &object.bytes)?;
    let document = json!({ "Key": args.key, "ETag": object.head.etag, "Size": object.bytes.len() });
    Answer::with(&reply, document).print(output, || format!("{}\n", file.display()))
}

/// Most objects of a page. Source: 436/7734.
const LARGEST: u32 = 1000;

/// The document has the names of the service's own, with all pages that were read in one.
async fn list(args: ObjectsList, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let mut list = ListObjects::new();
    list.prefix = args.prefix;
    let mut left = args.limit;
    let (mut objects, mut attempts) = (Vec::new(), 0);
    let (request_id, next) = loop {
        list.max_keys = Some(left.min(LARGEST));
        let reply = client.list_objects(list.clone()).await?;
        attempts += reply.attempts;
        let mut page = reply.output.objects;
        page.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= u32::try_from(page.len()).unwrap_or(left);
        objects.append(&mut page);
        let next = reply.output.next_marker;
        match next.filter(|marker| Some(marker) != list.marker.as_ref()) {
            Some(marker) if left > 0 => list.marker = Some(marker),
            next => break (reply.request_id, next),
        }
    };
    let contents: Vec<_> = objects.iter().map(summary).collect();
    let goes_on = next.is_some();
    let document = match next {
        Some(marker) => json!({ "Contents": contents, "NextMarker": marker }),
        None => json!({ "Contents": contents }),
    };
    let answer = Answer {
        request_id,
        attempts,
        document,
    };
    let code = answer.print(output, || table(&objects))?;
    if goes_on {
        super::pages::more(output);
    }
    Ok(code)
}

fn summary(object: &ObjectSummary) -> serde_json::Value {
    json!({
        "Key": object.key,
        "Size": object.size,
        "ETag": object.etag,
        "LastModified": object.last_modified,
    })
}

fn table(objects: &[ObjectSummary]) -> String {
    let mut rows = vec![["SIZE", "MODIFIED", "KEY"].map(str::to_owned).to_vec()];
    for object in objects {
        rows.push(vec![
            object.size.to_string(),
            cell(object.last_modified.as_ref()),
            object.key.clone(),
        ]);
    }
    output::table(&rows)
}

/// The service says the same whether there was an object or not.
async fn rm(args: ObjectsRm, output: Output) -> Result<u8, Failure> {
    let client = connect::client(&args.connection, None)?;
    let reply = client.delete_object(&args.key).await?;
    let document = json!({ "Key": args.key });
    Answer::with(&reply, document).print(output, || format!("{}\n", args.key))
}
