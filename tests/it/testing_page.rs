//! `docs/testing-your-program.md`: its three programs stand there whole, and run as they stand.

use std::fs;
use std::path::Path;
use std::process::Command;

use ci_tests::data;
use ci_tests::pages::{blocks, root};
use ci_tests::sdks::Sdk;
use ci_tests::tool::binary;

const PAGE: &str = "docs/testing-your-program.md";

/// The program of one language, as the page shows it.
fn shown(language: &str) -> String {
    let found = blocks(PAGE).into_iter().find(|b| b.language == language);
    found.expect("a block").text
}

/// Runs a program that was written down as the page has it; the tool is on its path, and a video beside it.
fn run(folder: &Path, mut program: Command) -> String {
    fs::copy(data("bikes.mp4"), folder.join("bikes.mp4")).expect("the clip");
    let tool = binary().parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tool].into_iter().chain(std::env::split_paths(&path)));
    let ran = program
        .current_dir(folder)
        .env("PATH", path.expect("a path"))
        .output()
        .expect("it starts");
    let said = [ran.stdout, ran.stderr].map(|part| String::from_utf8_lossy(&part).into_owned());
    assert!(ran.status.success(), "{}\n{}", said[0], said[1]);
    said.concat()
}

#[test]
fn the_python_program_runs_as_it_stands_in_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("your_program.py");
    fs::write(&file, shown("python")).expect("written");
    let said = run(folder.path(), Sdk::Python.program(&file));
    assert!(
        said.contains("Ran 5 tests") && said.contains("OK"),
        "{said}"
    );
}

#[test]
fn the_node_program_runs_as_it_stands_in_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("your_program.test.js");
    fs::write(&file, shown("js")).expect("written");
    let said = run(folder.path(), Sdk::Node.program(&file));
    assert!(said.contains("pass 4") && said.contains("fail 0"), "{said}");
}

#[test]
fn the_page_shows_each_program_whole() {
    for (language, file) in [
        ("rust", "tests/it/your_program.rs"),
        ("python", "tests/examples/your_program.py"),
        ("js", "tests/examples/your_program.test.js"),
    ] {
        let program = fs::read_to_string(root().join(file)).expect("the program");
        assert!(shown(language) == program, "{PAGE} and {file} differ");
    }
}
