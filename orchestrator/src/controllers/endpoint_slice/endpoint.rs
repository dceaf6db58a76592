//! What a slice says of one pod.

use api::Object;
use serde_json::{Value, json};

use super::super::pod::{is_finished, is_ready};

/// An address family, as `addressType` and `ipFamilies` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const ALL: [Self; 2] = [Self::V4, Self::V6];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    fn holds(self, address: &str) -> bool {
        address.contains(':') == (self == Self::V6)
    }
}

/// The pod's address of that family; `None` where it has none, or serves nothing any more.
fn address(pod: &Object, family: Family) -> Option<&str> {
    if is_finished(pod) {
        return None;
    }
    let all = pod.pointer("/status/podIPs").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter_map(|each| each["ip"].as_str())
        .chain(Some(pod.text("/status/podIP")))
        .find(|address| !address.is_empty() && family.holds(address))
}

/// The entry for `pod` in a slice of `service`.
pub(super) fn endpoint(pod: &Object, service: &Object, family: Family) -> Option<Value> {
    let address = address(pod, family)?;
    let publishes = service.pointer("/spec/publishNotReadyAddresses") == Some(&json!(true));
    let (serving, terminating) = (is_ready(pod), pod.is_deleting());
    let ready = publishes || (serving && !terminating);
    let mut endpoint = json!({
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
    });
    let hostname = pod.text("/spec/hostname");
    if !hostname.is_empty() && pod.text("/spec/subdomain") == service.name() {
        endpoint["hostname"] = json!(hostname);
    }
    let node = pod.text("/spec/nodeName");
    if !node.is_empty() {
        endpoint["nodeName"] = json!(node);
    }
    endpoint["targetRef"] = json!({
        "kind": "Pod", "namespace": pod.namespace(), "name": pod.name(), "uid": pod.uid(),
    });
    Some(endpoint)
}

/// The Service's ports as this pod has them. A named port the pod does not have is left out.
pub(super) fn ports(pod: &Object, service: &Object) -> Value {
    let wanted = service.pointer("/spec/ports").and_then(Value::as_array);
    wanted
        .into_iter()
        .flatten()
        .filter_map(|port| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            let number = match &port["targetPort"] {
                Value::String(name) => named(pod, name, protocol)?,
                Value::Number(number) => number.as_i64()?,
                _ => port["port"].as_i64()?,
            };
            let mut found = json!({
                "name": port["name"].as_str().unwrap_or_default(),
                "port": number, "protocol": protocol,
            });
            if let Some(application) = port["appProtocol"].as_str() {
                found["appProtocol"] = json!(application);
            }
            Some(found)
        })
        .collect()
}

fn named(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let list = |pointer: &str| pod.pointer(pointer).and_then(Value::as_array);
    let sidecars = list("/spec/initContainers").into_iter().flatten();
    let sidecars = sidecars.filter(|each| each["restartPolicy"] == "Always");
    list("/spec/containers")
        .into_iter()
        .flatten()
        .chain(sidecars)
        .filter_map(|container| container["ports"].as_array())
        .flatten()
        .find(|port| port["name"] == name && port["protocol"].as_str().unwrap_or("TCP") == protocol)
        .and_then(|port| port["containerPort"].as_i64())
}
