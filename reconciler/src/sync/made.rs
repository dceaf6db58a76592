//! What controllers make of what comes from Git: an object's health is told by theirs, and pages show
//! them below it.

use api::{Collection, Object, ObjectKey};

use super::cluster::Cluster;

/// Its kinds.
const MADE: [(&str, &str); 4] = [
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("", "pods"),
    ("discovery.k8s.io", "endpointslices"),
];

impl Cluster {
    /// What controllers made of an object, at any depth.
    pub(crate) fn descendants(&self, object: &Object) -> Vec<(ObjectKey, Object)> {
        let mut found = Vec::new();
        let mut owners = vec![object.uid()];
        while let Some(owner) = owners.pop() {
            for (group, resource) in MADE {
                let cache = self.cache(&Collection::new(group, resource));
                for object in cache.owned_by(&owner) {
                    owners.push(object.uid());
                    let key = object.key(cache.collection());
                    found.push((key, (*object).clone()));
                }
            }
        }
        found
    }

    /// Starts to follow what controllers make, and these, so that it is there when it is needed.
    pub(crate) fn follow(&self, collections: &[Collection]) {
        for (group, resource) in MADE {
            self.cache(&Collection::new(group, resource));
        }
        for collection in collections {
            self.cache(collection);
        }
    }
}
