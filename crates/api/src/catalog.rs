//! The kinds one API server has: those Kedge itself serves, or what a server's discovery says.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::{Collection, GroupVersionKind, Resource, resource};

/// A value: what a server has by now is another one. See [`crate::discovery`].
#[derive(Debug, Default)]
pub struct Catalog {
    resources: Vec<Resource>,
    by_kind: BTreeMap<GroupVersionKind, usize>,
    by_collection: BTreeMap<Collection, usize>,
}

static BUILT_IN: LazyLock<Arc<Catalog>> =
    LazyLock::new(|| Arc::new(Catalog::new(resource::built_in())));

impl Catalog {
    /// Of several versions of a resource, the first one is read.
    pub fn new(resources: Vec<Resource>) -> Self {
        let mut catalog = Self::default();
        for (index, resource) in resources.iter().enumerate() {
            catalog.by_kind.entry(resource.gvk()).or_insert(index);
            let collection = resource.collection();
            catalog.by_collection.entry(collection).or_insert(index);
        }
        Self {
            resources,
            ..catalog
        }
    }

    /// What every Kedge serves.
    pub fn built_in() -> Arc<Self> {
        BUILT_IN.clone()
    }

    pub(crate) fn built_in_ref() -> &'static Self {
        &BUILT_IN
    }

    /// In discovery order, each version of a resource by itself.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    pub fn by_kind(&self, gvk: &GroupVersionKind) -> Option<&Resource> {
        let index = self.by_kind.get(gvk)?;
        self.resources.get(*index)
    }

    /// The resource, in the version that it is read in.
    pub fn by_collection(&self, collection: &Collection) -> Option<&Resource> {
        let index = self.by_collection.get(collection)?;
        self.resources.get(*index)
    }

    /// The resource in this version, if it is served so; see [`Catalog::by_collection`].
    pub fn in_version(&self, collection: &Collection, version: &str) -> Option<&Resource> {
        let read = self.by_collection(collection)?;
        if read.version == version {
            return Some(read);
        }
        let gvk = GroupVersionKind::new(&collection.group, version, &read.kind);
        self.by_kind(&gvk)
            .filter(|it| it.plural == collection.resource)
    }

    /// These besides. What is known already stays as it is.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = Resource>) -> Self {
        let mut resources = self.resources.clone();
        for resource in more {
            if self.by_kind(&resource.gvk()).is_none() {
                resources.push(resource);
            }
        }
        Self::new(resources)
    }
}

impl PartialEq for Catalog {
    fn eq(&self, other: &Self) -> bool {
        self.resources == other.resources
    }
}

impl Eq for Catalog {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn resource(version: &str) -> Resource {
        Resource {
            group: "example.org".into(),
            version: version.into(),
            plural: "widgets".into(),
            kind: "Widget".into(),
            singular: "widget".into(),
            scope: Scope::Namespaced,
            verbs: vec!["list".into()],
            short_names: Vec::new(),
            categories: Vec::new(),
            subresources: Vec::new(),
            columns: Vec::new(),
        }
    }

    #[test]
    fn a_resource_is_read_in_its_first_version_and_found_in_all() {
        let catalog = Catalog::new(vec![resource("v1"), resource("v1beta1")]);
        let widgets = Collection::new("example.org", "widgets");
        let check = |version: &str, expected: Option<&str>| {
            let found = catalog.in_version(&widgets, version);
            assert_eq!(found.map(|it| it.version.as_str()), expected, "{version}");
        };
        check("v1", Some("v1"));
        check("v1beta1", Some("v1beta1"));
        check("v2", None);
        assert_eq!(catalog.by_collection(&widgets).unwrap().version, "v1");
        let gvk = GroupVersionKind::new("example.org", "v1beta1", "Widget");
        assert_eq!(catalog.by_kind(&gvk).unwrap().version, "v1beta1");

        let built_in = Catalog::built_in();
        let more = built_in.with([resource("v1"), resource("v1")]);
        assert!(built_in.by_collection(&widgets).is_none());
        assert!(more.by_collection(&widgets).is_some());
        assert_eq!(more.with([resource("v1")]), more);
    }
}
