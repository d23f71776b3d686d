//! What a shell gets from the tool: completions, manual pages, and examples below every `--help`.

use std::fs;
use std::process::{Command, Stdio};

use ci_tests::tool::Tool;

#[test]
fn every_command_gets_a_manual_page_with_its_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Tool::new(folder.path(), ["man", "pages/man1", "--json"]).run();
    let pages = ran.expect(0)["pages"].as_array().expect("a list").len();
    let written = fs::read_dir(folder.path().join("pages/man1")).expect("the pages");
    assert_eq!(written.count(), pages);
    assert!(pages > 25, "{ran:?}");
    let page = fs::read_to_string(folder.path().join("pages/man1/cosci-jobs-create.1"));
    let page = page.expect("the page of a command below a command");
    assert!(page.contains(".TH cosci-jobs-create 1"), "{page}");
    assert!(
        page.contains("Examples:") && page.contains("\\-\\-callback"),
        "{page}"
    );

    fs::write(folder.path().join("a file"), "").expect("written");
    let refused = Tool::new(folder.path(), ["man", "a file/man1", "--json"]).run();
    assert!(
        refused.expect_error(2)["message"]
            .as_str()
            .is_some_and(|m| m.contains("a file"))
    );
}

#[test]
fn help_teaches_by_example() {
    let folder = tempfile::tempdir().expect("a folder");
    for words in [
        &["covers", "--help"][..],
        &["jobs", "create", "--help"],
        &["help", "objects", "get"],
    ] {
        let ran = Tool::new(folder.path(), words).run();
        assert_eq!(ran.exit, Some(0), "{ran:?}");
        let (_, examples) = ran.stdout.split_once("\nExamples:\n").expect("examples");
        assert!(examples.trim_start().starts_with("cosci "), "{ran:?}");
    }
}

#[test]
fn a_shell_reads_its_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Tool::new(folder.path(), ["completions", shell]).run();
        assert!(
            ran.exit == Some(0) && ran.stdout.contains("templates"),
            "{shell}: {ran:?}"
        );
        fs::write(folder.path().join(shell), ran.stdout).expect("written");
    }
    let status = Command::new("bash")
        .args(["-n", "bash"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .status();
    assert!(status.expect("bash starts").success());
}
