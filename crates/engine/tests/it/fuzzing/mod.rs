//! Thousands of seeded mutations of what is known: nothing panics, nothing takes without bound, and
//! everything that is wrong is said with its place. `SEED=7` begins elsewhere.

mod corpus;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use mutate::Random;

/// Runs a target on `count` mutations; one that panics is shown.
fn run(name: &str, count: u64) {
    let (_, target) = targets::ALL
        .iter()
        .find(|it| it.0 == name)
        .expect("a target");
    let all = corpus::all(Path::new(env!("CARGO_MANIFEST_DIR")));
    let (_, corpus) = all.into_iter().find(|it| it.0 == name).expect("its texts");
    #[expect(
        clippy::disallowed_methods,
        reason = "other ones, asked for by a person"
    )]
    let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok());
    let first: u64 = seed.unwrap_or(0);
    for data in &corpus {
        target(data);
    }
    for seed in first..first + count {
        let data = Random(seed).mutation(&corpus);
        if catch_unwind(AssertUnwindSafe(|| target(&data))).is_err() {
            let shown = String::from_utf8_lossy(&data[..data.len().min(4_000)]);
            panic!("SEED={seed}, {} bytes:\n{shown}", data.len());
        }
    }
}

#[test]
fn documents_are_read_or_refused() {
    run("documents", 2_000);
}

#[test]
fn repositories_are_rendered_or_refused() {
    run("repository", 1_000);
}

#[test]
fn variables_are_filled_in_or_refused() {
    run("substitution", 2_000);
}

#[test]
fn encrypted_files_are_sealed_or_refused() {
    run("encrypted", 300);
}

#[test]
fn applications_are_found_or_refused() {
    run("application", 500);
}

/// What is small as a file and large as a value.
#[test]
fn a_small_file_is_no_large_render() {
    let text = "x".repeat(50_000);
    let copies = (0..2_000).map(|number| format!("  k{number}: *a\n"));
    let copies: String = copies.collect();
    let document = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a: &a {text}\n{copies}"
    );
    targets::documents(document.as_bytes());
}
