//! One container: image, ports, mounts, security.

use std::collections::BTreeSet;

use api::Cause;
use serde_json::json;

use super::super::field::{Causes, Field};
use super::{environment, probe, resources};

/// What a container is checked against besides itself.
pub(super) struct Surroundings<'a> {
    pub(super) volumes: &'a BTreeSet<&'a str>,
    pub(super) on_host_network: bool,
}

pub(super) fn validate(causes: &mut Causes, container: &Field, pod: &Surroundings) {
    let name = container.get("name");
    if causes.require(&name, "") {
        causes.rules(&name, api::name::dns1123_label(name.text()));
    }
    image(causes, container);
    causes.one_of(
        &container.get("terminationMessagePolicy"),
        &["FallbackToLogsOnError", "File"],
    );
    ports(causes, &container.get("ports"), pod);
    environment::validate(causes, container);
    mounts(causes, &container.get("volumeMounts"), pod);
    probe::validate(causes, container);
    resources::validate(causes, &container.get("resources"));
    security(causes, &container.get("securityContext"));
    for field in ["volumeDevices", "restartPolicyRules"] {
        causes.absent(&container.get(field));
    }
    causes.absent(&container.get("lifecycle").get("stopSignal"));
}

/// Init containers run to completion, in order; they serve nobody.
pub(super) fn validate_init(causes: &mut Causes, container: &Field) {
    let policy = container.get("restartPolicy");
    if policy.is_set() {
        causes.forbidden(
            &policy,
            "sidecar containers are not supported by this release of Kedge",
        );
    }
    for field in [
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ] {
        let set = container.get(field);
        if set.is_set() {
            causes.forbidden(
                &set,
                "may not be set for init containers without restartPolicy=Always",
            );
        }
    }
}

/// Containers that all run at once.
pub(super) fn validate_main(causes: &mut Causes, container: &Field) {
    causes.absent(&container.get("restartPolicy"));
}

fn image(causes: &mut Causes, container: &Field) {
    let image = container.get("image");
    if causes.require(&image, "") && image.text().trim() != image.text() {
        causes.invalid(&image, "must not have leading or trailing whitespace");
    }
    let policy = container.get("imagePullPolicy");
    causes.one_of(&policy, &["Always", "IfNotPresent", "Never"]);
}

fn ports(causes: &mut Causes, ports: &Field, pod: &Surroundings) {
    causes.unique(ports, "name");
    for port in ports.items() {
        causes.name(&port.get("name"), api::name::port_name);
        let (number, host) = (port.get("containerPort"), port.get("hostPort"));
        if number.number().unwrap_or_default() == 0 {
            causes.required(&number, "");
        } else {
            causes.between(&number, 1, 65_535);
        }
        if host.number().unwrap_or_default() != 0 {
            causes.between(&host, 1, 65_535);
            if pod.on_host_network && host.number() != number.number() {
                causes.invalid(
                    &host,
                    "must match `containerPort` when `hostNetwork` is true",
                );
            }
        }
        let protocol = port.get("protocol");
        if causes.require(&protocol, "") {
            causes.one_of(&protocol, &["SCTP", "TCP", "UDP"]);
        }
        causes.name(&port.get("hostIP"), api::name::ip);
    }
}

fn mounts(causes: &mut Causes, mounts: &Field, pod: &Surroundings) {
    let mut paths = BTreeSet::new();
    for mount in mounts.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        if causes.require(&name, "") && !pod.volumes.contains(name.text()) {
            causes.not_found(&name);
        }
        if causes.require(&path, "") && !paths.insert(path.text()) {
            causes.invalid(&path, "must be unique");
        }
        let (sub, expression) = (mount.get("subPath"), mount.get("subPathExpr"));
        relative(causes, &sub);
        relative(causes, &expression);
        if !sub.is_empty() && !expression.is_empty() {
            causes.invalid(
                &expression,
                "subPathExpr and subPath are mutually exclusive",
            );
        }
        let propagation = mount.get("mountPropagation");
        causes.one_of(&propagation, &["Bidirectional", "HostToContainer", "None"]);
        if ["Enabled", "IfPossible"].contains(&mount.get("recursiveReadOnly").text()) {
            causes.unsupported(&mount.get("recursiveReadOnly"));
        }
    }
}

/// A path below something: neither absolute nor climbing out.
pub(super) fn relative(causes: &mut Causes, path: &Field) {
    if path.text().starts_with('/') {
        causes.invalid(path, "must be a relative path");
    }
    if path.text().split('/').any(|part| part == "..") {
        causes.invalid(path, "must not contain '..'");
    }
}

fn security(causes: &mut Causes, context: &Field) {
    user_ids(causes, context, &["runAsUser", "runAsGroup"]);
    let escalation = context.get("allowPrivilegeEscalation");
    if escalation.is_set() && !escalation.flag() {
        if context.get("privileged").flag() {
            causes.invalid(
                context,
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            );
        }
        let added = context.get("capabilities").get("add");
        if added
            .items()
            .any(|capability| capability.text() == "SYS_ADMIN")
        {
            causes.invalid(
                context,
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            );
        }
    }
    causes.absent(&context.get("windowsOptions"));
    if context.get("procMount").text() == "Unmasked" {
        causes.unsupported(&context.get("procMount"));
    }
    seccomp(causes, &context.get("seccompProfile"));
}

/// `seccompProfile` of a pod or a container.
pub(super) fn seccomp(causes: &mut Causes, profile: &Field) {
    if !profile.is_set() {
        return;
    }
    let kind = profile.get("type");
    if causes.require(&kind, "") {
        causes.one_of(&kind, &["Localhost", "RuntimeDefault", "Unconfined"]);
    }
    let local = profile.get("localhostProfile");
    if kind.text() == "Localhost" {
        causes.require(&local, "must be set when seccomp type is Localhost");
    } else if local.is_set() {
        causes.invalid(&local, "can only be set when seccomp type is Localhost");
    }
}

pub(super) fn user_ids(causes: &mut Causes, context: &Field, fields: &[&str]) {
    for field in fields {
        let id = context.get(field);
        if let Some(number) = id.number() {
            causes.rules(&id, api::name::user_id(number));
        }
    }
}

/// Container names are unique over all of a pod's containers.
pub(super) fn unique_names(causes: &mut Causes, lists: &[Field]) {
    let mut names = BTreeSet::new();
    for container in lists.iter().flat_map(Field::items) {
        let name = container.get("name");
        if !name.is_empty() && !names.insert(name.text()) {
            causes.push(Cause::duplicate(name.path(), &json!(name.text())));
        }
    }
}
