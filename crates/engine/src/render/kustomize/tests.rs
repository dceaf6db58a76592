use super::*;
use crate::tree::{MapTree, Recorder};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn tree(kustomization: &str) -> MapTree {
    MapTree::default()
        .with_file("app/kustomization.yaml", kustomization)
        .with_file("app/a.yaml", CONFIG)
        .with_file("base/kustomization.yaml", "resources: [a.yaml]\n")
        .with_file("base/a.yaml", CONFIG)
        .with_file(
            "part/kustomization.yaml",
            "kind: Component\nnamePrefix: a-\n",
        )
        .with_file("round/kustomization.yaml", "resources: [../app]\n")
        .with_file("plain/a.yaml", CONFIG)
}

#[test]
fn what_is_not_supported_or_wrong_is_named() {
    let cases = [
        "helmCharts: [{name: x}]\n",
        "resources: [a.yaml]\nvars: []\n",
        "resorces: [a.yaml]\n",
        "apiVersion: v1\n",
        "kind: Deployment\n",
        "nameSuffix: -1\n",
        "resources: [https://example.org/base?ref=v1]\n",
        "resources: [github.com/example/base]\n",
        "resources: [nothing.yaml]\n",
        "resources: [../plain]\n",
        "resources: [../plain/a.yaml]\n",
        "resources: [../../outside]\n",
        "resources: [../part]\n",
        "resources: [../round]\n",
        "components: [../base]\n",
        "resources: [a.yaml, ../base]\n",
        "resources: [a.yaml]\npatches: [{patch: '[]'}]\n",
        "resources: [a.yaml]\npatches: [{path: gone.yaml}]\n",
        "resources: [a.yaml]\npatches:\n- patch: |\n    kind: ConfigMap\n    apiVersion: v1\n    metadata: {name: b}\n",
        "resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: '[{\"op\": \"remove\", \"path\": \"/nope\"}]'\n",
        "resources: [a.yaml]\npatches:\n- target: {name: '('}\n  patch: '[]'\n",
        "resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: '{kind: ConfigMap, metadata: {name: a}, datta: {a: b}}'\n",
        "resources: [a.yaml]\nreplicas: [{name: a, count: 2}]\n",
        "configMapGenerator: [{literals: [a=b]}]\n",
        "configMapGenerator: [{name: x, literals: [a]}]\n",
        "secretGenerator: [{name: x, literals: [hunter2]}]\n",
        "configMapGenerator: [{name: x, literals: [a=b, a=c]}]\n",
        "configMapGenerator: [{name: x, behavior: merge}]\n",
        "resources: [a.yaml]\nconfigMapGenerator: [{name: a, literal: [b=c]}]\n",
        "resources: [a.yaml]\nconfigMapGenerator: [{name: a}]\n",
        "resources: [a.yaml]\nreplacements: [{source: {name: b}, targets: []}]\n",
        "resources: [a.yaml]\nreplacements: [{source: {name: a}, targets: [{select: {name: a}, fieldPaths: [x.y]}]}]\n",
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|case| match build(&tree(case), "app") {
            Ok(built) => format!("## {case}BUILT {} objects", built.len()),
            Err(problems) => format!("## {case}{problems}"),
        })
        .collect();
    assert!(!told.iter().any(|told| told.contains("| secretGenerator")));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn two_kustomizations_in_one_directory_are_one_too_many() {
    let tree = tree("resources: []\n").with_file("app/kustomization.yml", "");
    let problems = build(&tree, "app").unwrap_err();
    assert_eq!(
        problems.summary(),
        "app/kustomization.yml: app/kustomization.yaml and app/kustomization.yml are both there, keep one of them"
    );
}

#[test]
fn manifests_keep_the_place_they_come_from() {
    let tree = tree("resources: [../base]\nnamePrefix: x-\nconfigMapGenerator: [{name: g}]\n");
    let built = build(&tree, "app").unwrap();
    let told: Vec<String> = built
        .iter()
        .map(|manifest| format!("{} {}", manifest.object.name(), manifest.origin))
        .collect();
    assert_eq!(
        told,
        [
            "x-a base/a.yaml:1",
            "x-g-6ct58987ht app/kustomization.yaml:3"
        ]
    );
}

#[test]
fn a_base_outside_of_the_path_is_part_of_what_was_read() {
    let tree = tree("resources: [../base]\n");
    let recorder = Recorder::new(&tree);
    build(&recorder, "app").unwrap();
    let reads = recorder.into_reads();
    assert!(
        reads
            .hold_in(&tree.clone().with_file("plain/a.yaml", ""))
            .unwrap()
    );
    assert!(
        !reads
            .hold_in(
                &tree
                    .clone()
                    .with_file("base/a.yaml", CONFIG.replace(": a", ": b"))
            )
            .unwrap()
    );
    assert!(
        !reads
            .hold_in(&tree.clone().with_file("base/kustomization.yml", ""))
            .unwrap()
    );
}
