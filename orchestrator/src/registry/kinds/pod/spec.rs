//! The rules for a pod's spec, its own or a template's.

use std::collections::BTreeSet;

use api::{Cause, name};
use serde_json::json;

use super::super::field::{Causes, Field};
use super::{affinity, container, volume};

/// What Kedge does not have yet. Refused by name: none of it may silently not work.
const NOT_YET: &[&str] = &[
    "ephemeralContainers",
    "resourceClaims",
    "priorityClassName",
    "runtimeClassName",
    "overhead",
    "schedulingGates",
    "schedulingGroup",
    "setHostnameAsFQDN",
    "hostnameOverride",
    "resources",
];

pub(in super::super) fn validate_spec(causes: &mut Causes, spec: &Field) {
    let volumes = volume::validate(causes, &spec.get("volumes"));
    containers(causes, spec, &volumes);
    let policy = spec.get("restartPolicy");
    if causes.require(&policy, "") {
        causes.one_of(&policy, &["Always", "OnFailure", "Never"]);
    }
    dns(causes, spec);
    causes.at_least(&spec.get("terminationGracePeriodSeconds"), 0);
    causes.between(&spec.get("activeDeadlineSeconds"), 1, i64::from(i32::MAX));
    causes.labels(&spec.get("nodeSelector"));
    affinity::validate(causes, &spec.get("affinity"));
    affinity::tolerations(causes, &spec.get("tolerations"));
    affinity::topology_spread(causes, &spec.get("topologySpreadConstraints"));
    causes.name(&spec.get("serviceAccountName"), name::dns1123_subdomain);
    causes.name(&spec.get("nodeName"), name::dns1123_subdomain);
    causes.name(&spec.get("hostname"), name::dns1123_label);
    causes.name(&spec.get("subdomain"), name::dns1123_label);
    for alias in spec.get("hostAliases").items() {
        let address = alias.get("ip");
        causes.rules(&address, name::ip(address.text()));
        for host in alias.get("hostnames").items() {
            causes.rules(&host, name::dns1123_subdomain(host.text()));
        }
    }
    for secret in spec.get("imagePullSecrets").items() {
        causes.require(&secret.get("name"), "");
    }
    for gate in spec.get("readinessGates").items() {
        let kind = gate.get("conditionType");
        causes.rules(&kind, name::qualified_name(kind.text()));
    }
    security(causes, spec);
    not_yet(causes, spec);
}

fn containers(causes: &mut Causes, spec: &Field, volumes: &BTreeSet<&str>) {
    let (main, init) = (spec.get("containers"), spec.get("initContainers"));
    causes.require(&main, "");
    let surroundings = container::Surroundings {
        volumes,
        on_host_network: spec.get("hostNetwork").flag(),
    };
    for each in main.items() {
        container::validate(causes, &each, &surroundings);
        container::validate_main(causes, &each);
    }
    for each in init.items() {
        container::validate(causes, &each, &surroundings);
        container::validate_init(causes, &each);
    }
    container::unique_names(causes, &[init, main.clone()]);
    // Init containers have stopped before the others take a port.
    let mut taken = BTreeSet::new();
    for port in main.items().flat_map(|each| {
        let ports: Vec<Field> = each.get("ports").items().collect();
        ports
    }) {
        let host = port.get("hostPort");
        let number = host.number().unwrap_or_default();
        let key = (
            number,
            port.get("protocol").text(),
            port.get("hostIP").text(),
        );
        if number != 0 && !taken.insert(key) {
            let shown = format!("{}/{}/{}", key.1, key.2, key.0);
            causes.push(Cause::duplicate(host.path(), &json!(shown)));
        }
    }
}

fn dns(causes: &mut Causes, spec: &Field) {
    let policy = spec.get("dnsPolicy");
    causes.one_of(
        &policy,
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    );
    let config = spec.get("dnsConfig");
    let servers = config.get("nameservers");
    if policy.text() == "None" {
        if !config.is_set() {
            causes.required(&config, "must provide `dnsConfig` when `dnsPolicy` is None");
        } else if servers.is_empty() {
            let hint = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            causes.required(&servers, hint);
        }
    }
    if servers.len() > 3 {
        causes.invalid(&servers, "must not have more than 3 nameservers");
    }
    for server in servers.items() {
        causes.rules(&server, name::ip(server.text()));
    }
    let searches = config.get("searches");
    if searches.len() > 32 {
        causes.invalid(&searches, "must not have more than 32 search paths");
    }
    for search in searches.items() {
        let text = search.text().strip_suffix('.').unwrap_or(search.text());
        if search.text() != "." {
            causes.rules(&search, name::dns1123_subdomain(text));
        }
    }
    for option in config.get("options").items() {
        causes.require(&option.get("name"), "must not be empty");
    }
}

fn security(causes: &mut Causes, spec: &Field) {
    let context = spec.get("securityContext");
    container::user_ids(causes, &context, &["runAsUser", "runAsGroup", "fsGroup"]);
    for group in context.get("supplementalGroups").items() {
        causes.rules(&group, name::user_id(group.number().unwrap_or(-1)));
    }
    causes.one_of(
        &context.get("fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
    );
    causes.absent(&context.get("windowsOptions"));
    container::seccomp(causes, &context.get("seccompProfile"));
    causes.unique(&context.get("sysctls"), "name");
    for sysctl in context.get("sysctls").items() {
        causes.require(&sysctl.get("name"), "");
    }
    if spec.get("shareProcessNamespace").flag() && spec.get("hostPID").flag() {
        let rule = "ShareProcessNamespace and HostPID cannot both be enabled";
        causes.invalid(&spec.get("shareProcessNamespace"), rule);
    }
}

fn not_yet(causes: &mut Causes, spec: &Field) {
    for field in NOT_YET {
        causes.absent(&spec.get(field));
    }
    let priority = spec.get("priority");
    if priority.number().unwrap_or_default() != 0 {
        causes.unsupported(&priority);
    }
    let users = spec.get("hostUsers");
    if users.is_set() && !users.flag() {
        causes.unsupported(&users);
    }
    let system = spec.get("os").get("name");
    if !["", "linux"].contains(&system.text()) {
        causes.unsupported(&system);
    }
    let scheduler = spec.get("schedulerName");
    causes.name(&scheduler, name::dns1123_subdomain);
}

/// What only matters once the pod is real: on the host's network every port is the host's.
pub(super) fn validate_host_ports(causes: &mut Causes, spec: &Field) {
    if !spec.get("hostNetwork").flag() {
        return;
    }
    for container in spec.get("containers").items() {
        for port in container.get("ports").items() {
            let host = port.get("hostPort");
            if host.number().unwrap_or_default() == 0 && port.get("containerPort").is_set() {
                causes.invalid(
                    &host,
                    "must match `containerPort` when `hostNetwork` is true",
                );
            }
        }
    }
}
