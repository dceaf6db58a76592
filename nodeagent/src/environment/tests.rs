//! Variables from everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Object;
use api::k8s::core::v1 as core;
use serde_json::{Value, json};

use super::{
    Allocatable, CONFIG_MAP, Downward, SECRET, Sources, environment, expand, field, references,
    resource,
};

fn pod(container: Value) -> core::Pod {
    let mut container = container;
    container["name"] = json!("c");
    serde_json::from_value(json!({
        "metadata": {
            "name": "web", "namespace": "default", "uid": "u1",
            "labels": {"app": "web", "tier": "a"}, "annotations": {"a/b": "x \"y\"\nz"},
        },
        "spec": {"nodeName": "n1", "serviceAccountName": "sa", "containers": [container]},
    }))
    .unwrap()
}

fn sources() -> Sources {
    let data = |pairs: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect()
    };
    let web = json!({
        "metadata": {"name": "my-db", "namespace": "default"},
        "spec": {"clusterIP": "10.96.0.7", "ports": [{"name": "pg", "port": 5432, "protocol": "TCP"}]},
    });
    let headless = json!({
        "metadata": {"name": "head", "namespace": "default"}, "spec": {"clusterIP": "None"},
    });
    Sources {
        objects: BTreeMap::from([
            (
                (CONFIG_MAP, "cm".into()),
                data(&[("k", "v"), ("x.y", "dot")]),
            ),
            ((SECRET, "s".into()), data(&[("p", "hunter2")])),
        ]),
        services: vec![
            Arc::new(Object::from(web)),
            Arc::new(Object::from(headless)),
        ],
        downward: Downward {
            host_address: "192.0.2.1".into(),
            pod_addresses: vec!["10.0.0.5".into(), "fd00::5".into()],
            allocatable: Allocatable {
                cpu_millis: 2500,
                memory_bytes: 1 << 30,
                ephemeral_storage_bytes: 1 << 40,
            },
        },
    }
}

/// The variables that do not name services, as `NAME=value`; or the error.
fn variables(container: Value) -> Result<Vec<String>, String> {
    let pod = pod(container);
    let container = &pod.spec.as_ref().unwrap().containers[0];
    let found = environment(&pod, container, &sources()).map_err(|error| error.to_string())?;
    let own = found
        .into_iter()
        .filter(|(name, _)| !name.starts_with("MY_DB_"));
    Ok(own.map(|(name, value)| format!("{name}={value}")).collect())
}

#[test]
fn expands_like_kubernetes() {
    let find = |name: &str| (name == "A").then(|| "1".to_owned());
    for (text, expected) in [
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$(B)", "$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("$", "$"),
        ("", ""),
    ] {
        assert_eq!(expand(text, find), expected, "{text}");
    }
}

#[test]
fn variables_come_from_everywhere_and_build_on_each_other() {
    let check = |container: Value, expected: &[&str]| {
        assert_eq!(variables(container).unwrap(), expected);
    };
    check(
        json!({"env": [
            {"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2 $(C)"},
            {"name": "C", "value": "3"}, {"name": "A", "value": "4"},
        ]}),
        &["A=4", "B=12 $(C)", "C=3"],
    );
    check(
        json!({"envFrom": [
            {"configMapRef": {"name": "cm"}, "prefix": "P_"},
            {"secretRef": {"name": "s"}},
            {"secretRef": {"name": "gone", "optional": true}},
        ]}),
        &["P_k=v", "P_x.y=dot", "p=hunter2"],
    );
    check(
        json!({"env": [
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "no", "optional": true}}},
            {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "E", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "F", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "0"}}},
        ]}),
        &["A=v", "B=hunter2", "D=web", "E=1024", "F=1073741824"],
    );
}

#[test]
fn what_is_missing_is_named() {
    let check = |container: Value, expected: &str| {
        assert_eq!(variables(container).unwrap_err(), expected);
    };
    let from = |source: Value| json!({"env": [{"name": "A", "valueFrom": source}]});
    check(
        from(json!({"secretKeyRef": {"name": "gone", "key": "p"}})),
        "secret \"gone\" not found",
    );
    check(
        from(json!({"configMapKeyRef": {"name": "cm", "key": "no"}})),
        "couldn't find key no in ConfigMap default/cm",
    );
    check(
        json!({"envFrom": [{"configMapRef": {"name": "gone"}}]}),
        "configmap \"gone\" not found",
    );
    check(
        from(json!({"fieldRef": {"fieldPath": "spec.x"}})),
        "unsupported fieldPath: spec.x",
    );
}

#[test]
fn services_of_the_namespace_are_linked() {
    let pod = pod(json!({}));
    let container = &pod.spec.as_ref().unwrap().containers[0];
    let found = environment(&pod, container, &sources()).unwrap();
    let found: Vec<String> = found
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        found,
        [
            "MY_DB_SERVICE_HOST=10.96.0.7",
            "MY_DB_SERVICE_PORT=5432",
            "MY_DB_PORT=tcp://10.96.0.7:5432",
            "MY_DB_SERVICE_PORT_PG=5432",
            "MY_DB_PORT_5432_TCP=tcp://10.96.0.7:5432",
            "MY_DB_PORT_5432_TCP_PROTO=tcp",
            "MY_DB_PORT_5432_TCP_PORT=5432",
            "MY_DB_PORT_5432_TCP_ADDR=10.96.0.7",
        ]
    );
    let mut unlinked = pod.clone();
    unlinked.spec.as_mut().unwrap().enable_service_links = Some(false);
    assert_eq!(environment(&unlinked, container, &sources()).unwrap(), []);
}

#[test]
fn fields_and_resources_answer_for_the_pod() {
    let pod = pod(json!({"resources": {
        "limits": {"cpu": "1500m", "memory": "100Mi"}, "requests": {"cpu": "250m"},
    }}));
    let downward = sources().downward;
    for (path, expected) in [
        ("metadata.labels['app']", "web"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", "app=\"web\"\ntier=\"a\""),
        ("metadata.annotations", "a/b=\"x \\\"y\\\"\\nz\""),
        ("spec.nodeName", "n1"),
        ("spec.serviceAccountName", "sa"),
        ("status.hostIP", "192.0.2.1"),
        ("status.podIP", "10.0.0.5"),
        ("status.podIPs", "10.0.0.5,fd00::5"),
    ] {
        assert_eq!(field(&pod, path, &downward).unwrap(), expected, "{path}");
    }
    let container = &pod.spec.as_ref().unwrap().containers[0];
    for (name, divisor, expected) in [
        ("limits.cpu", "", "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.cpu", "1m", "250"),
        ("requests.memory", "1Mi", "100"),
        ("limits.memory", "", "104857600"),
        ("limits.ephemeral-storage", "1Gi", "1024"),
    ] {
        let reference =
            serde_json::from_value(json!({"resource": name, "divisor": divisor})).unwrap();
        let found = resource(&pod, Some(container), &reference, &downward.allocatable);
        assert_eq!(found.unwrap(), expected, "{name} / {divisor}");
    }
}

#[test]
fn references_name_each_object_once() {
    let found = references(&pod(json!({
        "envFrom": [{"configMapRef": {"name": "a"}}],
        "env": [
            {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k"}}},
            {"name": "Y", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
    })));
    assert_eq!(
        found,
        [(CONFIG_MAP, "a".to_owned()), (SECRET, "s".to_owned())]
    );
}
