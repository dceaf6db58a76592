//! Deployments and `ReplicaSets`.

use serde_json::{Value, json};

use super::{accept, accept_update, kind, refuse, refuse_update};

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx"}]},
            },
        },
    })
}

fn with(edit: impl FnOnce(&mut Value)) -> Value {
    let mut manifest = deployment();
    edit(&mut manifest["spec"]);
    manifest
}

#[test]
fn a_deployment_gets_its_strategy_and_a_generation() {
    let deployments = kind("apps", "deployments");
    let old = accept(deployments, &deployment());
    let spec = &old.body["spec"];
    assert_eq!(spec["replicas"], 1);
    assert_eq!(
        spec["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}})
    );
    assert_eq!(spec["revisionHistoryLimit"], 10);
    assert_eq!(spec["progressDeadlineSeconds"], 600);
    let container = &spec["template"]["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "Always");
    // Only pods themselves get these, never the templates they are made from.
    assert_eq!(container["resources"], json!({}));
    assert_eq!(spec["template"]["spec"]["tolerations"], Value::Null);

    let labelled = accept_update(deployments, &old, |new| {
        new["metadata"]["labels"] = json!({});
    });
    assert_eq!(labelled.generation(), 1);
    let scaled = accept_update(deployments, &old, |new| new["spec"]["replicas"] = json!(3));
    assert_eq!(scaled.generation(), 2);
}

#[test]
fn recreate_has_no_rolling_update() {
    let deployments = kind("apps", "deployments");
    let manifest = with(|spec| spec["strategy"] = json!({"type": "Recreate"}));
    let object = accept(deployments, &manifest);
    assert_eq!(object.body["spec"]["strategy"], json!({"type": "Recreate"}));
    refuse(
        deployments,
        &with(|spec| spec["strategy"] = json!({"type": "Recreate", "rollingUpdate": {}})),
        &[(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        )],
    );
}

#[test]
fn a_bad_deployment_names_each_field() {
    let deployments = kind("apps", "deployments");
    refuse(
        deployments,
        &json!({"metadata": {"name": "web"}, "spec": {"replicas": -1}}),
        &[
            ("spec.replicas", "must be greater than or equal to 0"),
            ("spec.selector", "Required value"),
            ("spec.template.spec.containers", "Required value"),
            ("spec.template.spec.restartPolicy", "Required value"),
        ],
    );
    refuse(
        deployments,
        &with(|spec| spec["selector"] = json!({})),
        &[("spec.selector", "empty selector is invalid for deployment")],
    );
    refuse(
        deployments,
        &with(|spec| {
            spec["selector"]["matchLabels"]["app"] = json!("other");
            spec["template"]["spec"]["containers"][0]["image"] = json!("");
            spec["template"]["spec"]["restartPolicy"] = json!("Never");
        }),
        &[
            (
                "spec.template.metadata.labels",
                "`selector` does not match template `labels`",
            ),
            ("spec.template.spec.containers[0].image", "Required value"),
            (
                "spec.template.spec.restartPolicy",
                "Unsupported value: \"Never\": supported values: \"Always\"",
            ),
        ],
    );
    let rolling = |unavailable: Value, surge: Value| {
        with(|spec| {
            spec["strategy"]["rollingUpdate"] =
                json!({"maxUnavailable": unavailable, "maxSurge": surge});
        })
    };
    let field = "spec.strategy.rollingUpdate.maxUnavailable";
    refuse(
        deployments,
        &rolling(json!(0), json!("0%")),
        &[(field, "may not be 0 when `maxSurge` is 0")],
    );
    refuse(
        deployments,
        &rolling(json!("120%"), json!(1)),
        &[(field, "must not be greater than 100%")],
    );
    refuse(
        deployments,
        &rolling(json!("half"), json!(1)),
        &[(field, "a valid percent string")],
    );
    refuse(
        deployments,
        &with(|spec| spec["minReadySeconds"] = json!(600)),
        &[(
            "spec.progressDeadlineSeconds",
            "must be greater than minReadySeconds",
        )],
    );
}

#[test]
fn the_selector_stays() {
    for (plural, replicas) in [("deployments", 2), ("replicasets", 2)] {
        let kind = kind("apps", plural);
        let old = accept(kind, &deployment());
        refuse_update(
            kind,
            &old,
            |new| {
                new["spec"]["replicas"] = json!(replicas);
                new["spec"]["selector"]["matchLabels"] = json!({"app": "b"});
                new["spec"]["template"]["metadata"]["labels"] = json!({"app": "b"});
            },
            &[("spec.selector", "field is immutable")],
        );
    }
}

#[test]
fn scale_reads_and_writes_replicas() {
    let deployments = kind("apps", "deployments");
    let scale = deployments.scale.unwrap();
    let mut object = accept(deployments, &deployment());
    let read = (scale.read)(&object);
    assert_eq!(read.body["spec"]["replicas"], 1);
    assert_eq!(read.body["status"]["selector"], "app=web");
    (scale.write)(&mut object, &json!({"spec": {"replicas": 5}}).into()).unwrap();
    assert_eq!(object.body["spec"]["replicas"], 5);
    let refused = (scale.write)(&mut object, &json!({"spec": {"replicas": -1}}).into());
    assert_eq!(refused.unwrap_err()[0].field, "spec.replicas");
}

#[test]
fn a_status_adds_up() {
    let deployments = kind("apps", "deployments");
    let mut new = accept(deployments, &deployment());
    new.body["status"] = json!({"replicas": 2, "readyReplicas": 3, "availableReplicas": -1});
    let causes = (deployments.validate_status)(&new, &new);
    let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
    assert_eq!(fields, ["status.availableReplicas", "status.readyReplicas"]);
}
