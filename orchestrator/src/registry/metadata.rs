//! `metadata`: what all kinds share. Pure; who may write what is decided elsewhere.

use api::{Cause, Object, Resource, name};
use serde_json::{Value, json};

use super::kinds::field::{Causes, Field};

/// Keys and values of all annotations together, in bytes.
const MAX_ANNOTATIONS: usize = 256 * 1024;
/// Fields that only the server writes; an update that leaves them out keeps them.
const SERVER_OWNED: &[&str] = &[
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
];

/// Create: drops what a client cannot know yet. The caller then sets uid and creation time.
pub fn reset(new: &mut Object) {
    let metadata = new.metadata_mut();
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "selfLink",
    ] {
        metadata.shift_remove(field);
    }
}

/// Update, `(new, old)`: what only the server writes keeps its old value where the request leaves
/// it out; the generation always does.
pub fn inherit(new: &mut Object, old: &Object) {
    let before = &old.body["metadata"];
    let metadata = new.metadata_mut();
    metadata.shift_remove("selfLink");
    metadata.shift_remove("generation");
    for field in SERVER_OWNED.iter().chain(&["generation"]) {
        if metadata.get(*field).is_none_or(Value::is_null) {
            match before.get(*field) {
                Some(value) => metadata.insert((*field).into(), value.clone()),
                None => metadata.shift_remove(*field),
            };
        }
    }
}

/// Create: name, namespace, labels, annotations, owners and finalizers.
pub fn validate(object: &Object, resource: &Resource) -> Vec<Cause> {
    let mut causes = Causes::default();
    let metadata = Field::root(object).get("metadata");
    names(&mut causes, &metadata, resource);
    shared(&mut causes, &metadata);
    causes.finish()
}

/// Update, `(new, old)`: the rules of [`validate`], and what may never change.
pub fn validate_update(new: &Object, old: &Object, resource: &Resource) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (
        Field::root(new).get("metadata"),
        Field::root(old).get("metadata"),
    );
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        causes.immutable(&now.get(field), &before.get(field));
    }
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        causes.immutable(&now.get(field), &before.get(field));
    }
    if old.is_deleting() {
        let kept: Vec<&str> = old.finalizers().collect();
        let added: Vec<&str> = new
            .finalizers()
            .filter(|name| !kept.contains(name))
            .collect();
        if !added.is_empty() {
            let rule = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
            );
            causes.forbidden(&now.get("finalizers"), &rule);
        }
    }
    // Names made under older rules stay valid.
    if now.get("name").value() != before.get("name").value() {
        names(&mut causes, &now, resource);
    }
    shared(&mut causes, &now);
    causes.finish()
}

/// The rule for the names of a kind.
fn name_rule(resource: &Resource) -> fn(&str) -> Vec<String> {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces" | "services") => name::dns1123_label,
        ("rbac.authorization.k8s.io", _) => name::path_segment,
        _ => name::dns1123_subdomain,
    }
}

fn names(causes: &mut Causes, metadata: &Field, resource: &Resource) {
    let rule = name_rule(resource);
    let (own, prefix) = (metadata.get("name"), metadata.get("generateName"));
    if !prefix.is_empty() {
        causes.rules(&prefix, rule(&name::generated(prefix.text())));
    }
    if own.is_empty() {
        if prefix.is_empty() {
            causes.required(&own, "name or generateName is required");
        }
    } else {
        causes.rules(&own, rule(own.text()));
    }
    let namespace = metadata.get("namespace");
    if resource.is_namespaced() {
        if causes.require(&namespace, "") {
            causes.rules(&namespace, name::dns1123_label(namespace.text()));
        }
    } else if !namespace.is_empty() {
        causes.forbidden(&namespace, "not allowed on this type");
    }
}

