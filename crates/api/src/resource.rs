//! The table of resources: what is served under which path, with which verbs and columns.

use serde::Deserialize;

use crate::{Catalog, Collection, GroupVersionKind};

/// Whether objects live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Scope {
    Namespaced,
    Cluster,
}

/// A column of `kubectl get`. Priority 1 shows only with `-o wide`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub format: String,
    #[serde(default)]
    pub priority: i32,
}

/// `pods/log`, `deployments/scale`, …
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subresource {
    pub name: String,
    #[serde(default)]
    pub group: String,
    #[serde(default)]
    pub version: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub verbs: Vec<String>,
}

/// One served resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub group: String,
    pub version: String,
    /// Plural, lower case: the path segment.
    #[serde(rename = "resource")]
    pub plural: String,
    pub kind: String,
    pub singular: String,
    pub scope: Scope,
    pub verbs: Vec<String>,
    #[serde(default)]
    pub short_names: Vec<String>,
    #[serde(default)]
    pub categories: Vec<String>,
    #[serde(default)]
    pub subresources: Vec<Subresource>,
    #[serde(default)]
    pub columns: Vec<Column>,
}

impl Resource {
    pub fn collection(&self) -> Collection {
        Collection::new(&self.group, &self.plural)
    }

    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &self.version, &self.kind)
    }

    pub fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// `/api/v1` or `/apis/apps/v1`.
    pub fn base_path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        }
    }

    /// The path of the collection; in one namespace unless that is empty.
    pub fn collection_path(&self, namespace: &str) -> String {
        if namespace.is_empty() || !self.is_namespaced() {
            format!("{}/{}", self.base_path(), self.plural)
        } else {
            format!(
                "{}/namespaces/{namespace}/{}",
                self.base_path(),
                self.plural
            )
        }
    }
}

/// Everything Kedge serves, in discovery order. Kinds of Kubernetes that no release of Kedge
/// serves yet are absent, so that clients see a clear 404 instead of a stub.
pub fn served() -> &'static [Resource] {
    Catalog::built_in_ref().resources()
}

/// The served resource of a kind.
pub fn by_kind(gvk: &GroupVersionKind) -> Option<&'static Resource> {
    Catalog::built_in_ref().by_kind(gvk)
}

/// The served resource of a collection.
pub fn by_collection(collection: &Collection) -> Option<&'static Resource> {
    Catalog::built_in_ref().by_collection(collection)
}

/// Served today, as (group, plural).
const SERVED: &[(&str, &str)] = &[
    ("", "bindings"),
    ("", "configmaps"),
    ("", "events"),
    ("", "namespaces"),
    ("", "nodes"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("authentication.k8s.io", "selfsubjectreviews"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
    ("storage.k8s.io", "storageclasses"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
];

/// Subresources with an implementation behind them.
const SERVED_SUBRESOURCES: &[&str] = &[
    "binding", "eviction", "exec", "finalize", "log", "scale", "status", "token",
];

/// Read once, into [`Catalog::built_in`].
pub(crate) fn built_in() -> Vec<Resource> {
    let all: Vec<Resource> =
        serde_json::from_str(include_str!("../facts/kubernetes-resources.json"))
            .expect("the embedded resource table is tested");
    let own: Vec<Resource> = serde_json::from_str(include_str!("../facts/kedge-resources.json"))
        .expect("the embedded resource table is tested");
    let mut resources: Vec<Resource> = SERVED
        .iter()
        .filter_map(|(group, plural)| {
            all.iter()
                .find(|r| r.group == *group && r.plural == *plural)
                .cloned()
        })
        .collect();
    resources.extend(own);
    for resource in &mut resources {
        resource
            .subresources
            .retain(|sub| SERVED_SUBRESOURCES.contains(&sub.name.as_str()));
    }
    resources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_served_name_is_in_the_facts() {
        for (group, plural) in SERVED {
            assert!(
                by_collection(&Collection::new(*group, *plural)).is_some(),
                "{group}/{plural}"
            );
        }
        assert!(
            by_kind(&GroupVersionKind::new(
                "kedge.dev",
                "v1alpha1",
                "Application"
            ))
            .is_some()
        );
    }

    #[test]
    fn paths_follow_group_and_scope() {
        let pods = by_collection(&Collection::new("", "pods")).unwrap();
        assert_eq!(
            pods.collection_path("default"),
            "/api/v1/namespaces/default/pods"
        );
        let roles = by_collection(&Collection::new(
            "rbac.authorization.k8s.io",
            "clusterroles",
        ))
        .unwrap();
        assert_eq!(
            roles.collection_path("x"),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles"
        );
    }
}
