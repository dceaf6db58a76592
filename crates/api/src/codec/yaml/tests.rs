use proptest::prelude::*;
use serde_json::json;

use super::*;

const DEPLOYMENT: &str = "\
# A comment first.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
    app: web
  annotations: {a.b/c: \"1\", other: x}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: nginx
        ports: [{containerPort: 80}, {containerPort: 81,
          name: b}]
      -
        name: second
---
# Nothing here.
---
kind: Second
list:
  - - a
    - b
";

fn one(text: &str) -> Document {
    let mut documents = documents(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

#[test]
fn every_field_has_its_place() {
    let documents = documents(DEPLOYMENT).unwrap();
    assert_eq!(documents.len(), 2);
    let check = |document: usize, path: &str, expected: Option<(u32, u32)>| {
        let found = documents[document]
            .position(path)
            .map(|p| (p.line, p.column));
        assert_eq!(found, expected, "{path}");
    };
    check(0, "", Some((2, 1)));
    check(0, "kind", Some((3, 1)));
    check(0, "metadata.labels.app", Some((8, 5)));
    check(0, "metadata.labels.app.kubernetes.io/name", Some((7, 5)));
    check(0, "metadata.labels[app.kubernetes.io/name]", Some((7, 5)));
    check(0, "metadata.annotations[a.b/c]", Some((9, 17)));
    check(0, "metadata.annotations.other", Some((9, 29)));
    check(0, "spec.replicas", Some((11, 3)));
    check(0, "spec.template.spec.containers[0].image", Some((16, 9)));
    check(0, "spec.template.spec.containers[0]", Some((15, 9)));
    check(
        0,
        "spec.template.spec.containers[0].ports[1].containerPort",
        Some((17, 39)),
    );
    check(
        0,
        "spec.template.spec.containers[0].ports[1].name",
        Some((18, 11)),
    );
    check(0, "spec.template.spec.containers[1].name", Some((20, 9)));
    check(0, "spec.selector", None);
    check(0, "spec.template.spec.containers[2]", None);
    check(0, "list", None);
    check(1, "kind", Some((24, 1)));
    check(1, "list[0][1]", Some((27, 7)));
    assert_eq!(documents[0].nearest("spec.selector.matchLabels").line, 10);
    assert_eq!(documents[1].start().line, 24);
}

#[test]
fn values_are_what_kubectl_reads() {
    let check = |text: &str, expected: Value| assert_eq!(one(text).value["a"], expected, "{text}");
    check("a: 3", json!(3));
    check("a: \"3\"", json!("3"));
    check("a: 0644", json!(420));
    check("a: 0o644", json!(420));
    check("a: 0x10", json!(16));
    check("a: 1_000", json!(1000));
    check("a: 1.5", json!(1.5));
    check("a: 1e3", json!(1000.0));
    check("a: true", json!(true));
    check("a: \"true\"", json!("true"));
    check("a: yes", json!("yes"));
    check("a: ~", Value::Null);
    check("a:", Value::Null);
    check("a: null", Value::Null);
    check("a: 2024-01-01", json!("2024-01-01"));
    check("a: 1.2.3", json!("1.2.3"));
    check("a: |\n  x\n  y\n", json!("x\ny\n"));
    check("a: >-\n  x\n  y\n", json!("x y"));
    check("a: {80: b}", json!({"80": "b"}));
    check("a: [x, {y: 1}]", json!(["x", {"y": 1}]));
    check("x: &x {k: 1}\na: *x\n", json!({"k": 1}));
    check(
        "x: &x {k: 1, l: 2}\na:\n  <<: *x\n  k: 3\n",
        json!({"k": 3, "l": 2}),
    );
    check("{\"a\": {\"json\": [1, null]}}", json!({"json": [1, null]}));
    check("a: 18446744073709551615", json!(u64::MAX));
    check("a: -9223372036854775808", json!(i64::MIN));
    check("a: 9007199254740993", json!(9_007_199_254_740_993_i64));
}

#[test]
fn errors_have_a_place() {
    let check = |text: &str, part: &str, line: u32, column: u32| {
        let error = documents(text).expect_err(text);
        assert!(error.message.contains(part), "{error}");
        assert!(!error.message.contains("line "), "{error}");
        assert_eq!(error.position, Some(Position { line, column }), "{error}");
    };
    check("a: 1\nb: 2\na: 3\n", "duplicate", 3, 1);
    check("a: 1\n---\nx:\n  b: 1\n  b: 2\n", "duplicate", 5, 3);
    check("a: {b: 1, b: 2}\n", "duplicate", 1, 11);
    check("a:\n\tb: 1\n", "tab", 2, 2);
    check("a: [1, 2\nb: 3\n", "':'", 2, 2);
    check("a: *nowhere\n", "alias", 1, 4);
}

#[test]
fn bombs_are_stopped() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}", level - 1);
        let items = [below.as_str(); 9].join(", ");
        bomb.extend([format!("a{level}: &a{level} [{items}]\n")]);
    }
    assert!(documents(&bomb).is_err());
    assert!(documents(&"[".repeat(1000)).is_err());
    assert!(documents(&" ".repeat(MAX_TEXT + 1)).is_err());
}