fn shared(causes: &mut Causes, metadata: &Field) {
    let labels = metadata.get("labels");
    causes.labels(&labels);
    for (_, value) in labels.entries() {
        if !value.value().is_string() {
            causes.invalid(&value, "must be a string");
        }
    }
    annotations(causes, &metadata.get("annotations"));
    owners(causes, &metadata.get("ownerReferences"));
    let finalizers = metadata.get("finalizers");
    for finalizer in finalizers.items() {
        causes.rules(&finalizer, name::qualified_name(finalizer.text()));
        // Without a domain only Kubernetes' own, so that two systems never mean each other's.
        let own = ["kubernetes", "orphan", "foregroundDeletion"];
        if !finalizer.text().contains('/') && !own.contains(&finalizer.text()) {
            causes.invalid(
                &finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
    let has = |wanted: &str| {
        finalizers
            .items()
            .any(|finalizer| finalizer.text() == wanted)
    };
    if has("orphan") && has("foregroundDeletion") {
        causes.invalid(
            &finalizers,
            "finalizer orphan and foregroundDeletion cannot be both set",
        );
    }
}

fn annotations(causes: &mut Causes, annotations: &Field) {
    let mut bytes = 0;
    for (key, value) in annotations.entries() {
        for rule in name::qualified_name(&key.to_lowercase()) {
            causes.push(Cause::invalid(annotations.path(), &json!(key), &rule));
        }
        if !value.value().is_string() {
            causes.invalid(&value, "must be a string");
        }
        bytes += key.len() + value.text().len();
    }
    if bytes > MAX_ANNOTATIONS {
        causes.too_long(annotations.path(), MAX_ANNOTATIONS);
    }
}

fn owners(causes: &mut Causes, owners: &Field) {
    let mut controller: Option<&str> = None;
    for owner in owners.items() {
        let version = owner.get("apiVersion");
        causes.require(&version, "version must not be empty");
        if version.text() == "v1" && owner.get("kind").text() == "Event" {
            causes.invalid(&owner, "v1, Kind=Event is disallowed from being an owner");
        }
        for field in ["kind", "name", "uid"] {
            causes.require(&owner.get(field), &format!("{field} must not be empty"));
        }
        if !owner.get("controller").flag() {
            continue;
        }
        let this = owner.get("name").text();
        if let Some(other) = controller {
            let rule = format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {other} and {this}"
            );
            causes.invalid(owners, &rule);
        }
        controller = Some(this);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(plural: &str, group: &str) -> &'static Resource {
        api::resource::by_collection(&api::Collection::new(group, plural)).unwrap()
    }

    #[track_caller]
    fn check(metadata: &Value, expected: &[&str]) {
        let object = Object::from(json!({"metadata": metadata}));
        let causes = validate(&object, resource("configmaps", ""));
        let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
        assert_eq!(fields, expected, "{causes:?}");
    }

    #[test]
    fn names_the_field_at_fault() {
        check(&json!({"name": "a", "namespace": "b"}), &[]);
        check(&json!({"generateName": "web-", "namespace": "b"}), &[]);
        check(&json!({"namespace": "b"}), &["metadata.name"]);
        check(&json!({"name": "a"}), &["metadata.namespace"]);
        check(
            &json!({"name": "Not_Good", "namespace": "b"}),
            &["metadata.name"],
        );
        let with = |field: &str, value: Value| json!({"name": "a", "namespace": "b", field: value});
        check(
            &with("labels", json!({"a b": "x", "ok": "no spaces"})),
            &["metadata.labels"; 2],
        );
        check(
            &with("labels", json!({"port": 80})),
            &["metadata.labels[port]"],
        );
        check(&with("annotations", json!({"Any.Case": "{}"})), &[]);
        let long = "x".repeat(MAX_ANNOTATIONS);
        check(
            &with("annotations", json!({"a": long})),
            &["metadata.annotations"],
        );
        check(&with("finalizers", json!(["example.com/x", "orphan"])), &[]);
        check(
            &with("finalizers", json!(["mine"])),
            &["metadata.finalizers[0]"],
        );
        let owner =
            json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": true});
        check(&with("ownerReferences", json!([owner])), &[]);
        check(
            &with("ownerReferences", json!([owner, owner])),
            &["metadata.ownerReferences"],
        );
        check(
            &with(
                "ownerReferences",
                json!([{"apiVersion": "v1", "kind": "Pod", "name": "p"}]),
            ),
            &["metadata.ownerReferences[0].uid"],
        );
    }

    #[test]
    fn names_follow_the_kind() {
        for (plural, group, name, ok) in [
            ("namespaces", "", "a.b", false),
            ("services", "", "1web", true),
            (
                "clusterroles",
                "rbac.authorization.k8s.io",
                "system:node",
                true,
            ),
            ("clusterroles", "rbac.authorization.k8s.io", "a/b", false),
            ("pods", "", "web.0", true),
            ("nodes", "", "node-1", true),
        ] {
            let resource = resource(plural, group);
            let namespace = if resource.is_namespaced() {
                "default"
            } else {
                ""
            };
            let object = Object::from(json!({"metadata": {"name": name, "namespace": namespace}}));
            let causes = validate(&object, resource);
            assert_eq!(causes.is_empty(), ok, "{plural} {name}: {causes:?}");
        }
    }

    #[test]
    fn an_update_keeps_what_the_server_owns() {
        let old = Object::from(json!({"metadata": {
            "name": "a", "namespace": "b", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z",
            "generation": 3, "deletionTimestamp": "2026-01-02T00:00:00Z", "finalizers": ["example.com/x"],
        }}));
        let mut new = Object::from(
            json!({"metadata": {"name": "a", "namespace": "b", "generation": 9,
            "creationTimestamp": null, "finalizers": ["example.com/x"]}}),
        );
        inherit(&mut new, &old);
        assert_eq!(new.body["metadata"]["uid"], "u");
        assert_eq!(new.generation(), 3);
        let resource = resource("configmaps", "");
        assert_eq!(validate_update(&new, &old, resource), Vec::new());

        new.metadata_mut().insert("uid".into(), json!("other"));
        new.metadata_mut()
            .insert("finalizers".into(), json!(["example.com/y"]));
        let fields: Vec<String> = validate_update(&new, &old, resource)
            .into_iter()
            .map(|cause| cause.field)
            .collect();
        assert_eq!(fields, ["metadata.uid", "metadata.finalizers"]);
    }
}
