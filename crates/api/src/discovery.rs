//! What a server says of the kinds it has: aggregated discovery, and the plain one of old servers.
//! Pure; `client` asks.

use serde_json::Value;

use crate::{Resource, Scope, Subresource};

/// Both forms, the aggregated one preferred.
pub const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A version of an API group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupVersion {
    pub group: String,
    pub version: String,
}

impl GroupVersion {
    /// Where its resources are listed: `/api/v1`, `/apis/apps/v1`.
    pub fn path(&self) -> String {
        let Self { group, version } = self;
        if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        }
    }
}

/// What one document says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The preferred version of each group first.
    pub resources: Vec<Resource>,
    /// Of these the server does not know: who serves them is away.
    pub stale: Vec<GroupVersion>,
}

/// The answer to `/api` or `/apis` in the aggregated form; `None` where it is the plain one.
pub fn aggregated(document: &Value) -> Option<Listing> {
    if document["kind"] != "APIGroupDiscoveryList" {
        return None;
    }
    let mut listing = Listing::default();
    for group in items(document, "items") {
        let name = text(&group["metadata"], "name");
        for version in items(group, "versions") {
            let at = GroupVersion {
                group: name.clone(),
                version: text(version, "version"),
            };
            if version["freshness"] == "Stale" {
                listing.stale.push(at);
                continue;
            }
            let resources = items(version, "resources");
            let resources = resources.filter_map(|it| aggregated_resource(&at, it));
            listing.resources.extend(resources);
        }
    }
    Some(listing)
}

fn aggregated_resource(at: &GroupVersion, row: &Value) -> Option<Resource> {
    let subresource = |row: &Value| Subresource {
        name: text(row, "subresource"),
        group: text(&row["responseKind"], "group"),
        version: text(&row["responseKind"], "version"),
        kind: text(&row["responseKind"], "kind"),
        verbs: texts(row, "verbs"),
    };
    let kind = text(&row["responseKind"], "kind");
    // Some have subresources alone.
    if kind.is_empty() {
        return None;
    }
    Some(Resource {
        group: at.group.clone(),
        version: at.version.clone(),
        plural: text(row, "resource"),
        kind,
        singular: text(row, "singularResource"),
        scope: scope(row["scope"] == "Namespaced"),
        verbs: texts(row, "verbs"),
        short_names: texts(row, "shortNames"),
        categories: texts(row, "categories"),
        subresources: items(row, "subresources").map(subresource).collect(),
        columns: Vec::new(),
    })
}

/// Where the plain answers to `/api` and `/apis` say that resources are, preferred versions first.
pub fn versions(document: &Value) -> Vec<GroupVersion> {
    let core = texts(document, "versions").into_iter();
    let mut found: Vec<GroupVersion> = core
        .map(|version| GroupVersion {
            group: String::new(),
            version,
        })
        .collect();
    for group in items(document, "groups") {
        let preferred = text(&group["preferredVersion"], "version");
        let mut versions: Vec<String> = items(group, "versions")
            .map(|it| text(it, "version"))
            .collect();
        versions.sort_by_key(|version| *version != preferred);
        found.extend(versions.into_iter().map(|version| GroupVersion {
            group: text(group, "name"),
            version,
        }));
    }
    found
}

/// An `APIResourceList`.
pub fn resources(at: &GroupVersion, document: &Value) -> Vec<Resource> {
    let mut found: Vec<Resource> = Vec::new();
    let rows: Vec<&Value> = items(document, "resources").collect();
    for row in &rows {
        let plural = text(row, "name");
        if plural.contains('/') || plural.is_empty() {
            continue;
        }
        let prefix = format!("{plural}/");
        let subresource = |row: &&Value| {
            let name = text(row, "name");
            Some(Subresource {
                name: name.strip_prefix(&prefix)?.to_owned(),
                group: text(row, "group"),
                version: text(row, "version"),
                kind: text(row, "kind"),
                verbs: texts(row, "verbs"),
            })
        };
        found.push(Resource {
            group: at.group.clone(),
            version: at.version.clone(),
            kind: text(row, "kind"),
            singular: text(row, "singularName"),
            scope: scope(row["namespaced"] == true),
            verbs: texts(row, "verbs"),
            short_names: texts(row, "shortNames"),
            categories: texts(row, "categories"),
            subresources: rows.iter().filter_map(subresource).collect(),
            columns: Vec::new(),
            plural,
        });
    }
    found
}

