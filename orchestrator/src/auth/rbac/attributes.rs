//! What a request asks for, as far as permission is concerned.

use api::selector::FieldSelector;

/// One question to the authorizer: may this be done? The identity is given beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or a
    /// special one (`impersonate`, `bind`, `escalate`, `use`).
    pub verb: String,
    /// Empty for the core group, and for paths.
    pub group: String,
    pub version: String,
    /// Plural. Empty for a path that is no resource.
    pub resource: String,
    pub subresource: String,
    /// Empty for a cluster-scoped object, and for all namespaces.
    pub namespace: String,
    /// Empty for a collection.
    pub name: String,
    /// What a list, a watch or a deletion of a collection was narrowed to.
    pub fields: FieldSelector,
    /// The URL path of a request that is for no resource: `/version`, `/healthz`.
    pub path: String,
}

impl Attributes {
    /// A verb on a resource of the core group or of `group`.
    pub fn resource(verb: &str, group: &str, resource: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            ..Self::default()
        }
    }

    /// A verb (`get`, `post`, …) on a path that is no resource.
    pub fn path(verb: &str, path: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            path: path.to_owned(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn subresource(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }

    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    #[must_use]
    pub fn narrowed(mut self, fields: FieldSelector) -> Self {
        self.fields = fields;
        self
    }

    pub fn is_resource(&self) -> bool {
        self.path.is_empty()
    }

    /// `pods` or `pods/log`.
    pub fn qualified_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}
