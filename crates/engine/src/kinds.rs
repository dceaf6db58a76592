//! Which kinds the target server knows: where their objects live and whether in a namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::codec::strict::nearest;
use api::{Catalog, Collection, GroupVersionKind, Object, ObjectKey, Scope};

/// What planning needs to know of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub collection: Collection,
    pub scope: Scope,
}

/// The kinds a server has, and what a commit adds to them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Kinds {
    catalog: Arc<Catalog>,
    more: BTreeMap<GroupVersionKind, Kind>,
}

impl Default for Kinds {
    fn default() -> Self {
        Self::served()
    }
}

impl Kinds {
    /// Exactly what every Kedge serves.
    pub fn served() -> Self {
        Self::of(Catalog::built_in())
    }

    /// Exactly what a server has.
    pub fn of(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            more: BTreeMap::new(),
        }
    }

    /// Adds a kind that the server does not have yet.
    pub fn insert(&mut self, gvk: GroupVersionKind, kind: Kind) {
        self.more.insert(gvk, kind);
    }

    pub fn find(&self, gvk: &GroupVersionKind) -> Option<Kind> {
        self.more.get(gvk).cloned().or_else(|| {
            self.catalog.by_kind(gvk).map(|resource| Kind {
                collection: resource.collection(),
                scope: resource.scope,
            })
        })
    }

    /// Whether objects of this kind are read in another version than this one.
    pub fn is_converted(&self, gvk: &GroupVersionKind) -> bool {
        let kind = self.catalog.by_kind(gvk);
        let read = kind.and_then(|it| self.catalog.by_collection(&it.collection()));
        read.is_some_and(|read| read.version != gvk.version)
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
                .chain(self.catalog.resources().iter().map(api::Resource::gvk))
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
