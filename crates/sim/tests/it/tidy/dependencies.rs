//! Where inside a package a crate with side effects may be named.

use super::code::code;
use super::{report, tree};

/// Package directory, crate, and the places in it that may name the crate.
const PLACES: &[(&str, &str, &[&str])] = &[
    ("orchestrator", "sqlx", &["src/store/postgres/"]),
    ("reconciler", "sqlx", &["src/history/"]),
    // testing.rs: tests make commits.
    (
        "reconciler",
        "git2",
        &["src/source/", "src/githost/", "src/testing.rs"],
    ),
    ("reconciler", "notify", &["src/source/", "src/githost/"]),
    ("tls", "notify", &["src/server/"]),
    ("nodeagent", "tonic", &["src/cri/"]),
    ("nodeagent", "k8s_cri", &["src/cri/"]),
    ("orchestrator", "axum", &["src/server/"]),
    ("nodeagent", "axum", &["src/server/"]),
    // reconciler.rs hands the Git endpoint's routes on; tests push to them, and answer as GitHub.
    (
        "reconciler",
        "axum",
        &[
            "src/web/",
            "src/githost/",
            "src/reconciler.rs",
            "src/sync/tests/",
            "src/source/tests/",
        ],
    ),
    ("crates/tls", "axum", &["src/server/"]),
    ("crates/api", "k8s_openapi", &["src/lib.rs"]),
];

#[test]
fn crates_with_side_effects_stay_in_their_place() {
    let mut findings = Vec::new();
    for file in tree::files(&[".rs"]) {
        let rules = PLACES.iter().filter_map(|(package, name, places)| {
            let inner = file.path.strip_prefix(package)?.strip_prefix('/')?;
            let allowed = places.iter().any(|place| inner.starts_with(place));
            (!allowed).then_some((name, places))
        });
        for (name, places) in rules {
            for line in named(&code(&file.text), name) {
                let places = places.join(", ");
                findings.push(format!(
                    "{}:{line} names {name}, which stays in {places}",
                    file.path
                ));
            }
        }
    }
    report(
        "Side effects live at the edges: move the code to one of the places named, and give the \
         caller a plain function or a trait.",
        &findings,
    );
}

/// The lines on which a crate is named by path.
fn named(code: &str, name: &str) -> Vec<usize> {
    let lines = (1..).zip(code.lines());
    let named = lines.filter(|(_, line)| {
        line.match_indices(&format!("{name}::")).any(|(at, _)| {
            let before = &line[..at];
            // `self::notify::` and `source::notify::` are modules.
            before.ends_with(" ::")
                || !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        }) || line
            .trim()
            .trim_start_matches("pub ")
            .starts_with(&format!("use {name};"))
    });
    named.map(|(number, _)| number).collect()
}

#[test]
fn finds_names_of_crates() {
    let text =
        "use sqlx::Row;\nfn a(x: &sqlx::Row) {}\nuse super::sqlx::b;\nmysqlx::c();\nuse sqlx;\n";
    assert_eq!(named(text, "sqlx"), [1, 2, 5]);
}

#[test]
fn what_is_asked_for_is_read_in_one_way() {
    let mut findings = Vec::new();
    // Layers look at parameters that are not theirs, before their handler does.
    let layers = ["asked.rs", "parameters.rs", "signed_out.rs", "tests.rs"];
    for file in tree::files(&[".rs"]) {
        let is_layer = layers.iter().any(|name| file.path.ends_with(name));
        if is_layer || !file.path.starts_with("reconciler/src/web/") {
            continue;
        }
        let code = code(&file.text);
        let imports = code
            .split(';')
            .filter(|it| it.trim_start().starts_with("use axum::"));
        let mut words = imports.flat_map(|it| it.split(|letter: char| !letter.is_alphanumeric()));
        if let Some(word) = words.find(|word| matches!(*word, "Query" | "Form")) {
            findings.push(format!("{} reads with axum's {word}", file.path));
        }
    }
    report(
        "Use crate::web::asked::{Query, Form}: they tell what is missing as every failure is told, and \
         tests hold the document at /api against what they read.",
        &findings,
    );
}
