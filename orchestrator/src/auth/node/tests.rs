mod volumes;

use api::selector::FieldSelector;
use api::{Collection, GroupVersionKind, Object};
use serde_json::json;

use super::*;
use crate::auth::rbac::Attributes;

fn pod(name: &str, node: &str) -> Object {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "web", "uid": format!("u-{name}")},
        "spec": {
            "nodeName": node,
            "serviceAccountName": "runner",
            "imagePullSecrets": [{"name": "pull"}],
            "initContainers": [{"envFrom": [{"configMapRef": {"name": "init"}}]}],
            "containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "password"}}}]}],
            "volumes": [
                {"name": "a", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
                {"name": "b", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "scratch", "ephemeral": {}},
                {"name": "c", "secret": {"secretName": "certificate"}},
            ],
        },
    })
    .into()
}

fn graph() -> Graph {
    let mut graph = Graph::default();
    graph.observe(&pod("web-0", "n1"));
    graph.observe(&pod("web-1", "n2"));
    graph.observe(&pod("waiting", ""));
    let claim = json!({"kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "web"}, "spec": {"volumeName": "pv-1"}});
    graph.observe(&claim.into());
    graph
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_agent_reads_what_its_pods_need() {
    let graph = graph();
    let core =
        |verb: &str, resource: &str| Attributes::resource(verb, "", resource).in_namespace("web");
    let lease = |verb: &str, name: &str| {
        Attributes::resource(verb, "coordination.k8s.io", "leases")
            .in_namespace("kube-node-lease")
            .named(name)
    };
    let selected = |field: &str, value: &str| FieldSelector::equals(field, value);
    let node = |verb: &str, name: &str| Attributes::resource(verb, "", "nodes").named(name);
    let cases = [
        (core("get", "secrets").named("password"), true),
        (core("get", "secrets").named("pull"), true),
        (core("get", "secrets").named("other"), false),
        (
            core("get", "secrets")
                .named("password")
                .in_namespace("else"),
            false,
        ),
        (core("update", "secrets").named("password"), false),
        (core("list", "secrets"), false),
        (
            core("watch", "secrets").narrowed(selected("metadata.name", "certificate")),
            true,
        ),
        (core("get", "configmaps").named("init"), true),
        (
            core("list", "configmaps").narrowed(selected("metadata.name", "kube-root-ca.crt")),
            true,
        ),
        (core("get", "persistentvolumeclaims").named("data"), true),
        (
            core("get", "persistentvolumeclaims").named("web-0-scratch"),
            true,
        ),
        (
            core("get", "persistentvolumeclaims").named("web-1-scratch"),
            false,
        ),
        (core("patch", "persistentvolumeclaims").named("data"), false),
        (
            Attributes::resource("get", "", "persistentvolumes").named("pv-1"),
            true,
        ),
        (
            Attributes::resource("get", "", "persistentvolumes").named("pv-2"),
            false,
        ),
        // Whose finalizer it removes is for `restrict` to check.
        (
            Attributes::resource("patch", "", "persistentvolumes").named("pv-2"),
            true,
        ),
        (
            Attributes::resource("delete", "", "persistentvolumes").named("pv-1"),
            false,
        ),
        (
            core("create", "serviceaccounts")
                .named("runner")
                .subresource("token"),
            true,
        ),
        (
            core("create", "serviceaccounts")
                .named("boss")
                .subresource("token"),
            false,
        ),
        (core("get", "pods").named("web-0"), true),
        (core("get", "pods").named("web-1"), false),
        (core("list", "pods"), false),
        (
            Attributes::resource("list", "", "pods").narrowed(selected("spec.nodeName", "n1")),
            true,
        ),
        (
            Attributes::resource("watch", "", "pods").narrowed(selected("spec.nodeName", "n2")),
            false,
        ),
        (
            core("patch", "pods").named("web-0").subresource("status"),
            true,
        ),
        (core("patch", "pods").named("web-0"), false),
        (core("deletecollection", "pods"), false),
        (node("get", "n1"), true),
        (node("get", "n2"), false),
        (node("patch", "n1").subresource("status"), true),
        (node("patch", "n2").subresource("status"), false),
        (Attributes::resource("create", "", "nodes"), true),
        (node("delete", "n1"), false),
        (lease("update", "n1"), true),
        (lease("update", "n2"), false),
        (lease("create", ""), true),
        (lease("update", "n1").in_namespace("default"), false),
        (core("create", "events"), true),
        (Attributes::resource("list", "", "services"), true),
        (Attributes::resource("list", "apps", "deployments"), false),
        (Attributes::path("get", "/metrics"), false),
    ];
    for (attributes, expected) in cases {
        let decision = authorize(&graph, "n1", &attributes);
        assert_eq!(
            decision.is_allowed(),
            expected,
            "{attributes:?}: {decision:?}"
        );
    }
}

#[test]
fn what_a_pod_needed_goes_with_it() {
    let mut graph = graph();
    graph.observe(&pod("web-2", "n1"));
    let needs = |graph: &Graph| graph.refers("n1", Referent::Secret, "web", "password");
    let key = |name: &str| Collection::new("", "pods").key("web", name);
    graph.forget(&key("web-0"));
    assert!(needs(&graph));
    graph.forget(&key("web-2"));
    assert!(!needs(&graph));
    assert!(graph.refers("n2", Referent::Secret, "web", "password"));
    graph.forget(&Collection::new("", "persistentvolumeclaims").key("web", "data"));
    assert!(!graph.uses_volume("n2", "pv-1"));

    let mut mirror = pod("static", "n1");
    mirror.set_annotation("kubernetes.io/config.mirror", "x");
    graph.observe(&mirror);
    assert!(!needs(&graph));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_agent_writes_about_itself_and_its_pods() {
    let graph = graph();
    let (mine, other) = (pod("web-0", "n1"), pod("web-1", "n2"));
    let mut relabelled = mine.clone();
    relabelled.set_label("app", "x");
    let node = Object::new(&GroupVersionKind::new("", "v1", "Node"), "", "n1");
    let labelled = |key: &str| {
        let mut node = node.clone();
        node.set_label(key, "x");
        node
    };
    let mut tainted = node.clone();
    tainted.body["spec"] = json!({"taints": [{"key": "a"}]});
    let token = |pod: &str, uid: &str| -> Object {
        json!({"spec": {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": pod, "uid": uid}}}).into()
    };
    let unbound: Object = json!({"spec": {}}).into();
    let bare: Object =
        json!({"kind": "Pod", "metadata": {"name": "m"}, "spec": {"nodeName": "n1"}}).into();
    let mut mirror = bare.clone();
    mirror.set_annotation("kubernetes.io/config.mirror", "x");

    let check = |verb: &str,
                 resource: (&str, &str),
                 name: &str,
                 subresource: &str,
                 old: Option<&Object>,
                 new: Option<&Object>| {
        let namespace = if resource.1 == "leases" {
            "kube-node-lease"
        } else {
            "web"
        };
        let key = Collection::new(resource.0, resource.1).key(namespace, name);
        let change = Change {
            verb,
            key: &key,
            subresource,
            old,
            new,
        };
        restrict(&graph, "n1", &change).is_ok()
    };
    let (pods, nodes, accounts) = (("", "pods"), ("", "nodes"), ("", "serviceaccounts"));
    let leases = ("coordination.k8s.io", "leases");
    let cases = [
        (
            check("patch", pods, "web-0", "status", Some(&mine), Some(&mine)),
            true,
        ),
        (
            check(
                "patch",
                pods,
                "web-0",
                "status",
                Some(&mine),
                Some(&relabelled),
            ),
            false,
        ),
        (
            check("patch", pods, "web-1", "status", Some(&other), Some(&other)),
            false,
        ),
        (check("delete", pods, "web-0", "", Some(&mine), None), true),
        (
            check("delete", pods, "web-1", "", Some(&other), None),
            false,
        ),
        (
            check("update", pods, "web-0", "", Some(&mine), Some(&mine)),
            false,
        ),
        (check("create", pods, "m", "", None, Some(&bare)), false),
        (check("create", pods, "m", "", None, Some(&mirror)), true),
        (check("create", pods, "web-0", "eviction", None, None), true),
        (
            check("create", pods, "web-1", "eviction", None, None),
            false,
        ),
        (check("create", nodes, "n1", "", None, Some(&node)), true),
        (check("create", nodes, "", "", None, Some(&node)), true),
        (check("create", nodes, "n2", "", None, Some(&node)), false),
        (
            check(
                "update",
                nodes,
                "n1",
                "",
                Some(&node),
                Some(&labelled("kubernetes.io/os")),
            ),
            true,
        ),
        (
            check(
                "update",
                nodes,
                "n1",
                "",
                Some(&node),
                Some(&labelled("example.org/rack")),
            ),
            true,
        ),
        (
            check(
                "update",
                nodes,
                "n1",
                "",
                Some(&node),
                Some(&labelled("node-restriction.kubernetes.io/pci")),
            ),
            false,
        ),
        (
            check(
                "update",
                nodes,
                "n1",
                "",
                Some(&node),
                Some(&labelled("node-role.kubernetes.io/master")),
            ),
            false,
        ),
        (
            check("update", nodes, "n1", "", Some(&node), Some(&tainted)),
            false,
        ),
        (check("delete", nodes, "n1", "", Some(&node), None), false),
        (
            check(
                "create",
                accounts,
                "runner",
                "token",
                None,
                Some(&token("web-0", "u-web-0")),
            ),
            true,
        ),
        (
            check(
                "create",
                accounts,
                "runner",
                "token",
                None,
                Some(&token("web-0", "stale")),
            ),
            false,
        ),
        (
            check(
                "create",
                accounts,
                "runner",
                "token",
                None,
                Some(&token("web-1", "u-web-1")),
            ),
            false,
        ),
        (
            check(
                "create",
                accounts,
                "boss",
                "token",
                None,
                Some(&token("web-0", "u-web-0")),
            ),
            false,
        ),
        (
            check("create", accounts, "runner", "token", None, Some(&unbound)),
            false,
        ),
        (check("update", leases, "n1", "", None, None), true),
        (check("update", leases, "n2", "", None, None), false),
    ];
    for (index, (allowed, expected)) in cases.into_iter().enumerate() {
        assert_eq!(allowed, expected, "case {index}");
    }
}
