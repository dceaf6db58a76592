//! What is worth remembering of an Application between two passes. Losing it costs time, never
//! truth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use api::{Object, ObjectKey};
use engine::diff::clean;
use engine::progress::Told;
use engine::rollout::{CommitId, Correction};
use engine::{Kinds, Plan};
use sha2::{Digest, Sha256};

use super::again::Proven;
use super::sight::Sights;
use crate::history::Exit;

/// One Application's.
#[derive(Default)]
pub(crate) struct Memory {
    /// The last plan, under everything it depends on.
    pub(crate) plan: Option<(String, Arc<Plan>)>,
    /// What the server makes of each manifest; see [`Memory::note`].
    said: BTreeMap<ObjectKey, Said>,
    /// What was put back lately.
    pub(crate) corrections: BTreeMap<ObjectKey, Correction>,
    /// What is on record of what others changed; `None`: not read since.
    pub(crate) sights: Option<Sights>,
    /// What is known of the newest proof; `None`: not read since.
    pub(crate) proven: Option<Proven>,
    /// The proofs that were made again lately.
    pub(crate) proofs: Option<Correction>,
    /// What was said in the course of a rollout.
    pub(crate) course: Course,
    /// The commit for which what failed need not be tried again.
    pub(crate) rests: Option<CommitId>,
}

/// Of one rollout: each thing is said once.
#[derive(Default)]
pub(crate) struct Course {
    pub(crate) rollout: String,
    pub(crate) told: Told,
    /// Status and message of each object, as recorded.
    pub(crate) health: BTreeMap<ObjectKey, (String, String)>,
    /// Ends of containers that are recorded.
    pub(crate) exits: BTreeSet<(ObjectKey, Exit)>,
    /// The plan that is recorded.
    pub(crate) plan: String,
}

/// A name for a manifest and the object it becomes.
type Said = [u8; 32];

impl Memory {
    /// Remembers that applying `manifest` gives `object`. Whatever happens to it meanwhile: as
    /// long as the live object is that one, applying it again changes nothing.
    pub(crate) fn note(&mut self, key: &ObjectKey, manifest: &Object, object: &Object) {
        self.said.insert(key.clone(), said(manifest, object));
    }

    /// The same of all that was applied at once, in the same order.
    pub(crate) fn note_all(&mut self, kinds: &Kinds, manifests: &[Object], made: &[Object]) {
        for (manifest, made) in manifests.iter().zip(made) {
            if let Some(key) = kinds.key(made) {
                self.note(&key, manifest, made);
            }
        }
    }

    /// Forgets what the server said of objects that are not among these.
    pub(crate) fn only(&mut self, keys: &BTreeSet<ObjectKey>) {
        self.said.retain(|key, _| keys.contains(key));
    }

    /// Whether `live` is what the server makes of `manifest`.
    pub(crate) fn is_made(&self, key: &ObjectKey, manifest: &Object, live: &Object) -> bool {
        let known = self.said.get(key);
        known.is_some_and(|known| !live.is_deleting() && *known == said(manifest, live))
    }

    /// The course of this rollout; of another one nothing is remembered.
    pub(crate) fn course(&mut self, rollout: &str) -> &mut Course {
        if self.course.rollout != rollout {
            self.course = Course {
                rollout: rollout.to_owned(),
                ..Course::default()
            };
        }
        &mut self.course
    }
}

/// Without what controllers and the server write by themselves.
fn said(manifest: &Object, object: &Object) -> Said {
    let mut hash = Sha256::new();
    hash.update(manifest.body.to_string());
    hash.update([0]);
    hash.update(clean(object).body.to_string());
    hash.finalize().into()
}

/// Everybody's. A pass takes out what is its Application's and puts it back.
#[derive(Clone, Default)]
pub(crate) struct Memories {
    all: Arc<Mutex<BTreeMap<String, Memory>>>,
}

impl Memories {
    pub(crate) fn take(&self, application: &str) -> Memory {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(application).unwrap_or_default()
    }

    pub(crate) fn put(&self, application: &str, memory: Memory) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(application.to_owned(), memory);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_made_of_a_manifest_holds_for_that_object_only() {
        let key = api::Collection::new("", "configmaps").key("shop", "a");
        let object = |value: &str, more: serde_json::Value| -> Object {
            let mut body = json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "uid": "1"}, "data": {"value": value}});
            body["status"] = more;
            body.into()
        };
        let (manifest, made) = (object("a", json!({})), object("a", json!({"seen": 1})));
        let mut memory = Memory::default();
        assert!(!memory.is_made(&key, &manifest, &made));
        memory.note(&key, &manifest, &made);
        let check = |manifest: &Object, live: &Object, expected: bool| {
            assert_eq!(memory.is_made(&key, manifest, live), expected, "{live:?}");
        };
        check(&manifest, &made, true);
        check(&manifest, &object("a", json!({"seen": 2})), true);
        check(&manifest, &object("by hand", json!({})), false);
        check(&object("b", json!({})), &made, false);
        memory.only(&BTreeSet::new());
        assert!(!memory.is_made(&key, &manifest, &made));
    }
}
