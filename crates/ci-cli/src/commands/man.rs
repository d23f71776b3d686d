//! `cosci man`: a manual page for the tool and for each of its commands.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_mangen::Man as Page;
use serde_json::json;

use crate::args::{Man, command};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(args: &Man, output: Output) -> Result<u8, Failure> {
    fs::create_dir_all(&args.folder).map_err(|error| refused(&args.folder, &error))?;
    let mut names = Vec::new();
    let mut tool = command();
    // Flags that all commands share, and `help`, are there only after this.
    tool.build();
    write(&tool, "cosci", &args.folder, &mut names)?;
    let folder = args.folder.display().to_string();
    output.either(
        || json!({ "folder": folder, "pages": names }),
        || format!("{} pages in {folder}\n", names.len()),
    )?;
    Ok(0)
}

/// Writes the page of a command, and then those of the commands below it.
fn write(
    command: &Command,
    name: &str,
    folder: &Path,
    names: &mut Vec<String>,
) -> Result<(), Failure> {
    let file = format!("{name}.1");
    let path = folder.join(&file);
    let mut page = Vec::new();
    Page::new(command.clone())
        .render(&mut page)
        .and_then(|()| fs::write(&path, &page))
        .map_err(|error| refused(&path, &error))?;
    names.push(file);
    for below in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        write(
            below,
            &format!("{name}-{}", below.get_name()),
            folder,
            names,
        )?;
    }
    Ok(())
}

fn refused(path: &Path, error: &std::io::Error) -> Failure {
    Failure::bad_input(format!("cannot write {}: {error}", path.display()))
}
