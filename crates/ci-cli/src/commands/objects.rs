//! `cosci objects`: bring a video in and the covers out.

use std::path::Path;

use ci_core::{GetObject, PutObject};
use serde_json::json;

use super::covers::files::write_whole;
use crate::args::{Objects, ObjectsGet, ObjectsPut};
use crate::connect;
use crate::failure::Failure;
use crate::output::{self, Output};

pub(crate) async fn run(command: Objects, output: Output) -> Result<u8, Failure> {
    match command {
        Objects::Put(args) => put(args, output).await,
        Objects::Get(args) => get(args, output).await,
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
    output.either(
        || json!({ "request_id": reply.request_id, "attempts": reply.attempts, "document": document }),
        || format!("{}\n", args.key),
    )?;
    Ok(0)
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
    let reply = client.get_object(GetObject::new(&args.key)).await?;
    let object = reply.output;
    let Some(file) = file else {
        output::bytes(&object.bytes)?;
        return Ok(0);
    };
    write_whole(file, &object.bytes)?;
    let document = json!({ "Key": args.key, "ETag": object.head.etag, "Size": object.bytes.len() });
    output.either(
        || json!({ "request_id": reply.request_id, "attempts": reply.attempts, "document": document }),
        || format!("{}\n", file.display()),
    )?;
    Ok(0)
}
