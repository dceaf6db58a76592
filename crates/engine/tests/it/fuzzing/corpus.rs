//! What mutations begin with, by target: known texts of each kind.

use std::path::Path;

use crate::cases;

const APPLICATION: &str = "
apiVersion: kedge.dev/v1alpha1
kind: Application
metadata: {name: web, namespace: kedge}
spec:
  source: {path: web, revision: '>=1.2 <2', postBuild: {strict: true, substitute: {A: b}}}
  targetNamespace: shop
  dependsOn: [db]
  deadlineSeconds: 60
  syncPolicy: {prune: true, automated: true, pruneBudget: {count: 3, percent: 20}}
  ignoreDifferences: [{kind: Deployment, jsonPointers: [/spec/replicas]}]
  syncWindows: [{kind: deny, schedule: '0 9 * * 1-5', duration: 8h, timeZone: Europe/Berlin}]
  healthCheckExprs:
  - {apiVersion: example.org/v1, kind: Thing, current: \"status.phase == 'Ready'\"}
";

const DOCUMENTS: &str = "
apiVersion: v1
kind: List
items:
- &map
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: a, annotations: {kedge.dev/sync-wave: '-3'}}
  data: {A: '${A}', b: &b \"text\", c: *b}
- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {word: ${B:=sesame}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {kedge.dev/hook: before}}
spec:
  replicas: 0x3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'web:1', resources: {limits: {cpu: 100m}}}]}
";

/// Every target, and its texts. `engine` is this package's directory.
pub(crate) fn all(engine: &Path) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let text = |head: &str| format!("{head}\n{DOCUMENTS}").into_bytes();
    let variables = ["A=b;B=c", "A=${B};B=${A}", "A=\": [\";"];
    let mut documents = repositories(engine);
    documents.extend([DOCUMENTS.into(), APPLICATION.into()]);
    vec![
        ("documents", documents),
        ("repository", repositories(engine)),
        ("substitution", variables.map(text).into()),
        ("encrypted", vectors(engine)),
        ("application", vec![APPLICATION.into()]),
    ]
}

/// The cases that kubectl is compared with, each as one text.
fn repositories(engine: &Path) -> Vec<Vec<u8>> {
    let cases = cases::read(&engine.join("tests/kustomize"));
    let text = |case: &cases::Case| {
        let mut text = Vec::new();
        for (path, content) in &case.files {
            text.extend_from_slice(format!("-- {path}\n").as_bytes());
            text.extend_from_slice(content);
        }
        text
    };
    cases.iter().map(text).collect()
}

fn vectors(engine: &Path) -> Vec<Vec<u8>> {
    let directory = engine.join("src/sops/tests/vectors");
    let entries = std::fs::read_dir(directory).expect("the vectors are part of the crate");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let files = paths.iter().filter_map(|path| std::fs::read(path).ok());
    files.collect()
}
