//! `cosci`: cover frames from videos, on this machine or with Cloud Infinite.

#![doc = include_str!("../README.md")]

mod advice;
mod args;
mod commands;
mod connect;
mod failure;
mod logs;
mod output;
mod runtime;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let (output, outcome) = match parse(&words) {
        Ok(cli) => (Output::new(cli.json, cli.verbose > 0), commands::run(cli)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            let text = error.render();
            return match output::print(&text.to_string()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        Err(error) => (Output::new(wants_json(&words), false), Err(usage(&error))),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.kind.exit())
        }
    }
}

fn parse(words: &[OsString]) -> Result<Cli, clap::Error> {
    let mut tool = args::command();
    // `serve` keeps its data or does not: what a flag says of that wins over what the environment says of the other.
    for (flag, other) in [("--ephemeral", "data"), ("--data", "ephemeral")] {
        let given = |word: &OsString| {
            let word = word.to_string_lossy();
            word.split_once('=').map_or(&*word, |(name, _)| name) == flag
        };
        if words.iter().any(given) {
            tool = tool.mut_subcommand("serve", |serve| {
                serve.mut_arg(other, |argument| argument.env(None::<&'static str>))
            });
        }
    }
    let matches = tool.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut tool))
}

/// Whether `--json` was among the words, for a command line that could not be read.
fn wants_json(words: &[OsString]) -> bool {
    words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json")
}

/// What was wrong with the command line, without the page of usage below it.
fn usage(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|l| !l.is_empty())
        .collect();
    let said = said.join(" ");
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let said = said
        .split(" For more information, try")
        .next()
        .unwrap_or(said);
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            Failure::usage("a command is missing; `cosci --help` lists them")
        }
        ErrorKind::MissingRequiredArgument => {
            let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
            let words = usage.unwrap_or("cosci").split(' ');
            let command: Vec<&str> = words
                .take_while(|word| !word.starts_with(['<', '[', '-']))
                .collect();
            let command = command.join(" ");
            Failure::usage(format!("{said}; `{command} --help` shows examples"))
        }
        _ => Failure::usage(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        usage(
            &parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
                .expect_err("a refusal"),
        )
        .message
    }

    #[test]
    fn a_refusal_is_one_line_with_the_value_and_the_range() {
        let message = refused("cosci covers a.mp4 --count 11");
        assert!(
            message.contains("11") && message.contains("1 to 10") && !message.contains('\n'),
            "{message}"
        );
        let message = refused("cosci covers a.mp4 --width 127");
        assert!(
            message.contains("127") && message.contains("128 to 4096"),
            "{message}"
        );
    }

    #[test]
    fn what_is_missing_leads_to_the_help_of_its_own_command() {
        let message = refused("cosci jobs create --input a");
        assert!(
            message.contains("--output") && message.contains("`cosci jobs create --help`"),
            "{message}"
        );
    }

    #[test]
    fn json_is_wanted_only_before_the_end_of_flags() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&words("cosci covers --json --count 0")));
        assert!(!wants_json(&words("cosci covers -- --json")));
    }

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
