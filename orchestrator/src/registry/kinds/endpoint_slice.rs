//! `EndpointSlices`: the addresses behind a Service.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit, generic};

const MAX_ENDPOINTS: usize = 1000;
const MAX_PORTS: usize = 20_000;
const MAX_ADDRESSES: usize = 100;

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default,
        prepare_create: |new| {
            new.metadata_mut().insert("generation".into(), json!(1));
        },
        prepare_update: generic::bump_generation,
        validate_create,
        validate_update: |new, old| {
            let mut causes = Causes::default();
            let kind = |object| Field::root(object).get("addressType");
            causes.immutable(&kind(new), &kind(old));
            let mut all = causes.finish();
            all.extend(validate_create(new));
            all
        },
        row,
        ..base
    }
}

fn default(object: &mut Object) {
    for port in edit::items(&mut object.body, "ports") {
        edit::set(port, "name", "");
        edit::set(port, "protocol", "TCP");
    }
}

fn validate_create(object: &Object) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let kind = root.get("addressType");
    if causes.require(&kind, "") {
        causes.one_of(&kind, &["FQDN", "IPv4", "IPv6"]);
    }
    let (endpoints, ports) = (root.get("endpoints"), root.get("ports"));
    for (list, most) in [(&endpoints, MAX_ENDPOINTS), (&ports, MAX_PORTS)] {
        if list.len() > most {
            causes.push(Cause {
                reason: "FieldValueTooMany".into(),
                message: format!("Too many: {}: must have at most {most} items", list.len()),
                field: list.path().into(),
            });
        }
    }
    for endpoint in endpoints.items() {
        let addresses = endpoint.get("addresses");
        causes.require(&addresses, "must contain at least 1 address");
        if addresses.len() > MAX_ADDRESSES {
            causes.invalid(&addresses, "must have at most 100 items");
        }
        for address in addresses.items() {
            causes.rules(&address, address_rules(kind.text(), address.text()));
        }
        causes.name(&endpoint.get("hostname"), api::name::dns1123_label);
        causes.name(&endpoint.get("nodeName"), api::name::dns1123_subdomain);
    }
    causes.unique(&ports, "name");
    for port in ports.items() {
        causes.name(&port.get("name"), api::name::dns1123_label);
        causes.one_of(&port.get("protocol"), &["SCTP", "TCP", "UDP"]);
        causes.between(&port.get("port"), 1, 65_535);
    }
    causes.finish()
}

fn address_rules(kind: &str, address: &str) -> Vec<String> {
    let parsed = address.parse::<std::net::IpAddr>().ok();
    match kind {
        "FQDN" => api::name::dns1123_subdomain(address),
        "IPv4" if !parsed.is_some_and(|ip| ip.is_ipv4()) => {
            vec!["must be a valid IPv4 address".to_owned()]
        }
        "IPv6" if !parsed.is_some_and(|ip| ip.is_ipv6()) => {
            vec!["must be a valid IPv6 address".to_owned()]
        }
        _ => match parsed {
            Some(ip) if ip.is_loopback() => {
                vec!["may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()]
            }
            Some(ip) if ip.is_unspecified() => {
                vec!["may not be unspecified (0.0.0.0 or ::)".to_owned()]
            }
            _ => Vec::new(),
        },
    }
}

fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let ports = cells::list(object, "/ports").iter().map(|port| {
        let name = port["name"].as_str().unwrap_or_default();
        match port["port"].as_i64() {
            Some(number) => number.to_string(),
            None => name.to_owned(),
        }
    });
    let addresses = cells::list(object, "/endpoints")
        .iter()
        .flat_map(|endpoint| endpoint["addresses"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned);
    vec![
        json!(object.name()),
        json!(object.text("/addressType")),
        shortened(&ports.collect::<Vec<_>>()),
        shortened(&addresses.collect::<Vec<_>>()),
        cells::age(object, now),
    ]
}

/// The first three, and how many more.
fn shortened(texts: &[String]) -> Value {
    match texts.len() {
        0 => json!("<unset>"),
        1..=3 => json!(texts.join(",")),
        many => json!(format!("{} + {} more...", texts[..3].join(","), many - 3)),
    }
}
