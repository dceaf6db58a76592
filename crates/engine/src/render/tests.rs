use super::*;
use crate::tree::{MapTree, Recorder};

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: web:1
";

fn rendered(tree: &MapTree) -> Result<Vec<Manifest>, Problems> {
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions: None,
    };
    render(tree, "app", &options).map(|it| it.manifests)
}

fn told(tree: &MapTree) -> String {
    match rendered(tree) {
        Ok(manifests) => manifests
            .iter()
            .map(|manifest| format!("{} from {}", title(&manifest.object), manifest.origin))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(problems) => problems.to_string(),
    }
}

/// One file, changed.
fn with(edit: impl Fn(&str) -> String) -> MapTree {
    MapTree::default().with_file("app/web.yaml", edit(WEB))
}

#[test]
fn reads_every_manifest_below_the_path() {
    let tree = with(str::to_owned)
        .with_file("app/README.md", "# not: [yaml")
        .with_file("app/.hidden.yaml", "{{{")
        .with_file("app/.git/config.yaml", "{{{")
        .with_file("app/empty.yaml", "# nothing\n---\n")
        .with_file(
            "app/more/two.yml",
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: wrong}\n---\n\
             # a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n",
        )
        .with_file(
            "app/more/list.json",
            r#"{"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}},
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}]}"#,
        )
        .with_file("other/never.yaml", "{{{");
    insta::assert_snapshot!(told(&tree));
}

#[test]
fn a_path_may_be_one_file_and_must_be_there() {
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions: None,
    };
    let tree = with(str::to_owned);
    assert_eq!(
        render(&tree, "app/web.yaml", &options)
            .unwrap()
            .manifests
            .len(),
        1
    );
    let problems = render(&tree, "apq", &options).unwrap_err();
    assert_eq!(problems.summary(), "apq: is not in the repository");
}

#[test]
fn problems_have_file_line_column_and_a_picture() {
    let cases = [
        ("a typo", with(|text| text.replace("replicas", "replcias"))),
        (
            "a typo deep down",
            with(|text| text.replace("image:", "imagee:")),
        ),
        (
            "a wrong type",
            with(|text| text.replace("replicas: 2", "replicas: two")),
        ),
        (
            "a key twice",
            with(|text| text.replace("  replicas: 2", "  replicas: 2\n  replicas: 3")),
        ),
        (
            "no YAML",
            with(|text| text.replace("{app: web}", "{app: web")),
        ),
        (
            "no kind",
            with(|text| text.replace("kind: Deployment\n", "")),
        ),
        (
            "no name",
            with(|text| text.replace("  name: web\nspec", "  labels: {}\nspec")),
        ),
        (
            "a generated name",
            with(|text| text.replace("  name: web\nspec", "  generateName: web\nspec")),
        ),
        (
            "no manifest",
            MapTree::default().with_file("app/x.yaml", "- a\n- b\n"),
        ),
        (
            "an unknown kind",
            with(|text| text.replace("kind: Deployment", "kind: Deploymnet")),
        ),
        (
            "an unknown version",
            with(|text| text.replace("apps/v1", "apps/v1beta1")),
        ),
        (
            "a bad wave",
            with(|text| {
                text.replace(
                    "  name: web\nspec",
                    "  name: web\n  annotations:\n    kedge.dev/sync-wave: first\nspec",
                )
            }),
        ),
        (
            "the same twice",
            with(str::to_owned).with_file("app/z.yaml", format!("# comment\n{WEB}")),
        ),
        (
            "a broken secret is not shown",
            MapTree::default().with_file(
                "app/s.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndatta: {password: hunter2}\n",
            ),
        ),
    ];
    let text: Vec<String> = cases
        .iter()
        .map(|(what, tree)| format!("## {what}\n{}", told(tree)))
        .collect();
    assert!(!text.concat().contains("hunter2"));
    insta::assert_snapshot!(text.join("\n\n"));
}

#[test]
fn every_file_with_a_problem_is_named() {
    let tree = with(|text| text.replace("replicas", "replcias")).with_file(
        "app/b.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndat: {}\n",
    );
    let Err(problems) = rendered(&tree) else {
        panic!("it has problems")
    };
    let files: Vec<&str> = problems
        .0
        .iter()
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(files, ["app/b.yaml", "app/web.yaml"]);
    insta::assert_snapshot!(problems.summary());
}

#[test]
fn an_unrelated_commit_reads_the_same() {
    let tree = with(str::to_owned).with_file("other/x.yaml", "1");
    let recorder = Recorder::new(&tree);
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions: None,
    };
    render(&recorder, "app", &options).unwrap();
    let reads = recorder.into_reads();
    assert!(
        reads
            .hold_in(&tree.clone().with_file("other/x.yaml", "2"))
            .unwrap()
    );
    assert!(
        !reads
            .hold_in(&tree.clone().with_file("app/new.yaml", ""))
            .unwrap()
    );
    assert!(
        !reads
            .hold_in(&tree.clone().with_file("app/kustomization.yaml", ""))
            .unwrap()
    );
}

