mod room;

use serde_json::{Value, json};

use api::{Collection, Uid};

use super::reach::has_host;
use super::*;
use crate::diff::FieldChange;
use crate::plan::{Change, Deletion, Step, Wave};
use crate::{Origin, Plan, WaveNumber};

fn key(resource: &str, name: &str) -> ObjectKey {
    let group = match resource {
        "configmaps" | "secrets" | "services" => "",
        _ => "apps",
    };
    Collection::new(group, resource).key("shop", name)
}

fn step(kind: &str, resource: &str, spec: &Value, change: Change) -> Step {
    Step {
        key: key(resource, "web"),
        kind: kind.into(),
        origin: Origin::default(),
        object: json!({"kind": kind, "metadata": {"name": "web"}, "spec": spec}).into(),
        change,
    }
}

fn template() -> Change {
    changed("spec.template.spec.containers[web].image")
}

fn changed(path: &str) -> Change {
    Change::Update(vec![FieldChange {
        path: path.into(),
        old: None,
        new: None,
    }])
}

fn plan(steps: Vec<Step>) -> Plan {
    let number = WaveNumber::default();
    Plan {
        waves: vec![Wave {
            number,
            stage: 0,
            steps,
        }],
        ..Plan::default()
    }
}

fn workload(name: &str, pod: &Value, application: &str) -> Workload {
    Workload {
        key: key("deployments", name),
        object: json!({"kind": "Deployment", "spec": {"replicas": 2, "template": {"spec": pod}}})
            .into(),
        application: application.into(),
    }
}

#[test]
fn a_changed_template_restarts_pods_by_the_rule_of_its_kind() {
    let check = |kind: &str, resource: &str, spec: Value, expected: &[&str]| {
        let plan = plan(vec![step(kind, resource, &spec, template())]);
        let daemon = Workload {
            key: key("daemonsets", "web"),
            object: json!({"status": {"desiredNumberScheduled": 5}}).into(),
            application: String::new(),
        };
        assert_eq!(radius(&plan, &[daemon], &[]).lines(), expected, "{spec}");
    };
    let deployment = |spec, expected: &[&str]| check("Deployment", "deployments", spec, expected);
    deployment(
        json!({"replicas": 8}),
        &["restarts 8 pods of Deployment shop/web, at most 2 missing at a time"],
    );
    deployment(
        json!({"replicas": 2}),
        &["restarts 2 pods of Deployment shop/web, none missing meanwhile"],
    );
    deployment(
        json!({}),
        &["restarts 1 pod of Deployment shop/web, none missing meanwhile"],
    );
    deployment(
        json!({"replicas": 3, "strategy": {"type": "Recreate"}}),
        &["restarts 3 pods of Deployment shop/web, all missing meanwhile"],
    );
    let rolling = |unavailable: Value, surge: Value| {
        json!({"replicas": 10, "strategy": {"rollingUpdate":
            {"maxUnavailable": unavailable, "maxSurge": surge}}})
    };
    deployment(
        rolling(json!("35%"), json!(0)),
        &["restarts 10 pods of Deployment shop/web, at most 3 missing at a time"],
    );
    deployment(
        rolling(json!(0), json!(0)),
        &["restarts 10 pods of Deployment shop/web, at most 1 missing at a time"],
    );
    deployment(json!({"replicas": 0}), &[]);

    let stateful = |spec, expected: &[&str]| check("StatefulSet", "statefulsets", spec, expected);
    stateful(
        json!({"replicas": 3}),
        &["restarts 3 pods of StatefulSet shop/web, at most 1 missing at a time"],
    );
    stateful(
        json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}}),
        &["restarts 1 pod of StatefulSet shop/web, all missing meanwhile"],
    );
    stateful(
        json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}}),
        &[],
    );
    check(
        "DaemonSet",
        "daemonsets",
        json!({}),
        &["restarts 5 pods of DaemonSet shop/web, at most 1 missing at a time"],
    );
}

#[test]
fn only_what_runs_can_start_again() {
    let check = |wanted: u64, status: Value, strategy: &str, expected: &str| {
        let spec = json!({"replicas": wanted, "strategy": {"type": strategy}});
        let plan = plan(vec![step("Deployment", "deployments", &spec, template())]);
        let live = Workload {
            key: key("deployments", "web"),
            object: json!({"spec": {"replicas": 2}, "status": status}).into(),
            application: String::new(),
        };
        assert_eq!(radius(&plan, &[live], &[]).lines(), [expected]);
    };
    check(
        4,
        json!({}),
        "RollingUpdate",
        "restarts 2 pods of Deployment shop/web, at most 1 missing at a time, and starts 2 more",
    );
    check(
        4,
        json!({"replicas": 3}),
        "Recreate",
        "restarts 3 pods of Deployment shop/web, all missing meanwhile, and starts 1 more",
    );
    check(
        1,
        json!({"replicas": 2}),
        "RollingUpdate",
        "restarts 1 pod of Deployment shop/web, none missing meanwhile",
    );
}

#[test]
fn what_only_scales_or_is_new_restarts_nothing() {
    for change in [changed("spec.replicas"), Change::Create, Change::Unchanged] {
        let plan = plan(vec![step("Deployment", "deployments", &json!({}), change)]);
        assert_eq!(radius(&plan, &[], &[]), Radius::default());
    }
}

