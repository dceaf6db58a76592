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

#[test]
fn lines_mark_the_words_that_changed() {
    let hunks = hunks(
        "a: 1\nimage: web:1\nz: 1\n",
        "a: 1\nimage: web:2\nz: 1\n",
        1,
    );
    let told: Vec<(LineKind, String, Vec<String>)> = hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .map(|line| {
            let marked = line.spans.iter().filter(|span| span.changed);
            (
                line.kind,
                line.text(),
                marked.map(|span| span.text.clone()).collect(),
            )
        })
        .collect();
    assert_eq!(told.len(), 4);
    assert_eq!(told[0], (LineKind::Same, "a: 1".into(), vec![]));
    assert_eq!(
        (told[1].0, told[1].1.as_str()),
        (LineKind::Removed, "image: web:1")
    );
    assert_eq!(
        (told[2].0, told[2].1.as_str()),
        (LineKind::Added, "image: web:2")
    );
    assert!(!told[2].2.is_empty(), "nothing is marked: {told:?}");
}
