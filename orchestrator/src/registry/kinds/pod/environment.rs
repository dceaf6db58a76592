//! Environment variables.

use api::Cause;
use serde_json::json;

use super::super::field::{Causes, Field};

/// Fields of the pod a variable may show.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields of the pod a file may show.
const FILE_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn validate(causes: &mut Causes, container: &Field) {
    for variable in container.get("env").items() {
        let name = variable.get("name");
        if causes.require(&name, "") {
            causes.rules(&name, api::name::env_var_name(name.text()));
        }
        let source = variable.get("valueFrom");
        if source.is_set() {
            if !variable.get("value").is_empty() {
                let rule = "may not be specified when `value` is not empty";
                causes.push(Cause::invalid(source.path(), &json!(""), rule));
            }
            value_from(causes, &source);
        }
    }
    for source in container.get("envFrom").items() {
        causes.name(&source.get("prefix"), api::name::env_var_name);
        let (map, secret) = (source.get("configMapRef"), source.get("secretRef"));
        match (map.is_set(), secret.is_set()) {
            (false, false) => causes.push(Cause::invalid(
                source.path(),
                &json!(""),
                "must specify one of: `configMapRef` or `secretRef`",
            )),
            (true, true) => causes.push(Cause::invalid(
                source.path(),
                &json!(""),
                "may not have more than one field specified at a time",
            )),
            _ => {
                let reference = if map.is_set() { map } else { secret };
                object_name(causes, &reference);
            }
        }
    }
}

fn value_from(causes: &mut Causes, source: &Field) {
    causes.absent(&source.get("fileKeyRef"));
    let set: Vec<Field> = [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ]
    .iter()
    .map(|name| source.get(name))
    .filter(Field::is_set)
    .collect();
    match set.len() {
        0 => causes.push(Cause::invalid(
            source.path(),
            &json!(""),
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
        )),
        1 => {}
        _ => causes.push(Cause::invalid(
            source.path(),
            &json!(""),
            "may not have more than one field specified at a time",
        )),
    }
    let reference = source.get("fieldRef");
    if reference.is_set() {
        pod_field(causes, &reference, FIELDS);
    }
    let reference = source.get("resourceFieldRef");
    if reference.is_set() {
        resource_field(causes, &reference);
    }
    for name in ["configMapKeyRef", "secretKeyRef"] {
        let reference = source.get(name);
        if reference.is_set() {
            object_name(causes, &reference);
            let key = reference.get("key");
            if causes.require(&key, "") {
                causes.rules(&key, api::name::config_key(key.text()));
            }
        }
    }
}

/// `items` of a downward API volume.
pub(super) fn file_source(causes: &mut Causes, item: &Field) {
    let (field, resource) = (item.get("fieldRef"), item.get("resourceFieldRef"));
    match (field.is_set(), resource.is_set()) {
        (false, false) => {
            causes.required(
                item,
                "one of fieldRef and resourceFieldRef must be specified",
            );
        }
        (true, true) => {
            let rule = "fieldRef and resourceFieldRef can not be specified simultaneously";
            causes.invalid(item, rule);
        }
        (true, false) => pod_field(causes, &field, FILE_FIELDS),
        (false, true) => {
            causes.require(&resource.get("containerName"), "");
            resource_field(causes, &resource);
        }
    }
}

fn pod_field(causes: &mut Causes, reference: &Field, supported: &[&str]) {
    let path = reference.get("fieldPath");
    if !causes.require(&path, "") {
        return;
    }
    for map in ["metadata.annotations", "metadata.labels"] {
        let subscript = path.text().strip_prefix(map);
        let key = subscript.and_then(|rest| rest.strip_prefix("['")?.strip_suffix("']"));
        if let Some(key) = key {
            causes.rules(&path, api::name::qualified_name(&key.to_lowercase()));
            return;
        }
    }
    causes.one_of(&path, supported);
}

fn resource_field(causes: &mut Causes, reference: &Field) {
    let resource = reference.get("resource");
    if causes.require(&resource, "") {
        let is_huge = resource.text().contains(".hugepages-");
        if !is_huge {
            causes.one_of(&resource, RESOURCES);
        }
    }
    let divisor = reference.get("divisor");
    if divisor.is_set() && api::Quantity::from_json(divisor.value()).is_err() {
        causes.invalid(&divisor, &api::InvalidQuantity.to_string());
    }
}

fn object_name(causes: &mut Causes, reference: &Field) {
    causes.require(&reference.get("name"), "");
}
