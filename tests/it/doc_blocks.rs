//! Every block of code in the pages: what is done with it, done, and written down in `docs/doc-blocks.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;
use std::thread;

use ci_tests::pages::{Block, all, blocks, root};
use ci_tests::shell_page::{self, CLOUD_PAIR, StandIn};

/// What the tests do with a block.
#[derive(Debug, PartialEq, Eq)]
enum How {
    /// Runs with the other blocks of its page in one shell.
    Shell,
    /// Runs as a test of rustdoc, because the README is the front page of its crate.
    DocTest,
    /// Is compiled as a test of rustdoc and not run, for a reason.
    CompiledOnly(String),
    /// Stands word for word in a program that the tests run.
    From(String),
    /// Is run by a test of its own.
    By(String),
    /// Is read by the parser of its format.
    Parsed,
    /// Nothing, for a reason.
    NotRun(String),
    /// What the blocks before it print: each line must come, with anything for `…`.
    Prints,
    /// Not code: a drawing.
    Text,
}

impl How {
    /// Decides by language, place and marker; an error names what the page has to say.
    fn of(block: &Block) -> Result<Self, String> {
        let marker = block.marker.as_deref().unwrap_or_default();
        if let Some(why) = marker.strip_prefix("not run: ") {
            return Ok(Self::NotRun(why.to_owned()));
        }
        if let Some(file) = marker.strip_prefix("from ") {
            return Ok(Self::From(file.to_owned()));
        }
        if let Some(test) = marker.strip_prefix("run by ") {
            return Ok(Self::By(test.to_owned()));
        }
        match block.language.as_str() {
            "sh" => Ok(Self::Shell),
            "json" | "xml" | "toml" => Ok(Self::Parsed),
            "" | "text" if marker == "prints" => Ok(Self::Prints),
            "" | "text" => Ok(Self::Text),
            "rust" if of_a_crate(&block.page) => {
                let held_back = block.attributes.iter().any(|word| word == "no_run");
                match (held_back, marker.strip_prefix("compiled only: ")) {
                    (true, Some(why)) => Ok(Self::CompiledOnly(why.to_owned())),
                    (true, None) => {
                        Err("say why it is not run: <!-- compiled only: WHY -->".into())
                    }
                    (false, _) => Ok(Self::DocTest),
                }
            }
            other => Err(format!(
                "a block of {other:?} needs <!-- from FILE --> (a program that the tests run), <!-- run by TEST --> or \
                 <!-- not run: WHY --> \
                 on the line before it"
            )),
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Shell => "run in the shell of its page".into(),
            Self::DocTest => "run by rustdoc".into(),
            Self::CompiledOnly(why) => format!("compiled by rustdoc: {why}"),
            Self::From(file) => format!("run as part of `{file}`"),
            Self::By(test) => format!("run by `{test}`"),
            Self::Parsed => "read by a parser".into(),
            Self::NotRun(why) => format!("**not run**: {why}"),
            Self::Prints => "looked for in what the page prints".into(),
            Self::Text => "no code".into(),
        }
    }
}