#[test]
fn a_deleted_workload_stops() {
    let deletion = Deletion {
        key: key("deployments", "api"),
        kind: "Deployment".into(),
        uid: Uid::default(),
        wave: WaveNumber::default(),
        object: None,
    };
    let plan = Plan {
        deletes: vec![deletion],
        ..Plan::default()
    };
    let radius = radius(&plan, &[workload("api", &json!({}), "api")], &[]);
    assert_eq!(radius.lines(), ["stops 2 pods of Deployment shop/api"]);
    assert_eq!(radius.pods(), 2);
}

#[test]
fn others_that_use_what_changes_are_named() {
    let workloads = [
        workload(
            "volume",
            &json!({"volumes": [{"configMap": {"name": "web"}}]}),
            "files",
        ),
        workload(
            "variable",
            &json!({"containers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "web"}}}]}]}),
            "",
        ),
        workload(
            "secret",
            &json!({"volumes": [{"secret": {"secretName": "web"}}]}),
            "",
        ),
        workload("pull", &json!({"imagePullSecrets": [{"name": "web"}]}), ""),
        workload(
            "caller",
            &json!({"containers": [{"env": [{"value": "http://web:8080/a"}]}]}),
            "ui",
        ),
        workload(
            "stranger",
            &json!({"containers": [{"env": [{"value": "http://webshop:8080/web"}]}]}),
            "",
        ),
        workload(
            "web",
            &json!({"volumes": [{"configMap": {"name": "web"}}]}),
            "web",
        ),
    ];
    let check = |kind: &str, resource: &str, expected: &[&str]| {
        let plan = plan(vec![
            step(kind, resource, &json!({}), changed("data.a")),
            // Its own Deployment starts again anyway.
            step("Deployment", "deployments", &json!({}), template()),
        ]);
        let lines = radius(&plan, &workloads, &[]).lines();
        assert_eq!(lines[1..], *expected, "{kind}");
    };
    check(
        "ConfigMap",
        "configmaps",
        &[
            "ConfigMap shop/web changes, and Deployment shop/variable uses it",
            "ConfigMap shop/web changes, and Deployment shop/volume of application files uses it",
        ],
    );
    check(
        "Secret",
        "secrets",
        &[
            "Secret shop/web changes, and Deployment shop/pull uses it",
            "Secret shop/web changes, and Deployment shop/secret uses it",
        ],
    );
    check(
        "Service",
        "services",
        &["Service shop/web changes, and Deployment shop/caller of application ui uses it"],
    );
}

#[test]
fn a_host_is_a_whole_name() {
    let check = |text: &str, host: &str, expected: bool| {
        assert_eq!(has_host(text, host), expected, "{text}");
    };
    check("http://web", "web", true);
    check("http://web/x", "web", true);
    check("web:80", "web", true);
    check("postgres://ann:x@web:5432/db", "web", true);
    check("web", "web", true);
    check("web.shop.svc.cluster.local:80", "web.shop", true);
    check("http://web.shop.svc", "web.shop", true);
    check("http://web.shop/x", "web.shop", true);
    check("http://webs:80", "web", false);
    check("http://my-web:80", "web", false);
    check("http://example.org/web", "web", false);
    check("the web is large", "web", false);
    check("web:latest", "web", false);
}

fn deletion(kind: &str, group: &str, resource: &str, namespace: &str, name: &str) -> Deletion {
    Deletion {
        key: Collection::new(group, resource).key(namespace, name),
        kind: kind.into(),
        uid: Uid::default(),
        object: None,
        wave: WaveNumber::default(),
    }
}

#[test]
fn what_does_not_come_back_is_told() {
    let claim = deletion(
        "PersistentVolumeClaim",
        "",
        "persistentvolumeclaims",
        "shop",
        "data",
    );
    let plan = Plan {
        deletes: vec![
            claim,
            deletion("ConfigMap", "", "configmaps", "shop", "web"),
        ],
        ..plan(vec![
            step("Job", "jobs", &json!({}), Change::Create),
            step("Job", "jobs", &json!({}), changed("metadata.labels.a")),
            step(
                "Deployment",
                "deployments",
                &json!({"replicas": 0}),
                Change::Create,
            ),
        ])
    };
    assert_eq!(
        radius(&plan, &[], &[]).lines(),
        [
            "not to be undone: PersistentVolumeClaim shop/data goes with its data, unless the \
             volume is retained",
            "not to be undone: Job shop/web is run, and what it does stays done",
        ]
    );
}

#[test]
fn others_in_a_namespace_and_of_a_kind_are_reached() {
    let managed = |group: &str, resource: &str, namespace: &str, application: &str| Managed {
        key: Collection::new(group, resource).key(namespace, "a"),
        application: application.into(),
    };
    let others = [
        managed("", "configmaps", "shop", "ui"),
        managed("apps", "deployments", "shop", "ui"),
        managed("example.org", "trains", "rail", "rail"),
        managed("", "configmaps", "shopping", "other"),
    ];
    let definition = "customresourcedefinitions";
    let mut defined = step(
        "CustomResourceDefinition",
        definition,
        &json!({}),
        changed("spec"),
    );
    defined.key = Collection::new("apiextensions.k8s.io", definition).key("", "trains.example.org");
    let plan = Plan {
        deletes: vec![deletion("Namespace", "", "namespaces", "", "shop")],
        ..plan(vec![defined])
    };
    assert_eq!(
        radius(&plan, &[], &others).lines(),
        [
            "CustomResourceDefinition trains.example.org changes, and 1 object of application rail \
             is of its kind",
            "Namespace shop goes, and with it 2 objects of application ui",
            "not to be undone: Namespace shop goes with everything in it, also what is not in Git",
        ]
    );
}
