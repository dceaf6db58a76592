use api::Object;

use super::*;

#[test]
fn a_node_lets_go_of_its_own_volumes_only() {
    let graph = graph();
    let volume = json!({
        "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-1", "labels": {"kedge.dev/node": "n1"},
            "deletionTimestamp": "2026-01-01T00:00:00Z",
            "finalizers": ["a/b", "kedge.dev/local-directory"],
        },
        "spec": {"persistentVolumeReclaimPolicy": "Delete"},
    });
    let check = |node: &str, old: &serde_json::Value, change: serde_json::Value, expected: bool| {
        let new = api::patch::merge::apply(old, &change).unwrap();
        let (old, new) = (Object::from(old.clone()), Object::from(new));
        let key = Collection::new("", "persistentvolumes").key("", "pvc-1");
        let change = Change {
            verb: "patch",
            key: &key,
            subresource: "",
            old: Some(&old),
            new: Some(&new),
        };
        let allowed = restrict(&graph, node, &change).is_ok();
        assert_eq!(allowed, expected, "{node} {new:?}");
    };
    let let_go = json!({"metadata": {"finalizers": ["a/b"], "resourceVersion": "9"}});
    check("n1", &volume, let_go.clone(), true);
    check("n2", &volume, let_go.clone(), false);
    check(
        "n1",
        &volume,
        json!({"metadata": {"finalizers": null}}),
        false,
    );
    let more = json!({"metadata": {"finalizers": ["a/b"]}, "spec": {"persistentVolumeReclaimPolicy": "Retain"}});
    check("n1", &volume, more, false);
    let relabelled =
        json!({"metadata": {"finalizers": ["a/b"], "labels": {"kedge.dev/node": "n2"}}});
    check("n1", &volume, relabelled, false);
    let alive = json!({"metadata": {"deletionTimestamp": null}});
    let alive = api::patch::merge::apply(&volume, &alive).unwrap();
    check("n1", &alive, let_go, false);
}