#[test]
fn large_bundles_are_read() {
    let many = "a: 1\n---\n".repeat(5000);
    assert_eq!(documents(&many).unwrap().len(), 5000);
}

#[test]
fn empty_documents_are_skipped_and_one_is_expected_of_a_request() {
    assert!(documents("").unwrap().is_empty());
    assert!(documents("---\n---\n# x\n---\nnull\n").unwrap().is_empty());
    assert_eq!(single("a: 1").unwrap(), json!({"a": 1}));
    let error = single("a: 1\n---\nb: 2\n").unwrap_err();
    assert_eq!(error.position.unwrap().line, 3);
}

#[test]
fn lists_are_taken_apart() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  name: x\n- kind: ConfigMapList\n  items:\n  - kind: B\n";
    let flat = one(text).flatten();
    let kinds: Vec<_> = flat.iter().map(|d| d.value["kind"].clone()).collect();
    assert_eq!(kinds, ["A", "B"]);
    assert_eq!(flat[0].position("name").unwrap().line, 5);
    assert_eq!(flat[1].position("kind").unwrap().line, 8);
    assert_eq!(one("kind: Pod\nitems: [1]\n").flatten().len(), 1);
}

#[test]
fn unquoted_booleans_of_other_readers_are_pointed_out() {
    let lints = one("a: yes\nb: \"yes\"\nc: [off, 'on', no.]\nd: |-\n  no\n").lints;
    let found: Vec<_> = lints
        .iter()
        .map(|l| (l.position.line, l.position.column))
        .collect();
    assert_eq!(found, [(1, 4), (3, 5)]);
    assert_eq!(
        lints[0].message,
        "yes without quotes is a boolean to kubectl: write \"yes\" or true"
    );
}

#[test]
fn what_others_misread_is_quoted() {
    for text in [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "Y",
        "true",
        "null",
        "~",
        "",
        "1",
        "1.5",
        "0644",
        "0o7",
        "0x1",
        "1e3",
        "1_000",
        "12:30:45",
        "2024-01-01",
        "=",
        "<<",
        "- a",
        "a: b",
        "#x",
        "*a",
        "&a",
        "!x",
        "%x",
        "@x",
        "`x",
        " a",
        "a ",
        "{}",
        "[]",
        ".inf",
        ".nan",
        "1.",
        "+1",
        "---",
        "...",
        "? a",
        "|",
        ">",
        "\u{feff}x",
        "a\tb",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
    ] {
        let value = json!({text: text});
        let written = to_string(&value);
        assert_eq!(one(&written).value, value, "{written}");
        let quoted = written.trim_start().starts_with(['"', '\'']);
        let is_number_like = text.starts_with(['1', '0', '2', 'y', 'n', 'Y', 't', 'o']);
        assert!(quoted || !is_number_like, "{written}");
    }
    let value = json!({"a": {"b": [1, "x", {"c": null, "d": []}], "e": {}, "f": 1.5, "g": true}});
    assert_eq!(
        to_string(&value),
        "a:\n  b:\n  - 1\n  - x\n  - c: null\n    d: []\n  e: {}\n  f: 1.5\n  g: true\n"
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "[ a-z0-9:#\\-\n\t'\"\\\\]{0,30}".prop_map(Value::from),
        "([a-z ]{1,60}\n){1,3}".prop_map(Value::from),
        "[a-z ]{70,200}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[ a-z0-9.:/#\\-]{0,12}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        let value = json!({"v": value});
        let written = to_string(&value);
        prop_assert_eq!(&one(&written).value, &value, "{}", written);
    }

    #[test]
    fn noise_never_panics(text in "[-a-c:\\[\\]{},&*!|>#'\"%\\\\ \n\t0-9<]{0,60}") {
        if let Ok(documents) = documents(&text) {
            for document in documents {
                let _ = (document.position("a[0].b"), document.flatten());
            }
        }
    }
}
