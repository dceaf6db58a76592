//! Volumes, claims and classes.

use serde_json::{Value, json};

use super::{accept, accept_update, kind, refuse, refuse_update};

fn claim() -> Value {
    json!({"metadata": {"name": "data", "namespace": "default"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}},
    }})
}

#[test]
fn claims() {
    let claims = kind("", "persistentvolumeclaims");
    let old = accept(claims, &claim());
    assert_eq!(old.body["spec"]["resources"]["requests"]["storage"], "1Gi");
    assert_eq!(old.body["spec"]["volumeMode"], "Filesystem");
    assert_eq!(old.body["status"], json!({"phase": "Pending"}));
    assert_eq!(
        old.finalizers().collect::<Vec<_>>(),
        ["kubernetes.io/pvc-protection"]
    );
    accept_update(claims, &old, |new| {
        new["spec"]["volumeName"] = json!("pv-1");
    });
    accept_update(claims, &old, |new| {
        new["spec"]["storageClassName"] = json!("local");
    });
    refuse_update(
        claims,
        &old,
        |new| new["spec"]["accessModes"] = json!(["ReadWriteMany"]),
        &[("spec", "spec is immutable after creation")],
    );
    let size = "spec.resources.requests[storage]";
    let resize = |to: &str| {
        let to = to.to_owned();
        move |new: &mut Value| new["spec"]["resources"]["requests"]["storage"] = json!(to)
    };
    refuse_update(
        claims,
        &old,
        resize("1Mi"),
        &[(size, "can not be less than previous value")],
    );
    refuse_update(
        claims,
        &old,
        resize("2Gi"),
        &[(size, "not supported by this release")],
    );
    refuse(
        claims,
        &json!({"spec": {"accessModes": ["Sometimes"], "volumeMode": "Block", "dataSource": {"kind": "x"}}}),
        &[
            ("spec.accessModes[0]", "Unsupported value"),
            (size, "Required value"),
            ("spec.volumeMode", "not supported by this release"),
            ("spec.dataSource", "not supported by this release"),
        ],
    );
}

#[test]
fn volumes() {
    let volumes = kind("", "persistentvolumes");
    let old = accept(
        volumes,
        &json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/srv/a"}}}),
    );
    assert_eq!(old.body["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    assert_eq!(old.text("/status/phase"), "Pending");
    accept_update(volumes, &old, |new| {
        new["spec"]["claimRef"] = json!({"name": "c", "namespace": "d"});
    });
    refuse_update(
        volumes,
        &old,
        |new| new["spec"]["hostPath"]["path"] = json!("/srv/b"),
        &[("spec.persistentvolumesource", "immutable after creation")],
    );
    refuse(
        volumes,
        &json!({"spec": {"capacity": {"storage": "0"}, "accessModes": [], "local": {"path": "/a"}}}),
        &[
            ("spec.accessModes", "Required value"),
            ("spec.capacity[storage]", "must be greater than zero"),
            ("spec.nodeAffinity", "Local volume requires node affinity"),
        ],
    );
    refuse(
        volumes,
        &json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "x"}}}),
        &[("spec.nfs", "not supported by this release")],
    );
}

#[test]
fn classes() {
    let classes = kind("storage.k8s.io", "storageclasses");
    let old = accept(classes, &json!({"provisioner": "kedge.dev/local"}));
    assert_eq!(old.body["reclaimPolicy"], "Delete");
    assert_eq!(old.body["volumeBindingMode"], "Immediate");
    refuse_update(
        classes,
        &old,
        |new| {
            new["provisioner"] = json!("other");
            new["volumeBindingMode"] = json!("WaitForFirstConsumer");
        },
        &[
            ("provisioner", "updates to provisioner are forbidden."),
            ("volumeBindingMode", "field is immutable"),
        ],
    );
    refuse(classes, &json!({}), &[("provisioner", "Required value")]);
}
