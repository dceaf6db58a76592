//! Pods follow their volumes.

use serde_json::{Value, json};

use super::super::volume::{Claim, Class, Volume};
use super::*;

fn user(claim: &str) -> Arc<Pod> {
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
    pod(
        &format!("user-of-{claim}"),
        &json!({"spec": {"volumes": volumes}}),
    )
}

fn storage(snapshot: &mut Snapshot, classes: &[(&str, &str, &str)]) {
    for (name, provisioner, mode) in classes {
        let class = Class::from_object(
            &json!({
                "metadata": {"name": name}, "provisioner": provisioner, "volumeBindingMode": mode,
            })
            .into(),
        );
        snapshot.storage.classes.insert(class.name.clone(), class);
    }
}

fn claim(snapshot: &mut Snapshot, name: &str, class: &str, extra: &Value) {
    let mut body = json!({
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {
            "storageClassName": class, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    });
    merge(&mut body, extra);
    let claim = Claim::from_object(&body.into());
    snapshot.storage.claims.insert(claim.name.clone(), claim);
}

fn volume(snapshot: &mut Snapshot, name: &str, class: &str, size: &str, node: &str) {
    let selector = json!({"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]});
    let body = json!({
        "metadata": {"name": name},
        "spec": {
            "storageClassName": class, "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": size}, "nodeAffinity": {"required": selector},
        },
    });
    let volume = Volume::from_object(&body.into());
    snapshot.storage.volumes.insert(volume.name.clone(), volume);
}

fn three() -> Snapshot {
    let mut snapshot = cluster(["a", "b", "c"].map(|name| node(name, &json!({}))).into());
    storage(
        &mut snapshot,
        &[
            ("local", "kedge.dev/local", "WaitForFirstConsumer"),
            (
                "made",
                "kubernetes.io/no-provisioner",
                "WaitForFirstConsumer",
            ),
            ("now", "kedge.dev/local", "Immediate"),
        ],
    );
    snapshot
}

#[test]
fn a_bound_volume_decides_the_node() {
    let mut snapshot = three();
    volume(&mut snapshot, "v", "local", "1Gi", "b");
    let bound = json!({"spec": {"volumeName": "v"}, "status": {"phase": "Bound"}});
    claim(&mut snapshot, "data", "local", &bound);
    assert_eq!(places(&mut snapshot, &[user("data")]), ["b"]);
    snapshot.remove_node("b");
    assert_eq!(
        places(&mut snapshot, &[user("data")]),
        ["0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity."]
    );
}

#[test]
fn a_late_claim_gets_a_volume_where_its_pod_goes() {
    let mut snapshot = three();
    claim(&mut snapshot, "data", "local", &json!({}));
    let name = Name::new("default", "data");
    let verdict = decide(&mut snapshot, &[user("data")]).remove(0).unwrap();
    assert_eq!(verdict.volumes, [VolumeChoice::Provision { claim: name }]);

    let chosen = json!({"metadata": {"annotations": {"volume.kubernetes.io/selected-node": "c"}}});
    claim(&mut snapshot, "chosen", "local", &chosen);
    assert_eq!(places(&mut snapshot, &[user("chosen")]), ["c"]);
}

#[test]
fn the_smallest_volume_that_suits_is_taken_once() {
    let mut snapshot = three();
    volume(&mut snapshot, "v1", "made", "5Gi", "b");
    volume(&mut snapshot, "v2", "made", "2Gi", "b");
    volume(&mut snapshot, "v3", "made", "500Mi", "a");
    for name in ["one", "two", "three"] {
        claim(&mut snapshot, name, "made", &json!({}));
    }
    let verdicts = decide(&mut snapshot, &["one", "two", "three"].map(user));
    let choice = |claim: &str, volume: &str| VolumeChoice::Existing {
        claim: Name::new("default", claim),
        volume: volume.to_owned(),
    };
    let first = verdicts[0].as_ref().unwrap();
    assert_eq!(first.node, "b");
    assert_eq!(first.volumes, [choice("one", "v2")]);
    assert_eq!(verdicts[1].as_ref().unwrap().volumes, [choice("two", "v1")]);
    assert_eq!(
        verdicts[2].as_ref().unwrap_err().to_string(),
        "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind."
    );
}

#[test]
fn what_is_wrong_with_a_claim_is_said_once() {
    let mut snapshot = three();
    claim(&mut snapshot, "now", "now", &json!({}));
    claim(&mut snapshot, "lost", "gone", &json!({}));
    let deleting = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    claim(&mut snapshot, "ending", "local", &deleting);
    for (name, message) in [
        ("now", "pod has unbound immediate PersistentVolumeClaims"),
        ("none", "persistentvolumeclaim \"none\" not found"),
        (
            "ending",
            "persistentvolumeclaim \"ending\" is being deleted",
        ),
        (
            "lost",
            "persistentvolumeclaim \"lost\" wants storageclass \"gone\", which does not exist",
        ),
    ] {
        let expected = format!("0/3 nodes are available: {message}.");
        assert_eq!(places(&mut snapshot, &[user(name)]), [expected]);
    }
}

#[test]
fn a_claim_for_one_pod_only_serves_one() {
    let mut snapshot = three();
    let single = json!({"spec": {"accessModes": ["ReadWriteOncePod"]}});
    claim(&mut snapshot, "data", "local", &single);
    let other = Arc::new(Pod {
        name: Name::new("default", "other"),
        ..(*user("data")).clone()
    });
    let answers = places(&mut snapshot, &[user("data"), other]);
    assert_eq!(answers[0], "a");
    assert!(answers[1].contains("ReadWriteOncePod"), "{}", answers[1]);
}