fn scope(namespaced: bool) -> Scope {
    if namespaced {
        Scope::Namespaced
    } else {
        Scope::Cluster
    }
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let texts = items(value, field).filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Catalog, Collection, GroupVersionKind};

    #[test]
    fn both_forms_say_the_same() {
        let document = json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "items": [
                {"metadata": {"name": "autoscaling"}, "versions": [
                    {"version": "v2", "freshness": "Current", "resources": [{
                        "resource": "horizontalpodautoscalers", "scope": "Namespaced",
                        "responseKind": {"group": "autoscaling", "version": "v2", "kind": "HorizontalPodAutoscaler"},
                        "singularResource": "horizontalpodautoscaler", "verbs": ["get", "list"],
                        "shortNames": ["hpa"],
                        "subresources": [{"subresource": "status", "verbs": ["get"],
                            "responseKind": {"group": "autoscaling", "version": "v2", "kind": "HorizontalPodAutoscaler"}}],
                    }]},
                    {"version": "v1", "freshness": "Stale"},
                ]},
                {"metadata": {"name": "metrics.k8s.io"}, "versions": [
                    {"version": "v1beta1", "freshness": "Stale"}]},
            ],
        });
        let listing = aggregated(&document).unwrap();
        let hpa = &listing.resources[0];
        assert_eq!(listing.resources.len(), 1);
        assert_eq!(hpa.subresources[0].name, "status");
        let paths: Vec<String> = listing.stale.iter().map(GroupVersion::path).collect();
        assert_eq!(
            paths,
            ["/apis/autoscaling/v1", "/apis/metrics.k8s.io/v1beta1"]
        );

        let groups = json!({"kind": "APIGroupList", "groups": [{
            "name": "autoscaling", "preferredVersion": {"version": "v2"},
            "versions": [{"version": "v1"}, {"version": "v2"}],
        }]});
        assert_eq!(aggregated(&groups), None);
        let versions = versions(&groups);
        let paths: Vec<String> = versions.iter().map(GroupVersion::path).collect();
        assert_eq!(paths, ["/apis/autoscaling/v2", "/apis/autoscaling/v1"]);
        let list = json!({"kind": "APIResourceList", "groupVersion": "autoscaling/v2", "resources": [
            {"name": "horizontalpodautoscalers", "singularName": "horizontalpodautoscaler",
             "namespaced": true, "kind": "HorizontalPodAutoscaler", "verbs": ["get", "list"],
             "shortNames": ["hpa"]},
            {"name": "horizontalpodautoscalers/status", "singularName": "", "namespaced": true,
             "group": "autoscaling", "version": "v2",
             "kind": "HorizontalPodAutoscaler", "verbs": ["get"]},
        ]});
        assert_eq!(resources(&versions[0], &list), listing.resources);
        let catalog = Catalog::new(listing.resources);
        let gvk = GroupVersionKind::new("autoscaling", "v2", "HorizontalPodAutoscaler");
        let found = catalog.by_kind(&gvk).unwrap();
        assert_eq!(
            found.collection(),
            Collection::new("autoscaling", "horizontalpodautoscalers")
        );
    }

    #[test]
    fn the_core_group_has_versions_alone() {
        let core = json!({"kind": "APIVersions", "versions": ["v1"]});
        assert_eq!(versions(&core)[0].path(), "/api/v1");
        assert_eq!(versions(&json!({"kind": "Status"})), Vec::new());
    }
}
