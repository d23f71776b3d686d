//! An example for every command, shown below its `--help` and in its manual page.

use clap::{Command, CommandFactory};

use super::Cli;

/// By the words of the command; each line is a whole command line that the parser takes.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "covers",
        &[
            "cosci covers holiday.mp4 --count 5 --width 640",
            "cosci covers *.mp4 --out stills --format webp --dedupe",
            "cosci covers cos://media-1250000000/in/a.mp4 --region ap-chongqing",
        ],
    ),
    (
        "serve",
        &[
            "cosci serve",
            "cosci serve --addr 127.0.0.1:0 --ephemeral --json",
            "cosci serve --ephemeral --media synthetic --control",
        ],
    ),
    (
        "jobs create",
        &[
            "cosci jobs create --input in/a.mp4 --output 'covers/a-${number}.jpg' --count 5 --wait",
            "cosci jobs create --input in/a.mp4 --output 'covers/${number}.jpg' --callback https://example.com/ci --callback-format JSON",
        ],
    ),
    (
        "jobs get",
        &["cosci jobs get j1a2b3c4df5e411ec926ef19d53ba9c6f --json"],
    ),
    (
        "jobs list",
        &[
            "cosci jobs list --states Failed --limit 20",
            "cosci jobs list --since 2026-01-01T00:00:00+0800 --order asc",
        ],
    ),
    (
        "jobs cancel",
        &["cosci jobs cancel j1a2b3c4df5e411ec926ef19d53ba9c6f"],
    ),
    (
        "jobs wait",
        &["cosci jobs wait j1a2b3c4df5e411ec926ef19d53ba9c6f --wait-timeout 10m"],
    ),
    (
        "templates create",
        &["cosci templates create --name stills --count 5 --width 640"],
    ),
    (
        "templates get",
        &["cosci templates get t1f16e1dfbdc994105b31292d45710642a"],
    ),
    ("templates list", &["cosci templates list --json"]),
    (
        "templates update",
        &["cosci templates update t1f16e1dfbdc994105b31292d45710642a --name stills --count 3"],
    ),
    (
        "templates delete",
        &["cosci templates delete t1f16e1dfbdc994105b31292d45710642a"],
    ),
    ("queues list", &["cosci queues list"]),
    (
        "queues update",
        &["cosci queues update p2242ab62c7c94486915508540933a2c6 --state paused"],
    ),
    (
        "buckets list",
        &["cosci buckets list --region ap-chongqing"],
    ),
    (
        "buckets open",
        &["cosci buckets open --bucket media-1250000000 --region ap-chongqing"],
    ),
    (
        "buckets close",
        &["cosci buckets close --bucket media-1250000000 --region ap-chongqing"],
    ),
    (
        "objects put",
        &["cosci objects put holiday.mp4 in/holiday.mp4"],
    ),
    (
        "objects get",
        &["cosci objects get covers/a-0.jpg best.jpg"],
    ),
    ("objects list", &["cosci objects list covers/"]),
    ("objects rm", &["cosci objects rm in/holiday.mp4"]),
    ("sign", &["cosci sign --explain < request.json"]),
    (
        "inspect",
        &[
            "cosci inspect callback.json",
            "curl -s $URL | cosci inspect --json",
        ],
    ),
    (
        "batch",
        &["cosci batch jobs.jsonl --concurrency 8 --rate 10"],
    ),
    (
        "listen",
        &[
            "cosci listen",
            "cosci listen --exec 'mail -s \"$COSCI_STATE\" me@example.com'",
        ],
    ),
    (
        "doctor",
        &[
            "cosci doctor",
            "cosci doctor --endpoint http://127.0.0.1:7717",
        ],
    ),
    (
        "completions",
        &["cosci completions bash > /etc/bash_completion.d/cosci"],
    ),
    ("man", &["cosci man ~/.local/share/man/man1"]),
];

/// The command line, with its examples.
pub(crate) fn command() -> Command {
    Cli::command().mut_subcommands(|sub| with_examples(sub, ""))
}

fn with_examples(command: Command, above: &str) -> Command {
    let path = format!("{above}{}", command.get_name());
    let below = format!("{path} ");
    let command = command.mut_subcommands(|sub| with_examples(sub, &below));
    match of(&path) {
        Some(lines) => command.after_help(format!("Examples:\n  {}", lines.join("\n  "))),
        None => command,
    }
}

fn of(path: &str) -> Option<&'static [&'static str]> {
    let row = EXAMPLES.iter().find(|(words, _)| *words == path);
    row.map(|(_, lines)| *lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(command: &Command, path: &str, all: &mut Vec<String>) {
        let subs = command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help");
        for sub in subs {
            let path = format!("{path}{}", sub.get_name());
            if sub.has_subcommands() {
                leaves(sub, &format!("{path} "), all);
            } else {
                all.push(path);
            }
        }
    }

    #[test]
    fn every_command_has_examples_and_each_is_a_line_that_is_taken() {
        let mut all = Vec::new();
        leaves(&Cli::command(), "", &mut all);
        assert!(all.len() > 20, "{all:?}");
        for path in all {
            let lines = of(&path).unwrap_or_else(|| panic!("{path} has no example"));
            for line in lines {
                let start = line.find("cosci ").expect("an example of this tool");
                let end = line.find([';', '<', '>', '|']).filter(|end| *end > start);
                let words = words_of(&line[start..end.unwrap_or(line.len())]);
                assert!(
                    words[1..].join(" ").starts_with(&path),
                    "{line} is not of {path}"
                );
                if let Err(error) = command().try_get_matches_from(&words) {
                    panic!("{line}: {error}");
                }
            }
        }
    }

    /// As a shell would split it; quotes of one kind at a time.
    fn words_of(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (index, part) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }
}
