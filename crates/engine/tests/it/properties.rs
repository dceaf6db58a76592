//! Whatever a repository holds, the build ends, without a panic and within its limits.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use engine::Kinds;
use engine::render::{self, Options, Substitutions, kustomize};
use engine::tree::MapTree;

use crate::cases::{self, Case};

static CASES: LazyLock<Vec<Case>> =
    LazyLock::new(|| cases::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize")));

/// One thing done to a text.
#[derive(Debug, Clone)]
enum Mutation {
    DropLine(usize),
    RepeatLine(usize),
    SwapLines(usize, usize),
    Indent(usize, usize),
    Replace(usize, String),
    Cut(usize),
    /// A line of another case's file.
    Borrow(usize, usize),
}

fn words() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "null",
        "[]",
        "{}",
        "-1",
        "0",
        "1e9",
        "true",
        "y",
        "..",
        ".",
        "/",
        "~",
        "*",
        "$(A)",
        "$patch: delete",
        "$patch: replace",
        "metadata.name",
        "spec.*.x",
        "[a=b]",
        "[",
        "]",
        "=",
        "app",
        "../app",
        "../base",
        "kustomization.yaml",
        "builtin",
        "create",
        "merge",
        "a/b[]/c",
        "99999999999999999999",
        "\\.",
        "\u{feff}",
        "\u{0}",
        "é☃",
        "&a [*a]",
        "- - - -",
        "|",
        ">-",
    ]);
    prop_oneof![
        known.prop_map(str::to_owned),
        "[ -~]{0,12}".prop_map(|text| text),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || any::<usize>();
    prop_oneof![
        at().prop_map(Mutation::DropLine),
        at().prop_map(Mutation::RepeatLine),
        (at(), at()).prop_map(|(a, b)| Mutation::SwapLines(a, b)),
        (at(), 0..8_usize).prop_map(|(line, by)| Mutation::Indent(line, by)),
        (at(), words()).prop_map(|(word, by)| Mutation::Replace(word, by)),
        at().prop_map(Mutation::Cut),
        (at(), at()).prop_map(|(line, from)| Mutation::Borrow(line, from)),
    ]
}

fn mutated(text: &str, mutation: &Mutation) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len().max(1);
    match mutation {
        _ if lines.is_empty() => {}
        Mutation::DropLine(at) => {
            lines.remove(at % count);
        }
        Mutation::RepeatLine(at) => lines.insert(at % count, lines[at % count].clone()),
        Mutation::SwapLines(a, b) => lines.swap(a % count, b % count),
        Mutation::Indent(at, by) => {
            let line = &mut lines[at % count];
            *line = format!("{}{}", " ".repeat(*by), line.trim_start());
        }
        Mutation::Replace(at, by) => {
            let ends = |c: char| " ,:[]{}\n".contains(c);
            let words: Vec<&str> = text.split(ends).filter(|word| !word.is_empty()).collect();
            if let Some(word) = words.get(at % words.len().max(1)) {
                return text.replacen(word, by, 1);
            }
        }
        Mutation::Cut(at) => {
            return text.chars().take(at % (text.len() + 1)).collect();
        }
        Mutation::Borrow(at, from) => {
            let other = &CASES[from % CASES.len()];
            let text = other.files.values().next().cloned().unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let borrowed = text.lines().nth(from % text.lines().count().max(1));
            lines.insert(at % count, borrowed.unwrap_or_default().to_owned());
        }
    }
    lines.join("\n")
}

