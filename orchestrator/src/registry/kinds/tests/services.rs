//! Services and `EndpointSlices`.

use serde_json::{Value, json};

use super::super::{Pool, Wanted};
use super::{accept, accept_update, kind, refuse, refuse_update};

fn service(spec: &Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

#[test]
fn a_service_gets_its_defaults_and_asks_for_an_address() {
    let services = kind("", "services");
    let mut object = accept(
        services,
        &service(&json!({"selector": {"app": "web"}, "ports": [{"port": 80}]})),
    );
    assert_eq!(
        object.body["spec"],
        json!({
            "selector": {"app": "web"},
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "sessionAffinity": "None", "type": "ClusterIP", "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        })
    );
    let needs = (services.allocations)(&object);
    let wanted = Wanted {
        pool: Pool::ClusterIp,
        index: 0,
    };
    assert_eq!(needs.wanted, std::slice::from_ref(&wanted));
    wanted.fill(&mut object, "10.96.0.7");
    assert_eq!(object.body["spec"]["clusterIPs"], json!(["10.96.0.7"]));
    let needs = (services.allocations)(&object);
    assert_eq!(needs.held, [(Pool::ClusterIp, "10.96.0.7".to_owned())]);
    assert_eq!(needs.wanted, []);

    // What an update leaves out, the Service keeps.
    let same = accept_update(services, &object, |new| {
        let spec = new["spec"].as_object_mut().unwrap();
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    });
    assert_eq!(same, object);
    refuse_update(
        services,
        &object,
        |new| {
            new["spec"]["clusterIP"] = json!("10.96.0.8");
            new["spec"]["clusterIPs"] = json!(["10.96.0.8"]);
        },
        &[("spec.clusterIPs[0]", "may not change once set")],
    );
}

#[test]
fn node_ports_come_and_go_with_the_type() {
    let services = kind("", "services");
    let ports = json!([{"name": "a", "port": 80}, {"name": "b", "port": 81, "nodePort": 30081}]);
    let mut object = accept(
        services,
        &service(&json!({"type": "NodePort", "ports": ports})),
    );
    assert_eq!(object.body["spec"]["externalTrafficPolicy"], "Cluster");
    let needs = (services.allocations)(&object);
    assert_eq!(needs.held, [(Pool::NodePort, "30081".to_owned())]);
    assert_eq!(needs.wanted.len(), 2);
    needs.wanted[0].fill(&mut object, "10.96.0.7");
    needs.wanted[1].fill(&mut object, "30080");
    assert_eq!(object.body["spec"]["ports"][0]["nodePort"], 30080);

    let kept = accept_update(services, &object, |new| {
        new["spec"]["ports"] = json!([{"name": "a", "port": 8080}]);
    });
    assert_eq!(kept.body["spec"]["ports"][0]["nodePort"], 30080);

    let inner = accept_update(services, &object, |new| {
        new["spec"]["type"] = json!("ClusterIP");
    });
    assert_eq!(inner.body["spec"]["ports"][0].get("nodePort"), None);
    assert_eq!(inner.body["spec"].get("externalTrafficPolicy"), None);
    assert_eq!((services.allocations)(&inner).held.len(), 1);

    let name = accept_update(services, &object, |new| {
        new["spec"]["type"] = json!("ExternalName");
        new["spec"]["externalName"] = json!("db.example.com");
    });
    assert_eq!(name.body["spec"].get("clusterIP"), None);
    assert_eq!((services.allocations)(&name).held, []);
}

#[test]
fn headless_and_balanced_services() {
    let services = kind("", "services");
    let object = accept(
        services,
        &service(&json!({"clusterIP": "None", "selector": {"a": "b"}})),
    );
    assert_eq!(object.body["spec"]["clusterIPs"], json!(["None"]));
    assert_eq!(
        (services.allocations)(&object),
        super::super::Allocations::default()
    );
    let object = accept(
        services,
        &service(&json!({"type": "LoadBalancer", "ports": [{"port": 80}]})),
    );
    assert_eq!((services.allocations)(&object).wanted.len(), 2);
}

#[test]
fn bad_services_are_refused() {
    let services = kind("", "services");
    let check =
        |spec: Value, expected: &[(&str, &str)]| refuse(services, &service(&spec), expected);
    check(json!({}), &[("spec.ports", "Required value")]);
    check(
        json!({"ports": [{"port": 80}, {"port": 80, "name": "Bad_Name", "nodePort": 30000}]}),
        &[
            ("spec.ports[0].name", "Required value"),
            ("spec.ports[1].name", "a lowercase RFC 1123 label"),
            ("spec.ports[1]", "Duplicate value"),
            (
                "spec.ports[1].nodePort",
                "may not be used when `type` is 'ClusterIP'",
            ),
        ],
    );
    check(
        json!({"type": "Magic", "ports": [{"port": 0, "protocol": "TCP"}]}),
        &[
            ("spec.type", "Unsupported value: \"Magic\""),
            ("spec.ports[0].port", "must be between 1 and 65535"),
            ("spec.ports[0].targetPort", "must be between 1 and 65535"),
        ],
    );
    check(
        json!({"type": "ExternalName"}),
        &[("spec.externalName", "Required value")],
    );
    let one = json!([{"port": 80}]);
    check(
        json!({"ports": one, "sessionAffinity": "ClientIP", "externalIPs": ["1.2.3.4"]}),
        &[
            ("spec.sessionAffinity", "not supported by this release"),
            ("spec.externalIPs", "not supported by this release"),
        ],
    );
    check(
        json!({"ports": one, "ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6"]}),
        &[
            ("spec.ipFamilies[0]", "not configured on this cluster"),
            (
                "spec.ipFamilyPolicy",
                "not configured for dual-stack services",
            ),
        ],
    );
    check(
        json!({"ports": one, "clusterIP": "10.0.0"}),
        &[("spec.clusterIP", "must be a valid IP address")],
    );
}

#[test]
fn endpoint_slices() {
    let slices = kind("discovery.k8s.io", "endpointslices");
    let manifest = json!({
        "metadata": {"name": "web-1", "namespace": "default"}, "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 80}],
    });
    let old = accept(slices, &manifest);
    assert_eq!(old.body["ports"][0]["protocol"], "TCP");
    assert_eq!(old.generation(), 1);
    let new = accept_update(slices, &old, |new| new["endpoints"] = json!([]));
    assert_eq!(new.generation(), 2);
    refuse_update(
        slices,
        &old,
        |new| {
            new["addressType"] = json!("IPv6");
            new["endpoints"] = json!([{"addresses": []}, {"addresses": ["10.0.0.1"]}]);
        },
        &[
            ("addressType", "field is immutable"),
            ("endpoints[0].addresses", "must contain at least 1 address"),
            ("endpoints[1].addresses[0]", "must be a valid IPv6 address"),
        ],
    );
}
