//! The rules of the source tree, checked against the files themselves. `ARCHITECTURE.md` says why
//! each of them is there.

mod code;
mod dependencies;
mod functions;
mod packages;
mod pictures;
mod purity;
mod size;
mod text;
mod tree;

/// Ends a test with everything it found, each finding on a line of its own.
fn report(rule: &str, findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{rule}\n\n  {}\n\n{} finding(s).",
        findings.join("\n  "),
        findings.len()
    );
}
