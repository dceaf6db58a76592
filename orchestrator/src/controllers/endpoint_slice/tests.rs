use std::sync::Arc;

use api::Object;
use serde_json::{Value, json};

use super::decide::{Observed, decide};
use crate::controllers::action::Action;

fn service(extra: &Value) -> Object {
    let mut spec = json!({
        "selector": {"app": "web"}, "clusterIP": "10.96.0.9",
        "ports": [{"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"}],
    });
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "uid": "svc", "labels": {"team": "a"}},
        "spec": spec,
    })
    .into()
}

fn pod(name: &str, address: &str, ready: bool) -> Object {
    let status = if ready { "True" } else { "False" };
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "web"}},
        "spec": {
            "nodeName": "n1",
            "containers": [{"ports": [{"name": "web", "containerPort": 8080}]}],
        },
        "status": {
            "phase": "Running", "podIP": address,
            "conditions": [{"type": "Ready", "status": status}],
        },
    })
    .into()
}

fn observed(service: Object, pods: Vec<Object>, slices: Vec<Object>) -> Observed {
    Observed {
        service: Arc::new(service),
        pods: pods.into_iter().map(Arc::new).collect(),
        slices: slices.into_iter().map(Arc::new).collect(),
    }
}

/// Carries the actions out on the slices that were observed.
fn settle(service: &Object, pods: &[Object], slices: Vec<Object>) -> (Vec<Object>, usize) {
    let mut now = slices.clone();
    let actions = decide(&observed(service.clone(), pods.to_vec(), slices));
    for action in &actions {
        match action {
            Action::Create { object, .. } => now.push(object.clone()),
            Action::Replace { object, .. } => {
                let place = now.iter_mut().find(|o| o.name() == object.name()).unwrap();
                *place = object.clone();
            }
            Action::Delete { key, .. } => now.retain(|object| object.name() != key.name),
            other => panic!("{other:?}"),
        }
    }
    let again = decide(&observed(service.clone(), pods.to_vec(), now.clone()));
    assert_eq!(again, [], "settled");
    (now, actions.len())
}

fn addresses(slice: &Object) -> Vec<&str> {
    let endpoints = slice.body["endpoints"].as_array().unwrap();
    endpoints
        .iter()
        .map(|endpoint| endpoint["addresses"][0].as_str().unwrap())
        .collect()
}

#[test]
fn says_of_each_pod_what_it_is() {
    let mut leaving = pod("leaving", "10.0.0.3", true);
    leaving
        .metadata_mut()
        .insert("deletionTimestamp".into(), json!("2026-01-01T00:00:00Z"));
    let mut done = pod("done", "10.0.0.4", false);
    done.body["status"]["phase"] = json!("Succeeded");
    let mut named = pod("named", "10.0.0.5", false);
    named.body["spec"]["hostname"] = json!("db");
    named.body["spec"]["subdomain"] = json!("web");
    let pods = [
        pod("a", "10.0.0.1", true),
        done,
        leaving,
        named,
        pod("young", "", false),
    ];
    let (slices, _) = settle(&service(&json!({})), &pods, vec![]);
    insta::assert_yaml_snapshot!(slices[0].body);
}

#[test]
fn what_is_not_ready_is_published_where_the_service_says_so() {
    let publishing = service(&json!({"publishNotReadyAddresses": true, "clusterIP": "None"}));
    let (slices, _) = settle(&publishing, &[pod("a", "10.0.0.1", false)], vec![]);
    let conditions = &slices[0].body["endpoints"][0]["conditions"];
    assert_eq!(
        *conditions,
        json!({"ready": true, "serving": false, "terminating": false})
    );
    assert_eq!(slices[0].label("service.kubernetes.io/headless"), Some(""));
}

#[test]
fn a_service_without_pods_has_one_empty_slice_that_is_used_later() {
    let service = service(&json!({}));
    let (empty, _) = settle(&service, &[], vec![]);
    assert_eq!(empty.len(), 1);
    assert_eq!(addresses(&empty[0]), Vec::<&str>::new());
    let (slices, writes) = settle(&service, &[pod("a", "10.0.0.1", true)], empty.clone());
    assert_eq!((slices.len(), writes), (1, 1));
    assert_eq!(slices[0].name(), empty[0].name());
    assert_eq!(addresses(&slices[0]), ["10.0.0.1"]);
    let (slices, _) = settle(&service, &[], slices);
    assert_eq!(addresses(&slices[0]), Vec::<&str>::new());
}

#[test]
fn slices_hold_a_hundred_and_change_one_at_a_time() {
    let service = service(&json!({}));
    let mut pods: Vec<Object> = (0..250)
        .map(|i| {
            pod(
                &format!("p{i:03}"),
                &format!("10.0.{}.{}", i / 100, i % 100),
                true,
            )
        })
        .collect();
    let (slices, _) = settle(&service, &pods, vec![]);
    let sizes = |slices: &[Object]| -> Vec<usize> {
        slices.iter().map(|slice| addresses(slice).len()).collect()
    };
    assert_eq!(sizes(&slices), [100, 100, 50]);
    pods.remove(0);
    let (slices, writes) = settle(&service, &pods, slices);
    assert_eq!((sizes(&slices), writes), (vec![99, 100, 50], 1));
    pods.push(pod("p900", "10.9.0.0", true));
    let (slices, writes) = settle(&service, &pods, slices);
    assert_eq!((slices.len(), writes), (3, 1));
    let (slices, _) = settle(&service, &pods[..10], slices);
    assert_eq!(slices.len(), 1);
}

#[test]
fn pods_with_other_ports_are_in_another_slice() {
    let mut other = pod("b", "10.0.0.2", true);
    other.body["spec"]["containers"][0]["ports"][0]["containerPort"] = json!(9090);
    let mut nameless = pod("c", "10.0.0.3", true);
    nameless.body["spec"]["containers"] = json!([{}]);
    let pods = [pod("a", "10.0.0.1", true), other, nameless];
    let (slices, _) = settle(&service(&json!({})), &pods, vec![]);
    let ports: Vec<&Value> = slices.iter().map(|s| &s.body["ports"]).collect();
    assert_eq!(ports.len(), 3);
    assert!(ports.contains(&&json!([])), "{ports:?}");
    assert!(ports.contains(&&json!([{"name": "http", "port": 9090, "protocol": "TCP"}])));
    // They go back together once they agree.
    let agreed = ["a", "b", "c"].map(|name| pod(name, "10.0.0.1", true));
    let (slices, _) = settle(&service(&json!({})), &agreed, slices);
    assert_eq!(slices.len(), 1);
}

#[test]
fn a_service_that_is_only_a_name_has_none() {
    let (slices, _) = settle(&service(&json!({})), &[pod("a", "10.0.0.1", true)], vec![]);
    for spec in [json!({"type": "ExternalName"}), json!({"selector": null})] {
        let (left, _) = settle(&service(&spec), &[], slices.clone());
        assert_eq!(left.len(), 0, "{spec}");
    }
}
