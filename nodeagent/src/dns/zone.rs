//! The cluster's names, as a pure function of its objects.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use api::Object;

/// What a name stands for. Names are fully qualified, lower case, without the final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    A(Ipv4Addr),
    Srv { port: u16, target: String },
    Cname(String),
    Ptr(String),
    Txt(String),
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The name exists; there may be no record of the type asked for.
    Records(Vec<Record>),
    /// Nothing of that name in the cluster's domain.
    NoSuchName,
    /// Not the cluster's to answer.
    Elsewhere,
}

/// Record types that are told apart; everything else has no records here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    A,
    Srv,
    Ptr,
    Txt,
    Other,
}

/// All names of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zone {
    domain: String,
    names: BTreeMap<String, BTreeSet<Record>>,
}

impl Zone {
    /// `domain` is usually `cluster.local`.
    pub fn new<'a>(
        domain: &str,
        services: impl IntoIterator<Item = &'a Object>,
        slices: impl IntoIterator<Item = &'a Object>,
    ) -> Self {
        let mut zone = Self {
            domain: domain.to_owned(),
            names: BTreeMap::new(),
        };
        let mut by_service: BTreeMap<(&str, &str), Vec<&Object>> = BTreeMap::new();
        for slice in slices {
            if let Some(service) = slice.label("kubernetes.io/service-name") {
                by_service
                    .entry((slice.namespace(), service))
                    .or_default()
                    .push(slice);
            }
        }
        for service in services {
            let slices = by_service.get(&(service.namespace(), service.name()));
            zone.add_service(service, slices.map(Vec::as_slice).unwrap_or_default());
        }
        zone.add(format!("dns-version.{domain}"), Record::Txt("1.1.0".into()));
        zone
    }

    /// Answers one question. `name` in any case, with or without the final dot.
    pub fn answer(&self, name: &str, lookup: Lookup) -> Answer {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(records) = self.names.get(&name) {
            return Answer::Records(
                records
                    .iter()
                    .filter(|record| fits(record, lookup))
                    .cloned()
                    .collect(),
            );
        }
        if let Some(address) = self.pod_address(&name) {
            let records = if lookup == Lookup::A {
                vec![Record::A(address)]
            } else {
                Vec::new()
            };
            return Answer::Records(records);
        }
        if name == self.domain || name.ends_with(&format!(".{}", self.domain)) {
            // A name on the way to another exists, though it has no records (RFC 8020).
            let is_parent = self
                .names
                .keys()
                .any(|known| known.ends_with(&format!(".{name}")));
            return if is_parent {
                Answer::Records(Vec::new())
            } else {
                Answer::NoSuchName
            };
        }
        Answer::Elsewhere
    }

    fn add(&mut self, name: String, record: Record) {
        self.names.entry(name).or_default().insert(record);
    }

    fn add_service(&mut self, service: &Object, slices: &[&Object]) {
        let name = format!(
            "{}.{}.svc.{}",
            service.name(),
            service.namespace(),
            self.domain
        );
        if service.text("/spec/type") == "ExternalName" {
            self.add(
                name,
                Record::Cname(
                    service
                        .text("/spec/externalName")
                        .trim_end_matches('.')
                        .to_ascii_lowercase(),
                ),
            );
            return;
        }
        match service.text("/spec/clusterIP").parse::<Ipv4Addr>() {
            Ok(address) => self.add_cluster_ip(service, &name, address),
            Err(_) => self.add_headless(service, &name, slices),
        }
    }

    fn add_cluster_ip(&mut self, service: &Object, name: &str, address: Ipv4Addr) {
        self.add(name.to_owned(), Record::A(address));
        self.add(reverse(address), Record::Ptr(name.to_owned()));
        self.add_ports(service.pointer("/spec/ports"), name, name);
    }

    /// Where each named port of a service is served.
    fn add_ports(&mut self, ports: Option<&Value>, name: &str, target: &str) {
        for port in ports.and_then(Value::as_array).into_iter().flatten() {
            let number = port["port"].as_u64();
            let number = number.and_then(|port| u16::try_from(port).ok());
            if let (Some(label), Some(port)) = (port_label(port), number) {
                let target = target.to_owned();
                self.add(format!("{label}.{name}"), Record::Srv { port, target });
            }
        }
    }

    fn add_headless(&mut self, service: &Object, name: &str, slices: &[&Object]) {
        let publish_all = service
            .pointer("/spec/publishNotReadyAddresses")
            .and_then(Value::as_bool)
            == Some(true);
        for slice in slices {
            for endpoint in slice
                .pointer("/endpoints")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if !publish_all && endpoint["conditions"]["ready"].as_bool() == Some(false) {
                    continue;
                }
                let addresses = endpoint["addresses"].as_array().into_iter().flatten();
                for address in
                    addresses.filter_map(|address| address.as_str()?.parse::<Ipv4Addr>().ok())
                {
                    let dashed = address.to_string().replace('.', "-");
                    let host = format!(
                        "{}.{name}",
                        endpoint["hostname"].as_str().unwrap_or(&dashed)
                    );
                    self.add(name.to_owned(), Record::A(address));
                    self.add(host.clone(), Record::A(address));
                    self.add(reverse(address), Record::Ptr(host.clone()));
                    self.add_ports(slice.pointer("/ports"), name, &host);
                }
            }
        }
    }

    /// `10-1-2-3.namespace.pod.cluster.local`: computed from the name, as CoreDNS does by default.
    fn pod_address(&self, name: &str) -> Option<Ipv4Addr> {
        let rest = name.strip_suffix(&format!(".pod.{}", self.domain))?;
        let (dashed, namespace) = rest.split_once('.')?;
        if namespace.is_empty() || namespace.contains('.') {
            return None;
        }
        dashed.replace('-', ".").parse().ok()
    }
}

