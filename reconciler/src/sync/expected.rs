//! Kinds that commits define and that the server does not have yet: what is asked for of them is
//! known all the same. Whether a definition holds is for the server to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{Catalog, Collection, GroupVersionKind, custom};
use engine::definition::defined;
use engine::{Kind, Kinds, Manifest};

use super::cluster::Cluster;

/// Kinds that are remembered.
const MOST: usize = 2000;

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Expected {
    kinds: Arc<Mutex<BTreeMap<GroupVersionKind, Kind>>>,
}

impl Expected {
    /// Remembers what is defined among the manifests. Whether anything of it is new.
    pub(crate) fn note<'a>(&self, manifests: impl IntoIterator<Item = &'a Manifest>) -> bool {
        let objects = manifests.into_iter().map(|it| &it.object);
        let mut is_new = false;
        for (gvk, kind) in objects
            .filter(|it| custom::is_definition(it))
            .flat_map(defined)
        {
            let mut kinds = self.lock();
            if kinds.len() < MOST {
                is_new |= kinds.insert(gvk, kind.clone()).as_ref() != Some(&kind);
            }
        }
        is_new
    }

    /// What the server has, and what is expected of it.
    pub(crate) fn beside(&self, catalog: &Arc<Catalog>) -> Kinds {
        let mut kinds = Kinds::of(catalog.clone());
        for (gvk, kind) in self.lock().iter() {
            if catalog.by_kind(gvk).is_none() {
                kinds.insert(gvk.clone(), kind.clone());
            }
        }
        kinds
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<GroupVersionKind, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    /// The kinds the server has, at this moment, and those that commits define; see
    /// [`super::kinds`].
    pub(crate) fn kinds(&self) -> Kinds {
        self.expected.beside(&self.client.catalog())
    }

    /// Has the kinds known that are defined or asked for among the manifests. Whether some are
    /// new.
    pub(crate) fn note<'a>(&self, manifests: impl Iterator<Item = &'a Manifest> + Clone) -> bool {
        let is_new = self.expected.note(manifests.clone());
        self.lacking.note(&self.kinds(), manifests);
        is_new
    }

    pub(super) fn has(&self, collection: &Collection) -> bool {
        self.client.catalog().by_collection(collection).is_some()
    }
}

#[cfg(test)]
mod tests {
    use engine::Origin;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_commit_defines_is_known_until_the_server_knows_better() {
        let manifest = |scope: &str| Manifest {
            object: json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": "widgets.example.org"},
                "spec": {
                    "group": "example.org", "scope": scope,
                    "names": {"plural": "widgets", "kind": "Widget"},
                    "versions": [{"name": "v1", "served": true, "storage": true}],
                },
            })
            .into(),
            origin: Origin::default(),
        };
        let expected = Expected::default();
        let gvk = GroupVersionKind::new("example.org", "v1", "Widget");
        let find = || expected.beside(&Catalog::built_in()).find(&gvk);
        assert_eq!(find(), None);
        assert!(expected.note(&[manifest("Cluster")]));
        assert!(!expected.note(&[manifest("Cluster")]));
        assert_eq!(find().map(|it| it.scope), Some(api::Scope::Cluster));
        assert!(expected.note(&[manifest("Namespaced")]));
        assert_eq!(find().map(|it| it.scope), Some(api::Scope::Namespaced));
    }
}
