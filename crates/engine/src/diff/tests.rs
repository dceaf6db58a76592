use serde_json::{Value, json};

use api::Object;

use super::*;

fn deployment(edit: impl Fn(&mut Value)) -> Object {
    let mut body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "args": ["-v", "on"],
             "ports": [{"containerPort": 80, "protocol": "TCP"}],
             "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "proxy", "image": "proxy:1"},
        ]}}},
    });
    edit(&mut body);
    body.into()
}

fn container(body: &mut Value) -> &mut Value {
    &mut body["spec"]["template"]["spec"]["containers"][0]
}

fn shown(old: &Object, new: &Object) -> Vec<String> {
    changes(old, new)
        .iter()
        .map(|change| show(change, is_secret(new)))
        .collect()
}

#[test]
fn names_exactly_the_fields_that_differ() {
    let check = |edit: fn(&mut Value), expected: &[&str]| {
        assert_eq!(shown(&deployment(|_| ()), &deployment(edit)), expected);
    };
    let prefix = "spec.template.spec.containers";
    check(|_| (), &[]);
    check(
        |body| body["spec"]["replicas"] = json!(3),
        &["spec.replicas: 2 -> 3"],
    );
    check(
        |body| container(body)["image"] = json!("web:2"),
        &[&format!("{prefix}[web].image: web:1 -> web:2")],
    );
    check(
        |body| container(body)["env"][1]["value"] = json!("3"),
        &[&format!("{prefix}[web].env[B].value: 2 -> 3")],
    );
    check(
        |body| container(body)["args"] = json!(["-v"]),
        &[&format!(r#"{prefix}[web].args: ["-v","on"] -> ["-v"]"#)],
    );
    check(
        |body| container(body)["ports"] = json!([{"containerPort": 81, "protocol": "TCP"}]),
        &[
            &format!(
                r#"{prefix}[web].ports[80/TCP]: removed (was {{"containerPort":80,"protocol":"TCP"}})"#
            ),
            &format!(
                r#"{prefix}[web].ports[81/TCP]: added {{"containerPort":81,"protocol":"TCP"}}"#
            ),
        ],
    );
    check(
        |body| {
            body["spec"]["template"]["spec"]["containers"]
                .as_array_mut()
                .unwrap()
                .reverse();
        },
        &[&format!(
            r#"{prefix} (order): ["web","proxy"] -> ["proxy","web"]"#
        )],
    );
    check(
        |body| {
            body["metadata"]["labels"] = json!({"app.kubernetes.io/name": "shop", "tier": "a b"});
        },
        &[
            r#"metadata.labels["app.kubernetes.io/name"]: web -> shop"#,
            r#"metadata.labels.tier: added "a b""#,
        ],
    );
    check(
        |body| body["metadata"]["annotations"] = json!({"note": "x"}),
        &["metadata.annotations.note: added x"],
    );
}

#[test]
fn ignores_what_only_the_server_writes() {
    let live = deployment(|body| {
        body["metadata"]["uid"] = json!("1");
        body["metadata"]["resourceVersion"] = json!("7");
        body["metadata"]["managedFields"] = json!([{}]);
        body["metadata"]["annotations"] = json!({});
        body["status"] = json!({"replicas": 2});
    });
    assert_eq!(shown(&live, &deployment(|_| ())), Vec::<String>::new());
}

#[test]
fn secrets_are_told_apart_and_never_shown() {
    let secret = |password: &str| -> Object {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
               "data": {"password": password, "user": "YWRtaW4="}})
        .into()
    };
    let lines = shown(&secret("aHVudGVyMg=="), &secret("aHVudGVyMw=="));
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with("data.password: changed (sha256 "),
        "{lines:?}"
    );
    assert!(!lines[0].contains("aHVudGVy"));
    let text = yaml(Some(&secret("aHVudGVyMg==")));
    assert!(
        !text.contains("aHVudGVyMg==") && !text.contains("YWRtaW4="),
        "{text}"
    );
}

#[test]
fn an_overlay_keeps_what_the_manifest_does_not_mention() {
    let live = deployment(|body| {
        body["spec"]["revisionHistoryLimit"] = json!(10);
        container(body)["imagePullPolicy"] = json!("Always");
    });
    let overlaid = overlay(&live, &deployment(|_| ()));
    assert_eq!(shown(&live, &overlaid), Vec::<String>::new());
    let changed = overlay(
        &live,
        &deployment(|body| container(body)["image"] = json!("web:2")),
    );
    assert_eq!(
        shown(&live, &changed),
        ["spec.template.spec.containers[web].image: web:1 -> web:2"]
    );
}

/// What a side of a row has, changed parts in brackets; `.` for nothing.
fn side(line: Option<&Line>) -> String {
    let Some(line) = line else { return ".".into() };
    let spans = line.spans.iter().map(|span| {
        let text = &span.text;
        if span.changed {
            format!("[{text}]")
        } else {
            text.clone()
        }
    });
    spans.collect()
}

fn sides(old: &str, new: &str) -> Vec<(String, String)> {
    let hunks = hunks(old, new, 1);
    let rows = hunks.iter().flatten();
    rows.map(|row| (side(row.old.as_ref()), side(row.new.as_ref())))
        .collect()
}

#[test]
fn lines_mark_the_words_that_changed() {
    let check = |old: &str, new: &str, expected: &str| {
        let rows = sides(old, new);
        assert_eq!(rows[0].1, expected, "{old} -> {new}");
    };
    check(
        "image: movies:1.0",
        "image: movies:9.9",
        "image: movies:[9.9]",
    );
    check("replicas: 2", "replicas: 3", "replicas: [3]");
    check("a: größer als", "a: größer wie", "a: größer [wie]");
    // Where nearly all of a line is new, none of it is marked.
    check("k: abc", "k: xyzxyzxyz", "k: xyzxyzxyz");
    check(
        "host: a.example.org",
        "host: b.example.org",
        "host: [b].example.org",
    );
}

#[test]
fn lines_stand_beside_what_they_became() {
    let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
    let expected = [
        pair("a: 1", "a: 1"),
        pair("image: web:[1]", "image: web:[2]"),
        pair(".", "pull: Always"),
        pair("z: 1", "z: 1"),
    ];
    // Of more lines than there were, those that have one beside them are marked all the same.
    let old = "0: 0\na: 1\nimage: web:1\nz: 1\n";
    let new = "0: 0\na: 1\nimage: web:2\npull: Always\nz: 1\n";
    assert_eq!(sides(old, new), expected);
    let back = sides(new, old);
    assert_eq!(back[2], pair("pull: Always", "."));
    assert!(sides(old, old).is_empty());
    // All of it has what is the same as well.
    assert_eq!(rows(old, old).len(), 4);
    assert_eq!(rows(old, new).len(), 5);
}