/// Every finding is about a file, and its picture is of a line.
fn check(tree: &MapTree, root: &str) -> Result<(), TestCaseError> {
    match kustomize::build(tree, root) {
        Ok(manifests) => {
            let all = manifests.iter().map(|manifest| &manifest.object);
            prop_assert!(all.clone().all(|object| !object.kind().is_empty()));
            // The same again, to the letter.
            let again = kustomize::build(tree, root).expect("it was built before");
            let again = again.iter().map(|manifest| &manifest.object);
            prop_assert!(all.eq(again));
        }
        Err(problems) => {
            prop_assert!(!problems.0.is_empty());
            let text = problems.to_string();
            prop_assert!(
                problems.0.iter().all(|problem| !problem.message.is_empty()),
                "{text}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_case_is_too_much(
        case in any::<prop::sample::Index>(),
        file in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let case = &CASES[case.index(CASES.len())];
        let mut files = case.files.clone();
        let names: Vec<String> = files.keys().cloned().collect();
        let shared = |name: &&String| name.contains("kustomization") || name.ends_with("r.yaml");
        let own: Vec<&String> = names.iter().filter(shared).collect();
        if !own.is_empty() {
            let name = own[file.index(own.len())];
            let text = String::from_utf8_lossy(&files[name]).into_owned();
            let text = mutations.iter().fold(text, |text, it| mutated(&text, it));
            files.insert(name.clone(), text.into_bytes());
        }
        let tree: MapTree = files.iter().collect();
        check(&tree, case.root())?;
    }

    #[test]
    fn no_text_with_variables_is_too_much(
        text in "[${}A-C:=\\- é0-9]{0,24}",
        value in "[ -~]{0,8}",
        strict in any::<bool>(),
    ) {
        let config = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": text}});
        let tree = MapTree::default().with_file("c.yaml", config.to_string());
        let values = [("A".to_owned(), value.clone())].into_iter().collect();
        let (kinds, substitutions) = (Kinds::served(), Substitutions { values, strict });
        let options = Options { kinds: &kinds, namespace: "n", substitutions: Some(&substitutions) };
        match render::render(&tree, "", &options) {
            Ok(rendered) => {
                let built = &rendered.manifests[0].object.body["data"]["k"];
                prop_assert!(built.is_string());
                if !text.contains("${") {
                    prop_assert_eq!(built, &text);
                }
            }
            Err(problems) => prop_assert!(problems.0.iter().all(|it| it.line == 1 && it.excerpt.is_some())),
        }
    }

    #[test]
    fn every_graph_of_directories_ends(
        edges in prop::collection::vec((0..6_usize, 0..6_usize, any::<bool>()), 0..14),
        prefixes in prop::collection::vec("[a-c]{0,1}", 6),
    ) {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for (index, prefix) in prefixes.iter().enumerate() {
            let own = edges.iter().filter(|(from, ..)| *from == index);
            let entries = |component: bool| -> String {
                let chosen = own.clone().filter(|(_, to, _)| (*to >= 4) == component);
                chosen.map(|(_, to, _)| format!("- ../d{to}\n")).collect()
            };
            let kind = if index >= 4 { "Component" } else { "Kustomization" };
            files.insert(
                format!("d{index}/kustomization.yaml"),
                format!(
                    "kind: {kind}\nnamePrefix: '{prefix}'\nconfigMapGenerator: [{{name: m{index}, literals: [a=b]}}]\n\
                     resources:\n{}components:\n{}",
                    entries(false),
                    entries(true)
                ),
            );
        }
        let tree: MapTree = files.iter().collect();
        check(&tree, "d0")?;
    }
}

/// A repository of `levels` directories, each of which uses the next one twice.
fn doubling(levels: usize) -> MapTree {
    let directories = (0..levels).flat_map(|level| {
        let next = level + 1;
        let base = |name: &str| {
            (
                format!("d{level}{name}/kustomization.yaml"),
                format!("namePrefix: {name}-\nresources: [../d{next}]\n"),
            )
        };
        let both = (
            format!("d{level}/kustomization.yaml"),
            format!("resources: [../d{level}a, ../d{level}b]\n"),
        );
        [both, base("a"), base("b")]
    });
    let last = (
        format!("d{levels}/kustomization.yaml"),
        "configMapGenerator: [{name: c, literals: [a=b]}]\n".to_owned(),
    );
    directories.chain([last]).collect()
}

#[test]
fn limits_hold() {
    let deep: MapTree = (0..60)
        .map(|level| {
            let text = format!("resources: [../d{}]\n", level + 1);
            (format!("d{level}/kustomization.yaml"), text)
        })
        .collect();
    let many: String = (0..10_001)
        .map(|index| {
            format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{index}}}\n")
        })
        .collect();
    let many = MapTree::default()
        .with_file("d0/kustomization.yaml", "resources: [all.yaml]\n")
        .with_file("d0/all.yaml", many);
    // Every replacement doubles the data it copies.
    let steps: String = (0..60)
        .map(|step| {
            format!(
                "- source: {{kind: ConfigMap, fieldPath: data}}\n  targets: \
                 [{{select: {{kind: ConfigMap}}, fieldPaths: [data.x{step}], options: {{create: true}}}}]\n"
            )
        })
        .collect();
    let bomb = MapTree::default()
        .with_file(
            "d0/kustomization.yaml",
            format!("resources: [c.yaml]\nreplacements:\n{steps}"),
        )
        .with_file(
            "d0/c.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n",
        );
    for (tree, told) in [
        (deep, "too deeply"),
        (doubling(14), "more than 2000 kustomizations"),
        (many, "more than 10000 objects"),
        (bomb, "copies more than 64 MiB"),
    ] {
        let problems = kustomize::build(&tree, "d0").expect_err(told);
        assert!(problems.to_string().contains(told), "{problems}");
        assert!(!problems.0[0].file.is_empty());
    }
    assert_eq!(
        kustomize::build(&doubling(4), "d0").map(|all| all.len()),
        Ok(16)
    );
}