/// Whether this is the front page of a library, whose Rust rustdoc runs.
fn of_a_crate(page: &str) -> bool {
    let folder = root()
        .join(page)
        .parent()
        .map(|folder| folder.join("src/lib.rs"));
    let library = folder.and_then(|file| fs::read_to_string(file).ok());
    library.is_some_and(|text| text.contains(r#"#![doc = include_str!("../README.md")]"#))
}

#[test]
fn every_block_is_accounted_for_and_the_list_is_up_to_date() {
    let mut faults = Vec::new();
    let mut rows = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for page in all().iter().filter(|page| *page != LIST) {
        for (index, block) in blocks(page).iter().enumerate() {
            let place = format!("{page}:{}", block.line);
            match How::of(block) {
                Ok(how) => {
                    if let Err(fault) = checked(&how, block) {
                        faults.push(format!("{place}: {fault}"));
                    }
                    *counts.entry(kind(&how)).or_default() += 1;
                    let language = if block.language.is_empty() {
                        "–"
                    } else {
                        &block.language
                    };
                    writeln!(
                        rows,
                        "| {page} | {} | {language} | {} |",
                        index + 1,
                        how.says()
                    )
                    .expect("a string takes all");
                }
                Err(fault) => faults.push(format!("{place}: {fault}")),
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let counts: Vec<_> = counts
        .iter()
        .map(|(kind, n)| format!("- {kind}: {n}"))
        .collect();
    let list = format!(
        "# The blocks of code in these pages\n\n\
         Written by `UPDATE_DOCS=1 cargo test -p ci-tests --test it doc_blocks` and checked by the same test.\n\n\
         {}\n\n| page | block | language | the tests |\n|---|---|---|---|\n{rows}",
        counts.join("\n")
    );
    let file = root().join(LIST);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &list).expect("written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == list,
        "{LIST} is out of date: UPDATE_DOCS=1 cargo test -p ci-tests --test it doc_blocks"
    );
}

const LIST: &str = "docs/doc-blocks.md";

fn kind(how: &How) -> &'static str {
    match how {
        How::Shell => "run in a shell",
        How::DocTest => "run by rustdoc",
        How::CompiledOnly(_) => "compiled by rustdoc, not run",
        How::From(_) => "run as part of an example",
        How::By(_) => "run by a test of its own",
        How::Parsed => "read by a parser",
        How::NotRun(_) => "not run, with the reason",
        How::Prints => "output, compared with what the page prints",
        How::Text => "no code",
    }
}

/// What can be checked without running anything.
fn checked(how: &How, block: &Block) -> Result<(), String> {
    match how {
        How::From(file) => stands_in(file, &block.text),
        How::By(test) => {
            let text = fs::read_to_string(root().join(test)).map_err(|e| format!("{test}: {e}"))?;
            let (page, language) = (&block.page, format!("\"{}\"", block.language));
            if text.contains(page) && text.contains(&language) {
                Ok(())
            } else {
                Err(format!("{test} does not run the {language} of {page}"))
            }
        }
        How::Parsed => match block.language.as_str() {
            "json" => serde_json::from_str::<serde_json::Value>(&block.text)
                .map(drop)
                .map_err(|e| format!("this is not JSON: {e}")),
            "xml" => ci_model::inspect(block.text.as_bytes())
                .map(drop)
                .map_err(|e| format!("this is no document: {e}")),
            _ => toml(&block.text),
        },
        How::NotRun(why) | How::CompiledOnly(why) if why.len() < 10 => {
            Err(format!("{why:?} is no reason"))
        }
        _ => Ok(()),
    }
}

/// Tables and keys, one a line: all that a page shows of a manifest.
fn toml(text: &str) -> Result<(), String> {
    let wrong = text.lines().map(str::trim).find(|line| {
        let a_table = line.starts_with('[') && line.ends_with(']');
        !(line.is_empty() || line.starts_with('#') || a_table || line.contains(" = "))
    });
    wrong.map_or(Ok(()), |line| Err(format!("{line:?} is no line of TOML")))
}

/// Whether the lines stand in the file one after the other, whatever their indentation, and a test names the file.
fn stands_in(file: &str, text: &str) -> Result<(), String> {
    let program = fs::read_to_string(root().join(file)).map_err(|e| format!("{file}: {e}"))?;
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (wanted, program) = (lines(text), lines(&program));
    if !program
        .windows(wanted.len().max(1))
        .any(|seen| seen == wanted)
    {
        return Err(format!("these lines do not stand in {file}"));
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    let krate = file.split("/examples/").next().unwrap_or_default();
    let folders = [
        "tests/it".to_owned(),
        format!("{krate}/tests"),
        format!("{krate}/tests/it"),
    ];
    let tests = folders
        .iter()
        .filter_map(|folder| fs::read_dir(root().join(folder)).ok());
    let named = tests
        .flatten()
        .flatten()
        .any(|entry| fs::read_to_string(entry.path()).is_ok_and(|test| test.contains(name)));
    // Or a page whose shell runs it.
    let example = format!("--example {}", name.trim_end_matches(".rs"));
    let mut shells = all().into_iter().flat_map(|page| blocks(&page));
    let run = shells.any(|b| b.language == "sh" && b.text.contains(&example));
    if named || run {
        Ok(())
    } else {
        Err(format!("no test runs {file}"))
    }
}

#[test]
fn every_page_runs_from_top_to_bottom() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (id, key) = CLOUD_PAIR;
    let config = ci_local::Config::ephemeral()
        .credentials(id, key)
        .require_open(true);
    let engine = runtime
        .block_on(ci_local::Engine::start(config))
        .expect("an engine");
    let (url, pem, _server) = runtime.block_on(ci_tests::tls::serve(engine.router()));
    // The pages say that this bucket's media service was opened in the console of the cloud.
    let opened = ci_tests::local::client()
        .credentials(ci_client::Credentials::new(id, key))
        .transport(ci_tests::local::InProcess(engine.router()))
        .build()
        .expect("a client");
    runtime.block_on(opened.open_bucket()).expect("opened");
    let certificate = folder.path().join("certificate.pem");
    fs::write(&certificate, pem).expect("written");
    let cloud = StandIn { url, certificate };

    let pages: Vec<Vec<Block>> = all().iter().map(|page| blocks(page)).collect();
    let mut pages: Vec<Vec<&Block>> = pages
        .iter()
        .map(|page| {
            page.iter()
                .filter(|b| How::of(b) == Ok(How::Shell))
                .collect()
        })
        .filter(|page: &Vec<&Block>| !page.is_empty())
        .collect();
    assert!(pages.len() > 2, "the pages were found");
    if let Some(only) = std::env::var_os("PAGE").filter(|page| !page.is_empty()) {
        pages.retain(|page| page[0].page == only.to_string_lossy());
    }
    let (queue, faults) = (Mutex::new(pages), Mutex::new(Vec::new()));
    let work = || {
        loop {
            // Taken in a statement of its own: the queue is not held while the page runs.
            let next = queue.lock().expect("the queue").pop();
            let Some(page) = next else { break };
            let text = fs::read_to_string(root().join(&page[0].page)).expect("the page");
            let cloud = text
                .contains("<!-- stand-in for the cloud -->")
                .then_some(&cloud);
            let fault = match shell_page::run(&page, cloud) {
                Err(said) => format!("{} does not run: {said}", page[0].page),
                Ok(said) => match missing(&page[0].page, &said) {
                    Some(line) => format!("{} does not print {line:?}: {said}", page[0].page),
                    None => continue,
                },
            };
            faults.lock().expect("the faults").push(fault);
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let faults = faults.into_inner().expect("the faults");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    runtime.block_on(engine.shutdown());
}

/// A line that the page says is printed, and is not.
fn missing(page: &str, said: &str) -> Option<String> {
    let promised = blocks(page);
    let mut promised = promised
        .iter()
        .filter(|b| How::of(b) == Ok(How::Prints))
        .flat_map(|b| b.text.lines());
    promised
        .find(|line| !said.lines().any(|said| matches(line, said)))
        .map(str::to_owned)
}

/// Whether a line is as promised, where `…` stands for anything.
fn matches(promised: &str, said: &str) -> bool {
    let mut rest = said;
    promised
        .trim()
        .split('…')
        .all(|piece| match rest.find(piece) {
            Some(at) => {
                rest = &rest[at + piece.len()..];
                true
            }
            None => false,
        })
}

#[test]
fn a_promised_line_is_compared_piece_by_piece() {
    assert!(matches("job j… ended: Success", "job j12 ended: Success"));
    assert!(!matches("job j… ended: Success", "job j12 ended: Failed"));
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let mut faults = Vec::new();
    let mut links = 0;
    for page in all() {
        let text = fs::read_to_string(root().join(&page)).expect("the page");
        let folder = root().join(&page);
        let folder = folder.parent().expect("a folder");
        for target in text.split("](").skip(1) {
            let target = target.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            links += 1;
            if !folder.join(target).exists() {
                faults.push(format!("{page} leads to {target}, which is not there"));
            }
        }
    }
    assert!(links > 10, "the links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("the page");
    let mut sources = String::new();
    let mut folders = vec![root().join("crates"), root().join("tests/it")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                sources.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let named = page.split('`').skip(1).step_by(2);
    let mut checked = 0;
    for name in named.filter(|name| !name.contains(' ')) {
        let there = if name.contains('/') {
            root().join(name).is_file()
        } else if name.contains('_') {
            sources.contains(&format!("fn {name}("))
        } else {
            continue;
        };
        checked += 1;
        assert!(there, "docs/security.md names {name}, which is not there");
    }
    assert!(checked > 15, "{checked} names were found");
}
