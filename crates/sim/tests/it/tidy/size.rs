//! How long files and functions may be, and that `mod.rs` only wires.

use std::collections::BTreeSet;

use super::code::code;
use super::functions::{functions, without_tests};
use super::{report, tree};

const FILE: usize = 400;
const LIB: usize = 60;
/// Tests are free: a table of cases is as long as it is.
const FUNCTION: usize = 60;
/// The longest function in a `mod.rs`: enough to construct something from its parts.
const WIRING: usize = 30;

/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions that may be longer, and why. For a `mod.rs`: that may be there.
const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[
    (
        "crates/engine/src/render/kustomize/config/references.rs",
        "references",
        "a table of kinds",
    ),
    (
        "crates/engine/src/render/kustomize/kustomization/mod.rs",
        "take",
        "to be split",
    ),
    (
        "crates/engine/src/render/kustomize/mod.rs",
        "transform",
        "a step per field, in kubectl's order",
    ),
    (
        "orchestrator/src/controllers/action.rs",
        "perform",
        "a case per action",
    ),
    (
        "orchestrator/src/controllers/garbage/mod.rs",
        "wake",
        "a case per change",
    ),
    (
        "orchestrator/src/controllers/namespace/decide.rs",
        "status",
        "one literal per condition",
    ),
    (
        "orchestrator/src/service.rs",
        "start",
        "the start, in its order",
    ),
    (
        "crates/api/src/codec/yaml/mod.rs",
        "flatten",
        "a table of cases",
    ),
    (
        "crates/api/src/patch/strategic/mod.rs",
        "merge_objects",
        "the one rule of the module",
    ),
    (
        "nodeagent/src/environment/mod.rs",
        "value_from",
        "a table of cases",
    ),
    (
        "nodeagent/src/node/object.rs",
        "conditions",
        "one struct literal per condition",
    ),
    (
        "nodeagent/src/pods/status/mod.rs",
        "status",
        "one struct literal",
    ),
    ("nodeagent/src/server/logs/mod.rs", "logs", "one handler"),
    (
        "orchestrator/src/registry/create.rs",
        "prepare_create",
        "the steps of a write, in order",
    ),
    (
        "orchestrator/src/registry/delete.rs",
        "prepare_delete",
        "the steps of a write, in order",
    ),
    (
        "orchestrator/src/registry/update.rs",
        "prepare_update",
        "the steps of a write, in order",
    ),
    (
        "orchestrator/src/registry/kinds/pod/volume.rs",
        "source",
        "a case per kind of volume",
    ),
    (
        "orchestrator/src/server/options.rs",
        "delete_options",
        "a case per option",
    ),
];

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    for file in tree::files(&[".rs"]) {
        let lines = file.text.lines().count();
        let limit = if file.path.ends_with("src/lib.rs") {
            LIB
        } else {
            FILE
        };
        let excused = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        if lines > limit && !excused {
            findings.push(format!(
                "{} has {lines} lines, more than {limit}",
                file.path
            ));
        }
        if lines <= limit && excused {
            findings.push(format!(
                "{} is short now: take it off LONG_FILES",
                file.path
            ));
        }
    }
    report(
        "Split what is too long by a noun or a verb: handlers/create.rs, health/deployment.rs.",
        &findings,
    );
}

#[test]
fn functions_are_short_and_modules_wire() {
    let mut findings = Vec::new();
    let mut excuses: BTreeSet<(String, String)> = LONG_FUNCTIONS
        .iter()
        .map(|(path, name, _)| ((*path).into(), (*name).into()))
        .collect();
    for file in tree::files(&[".rs"])
        .iter()
        .filter(|file| !is_test(&file.path))
    {
        let limit = if file.path.ends_with("/mod.rs") {
            WIRING
        } else {
            FUNCTION
        };
        for function in functions(&without_tests(&code(&file.text))) {
            let is_long = function.lines > limit;
            if is_long && !excuses.remove(&(file.path.clone(), function.name.clone())) {
                findings.push(format!(
                    "{}:{} fn {} has {} lines, more than {limit}",
                    file.path, function.line, function.name, function.lines
                ));
            }
        }
    }
    let stale = excuses.iter();
    findings.extend(
        stale.map(|(path, name)| {
            format!("{path} fn {name} is short now: take it off LONG_FUNCTIONS")
        }),
    );
    report(
        "Give the parts of a long function names of their own. A mod.rs says what a module is \
         made of: what it does belongs in a file with a name.",
        &findings,
    );
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/contract/")
        || path.ends_with("/tests.rs")
        || path.starts_with("crates/sim/")
}
