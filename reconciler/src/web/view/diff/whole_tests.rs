use serde_json::{Value, json};

use super::*;

const WANTS: Wants = Wants {
    unified: false,
    defaults: false,
    managed: false,
    context: Some(3),
    patch: false,
};

fn deployment(image: &str, replicas: u8) -> Object {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "resourceVersion": "7", "managedFields": [
            {"manager": "kedge", "operation": "Apply", "time": "2026-03-01T14:00:00Z",
             "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}}}}}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale",
             "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
             "fieldsV1": {"f:status": {"f:replicas": {}}}}]},
        "spec": {"replicas": replicas, "revisionHistoryLimit": 10, "strategy": {"type": "Recreate"},
            "template": {"spec": {"containers": [
                {"imagePullPolicy": "IfNotPresent", "image": image, "name": "web"}]}}},
        "status": {"replicas": 1}})
    .into()
}

fn pair<'a>(old: &'a Object, new: &'a Object, changes: &'a [FieldChange]) -> Pair<'a> {
    Pair {
        old: Some(old),
        new: Some(new),
        manifest: None,
        changes,
    }
}

fn shown(old: &Object, new: &Object, wants: Wants) -> (Vec<String>, usize, usize) {
    let changes = diff::changes(old, new);
    let whole = whole(&pair(old, new, &changes), wants);
    let rows = whole.rows.iter().map(|row| {
        let side = |cell: &Option<super::super::Cell>| {
            cell.as_ref()
                .map(|it| format!("{} {it}", it.number))
                .unwrap_or_default()
        };
        match (row.context, row.path.as_str()) {
            (true, _) => side(&row.new),
            (_, "") => format!("{} | {}", side(&row.old), side(&row.new)),
            (_, path) => path.to_owned(),
        }
    });
    (rows.collect(), whole.defaults, whole.managed)
}

#[test]
fn what_nobody_in_git_asked_for_is_left_out_and_counted() {
    let (old, new) = (deployment("web:1", 3), deployment("web:2", 3));
    let (rows, defaults, managed) = shown(&old, &new, WANTS);
    let asked = [
        "1 apiVersion: apps/v1",
        "2 kind: Deployment",
        "3 metadata:",
        "4   name: web",
        "5 spec:",
        "6   template:",
        "7     spec:",
        "8       containers:",
        "9       - image: web:<del>1</del> | 9       - image: web:<ins>2</ins>",
        "10         name: web",
    ];
    assert_eq!(rows, asked);
    assert_eq!((defaults, managed), (3, 1));
    let all = Wants {
        defaults: true,
        managed: true,
        ..WANTS
    };
    let (rows, ..) = shown(&old, &new, all);
    assert_eq!(
        rows[5..9],
        [
            "   replicas: 3<span class=\"note\">kube-controller-manager</span>",
            "   revisionHistoryLimit: 10<span class=\"note\">default</span>",
            "   strategy:",
            "     type: Recreate<span class=\"note\">default</span>",
        ]
    );
    // The dash is where the element begins, and the numbers are what they were.
    assert_eq!(
        rows[12],
        "       - imagePullPolicy: IfNotPresent<span class=\"note\">default</span>"
    );
    assert!(rows[13].starts_with("9         image: "), "{rows:#?}");
}

#[test]
fn what_differs_is_never_left_out() {
    // Only what an autoscaler set.
    let (rows, ..) = shown(&deployment("web:1", 3), &deployment("web:1", 4), WANTS);
    assert!(
        rows.iter().any(|row| row.contains("<ins>4</ins>")),
        "{rows:#?}"
    );
    // Only the order of a list.
    let containers = |names: [&str; 2]| -> Object {
        let all: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"template": {"spec": {"containers": all}}}})
        .into()
    };
    let (rows, ..) = shown(&containers(["a", "b"]), &containers(["b", "a"]), WANTS);
    assert_eq!(rows[0], "spec.template.spec");
    let order = rows.iter().any(|row| row.contains("containers (order):"));
    assert!(order, "{rows:#?}");
}

#[test]
fn a_field_that_git_takes_over_is_no_default() {
    let (old, mut new) = (deployment("web:1", 3), deployment("web:2", 3));
    new.body["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:revisionHistoryLimit"] =
        json!({});
    let (rows, defaults, _) = shown(&old, &new, WANTS);
    assert!(
        rows.contains(&"6   revisionHistoryLimit: 10".to_owned()),
        "{rows:#?}"
    );
    assert_eq!(defaults, 2);
    // Neither is one that its manifest has, whoever wrote it.
    let manifest: Object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "spec": {"replicas": 3, "revisionHistoryLimit": 10}})
    .into();
    let changes = diff::changes(&old, &new);
    let asked = Pair {
        manifest: Some(&manifest),
        ..pair(&old, &new, &changes)
    };
    let whole = whole(&asked, WANTS);
    assert_eq!((whole.defaults, whole.managed), (2, 0));
}

#[test]
fn who_changed_it_outside_of_git_is_known() {
    let (mut old, new) = (deployment("web:9", 3), deployment("web:1", 3));
    let all = old.body["metadata"]["managedFields"]
        .as_array_mut()
        .unwrap();
    let fields = all[0]["fieldsV1"].take();
    all[0]["fieldsV1"] = json!({});
    all.push(json!({"manager": "kubectl-edit", "operation": "Update",
        "time": "2026-03-01T14:05:00Z", "fieldsV1": fields}));
    let changes = diff::changes(&old, &new);
    let whole = whole(&pair(&old, &new, &changes), WANTS);
    let names: Vec<&str> = whole.others.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["kubectl-edit"]);
    assert!(whole.others[0].1.is_some());
}

#[test]
fn values_of_secrets_are_in_no_mode() {
    let secret = |value: &str| -> Object {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "c3dvcmRmaXNo"},
            "managedFields": [{"manager": "kube-x", "fieldsV1": {"f:data": {"f:a": {}}}}]},
            "data": {"a": value, "same": "c3dvcmRmaXNo"}, "stringData": {"b": "hunter2"}})
        .into()
    };
    let (old, new) = (secret("aHVudGVyMg=="), secret("aHVudGVyMw=="));
    for (defaults, managed) in [(false, false), (true, false), (false, true), (true, true)] {
        for context in [Some(0), None] {
            let wants = Wants {
                defaults,
                managed,
                context,
                ..WANTS
            };
            let said = format!("{:?}", shown(&old, &new, wants));
            for value in ["aHVudGVyM", "c3dvcmRmaXNo", "hunter2"] {
                assert!(!said.contains(value), "{said}");
            }
            assert!(said.contains("hidden, sha256"), "{said}");
        }
    }
}
