//! The roles and bindings every cluster starts with: Kubernetes' own, then Kedge's.

use std::sync::LazyLock;

use serde_json::{Value, json};

use api::{GroupVersionKind, Object};

use super::index::GROUP;
use super::reconcile::aggregate;
use super::rule::{Rule, rules};
use crate::auth::NODES;
use crate::auth::pki::{API_SERVER, RECONCILER};

/// Set to `false` by whoever wants to keep a changed default role as it is.
pub(super) const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";
const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// Read from Kubernetes' own test data.
static FACTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(
        "../../../../crates/api/facts/kubernetes-rbac.json"
    ))
    .expect("the embedded roles are tested")
});

/// All of them, roles before bindings, in the order in which they are created.
pub fn bootstrap_objects() -> Vec<Object> {
    let own = own();
    let tables = [
        ("ClusterRole", "clusterRoles"),
        ("ClusterRoleBinding", "clusterRoleBindings"),
        ("Role", "roles"),
        ("RoleBinding", "roleBindings"),
    ];
    let mut objects = Vec::new();
    for (kind, table) in tables {
        let both = [&FACTS[table], &own[table]];
        let facts = both.into_iter().filter_map(Value::as_array).flatten();
        objects.extend(facts.map(|fact| object(kind, fact)));
    }
    for complete in aggregate(&objects) {
        let same = |other: &&mut Object| {
            other.kind() == complete.kind() && other.name() == complete.name()
        };
        if let Some(found) = objects.iter_mut().find(same) {
            *found = complete;
        }
    }
    objects
}

/// The rules of the role `system:node`: what a node agent may do besides what concerns its pods.
pub fn node_rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        FACTS["clusterRoles"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|role| role["name"] == "system:node")
            .map(rules)
            .unwrap_or_default()
    });
    &RULES
}

fn object(kind: &str, fact: &Value) -> Object {
    let text = |field: &str| fact[field].as_str().unwrap_or_default();
    let gvk = GroupVersionKind::new(GROUP, "v1", kind);
    let mut object = Object::new(&gvk, text("namespace"), text("name"));
    object.set_label(BOOTSTRAPPING, "rbac-defaults");
    for (key, value) in fact["labels"].as_object().into_iter().flatten() {
        object.set_label(key, value.as_str().unwrap_or_default());
    }
    object.set_annotation(AUTO_UPDATE, "true");
    for field in ["aggregationRule", "rules", "roleRef", "subjects"] {
        if let Some(value) = fact.get(field) {
            object.body[field] = value.clone();
        }
    }
    if kind.ends_with("Role") && object.body["rules"].is_null() {
        object.body["rules"] = json!([]);
    }
    object
}

/// What Kubernetes has no roles for.
fn own() -> Value {
    let read = json!(["get", "list", "watch"]);
    let write = json!(["create", "delete", "deletecollection", "patch", "update"]);
    let aggregate = |to: &str| json!({(format!("{GROUP}/aggregate-to-{to}")): "true"});
    let resources = json!([
        "applications",
        "applications/status",
        "rollouts",
        "rollouts/status"
    ]);
    let user = |name: &str| json!([{"kind": "User", "apiGroup": GROUP, "name": name}]);
    let role = |name: &str| json!({"kind": "ClusterRole", "apiGroup": GROUP, "name": name});
    json!({
        "clusterRoles": [
            {"name": "system:kedge:aggregate-to-view", "labels": aggregate("view"),
             "rules": [{"verbs": read, "apiGroups": ["kedge.dev"], "resources": resources}]},
            // What is measured: Kubernetes has it from those who add the measuring.
            {"name": "system:aggregated-metrics-reader", "labels": aggregate("view"),
             "rules": [{"verbs": read, "apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"]}]},
            // A rollout is the record of an attempt: people start them through an application.
            {"name": "system:kedge:aggregate-to-edit", "labels": aggregate("edit"),
             "rules": [{"verbs": write, "apiGroups": ["kedge.dev"], "resources": ["applications"]}]},
            // What a repository may contain is not known beforehand.
            {"name": RECONCILER, "rules": [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                {"verbs": ["*"], "nonResourceURLs": ["*"]}]},
            // Logs and exec, for the agents that ask the API server whether it may.
            {"name": API_SERVER, "rules": [
                {"verbs": ["*"], "apiGroups": [""],
                 "resources": ["nodes/proxy", "nodes/log", "nodes/stats", "nodes/metrics"]}]},
            // Agents watch only what concerns their node; for the service proxy and cluster DNS
            // they need the addresses of all, and those of nodes for the way to them. A volume names
            // no secret of a node's own kind.
            {"name": "system:kedge:node", "rules": [
                {"verbs": read, "apiGroups": [""],
                 "resources": ["services", "namespaces", "nodes", "persistentvolumes"]},
                {"verbs": read, "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}]},
        ],
        "clusterRoleBindings": [
            {"name": RECONCILER, "roleRef": role(RECONCILER), "subjects": user(RECONCILER)},
            {"name": API_SERVER, "roleRef": role(API_SERVER), "subjects": user(API_SERVER)},
            {"name": "system:kedge:node", "roleRef": role("system:kedge:node"),
             "subjects": [{"kind": "Group", "apiGroup": GROUP, "name": NODES}]},
        ],
    })
}
