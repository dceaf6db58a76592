//! Files named `decide.rs` only compute: same input, same output.

use super::code::code;
use super::functions::without_tests;
use super::{report, tree};

/// What may be imported, as prefixes of paths.
const IMPORTS: &[&str] = &[
    "api",
    "engine",
    "super",
    "crate",
    "jiff",
    "serde",
    "serde_json",
    "std::borrow",
    "std::cmp",
    "std::collections",
    "std::fmt",
    "std::net",
    "std::ops",
    "std::sync::Arc",
    "std::time::Duration",
];

/// What has no place in them, however it is named, and why.
const BANNED: &[(&str, &str)] = &[
    ("async", "decisions do not wait"),
    ("HashMap", "its order is random: use BTreeMap"),
    ("HashSet", "its order is random: use BTreeSet"),
    ("Instant", "time is part of what was observed"),
    ("SystemTime", "time is part of what was observed"),
    ("Timestamp::now", "time is part of what was observed"),
    ("Zoned::now", "time is part of what was observed"),
    ("Clock", "time is part of what was observed"),
    (
        "Uuid",
        "ids are part of what was observed, or made by who executes",
    ),
    ("rand", "randomness is part of what was observed"),
    ("std::env", "configuration is part of what was observed"),
    ("std::fs", "files are part of what was observed"),
    ("std::process", "processes are part of what was observed"),
    ("tokio", "decisions do not wait"),
    ("tracing", "who executes a decision logs it"),
    ("println", "who executes a decision tells people"),
];

#[test]
fn decisions_only_compute() {
    let files = tree::files(&["decide.rs"]);
    assert!(files.len() >= 5, "the walk found {} files", files.len());
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.path.contains("/tests/")) {
        let code = without_tests(&code(&file.text));
        for import in imports(&code) {
            if !IMPORTS.iter().any(|allowed| is_below(&import, allowed)) {
                findings.push(format!("{} imports {import}", file.path));
            }
        }
        for (number, line) in (1..).zip(code.lines()) {
            for (word, why) in BANNED {
                if has_word(line, word) {
                    findings.push(format!("{}:{number} says `{word}`: {why}", file.path));
                }
            }
        }
    }
    report(
        "A decide.rs is a function from plain values to plain values. Put what it needs to know \
         into what it is given, and what it does into what it returns.",
        &findings,
    );
}

/// The paths of the `use` items, up to the first brace.
fn imports(code: &str) -> Vec<String> {
    let lines = code.lines().map(str::trim_start);
    let lines = lines.map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("pub(crate) ").unwrap_or(line)
    });
    let uses = lines.filter_map(|line| line.strip_prefix("use "));
    uses.map(|path| path.trim_end_matches(['{', ';', ' ', ':']).to_owned())
        .collect()
}

fn is_below(path: &str, allowed: &str) -> bool {
    path.strip_prefix(allowed)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

#[test]
fn reads_imports_and_words() {
    let code = "use std::collections::BTreeMap;\npub use super::{a, b};\n    use tokio::time::{\n";
    assert_eq!(
        imports(code),
        ["std::collections::BTreeMap", "super::{a, b}", "tokio::time"]
    );
    assert!(is_below("std::net::IpAddr", "std::net") && !is_below("std::network", "std::net"));
    assert!(has_word("pub async fn", "async") && !has_word("operands", "rand"));
}
