//! Every directory of `tests/kustomize` must build to what `kubectl kustomize` makes of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use engine::Tree;
use engine::render::kustomize;
use engine::tree::{Entry, EntryKind, Error, Node};

/// A directory of this machine.
struct Directory(PathBuf);

impl Tree for Directory {
    fn node(&self, path: &str) -> Result<Node, Error> {
        let place = self.0.join(path);
        let Ok(metadata) = fs::symlink_metadata(&place) else {
            return Ok(Node::Absent);
        };
        let failed = |source: std::io::Error| Error::Read {
            path: path.into(),
            source: Box::new(source),
        };
        if metadata.is_file() {
            return fs::read(&place)
                .map(|bytes| Node::File(Arc::from(bytes)))
                .map_err(failed);
        }
        let mut entries: Vec<Entry> = fs::read_dir(&place)
            .map_err(failed)?
            .flatten()
            .map(|entry| Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind: if entry.path().is_dir() {
                    EntryKind::Directory
                } else {
                    EntryKind::File
                },
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Node::Directory(entries))
    }
}

/// What kubectl builds, as (name, object).
fn expected(directory: &Path) -> Vec<(String, Value)> {
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(directory)
        .output()
        .expect("kubectl must be installed: these tests compare with it");
    assert!(
        output.status.success(),
        "kubectl kustomize {}: {}",
        directory.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("kubectl prints UTF-8");
    let documents = serde_yaml::Deserializer::from_str(&text);
    named(documents.map(|document| Value::deserialize(document).expect("kubectl prints YAML")))
}

fn named(objects: impl Iterator<Item = Value>) -> Vec<(String, Value)> {
    let mut named: Vec<(String, Value)> = objects
        .map(|object| {
            let metadata = &object["metadata"];
            let name = format!(
                "{} {} {}",
                object["kind"], metadata["namespace"], metadata["name"]
            );
            (name, object)
        })
        .collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    named
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .expect("the cases are part of the crate")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    cases.sort();
    cases
}

#[test]
fn builds_what_kubectl_builds() {
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    // kubectl takes its time to start.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(cases.len().div_ceil(4))
            .map(|cases| scope.spawn(|| cases.iter().filter_map(|case| check(case)).collect()))
            .collect();
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
fn check(case: &Path) -> Option<String> {
    let root = if case.join("overlay").is_dir() {
        "overlay"
    } else {
        ""
    };
    let expected = expected(&case.join(root));
    let told = match kustomize::build(&Directory(case.to_owned()), root) {
        Ok(built) => {
            let built = built.into_iter().map(|manifest| manifest.object.body);
            difference(&expected, &named(built))?
        }
        Err(problems) => problems.to_string(),
    };
    Some(format!("{}: {told}", case.display()))
}

fn difference(expected: &[(String, Value)], built: &[(String, Value)]) -> Option<String> {
    let names = |objects: &[(String, Value)]| {
        objects
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    let (theirs, ours) = (names(expected), names(built));
    if theirs != ours {
        let only = |a: &[String], b: &[String]| {
            a.iter()
                .filter(|name| !b.contains(name))
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        };
        return Some(format!(
            "only kubectl has {}; only we have {}",
            only(&theirs, &ours),
            only(&ours, &theirs)
        ));
    }
    let differing = expected.iter().zip(built).filter(|((_, a), (_, b))| a != b);
    let told: Vec<String> = differing
        .map(|((name, a), (_, b))| {
            let (a, b) = (pretty(a), pretty(b));
            format!(
                "{name}\n{}",
                engine::diff::unified(&a, &b, "kubectl", "ours")
            )
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

fn pretty(value: &Value) -> String {
    let sorted: Value = match value {
        Value::Object(_) => sort(value),
        other => other.clone(),
    };
    serde_yaml::to_string(&sorted).expect("a value prints")
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
