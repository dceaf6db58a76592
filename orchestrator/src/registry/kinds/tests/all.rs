//! What must hold for every kind, whatever a client sends.

use api::Object;
use serde_json::{Value, json};

use super::super::all;
use super::{create, now, update};

#[test]
fn every_row_has_a_cell_for_every_column() {
    for kind in all() {
        let (object, _) = create(kind, &json!({}));
        let cells = kind.row(&object, now());
        assert_eq!(
            cells.len(),
            kind.resource.columns.len(),
            "{}",
            kind.resource.plural
        );
    }
}

/// Bodies with something odd in every place that code looks at.
fn odd_bodies() -> Vec<Value> {
    let odd = [
        json!(null),
        json!(7),
        json!("text"),
        json!([]),
        json!([7, null, "x", {}]),
        json!({}),
    ];
    let fields = [
        "spec",
        "status",
        "data",
        "stringData",
        "rules",
        "subjects",
        "roleRef",
        "endpoints",
        "ports",
        "involvedObject",
        "type",
        "provisioner",
        "immutable",
    ];
    let spec_fields = [
        "template",
        "selector",
        "strategy",
        "ports",
        "containers",
        "volumes",
        "jobTemplate",
        "resources",
        "syncPolicy",
        "source",
        "taints",
        "capacity",
        "affinity",
        "clusterIPs",
        "tolerations",
        "replicas",
        "schedule",
        "finalizers",
        "initContainers",
    ];
    let mut bodies = Vec::new();
    for value in &odd {
        for field in fields {
            bodies.push(json!({"metadata": {"name": "it"}, field: value}));
        }
        for field in spec_fields {
            bodies.push(json!({"metadata": {"name": "it"}, "spec": {field: value}}));
            bodies.push(json!({"spec": {"template": {"spec": {field: value}}}}));
        }
        for field in [
            "resources",
            "ports",
            "env",
            "volumeMounts",
            "livenessProbe",
            "image",
            "lifecycle",
        ] {
            bodies.push(json!({"spec": {"containers": [{field: value}]}}));
        }
        for field in ["secret", "projected", "emptyDir", "hostPath", "downwardAPI"] {
            bodies.push(json!({"spec": {"volumes": [{field: value}]}}));
        }
        bodies.push(json!({"metadata": {"labels": value, "finalizers": value}}));
    }
    bodies
}

#[test]
fn nothing_panics_and_defaults_are_idempotent() {
    for kind in all() {
        for body in odd_bodies() {
            let (object, _) = create(kind, &body);
            let mut again = object.clone();
            kind.default(&mut again);
            assert_eq!(again, object, "{}: {body}", kind.resource.plural);
            let _ = kind.row(&object, now());
            let _ = kind.field(&object, "status.phase");
            let _ = (kind.grace)(&object, None);
            let _ = (kind.allocations)(&object);
            let (mut changed, _) = update(kind, &object, |new| *new = json!({"metadata": {}}));
            (kind.prepare_status)(&mut changed, &object);
            let _ = kind.validate_status(&changed, &object);
            (kind.begin_deletion)(&mut changed);
            if let Some(scale) = kind.scale {
                let read = (scale.read)(&object);
                let _ = (scale.write)(&mut changed, &read);
            }
        }
    }
}

#[test]
fn an_update_that_changes_nothing_changes_nothing() {
    for kind in all() {
        let (object, _) = create(kind, &json!({"spec": {}}));
        let (same, _) = update(kind, &object, |_| {});
        assert_eq!(same, object, "{}", kind.resource.plural);
    }
}

#[test]
fn the_two_endpoints_write_their_own_half() {
    for kind in all().filter(|kind| {
        kind.resource
            .subresources
            .iter()
            .any(|s| s.name == "status")
    }) {
        let (old, _) = create(kind, &json!({"spec": {"a": 1}}));
        let mut new = old.clone();
        new.body["spec"]["a"] = json!(2);
        new.body["status"] = json!({"b": 3});
        let mut main = new.clone();
        (kind.prepare_update)(&mut main, &old);
        assert_eq!(
            main.body.get("status"),
            old.body.get("status"),
            "{}",
            kind.resource.plural
        );

        (kind.prepare_status)(&mut new, &old);
        assert_eq!(
            new.body["spec"], old.body["spec"],
            "{}",
            kind.resource.plural
        );
        assert_eq!(new.body["status"]["b"], 3);
        assert_eq!(new.generation(), old.generation());
    }
}

#[test]
fn only_known_fields_select() {
    for kind in all() {
        let object = Object::from(json!({"metadata": {"name": "a", "namespace": "b"}}));
        assert_eq!(kind.field(&object, "metadata.name").as_deref(), Some("a"));
        assert_eq!(kind.field(&object, "spec.nonsense"), None);
    }
}
