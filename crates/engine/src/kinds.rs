//! Which kinds the target server knows: where their objects live and whether in a namespace.

use std::collections::BTreeMap;

use api::codec::strict::nearest;
use api::{Collection, GroupVersionKind, Object, ObjectKey, Scope, resource};

/// What planning needs to know of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub collection: Collection,
    pub scope: Scope,
}

/// The kinds Kedge serves, and those a foreign server's discovery added.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    more: BTreeMap<GroupVersionKind, Kind>,
}

impl Kinds {
    /// Exactly what Kedge itself serves.
    pub fn served() -> Self {
        Self::default()
    }

    /// Adds a kind that another server knows.
    pub fn insert(&mut self, gvk: GroupVersionKind, kind: Kind) {
        self.more.insert(gvk, kind);
    }

    pub fn find(&self, gvk: &GroupVersionKind) -> Option<Kind> {
        self.more.get(gvk).cloned().or_else(|| {
            resource::by_kind(gvk).map(|resource| Kind {
                collection: resource.collection(),
                scope: resource.scope,
            })
        })
    }

    /// The key of an object of a known kind.
    pub fn key(&self, object: &Object) -> Option<ObjectKey> {
        self.find(&object.gvk()).map(|kind| match kind.scope {
            Scope::Namespaced => kind.collection.key(object.namespace(), object.name()),
            Scope::Cluster => kind.collection.key("", object.name()),
        })
    }

    /// The known kind that `gvk` was most likely meant to be.
    pub fn nearest(&self, gvk: &GroupVersionKind) -> Option<GroupVersionKind> {
        let known = || {
            self.more
                .keys()
                .cloned()
                .chain(resource::served().iter().map(api::Resource::gvk))
        };
        let same_kind = known().find(|known| known.kind == gvk.kind);
        same_kind.or_else(|| {
            let names: Vec<GroupVersionKind> = known().collect();
            let kinds = names.iter().map(|known| known.kind.as_str());
            let nearest = nearest(&gvk.kind, kinds)?.to_owned();
            names.into_iter().find(|known| known.kind == nearest)
        })
    }
}
