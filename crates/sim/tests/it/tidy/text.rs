//! Words that must not be in any file.

use super::{report, tree};

const ENDINGS: &[&str] = &[
    ".rs", ".toml", ".md", ".sql", ".sh", ".yaml", ".yml", ".html", ".css", ".js", ".json",
    "Makefile", "run",
];

/// Split, so that this file does not say them itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
];

/// Beginnings of directories that only one machine has.
const MACHINES: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

#[test]
fn nothing_is_left_for_later() {
    report(
        "Finish it, or say in the documents that it is a limit.",
        &lines_with(UNFINISHED),
    );
}

#[test]
fn no_path_of_one_machine() {
    report(
        "Derive the path from the data directory, the manifest or the environment.",
        &lines_with(MACHINES),
    );
}

fn lines_with(words: &[&str]) -> Vec<String> {
    let files = tree::files(ENDINGS);
    let lines = files
        .iter()
        .flat_map(|file| (1..).zip(file.text.lines()).map(move |line| (file, line)));
    let found = lines.filter_map(|(file, (number, line))| {
        let word = words.iter().find(|word| begins_in(line, word))?;
        Some(format!("{}:{number} says {word}", file.path))
    });
    found.collect()
}

/// Whether the line has the word at a place where one can begin: `https://host/home/` has not.
fn begins_in(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_.-}/$~".contains(c))
    })
}