/// Renders with variables; what is wrong as people see it.
fn substituted(tree: &MapTree, strict: bool) -> String {
    let substitutions = Substitutions {
        values: [
            ("COUNT", "3"),
            ("NAME", "web"),
            ("EMPTY", ""),
            ("YES", "true"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect(),
        strict,
    };
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions: Some(&substitutions),
    };
    match render(tree, "app", &options) {
        Ok(rendered) => rendered
            .manifests
            .iter()
            .map(|manifest| manifest.object.body.to_string())
            .collect::<Vec<_>>()
            .join("\n"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn variables_are_filled_in_where_they_are_asked_for() {
    let config = |value: &str| {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  k: {value}\n"
        );
        MapTree::default().with_file("app/c.yaml", text)
    };
    let check = |value: &str, expected: &str| {
        let told = substituted(&config(value), true);
        let value: serde_json::Value = serde_json::from_str(&told).expect(&told);
        assert_eq!(value["data"]["k"], expected, "{told}");
    };
    check("${NAME}", "web");
    check("a-${NAME}-${COUNT}", "a-web-3");
    check("'${COUNT}'", "3");
    check("${COUNT}", "3");
    check("${NOBODY:-default}", "default");
    check("${NOBODY:=a b}", "a b");
    check("${EMPTY:=full}", "full");
    check("${NAME:=other}", "web");
    check("'${EMPTY}'", "");
    check("'${NOBODY:=}'", "");
    check("$${NAME}", "${NAME}");
    check("$NAME $(NAME) $ $$", "$NAME $(NAME) $ $$");
    let numbers = with(|text| {
        text.replace("replicas: 2", "replicas: ${COUNT}")
            .replace("image: web:1", "image: \"${NAME}:${COUNT}\"")
            .replace(
                "  name: web\nspec",
                "  name: ${NAME}\n  labels: {\"${NAME}\": \"${YES}\"}\nspec",
            )
    });
    let told = substituted(&numbers, true);
    for part in [
        r#""replicas":3"#,
        r#""image":"web:3""#,
        r#""labels":{"web":"true"}"#,
    ] {
        assert!(told.contains(part), "{told}");
    }
    let off = with(|text| text.replace("web:1", "\"web:${COUNT}\""));
    assert!(
        rendered(&off).unwrap()[0]
            .object
            .body
            .to_string()
            .contains("web:${COUNT}")
    );
    let left = "{name: c, annotations: {kedge.dev/substitute: disabled}}\ndata: {k: \"${NOBODY}\"}";
    let left = MapTree::default().with_file(
        "app/c.yaml",
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {left}\n"),
    );
    assert!(substituted(&left, true).contains("${NOBODY}"));
    assert!(substituted(&config("'<${NOBODY}>'"), false).contains(r#""<>""#));
}

#[test]
fn kustomizations_have_variables_too() {
    let tree = with(|text| text.replace("replicas: 2", "replicas: ${COUNT}"))
        .with_file(
            "app/kustomization.yaml",
            "resources: [web.yaml]\nnamePrefix: ${NAME}-\nconfigMapGenerator: [{name: c, literals: ['a=${NAME}']}]\n",
        );
    let told = substituted(&tree, true);
    for part in [r#""replicas":3"#, r#""name":"web-web""#, r#""a":"web""#] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn what_is_wrong_with_a_variable_has_a_place() {
    let image = |image: &str| with(|text| text.replace("web:1", image));
    let cases = [
        ("not defined", image("\"web:${COUTN}\"")),
        ("not defined, nothing near", image("\"web:${ZZZZZZZZ}\"")),
        ("no name", image("\"web:${1}\"")),
        ("no form of it", image("\"web:${NAME/x/y}\"")),
        ("no end", image("\"web:${NAME\"")),
        ("nested", image("\"web:${A:=${NAME}}\"")),
        (
            "of the wrong type",
            with(|text| text.replace("replicas: 2", "replicas: ${NAME}")),
        ),
        (
            "in a secret",
            MapTree::default().with_file(
                "app/s.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: \"hunter2${NOBODY}\"}\n",
            ),
        ),
        (
            "put there by a generator",
            with(str::to_owned).with_file(
                "app/kustomization.yaml",
                "resources: [web.yaml]\nconfigMapGenerator:\n- name: c\n  literals: ['a=${NOBODY}']\n",
            ),
        ),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(what, tree)| format!("## {what}\n{}", substituted(tree, true)))
        .collect();
    assert!(!told.concat().contains("hunter2"));
    insta::assert_snapshot!(told.join("\n\n"));
}
