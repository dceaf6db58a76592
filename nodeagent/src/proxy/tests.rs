use serde_json::json;

use api::Object;

use super::ruleset::{Ruleset, State};
use super::services;

fn ruleset() -> Ruleset {
    Ruleset {
        table: "kedge-test".into(),
        pod_network: ([10, 130, 0, 0].into(), 16),
        service_network: ([10, 200, 0, 0].into(), 16),
    }
}

fn service(ports: &serde_json::Value) -> Object {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"clusterIP": "10.200.0.70", "ports": ports},
    })
    .into()
}

fn slice(endpoints: &serde_json::Value) -> Object {
    json!({
        "metadata": {"namespace": "shop", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    })
    .into()
}

fn state(service: &Object, slice: &Object) -> State {
    State {
        services: services([service], [slice]),
    }
}

fn ready(address: &str) -> serde_json::Value {
    json!({"addresses": [address], "conditions": {"ready": true}})
}

#[test]
fn a_service_becomes_elements_of_maps() {
    let service =
        service(&json!([{"name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"}]));
    let state = state(
        &service,
        &slice(&json!([ready("10.130.1.7"), ready("10.130.2.7")])),
    );
    insta::assert_snapshot!(ruleset().full(&state));
}

#[test]
fn a_change_names_only_what_changed() {
    let service = service(&json!([{"name": "http", "port": 80, "protocol": "TCP"}]));
    let one = state(&service, &slice(&json!([ready("10.130.1.7")])));
    let two = state(
        &service,
        &slice(&json!([ready("10.130.1.7"), ready("10.130.2.7")])),
    );
    assert_eq!(ruleset().change(&one, &one), "");
    insta::assert_snapshot!(ruleset().change(&one, &two), @r"
    add chain ip kedge-test pick2
    flush chain ip kedge-test pick2
    add chain ip kedge-test nodeport2
    flush chain ip kedge-test nodeport2
    table ip kedge-test {
      chain pick2 {
        meta mark set numgen random mod 2 offset 1258291200
        meta l4proto { tcp, udp } dnat to ip daddr . meta l4proto . th dport . meta mark map @backends
      }
      chain nodeport2 {
        meta mark set numgen random mod 2 offset 1258291200
        ct mark set 0x4b4e5000
        meta l4proto { tcp, udp } dnat to meta l4proto . th dport . meta mark map @nodeport_backends
      }
    }
    delete element ip kedge-test services { 10.200.0.70 . tcp . 80 }
    add element ip kedge-test backends { 10.200.0.70 . tcp . 80 . 0x4b000001 : 10.130.2.7 . 8080 }
    add element ip kedge-test hairpin { 10.130.2.7 . 10.130.2.7 }
    add element ip kedge-test services { 10.200.0.70 . tcp . 80 : goto pick2 }
    ");
}

#[test]
fn without_ready_backends_connections_are_refused_or_drained() {
    let service = service(&json!([{"name": "http", "port": 80}]));
    let none = state(
        &service,
        &slice(&json!([{"addresses": ["10.130.1.7"], "conditions": {"ready": false}}])),
    );
    assert!(
        ruleset()
            .full(&none)
            .contains("add element ip kedge-test empty { 10.200.0.70 . tcp . 80 }")
    );

    let draining = json!([{"addresses": ["10.130.1.7"], "conditions": {"ready": false, "serving": true, "terminating": true}}]);
    let draining = state(&service, &slice(&draining));
    assert!(ruleset().full(&draining).contains("goto pick1"));
}
