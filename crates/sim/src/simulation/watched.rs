//! What every watch promises: in order, and nothing left out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use api::{Collection, Object, Revision};
use client::WatchOptions;
use orchestrator::store::Change;

/// Every commit so far, as far as a watch can tell commits apart. Cheap to clone; all clones are
/// one log.
#[derive(Clone, Default)]
pub struct Log {
    collections: Arc<Mutex<BTreeMap<Collection, Vec<Entry>>>>,
}

struct Entry {
    revision: Revision,
    namespace: String,
    name: String,
    /// Of a pod, before and after: moving in or out of a selection is news too.
    nodes: [String; 2],
}

impl Log {
    pub fn add(&self, change: &Change, before: Option<&Object>, after: &Object) {
        let node = |object: &Object| object.text("/spec/nodeName").to_owned();
        let entry = Entry {
            revision: change.revision,
            namespace: change.key.namespace.clone(),
            name: change.key.name.clone(),
            nodes: [before.map(node).unwrap_or_default(), node(after)],
        };
        let collections = self.collections.lock();
        let mut collections = collections.unwrap_or_else(PoisonError::into_inner);
        let of = change.key.collection.clone();
        collections.entry(of).or_default().push(entry);
    }

    /// The first commit in between, both ends excluded, that a watch should have delivered.
    pub fn missed(&self, watch: &Watch, after: Revision, before: Revision) -> Option<Revision> {
        let collections = self.collections.lock();
        let collections = collections.unwrap_or_else(PoisonError::into_inner);
        let entries = collections.get(&watch.collection)?;
        let start = entries.partition_point(|entry| entry.revision <= after);
        entries[start..]
            .iter()
            .take_while(|entry| entry.revision < before)
            .find(|entry| watch.selects(entry))
            .map(|entry| entry.revision)
    }
}

/// What somebody watches.
pub struct Watch {
    collection: Collection,
    options: WatchOptions,
}

impl Watch {
    pub fn new(collection: &Collection, options: &WatchOptions) -> Self {
        Self {
            collection: collection.clone(),
            options: options.clone(),
        }
    }

    /// What labels or other fields select is not known here.
    fn selects(&self, entry: &Entry) -> bool {
        let WatchOptions {
            namespace,
            labels,
            fields,
        } = &self.options;
        let is_known = |field: &str| matches!(field, "spec.nodeName" | "metadata.name");
        let by_fields = |node: &String| {
            fields.matches_with(|field| match field {
                "spec.nodeName" => node.clone(),
                _ => entry.name.clone(),
            })
        };
        labels.is_empty()
            && fields.terms.iter().all(|term| is_known(&term.field))
            && namespace.as_ref().is_none_or(|it| *it == entry.namespace)
            && entry.nodes.iter().any(by_fields)
    }
}
