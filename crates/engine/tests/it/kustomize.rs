//! Every case of `tests/kustomize` must build to what `kubectl kustomize` makes of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value;

use engine::render::kustomize;
use engine::tree::MapTree;

use crate::cases::{self, Case, Expected};

/// How many kubectls run at a time: they mostly wait for themselves.
const WORKERS: usize = 4;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize")
}

/// What kubectl builds, or says.
fn kubectl(directory: &Path) -> Result<Vec<Value>, String> {
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(directory)
        .output()
        .expect("kubectl must be installed: these tests compare with it");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8(output.stdout).expect("kubectl prints UTF-8");
    let documents = serde_yaml::Deserializer::from_str(&text);
    let objects = documents.map(|it| Value::deserialize(it).expect("kubectl prints YAML"));
    Ok(objects.filter(|object| !object.is_null()).collect())
}

fn write(directory: &Path, case: &Case) {
    for (path, bytes) in &case.files {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a directory"))
            .expect("a directory can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
}

#[test]
fn builds_what_kubectl_builds() {
    let cases = cases::read(&directory());
    assert!(cases.len() >= 400, "only {} cases", cases.len());
    let next = AtomicUsize::new(0);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = cases.get(number) else {
                    return failures;
                };
                if let Some(why) = check(number, case) {
                    failures.push(format!("## {}\n{why}", case.name));
                }
            }
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<String>>| {
            worker.join().expect("a case panicked")
        };
        workers.into_iter().flat_map(join).collect()
    });
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

/// What is wrong with one case.
fn check(number: usize, case: &Case) -> Option<String> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kustomize-{number}"));
    let _ = fs::remove_dir_all(&directory);
    write(&directory, case);
    let theirs = kubectl(&directory.join(case.root()));
    let _ = fs::remove_dir_all(&directory);
    let tree: MapTree = case.files.iter().collect();
    let ours = kustomize::build(&tree, case.root());
    match (case.expected, theirs, ours) {
        (Expected::Same, Ok(theirs), Ok(ours)) => {
            let ours = ours.into_iter().map(|manifest| manifest.object.body);
            difference(&theirs, &ours.collect::<Vec<_>>())
        }
        (Expected::Refused, Err(_), Err(problems)) | (Expected::Stricter, Ok(_), Err(problems)) => {
            placed(&problems)
        }
        (_, Err(why), Ok(_)) => Some(format!("only kubectl refuses it: {why}")),
        (_, Ok(_), Err(problems)) => Some(format!("only we refuse it: {problems}")),
        (_, Err(why), Err(problems)) => Some(format!("both refuse it: {why}\n{problems}")),
        (_, Ok(_), Ok(_)) => Some("neither refuses it".into()),
    }
}

/// A problem without a file is no help.
fn placed(problems: &engine::Problems) -> Option<String> {
    let lost = problems.0.iter().find(|problem| problem.file.is_empty());
    lost.map(|problem| format!("there is no place for: {problem}"))
}

fn name(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!(
        "{} {} {}",
        object["kind"], metadata["namespace"], metadata["name"]
    )
}

fn difference(theirs: &[Value], ours: &[Value]) -> Option<String> {
    let names = |objects: &[Value]| objects.iter().map(name).collect::<Vec<_>>().join("\n");
    let (a, b) = (names(theirs), names(ours));
    if a != b {
        return Some(engine::diff::unified(&a, &b, 3, ("kubectl", "ours")));
    }
    let differing = theirs.iter().zip(ours).filter(|(a, b)| a != b);
    let told: Vec<String> = differing
        .map(|(a, b)| {
            let (a, b) = (pretty(a), pretty(b));
            engine::diff::unified(&a, &b, 3, ("kubectl", "ours"))
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

fn pretty(value: &Value) -> String {
    serde_yaml::to_string(&sort(value)).expect("a value prints")
}

fn sort(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            entries
                .into_iter()
                .map(|(key, value)| (key.clone(), sort(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(sort).collect(),
        other => other.clone(),
    }
}
