//! Namespaces, nodes, leases, events, roles, and Kedge's own kinds.

use serde_json::json;

use super::{accept, accept_update, assert_causes, kind, refuse, refuse_update};

#[test]
fn namespaces_end_by_their_finalizer() {
    let namespaces = kind("", "namespaces");
    let mut old = accept(namespaces, &json!({"metadata": {"name": "shop"}}));
    assert_eq!(old.label("kubernetes.io/metadata.name"), Some("shop"));
    assert_eq!(old.body["spec"], json!({"finalizers": ["kubernetes"]}));
    assert_eq!(old.text("/status/phase"), "Active");
    let same = accept_update(namespaces, &old, |new| {
        new["spec"] = json!({"finalizers": []});
    });
    assert_eq!(same.body["spec"], old.body["spec"]);

    assert!((namespaces.is_held)(&old));
    (namespaces.begin_deletion)(&mut old);
    assert_eq!(old.text("/status/phase"), "Terminating");
    old.body["spec"]["finalizers"] = json!([]);
    assert!(!(namespaces.is_held)(&old));
}

#[test]
fn nodes() {
    let nodes = kind("", "nodes");
    let old = accept(
        nodes,
        &json!({"metadata": {"name": "n1"}, "status": {"capacity": {"cpu": 4, "memory": "8Gi"}}}),
    );
    assert_eq!(old.body["status"]["capacity"]["cpu"], "4");
    let ranged = accept_update(nodes, &old, |new| {
        new["spec"] = json!({"podCIDR": "10.1.0.0/24"});
    });
    refuse_update(
        nodes,
        &ranged,
        |new| {
            new["spec"]["podCIDR"] = json!("10.2.0.0/24");
            new["spec"]["taints"] = json!([{"key": "a", "effect": "Nope"}]);
        },
        &[
            ("spec.podCIDR", "node updates may not change podCIDR"),
            ("spec.taints[0].effect", "Unsupported value"),
        ],
    );
}

#[test]
fn leases_and_events() {
    let leases = kind("coordination.k8s.io", "leases");
    accept(
        leases,
        &json!({"spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}}),
    );
    refuse(
        leases,
        &json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}),
        &[
            ("spec.leaseDurationSeconds", "must be greater than 0"),
            (
                "spec.leaseTransitions",
                "must be greater than or equal to 0",
            ),
        ],
    );
    let events = kind("", "events");
    let event = |namespace: &str| json!({"metadata": {"name": "e", "namespace": "a"}, "involvedObject": {"namespace": namespace}});
    accept(events, &event("a"));
    refuse(
        events,
        &event("b"),
        &[("involvedObject.namespace", "does not match event.namespace")],
    );
}

#[test]
fn roles_and_bindings() {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let roles = kind(GROUP, "roles");
    accept(
        roles,
        &json!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}),
    );
    refuse(
        roles,
        &json!({"rules": [{}, {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]}),
        &[
            ("rules[0].verbs", "verbs must contain at least one value"),
            (
                "rules[0].apiGroups",
                "resource rules must supply at least one api group",
            ),
            (
                "rules[0].resources",
                "resource rules must supply at least one resource",
            ),
            (
                "rules[1].nonResourceURLs",
                "namespaced rules cannot apply to non-resource URLs",
            ),
        ],
    );
    accept(
        kind(GROUP, "clusterroles"),
        &json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]}),
    );

    let bindings = kind(GROUP, "rolebindings");
    let manifest = json!({
        "metadata": {"name": "b", "namespace": "a"}, "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "jo"}, {"kind": "ServiceAccount", "name": "s", "namespace": "a"}],
    });
    let old = accept(bindings, &manifest);
    assert_eq!(old.body["roleRef"]["apiGroup"], GROUP);
    assert_eq!(old.body["subjects"][0]["apiGroup"], GROUP);
    refuse_update(
        bindings,
        &old,
        |new| {
            new["roleRef"]["name"] = json!("other");
            new["subjects"] = json!([{"kind": "Robot"}]);
        },
        &[
            ("roleRef", "cannot change roleRef"),
            ("subjects[0].name", "Required value"),
            ("subjects[0].kind", "Unsupported value"),
        ],
    );
    refuse(
        kind(GROUP, "clusterrolebindings"),
        &json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "s"}]}),
        &[
            ("roleRef.kind", "supported values: \"ClusterRole\""),
            ("subjects[0].namespace", "Required value"),
        ],
    );
}

#[test]
fn applications_and_rollouts() {
    let applications = kind("kedge.dev", "applications");
    let object = accept(
        applications,
        &json!({"spec": {"source": {"path": "apps/web"}}}),
    );
    assert_eq!(
        object.body["spec"]["syncPolicy"],
        json!({"automated": true, "prune": true, "pruneBudget": 20, "adopt": false, "selfHeal": true,
               "onFailure": "restore"})
    );
    assert_eq!(object.body["spec"]["deadlineSeconds"], 600);
    refuse(
        applications,
        &json!({"metadata": {"name": "web"}, "spec": {
            "source": {"path": "../up", "revision": "--upload-pack=x", "postBuild": {"substitute": {"1A": "x"}}, "verify": {"mode": "all"}}, "deadlineSeconds": 0, "dependsOn": ["web"],
            "syncPolicy": {"pruneBudget": "many"}, "deletionPolicy": "drop",
            "healthCheckExprs": [{"apiVersion": "v1", "kind": "Secret", "current": "data.a =="}],
        }}),
        &[
            ("spec.source.path", "must not contain '..'"),
            ("spec.source.revision", "must not start with '-'"),
            ("spec.source.verify.mode", "supported values: \"head\""),
            ("spec.source.verify", "either a configMap or a secret"),
            ("spec.source.postBuild.substitute", "a name must consist"),
            ("spec.deadlineSeconds", "must be greater than 0"),
            ("spec.syncPolicy.pruneBudget", "a valid percent string"),
            ("spec.deletionPolicy", "supported values: \"keepData\""),
            ("spec.dependsOn[0]", "cannot depend on itself"),
            (
                "spec.healthCheckExprs[0].current",
                "must be a CEL expression",
            ),
        ],
    );
    refuse(
        applications,
        &json!({"metadata": {"name": "web"}, "spec": {"source": {"path": "a"}, "sources": [{"path": "/b"}]}}),
        &[
            ("spec.sources", "must be empty where there is a source"),
            ("spec.sources[0].path", "must be a relative path"),
        ],
    );
    refuse(
        applications,
        &json!({"metadata": {"name": "web"}, "spec": {}}),
        &[("spec.source.path", "the directory of the repository")],
    );
    let rollouts = kind("kedge.dev", "rollouts");
    let mut old = accept(
        rollouts,
        &json!({"spec": {"application": "web", "revision": "abc"}}),
    );
    refuse_update(
        rollouts,
        &old,
        |new| new["spec"]["revision"] = json!("def"),
        &[("spec", "immutable")],
    );
    old.body["status"] = json!({"phase": "Odd"});
    assert_causes(
        &(rollouts.validate_status)(&old, &old),
        &[("status.phase", "Unsupported value")],
    );
}
