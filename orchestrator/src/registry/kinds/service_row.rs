//! `kubectl get services`.

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells;

pub(super) fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let kind = object.text("/spec/type");
    vec![
        json!(object.name()),
        json!(kind),
        cells::or_none(object.text("/spec/clusterIP")),
        json!(external(object, kind)),
        json!(ports(object)),
        cells::age(object, now),
        cells::map(object.pointer("/spec/selector")),
    ]
}

fn external(object: &Object, kind: &str) -> String {
    match kind {
        "ExternalName" => object.text("/spec/externalName").to_owned(),
        "LoadBalancer" => {
            let ingress = cells::list(object, "/status/loadBalancer/ingress");
            let addresses: Vec<&str> = ingress
                .iter()
                .filter_map(|one| one["ip"].as_str().or_else(|| one["hostname"].as_str()))
                .collect();
            if addresses.is_empty() {
                "<pending>".to_owned()
            } else {
                addresses.join(",")
            }
        }
        _ => "<none>".to_owned(),
    }
}

/// `80:30080/TCP,443/TCP`
fn ports(object: &Object) -> String {
    let ports: Vec<String> = cells::list(object, "/spec/ports")
        .iter()
        .map(|port| {
            let number = port["port"].as_i64().unwrap_or_default();
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            match port["nodePort"].as_i64() {
                Some(node) if node > 0 => format!("{number}:{node}/{protocol}"),
                _ => format!("{number}/{protocol}"),
            }
        })
        .collect();
    if ports.is_empty() {
        "<none>".to_owned()
    } else {
        ports.join(",")
    }
}
