//! The pod as a whole: its names, resolver, ports and hosts file.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;

use api::k8s::core::v1 as core;

use super::security;
use crate::config::DnsConfig;
use crate::pods::names;
use crate::pods::spec::{self, items};
use crate::runtime::{PortMapping, ResolverConfig, SandboxConfig};

/// `resolv.conf` allows no more.
const MAX_SERVERS: usize = 3;
const MAX_HOSTNAME: usize = 63;

/// What the runtime is asked to make. `host` is the machine's own resolver configuration.
pub(crate) fn sandbox_config(
    pod: &core::Pod,
    attempt: u32,
    dns: &DnsConfig,
    host: &ResolverConfig,
    cgroup_parent: &str,
    log_directory: &Path,
) -> SandboxConfig {
    let context = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref());
    let mut privileged = spec::containers(pod).filter_map(|(_, c)| c.security_context.as_ref());
    let is_host_network = spec::is_host_network(pod);
    SandboxConfig {
        pod: spec::uid(pod),
        namespace: spec::namespace(pod).to_owned(),
        name: spec::name(pod).to_owned(),
        attempt,
        hostname: if is_host_network {
            String::new()
        } else {
            hostname(pod)
        },
        log_directory: log_directory.to_owned(),
        resolver: Some(resolver(pod, dns, host)),
        ports: if is_host_network {
            Vec::new()
        } else {
            ports(pod)
        },
        labels: labels(pod),
        annotations: pod.metadata.annotations.clone().unwrap_or_default(),
        cgroup_parent: cgroup_parent.to_owned(),
        namespaces: security::namespaces(pod),
        sysctls: context
            .map(|context| items(&context.sysctls))
            .unwrap_or_default()
            .iter()
            .map(|sysctl| (sysctl.name.clone(), sysctl.value.clone()))
            .collect(),
        run_as_user: context.and_then(|context| context.run_as_user),
        run_as_group: context.and_then(|context| context.run_as_group),
        supplemental_groups: security::supplemental_groups(pod),
        privileged: privileged.any(|context| context.privileged == Some(true)),
    }
}

fn labels(pod: &core::Pod) -> BTreeMap<String, String> {
    let mut labels = pod.metadata.labels.clone().unwrap_or_default();
    for (name, value) in [
        (names::POD_NAME, spec::name(pod)),
        (names::POD_NAMESPACE, spec::namespace(pod)),
        (names::POD_UID, &spec::uid(pod).0),
    ] {
        labels.insert(name.to_owned(), value.to_owned());
    }
    labels
}

/// `spec.hostname` or the pod's name, as long as a host name may be.
pub(super) fn hostname(pod: &core::Pod) -> String {
    let named = pod.spec.as_ref().and_then(|spec| spec.hostname.clone());
    let mut name = named.unwrap_or_else(|| spec::name(pod).to_owned());
    name.truncate(MAX_HOSTNAME);
    name.trim_end_matches(['-', '.']).to_owned()
}

fn ports(pod: &core::Pod) -> Vec<PortMapping> {
    spec::containers(pod)
        .flat_map(|(_, container)| items(&container.ports))
        .filter_map(|port| {
            Some(PortMapping {
                protocol: port.protocol.clone().unwrap_or_else(|| "TCP".into()),
                container_port: port.container_port,
                host_port: port.host_port.filter(|port| *port > 0)?,
                host_address: port.host_ip.clone().unwrap_or_default(),
            })
        })
        .collect()
}

fn resolver(pod: &core::Pod, dns: &DnsConfig, host: &ResolverConfig) -> ResolverConfig {
    let pod_spec = pod.spec.as_ref();
    let policy = pod_spec.and_then(|spec| spec.dns_policy.as_deref());
    let mut resolver = match (policy.unwrap_or("ClusterFirst"), dns.server) {
        ("None", _) => ResolverConfig::default(),
        ("Default", _) | (_, None) => host.clone(),
        ("ClusterFirst", _) if spec::is_host_network(pod) => host.clone(),
        (_, Some(server)) => cluster_first(spec::namespace(pod), dns, server, host),
    };
    if let Some(own) = pod_spec.and_then(|spec| spec.dns_config.as_ref()) {
        merge(&mut resolver, own);
    }
    resolver.servers.truncate(MAX_SERVERS);
    resolver
}

fn cluster_first(
    namespace: &str,
    dns: &DnsConfig,
    server: IpAddr,
    host: &ResolverConfig,
) -> ResolverConfig {
    let domain = &dns.domain;
    let mut searches = vec![
        format!("{namespace}.svc.{domain}"),
        format!("svc.{domain}"),
        domain.clone(),
    ];
    searches.extend(host.searches.iter().cloned());
    ResolverConfig {
        servers: vec![server.to_string()],
        searches,
        options: vec!["ndots:5".into()],
    }
}

/// What the pod adds; an option it names replaces one of the same name.
fn merge(resolver: &mut ResolverConfig, own: &core::PodDNSConfig) {
    resolver
        .servers
        .extend(items(&own.nameservers).iter().cloned());
    resolver
        .searches
        .extend(items(&own.searches).iter().cloned());
    for option in items(&own.options) {
        let Some(name) = option.name.as_deref() else {
            continue;
        };
        let is_same = |other: &String| other.split(':').next() == Some(name);
        resolver.options.retain(|other| !is_same(other));
        resolver.options.push(match &option.value {
            Some(value) => format!("{name}:{value}"),
            None => name.to_owned(),
        });
    }
}

/// `/etc/hosts` of a pod with a network of its own.
pub(crate) fn hosts_file(pod: &core::Pod, addresses: &[IpAddr], domain: &str) -> String {
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n",
    );
    let host = hostname(pod);
    let subdomain = pod.spec.as_ref().and_then(|spec| spec.subdomain.as_deref());
    for address in addresses {
        let line = match subdomain.filter(|name| !name.is_empty()) {
            Some(subdomain) => {
                let namespace = spec::namespace(pod);
                format!("{address}\t{host}.{subdomain}.{namespace}.svc.{domain}\t{host}\n")
            }
            None => format!("{address}\t{host}\n"),
        };
        text.push_str(&line);
    }
    let aliases = pod.spec.as_ref().map(|spec| items(&spec.host_aliases));
    for alias in aliases.unwrap_or_default() {
        let names = items(&alias.hostnames).join("\t");
        writeln!(text, "{}\t{names}", alias.ip).expect("writing to a string cannot fail");
    }
    text
}
