//! One file per command; each returns the exit code to end with, or the failure to tell of.

mod answer;
mod batch;
mod buckets;
mod completions;
mod covers;
mod doctor;
mod inspect;
mod jobs;
mod listen;
mod man;
mod objects;
mod pages;
mod queues;
mod serve;
mod sign;
mod templates;

use std::io::Read;
use std::path::Path;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::logs;
use crate::output::Output;
use crate::runtime::{block_on, block_on_whole};

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<u8, Failure> {
    let output = Output::new(cli.json, cli.verbose > 0);
    let serves = match &cli.command {
        Command::Serve(args) => Some(args.log.as_str()),
        _ => None,
    };
    logs::start(cli.verbose, serves);
    match cli.command {
        Command::Sign(args) => sign::run(&args, output),
        Command::Inspect(args) => inspect::run(&args, output),
        Command::Covers(args) => block_on_whole(covers::run(args, output)),
        Command::Serve(args) => block_on_whole(serve::run(args, output)),
        Command::Batch(args) => block_on_whole(batch::run(*args, output)),
        Command::Listen(args) => block_on_whole(listen::run(args, output)),
        Command::Doctor(args) => block_on(doctor::run(args, output)),
        Command::Jobs(args) => block_on(jobs::run(args, output)),
        Command::Templates(args) => block_on(templates::run(args, output)),
        Command::Queues(args) => block_on(queues::run(args, output)),
        Command::Buckets(args) => block_on(buckets::run(args, output)),
        Command::Completions(args) => completions::run(&args, output),
        Command::Man(args) => man::run(&args, output),
        Command::Objects(args) => block_on(objects::run(args, output)),
    }
}

/// The bytes of a file, or of stdin for `-` or no file at all.
fn input(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match file.filter(|file| *file != Path::new("-")) {
        None => std::io::stdin()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
            .map_err(|error| Failure::bad_input(format!("cannot read stdin: {error}"))),
        Some(file) => std::fs::read(file).map_err(|error| {
            Failure::bad_input(format!("cannot read {}: {error}", file.display()))
        }),
    }
}
