//! `APIVersions`, `APIGroupList`, `APIGroup` and `APIResourceList`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use api::{Resource, Subresource};

use super::Group;

pub(super) fn core_versions(groups: &[&Group<'_>]) -> Value {
    let versions: Vec<&str> = groups
        .iter()
        .flat_map(|group| group.versions.iter().map(|(version, _)| *version))
        .collect();
    json!({"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": []})
}

pub(super) fn groups(groups: &[&Group<'_>]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|group| body(group)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

pub(super) fn group(group: &Group<'_>) -> Value {
    let mut typed = json!({"kind": "APIGroup", "apiVersion": "v1"});
    for (key, value) in body(group).as_object().into_iter().flatten() {
        typed[key] = value.clone();
    }
    typed
}

fn body(group: &Group<'_>) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|(version, _)| {
            json!({"groupVersion": group_version(group.name, version), "version": version})
        })
        .collect();
    json!({"name": group.name, "versions": versions, "preferredVersion": versions[0]})
}

pub(super) fn resources(group: &str, version: &str, resources: &[&Resource]) -> Value {
    let mut rows: Vec<Value> = resources
        .iter()
        .flat_map(|resource| {
            let own = std::iter::once(row(resource));
            own.chain(
                resource
                    .subresources
                    .iter()
                    .map(|sub| subrow(resource, sub)),
            )
        })
        .collect();
    rows.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": group_version(group, version), "resources": rows,
    })
}

fn row(resource: &Resource) -> Value {
    let mut row = json!({
        "name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.is_namespaced(), "kind": resource.kind, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        row["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        row["categories"] = json!(resource.categories);
    }
    if resource.verbs.iter().any(|verb| verb == "watch") {
        row["storageVersionHash"] = json!(storage_version_hash(resource));
    }
    row
}

fn subrow(resource: &Resource, subresource: &Subresource) -> Value {
    let mut row = json!({
        "name": format!("{}/{}", resource.plural, subresource.name), "singularName": "",
        "namespaced": resource.is_namespaced(),
    });
    if !subresource.version.is_empty() {
        row["group"] = json!(subresource.group);
        row["version"] = json!(subresource.version);
    }
    row["kind"] = json!(subresource.kind);
    row["verbs"] = json!(subresource.verbs);
    row
}

/// Changes when the stored version changes: the start of a hash of what is stored.
fn storage_version_hash(resource: &Resource) -> String {
    let what = format!("{}/{}/{}", resource.group, resource.version, resource.kind);
    STANDARD.encode(&Sha256::digest(what)[..8])
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}