/// `_http._tcp`; only named ports have SRV records.
fn port_label(port: &Value) -> Option<String> {
    let name = port["name"].as_str().filter(|name| !name.is_empty())?;
    let protocol = port["protocol"]
        .as_str()
        .unwrap_or("TCP")
        .to_ascii_lowercase();
    Some(format!("_{name}._{protocol}"))
}

fn reverse(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

fn fits(record: &Record, lookup: Lookup) -> bool {
    match record {
        // A CNAME answers every question about its name (RFC 1034, 3.6.2).
        Record::Cname(_) => true,
        Record::A(_) => lookup == Lookup::A,
        Record::Srv { .. } => lookup == Lookup::Srv,
        Record::Ptr(_) => lookup == Lookup::Ptr,
        Record::Txt(_) => lookup == Lookup::Txt,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn zone() -> Zone {
        let services: Vec<Object> = [
            json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {
                "clusterIP": "10.200.0.70", "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}}),
            json!({"metadata": {"namespace": "shop", "name": "db"}, "spec": {"clusterIP": "None", "ports": []}}),
            json!({"metadata": {"namespace": "shop", "name": "far"}, "spec": {"type": "ExternalName", "externalName": "Example.ORG."}}),
        ]
        .into_iter()
        .map(Object::from)
        .collect();
        let slice = Object::from(json!({
            "metadata": {"namespace": "shop", "name": "db-1", "labels": {"kubernetes.io/service-name": "db"}},
            "endpoints": [
                {"addresses": ["10.130.1.7"], "hostname": "db-0", "conditions": {"ready": true}},
                {"addresses": ["10.130.1.8"], "conditions": {"ready": false}},
            ],
            "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
        }));
        Zone::new("cluster.local", &services, [&slice])
    }

    #[track_caller]
    fn check(name: &str, lookup: Lookup, expected: &str) {
        let answer = match zone().answer(name, lookup) {
            Answer::Records(records) => format!("{records:?}"),
            other => format!("{other:?}"),
        };
        assert_eq!(answer, expected, "{name}");
    }

    #[test]
    fn names_follow_the_specification() {
        check("web.shop.svc.cluster.local.", Lookup::A, "[A(10.200.0.70)]");
        check("WEB.shop.svc.Cluster.Local", Lookup::A, "[A(10.200.0.70)]");
        check("web.shop.svc.cluster.local", Lookup::Other, "[]");
        check(
            "_http._tcp.web.shop.svc.cluster.local",
            Lookup::Srv,
            r#"[Srv { port: 80, target: "web.shop.svc.cluster.local" }]"#,
        );
        check("db.shop.svc.cluster.local", Lookup::A, "[A(10.130.1.7)]");
        check(
            "db-0.db.shop.svc.cluster.local",
            Lookup::A,
            "[A(10.130.1.7)]",
        );
        check(
            "far.shop.svc.cluster.local",
            Lookup::A,
            r#"[Cname("example.org")]"#,
        );
        check(
            "70.0.200.10.in-addr.arpa",
            Lookup::Ptr,
            r#"[Ptr("web.shop.svc.cluster.local")]"#,
        );
        check(
            "10-130-1-7.shop.pod.cluster.local",
            Lookup::A,
            "[A(10.130.1.7)]",
        );
        check("shop.svc.cluster.local", Lookup::A, "[]");
        check("nope.shop.svc.cluster.local", Lookup::A, "NoSuchName");
        check("example.org", Lookup::A, "Elsewhere");
        check(
            "dns-version.cluster.local",
            Lookup::Txt,
            r#"[Txt("1.1.0")]"#,
        );
    }
}
