//! Services: one stable address for the pods that a selector finds.

use std::collections::BTreeSet;

use api::{Cause, Object};
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Allocations, Kind, Pool, Wanted, edit, generic, service_row};

const HEADLESS: &str = "None";

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: |new| edit::put(&mut new.body, "status", json!({"loadBalancer": {}})),
        prepare_update,
        validate_create,
        validate_update,
        row: service_row::row,
        field: |object, field| match field {
            "spec.clusterIP" => Some(object.text("/spec/clusterIP").to_owned()),
            "spec.type" => Some(object.text("/spec/type").to_owned()),
            _ => generic::metadata_field(object, field),
        },
        allocations,
        create_on_update: true,
        ..base
    }
}

/// Whether traffic to the Service has an address of its own.
fn takes_cluster_ip(spec: &Value) -> bool {
    spec["type"] != "ExternalName"
}

fn takes_node_ports(spec: &Value) -> bool {
    spec["type"] == "NodePort"
        || (spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != false)
}

fn default(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    edit::set(spec, "sessionAffinity", "None");
    edit::set(spec, "type", "ClusterIP");
    for port in edit::items(spec, "ports") {
        edit::set(port, "protocol", "TCP");
        let number = port["port"].clone();
        let is_unset = match &port["targetPort"] {
            Value::Null => true,
            Value::Number(number) => number.as_i64() == Some(0),
            Value::String(name) => name.is_empty(),
            _ => false,
        };
        if is_unset {
            edit::put(port, "targetPort", number);
        }
    }
    if spec["type"] == "ExternalName" {
        return;
    }
    edit::set(spec, "internalTrafficPolicy", "Cluster");
    edit::set(spec, "ipFamilies", json!(["IPv4"]));
    edit::set(spec, "ipFamilyPolicy", "SingleStack");
    if spec["type"] != "ClusterIP" {
        edit::set(spec, "externalTrafficPolicy", "Cluster");
    }
    if spec["type"] == "LoadBalancer" {
        edit::set(spec, "allocateLoadBalancerNodePorts", true);
    }
    // The list and its first element are one field in two shapes.
    let address = spec["clusterIP"].as_str().unwrap_or_default().to_owned();
    let first = spec["clusterIPs"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if !address.is_empty() && first.is_empty() {
        edit::put(spec, "clusterIPs", json!([address]));
    } else if address.is_empty() && !first.is_empty() {
        edit::put(spec, "clusterIP", first);
    }
}

/// What the update leaves out and the Service still needs, it keeps; what its new type has no use
/// for, it gives back.
fn prepare_update(new: &mut Object, old: &Object) {
    generic::keep_status(new, old);
    let (Some(spec), Some(before)) = (edit::member(&mut new.body, "spec"), old.pointer("/spec"))
    else {
        return;
    };
    if takes_cluster_ip(spec) {
        if takes_cluster_ip(before) && spec["clusterIP"].as_str().is_none_or(str::is_empty) {
            edit::copy(spec, before, "clusterIP");
            edit::copy(spec, before, "clusterIPs");
        }
    } else {
        for field in [
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "internalTrafficPolicy",
        ] {
            forget(spec, before, field);
        }
    }
    if spec["type"] == "ClusterIP" || spec["type"] == "ExternalName" {
        for field in ["externalTrafficPolicy", "healthCheckNodePort"] {
            forget(spec, before, field);
        }
    }
    if spec["type"] != "LoadBalancer" {
        forget(spec, before, "allocateLoadBalancerNodePorts");
        forget(spec, before, "loadBalancerClass");
    }
    node_ports(spec, before);
}

/// Drops a field that the new type does not have, unless the update set it anew (validation
/// then says what is wrong with it).
fn forget(spec: &mut Value, before: &Value, field: &str) {
    if spec.get(field) == before.get(field) {
        edit::remove(spec, field);
    }
}

fn node_ports(spec: &mut Value, before: &Value) {
    let old_ports = before["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let keeps = takes_node_ports(spec);
    for port in edit::items(spec, "ports") {
        let old = old_ports.iter().find(|old| {
            old["name"] == port["name"]
                && (!port["name"].is_null() || old["port"] == port["port"] || old_ports.len() == 1)
        });
        let number = old.map_or(&Value::Null, |old| &old["nodePort"]);
        if keeps {
            if port["nodePort"].as_i64().unwrap_or_default() == 0 && !number.is_null() {
                edit::put(port, "nodePort", number.clone());
            }
        } else if port["nodePort"] == *number {
            edit::remove(port, "nodePort");
        }
    }
}

fn allocations(object: &Object) -> Allocations {
    let mut needs = Allocations::default();
    let Some(spec) = object.pointer("/spec") else {
        return needs;
    };
    if takes_cluster_ip(spec) {
        match spec["clusterIP"].as_str().unwrap_or_default() {
            HEADLESS => {}
            "" => needs.wanted.push(Wanted {
                pool: Pool::ClusterIp,
                index: 0,
            }),
            address => needs.held.push((Pool::ClusterIp, address.to_owned())),
        }
    }
    if takes_node_ports(spec) {
        let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
        for (index, port) in ports.iter().enumerate() {
            match port["nodePort"].as_i64().unwrap_or_default() {
                0 => needs.wanted.push(Wanted {
                    pool: Pool::NodePort,
                    index,
                }),
                number => needs.held.push((Pool::NodePort, number.to_string())),
            }
        }
    }
    // TCP and UDP may share a number within one Service.
    let mut seen = BTreeSet::new();
    needs.held.retain(|held| seen.insert(held.clone()));
    needs
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let spec = Field::root(object).get("spec");
    let kind = spec.get("type");
    causes.one_of(
        &kind,
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    );
    ports(&mut causes, &spec);
    causes.labels(&spec.get("selector"));
    addresses(&mut causes, &spec);
    if kind.text() == "ExternalName" {
        external_name(&mut causes, &spec.get("externalName"));
    }
    let affinity = spec.get("sessionAffinity");
    causes.one_of(&affinity, &["ClientIP", "None"]);
    if affinity.text() == "ClientIP" {
        causes.unsupported(&affinity);
    }
    for policy in ["internalTrafficPolicy", "externalTrafficPolicy"] {
        let policy = spec.get(policy);
        causes.one_of(&policy, &["Cluster", "Local"]);
        if policy.text() == "Local" {
            causes.unsupported(&policy);
        }
    }
    let external = spec.get("externalTrafficPolicy");
    if external.is_set() && ["ClusterIP", "ExternalName"].contains(&kind.text()) {
        causes.invalid(
            &external,
            "may only be set for externally-accessible services",
        );
    }
    causes.absent(&spec.get("externalIPs"));
    causes.finish()
}

fn ports(causes: &mut Causes, spec: &Field) {
    let (ports, kind) = (spec.get("ports"), spec.get("type"));
    let is_headless = spec.get("clusterIP").text() == HEADLESS;
    if ports.is_empty() && !is_headless && kind.text() != "ExternalName" {
        causes.required(&ports, "");
    }
    causes.unique(&ports, "name");
    let (mut seen, mut node_seen) = (BTreeSet::new(), BTreeSet::new());
    let many = ports.len() > 1;
    for port in ports.items() {
        let (name, number) = (port.get("name"), port.get("port"));
        if many {
            causes.require(&name, "");
        }
        causes.name(&name, api::name::dns1123_label);
        let rules = api::name::port_number(number.number().unwrap_or_default());
        causes.rules(&number, rules);
        let protocol = port.get("protocol");
        if causes.require(&protocol, "") {
            causes.one_of(&protocol, &["SCTP", "TCP", "UDP"]);
            if protocol.text() == "SCTP" {
                causes.unsupported(&protocol);
            }
        }
        causes.port(&port.get("targetPort"));
        if number.is_set() && !seen.insert((number.number(), protocol.text())) {
            let shown = json!({"port": number.value(), "protocol": protocol.value()});
            causes.push(Cause::duplicate(port.path(), &shown));
        }
        let node = port.get("nodePort");
        if node.number().unwrap_or_default() == 0 {
            continue;
        }
        if !["NodePort", "LoadBalancer"].contains(&kind.text()) {
            let rule = format!("may not be used when `type` is '{}'", kind.text());
            causes.forbidden(&node, &rule);
        }
        causes.between(&node, 1, 65_535);
        if !node_seen.insert((node.number(), protocol.text())) {
            causes.duplicate(&node);
        }
    }
}

fn addresses(causes: &mut Causes, spec: &Field) {
    let (address, list) = (spec.get("clusterIP"), spec.get("clusterIPs"));
    let kind = spec.get("type");
    if kind.text() == "ExternalName" {
        for field in [address, list] {
            if !field.is_empty() {
                causes.forbidden(&field, "may not be set when `type` is 'ExternalName'");
            }
        }
        return;
    }
    if address.text() == HEADLESS && kind.text() != "ClusterIP" {
        let rule = format!("may not be set to 'None' for {} services", kind.text());
        causes.invalid(&address, &rule);
    } else if address.text() != HEADLESS {
        causes.name(&address, api::name::ip);
    }
    let first = list.items().next();
    if first.is_some_and(|first| first.text() != address.text()) {
        causes.invalid(&list, "first value must match `clusterIP`");
    }
    for family in spec.get("ipFamilies").items() {
        causes.one_of(&family, &["IPv4", "IPv6"]);
        if family.text() == "IPv6" {
            causes.invalid(&family, "not configured on this cluster");
        }
    }
    let policy = spec.get("ipFamilyPolicy");
    causes.one_of(
        &policy,
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    );
    if policy.text() == "RequireDualStack" {
        causes.invalid(
            &policy,
            "this cluster is not configured for dual-stack services",
        );
    }
}

fn external_name(causes: &mut Causes, name: &Field) {
    if causes.require(name, "") {
        let text = name.text().strip_suffix('.').unwrap_or(name.text());
        causes.rules(name, api::name::dns1123_subdomain(text));
    }
}

fn validate_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (Field::root(new).get("spec"), Field::root(old).get("spec"));
    let both_have = takes_cluster_ip(now.value()) && takes_cluster_ip(before.value());
    let (address, old_address) = (now.get("clusterIP"), before.get("clusterIP"));
    if both_have && !old_address.is_empty() && address.value() != old_address.value() {
        let (path, rule) = ("spec.clusterIPs[0]", "may not change once set");
        causes.push(Cause::invalid(path, address.value(), rule));
    }
    let mut all = causes.finish();
    all.extend(validate_create(new));
    all
}
