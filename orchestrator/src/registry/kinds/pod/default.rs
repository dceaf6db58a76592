//! What a pod's author may leave out.

use api::Object;
use serde_json::{Map, Value, json};

use super::super::edit;
use super::canonical;

/// Mode bits of projected files, 0644.
const FILE_MODE: i64 = 0o644;

/// A pod of its own: in addition to [`default_spec`], requests follow limits and ports on the
/// host's network are taken there.
pub(super) fn default_pod(object: &mut Object) {
    let Some(spec) = edit::member(&mut object.body, "spec") else {
        return;
    };
    default_spec(spec);
    let on_host = spec["hostNetwork"] == true;
    for list in ["containers", "initContainers"] {
        for container in edit::items(spec, list) {
            requests_from_limits(container);
            if on_host {
                for port in edit::items(container, "ports") {
                    let number = port["containerPort"].clone();
                    if port["hostPort"].as_i64().unwrap_or_default() == 0 {
                        edit::put(port, "hostPort", number);
                    }
                }
            }
        }
    }
}

/// A pod's spec, its own or a template's.
pub(in super::super) fn default_spec(spec: &mut Value) {
    for (field, value) in [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
        ("enableServiceLinks", json!(true)),
    ] {
        edit::set(spec, field, value);
    }
    service_account(spec);
    for list in ["containers", "initContainers"] {
        for each in edit::items(spec, list) {
            container(each);
        }
    }
    for each in edit::items(spec, "volumes") {
        volume(each);
    }
}

/// The old and the new name of the same field.
fn service_account(spec: &mut Value) {
    let name = |field: &str| {
        spec.get(field)
            .and_then(Value::as_str)
            .filter(|n| !n.is_empty())
    };
    let Some(name) = name("serviceAccountName").or_else(|| name("serviceAccount")) else {
        return;
    };
    let name = name.to_owned();
    edit::put(spec, "serviceAccountName", name.as_str());
    edit::put(spec, "serviceAccount", name);
}

fn container(container: &mut Value) {
    let policy = pull_policy(container["image"].as_str().unwrap_or_default());
    if container["imagePullPolicy"]
        .as_str()
        .is_none_or(str::is_empty)
    {
        edit::put(container, "imagePullPolicy", policy);
    }
    edit::set(container, "resources", Map::new());
    edit::set(container, "terminationMessagePath", "/dev/termination-log");
    edit::set(container, "terminationMessagePolicy", "File");
    if let Some(resources) = edit::member(container, "resources") {
        canonical(resources, "limits");
        canonical(resources, "requests");
    }
    for port in edit::items(container, "ports") {
        edit::set(port, "protocol", "TCP");
    }
    for variable in edit::items(container, "env") {
        if let Some(source) = edit::member(variable, "valueFrom") {
            field_reference(source);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = edit::member(container, name) {
            for (field, value) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                if probe[field].as_i64().unwrap_or_default() == 0 {
                    edit::put(probe, field, value);
                }
            }
            handler(probe);
        }
    }
    if let Some(lifecycle) = edit::member(container, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(hook) = edit::member(lifecycle, hook) {
                handler(hook);
            }
        }
    }
}

fn handler(probe: &mut Value) {
    if let Some(http) = edit::member(probe, "httpGet") {
        if http["path"].as_str().is_none_or(str::is_empty) {
            edit::put(http, "path", "/");
        }
        edit::set(http, "scheme", "HTTP");
    }
    if let Some(grpc) = edit::member(probe, "grpc") {
        edit::set(grpc, "service", "");
    }
}

/// `Always` where the image may change under its name: tag `latest`, or neither tag nor digest.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash belongs to the registry's port.
    let last = name.rsplit('/').next().unwrap_or_default();
    match (last.split_once(':'), digest) {
        (Some((_, "latest")), _) | (None, None) => "Always",
        _ => "IfNotPresent",
    }
}

fn requests_from_limits(container: &mut Value) {
    let Some(resources) = edit::member(container, "resources") else {
        return;
    };
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
        return;
    };
    if let Some(requests) = edit::ensure(resources, "requests") {
        for (name, limit) in limits {
            edit::set(requests, &name, limit);
        }
        if requests.as_object().is_some_and(Map::is_empty) {
            edit::remove(resources, "requests");
        }
    }
}

fn field_reference(holder: &mut Value) {
    if let Some(reference) = edit::member(holder, "fieldRef") {
        edit::set(reference, "apiVersion", "v1");
    }
    if let Some(reference) = edit::member(holder, "resourceFieldRef") {
        edit::set(reference, "divisor", "0");
        canonical_member(reference, "divisor");
    }
}

fn canonical_member(holder: &mut Value, field: &str) {
    let amount = holder.get(field).map(api::Quantity::from_json);
    if let Some(Ok(amount)) = amount {
        edit::put(holder, field, amount.to_string());
    }
}

fn volume(volume: &mut Value) {
    let is_bare = volume.as_object().is_some_and(|map| {
        map.iter()
            .all(|(key, value)| key == "name" || value.is_null())
    });
    if is_bare {
        edit::put(volume, "emptyDir", Map::new());
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = edit::member(volume, source) {
            edit::set(source, "defaultMode", FILE_MODE);
        }
    }
    if let Some(path) = edit::member(volume, "hostPath") {
        edit::set(path, "type", "");
    }
    if let Some(directory) = edit::member(volume, "emptyDir") {
        canonical_member(directory, "sizeLimit");
    }
    if let Some(downward) = edit::member(volume, "downwardAPI") {
        edit::items(downward, "items").for_each(field_reference);
    }
    if let Some(projected) = edit::member(volume, "projected") {
        for source in edit::items(projected, "sources") {
            if let Some(token) = edit::member(source, "serviceAccountToken") {
                edit::set(token, "expirationSeconds", 3600);
            }
            if let Some(downward) = edit::member(source, "downwardAPI") {
                edit::items(downward, "items").for_each(field_reference);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_policy_follows_the_tag() {
        for (image, expected) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.27", "IfNotPresent"),
            ("localhost:5000/nginx", "Always"),
            ("localhost:5000/nginx:v1", "IfNotPresent"),
            ("nginx@sha256:abc", "IfNotPresent"),
            ("nginx:latest@sha256:abc", "Always"),
        ] {
            assert_eq!(pull_policy(image), expected, "{image}");
        }
    }
}
