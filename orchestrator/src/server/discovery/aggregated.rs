//! `APIGroupDiscoveryList`: everything in two requests.

use serde_json::{Value, json};

use api::{Resource, Subresource};

use super::Group;
use crate::server::document::Document;
use crate::server::negotiate::DiscoveryVersion;

/// The content type repeats what was asked for; without that clients read the body as the plain
/// form.
pub(super) fn document(groups: &[&Group<'_>], version: DiscoveryVersion) -> Document {
    let (api_version, content_type) = match version {
        DiscoveryVersion::V2 => (
            "apidiscovery.k8s.io/v2",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        ),
        DiscoveryVersion::V2Beta1 => (
            "apidiscovery.k8s.io/v2beta1",
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        ),
    };
    let items: Vec<Value> = groups.iter().map(|g| group(g)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": api_version, "metadata": {}, "items": items,
    });
    Document::new(list.to_string(), content_type)
}

fn group(group: &Group<'_>) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|(version, resources)| {
            let mut resources: Vec<Value> = resources.iter().map(|r| resource(r)).collect();
            resources.sort_by(|a, b| a["resource"].as_str().cmp(&b["resource"].as_str()));
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let mut metadata = json!({"creationTimestamp": null});
    if !group.name.is_empty() {
        metadata = json!({"name": group.name, "creationTimestamp": null});
    }
    json!({"metadata": metadata, "versions": versions})
}

fn resource(resource: &Resource) -> Value {
    let mut row = json!({
        "resource": resource.plural,
        "responseKind": kind(&resource.group, &resource.version, &resource.kind),
        "scope": if resource.is_namespaced() { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        row["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        row["categories"] = json!(resource.categories);
    }
    if !resource.subresources.is_empty() {
        let mut subresources: Vec<Value> = resource
            .subresources
            .iter()
            .map(|sub| subresource(resource, sub))
            .collect();
        subresources.sort_by(|a, b| a["subresource"].as_str().cmp(&b["subresource"].as_str()));
        row["subresources"] = subresources.into();
    }
    row
}

fn subresource(parent: &Resource, subresource: &Subresource) -> Value {
    let (group, version) = if subresource.version.is_empty() {
        (&parent.group, &parent.version)
    } else {
        (&subresource.group, &subresource.version)
    };
    json!({
        "subresource": subresource.name,
        "responseKind": kind(group, version, &subresource.kind),
        "verbs": subresource.verbs,
    })
}

fn kind(group: &str, version: &str, kind: &str) -> Value {
    json!({"group": group, "version": version, "kind": kind})
}
