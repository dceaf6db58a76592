//! What the Service and its slice look like.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use api::Object;
use serde_json::{Value, json};

use crate::controllers::action::Action;
use crate::controllers::collections::{endpoint_slices, services};

pub(super) const NAMESPACE: &str = "default";
pub(super) const NAME: &str = "kubernetes";

pub(super) struct Observed<'a> {
    pub(super) service: Option<Arc<Object>>,
    pub(super) slice: Option<Arc<Object>>,
    pub(super) address: IpAddr,
    pub(super) servers: &'a [SocketAddr],
}

pub(super) fn decide(observed: &Observed) -> Vec<Action> {
    let mut actions = Vec::new();
    // A loopback address means another machine to everybody else.
    let reachable = |server: &&SocketAddr| {
        let address = server.ip();
        address.is_ipv4() && !address.is_loopback() && !address.is_unspecified()
    };
    let servers: BTreeSet<&SocketAddr> = observed.servers.iter().filter(reachable).collect();
    let port = servers.first().map_or(443, |server| server.port());
    let ports = json!([{"name": "https", "port": 443, "protocol": "TCP", "targetPort": port}]);
    match &observed.service {
        None => actions.push(Action::Create {
            collection: services(),
            object: service(observed.address, &ports),
        }),
        Some(found) if found.body["spec"]["ports"] != ports && !found.is_deleting() => {
            let mut object = (**found).clone();
            object.body["spec"]["ports"] = ports;
            actions.push(Action::Replace {
                collection: services(),
                object,
            });
        }
        Some(_) => {}
    }
    if servers.is_empty() {
        return actions;
    }
    let endpoints: Vec<Value> = servers
        .iter()
        .map(|server| json!({"addresses": [server.ip()], "conditions": {"ready": true}}))
        .collect();
    let ports = json!([{"name": "https", "port": port, "protocol": "TCP"}]);
    match &observed.slice {
        None => actions.push(Action::Create {
            collection: endpoint_slices(),
            object: slice(&endpoints, &ports),
        }),
        Some(found)
            if (found.body["endpoints"] != json!(endpoints) || found.body["ports"] != ports)
                && !found.is_deleting() =>
        {
            let mut object = (**found).clone();
            object.body["endpoints"] = json!(endpoints);
            object.body["ports"] = ports;
            actions.push(Action::Replace {
                collection: endpoint_slices(),
                object,
            });
        }
        Some(_) => {}
    }
    actions
}

fn service(address: IpAddr, ports: &Value) -> Object {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": NAME, "namespace": NAMESPACE,
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {"type": "ClusterIP", "clusterIP": address, "ports": ports},
    })
    .into()
}

fn slice(endpoints: &[Value], ports: &Value) -> Object {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": NAME, "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": NAME},
        },
        "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
    })
    .into()
}
