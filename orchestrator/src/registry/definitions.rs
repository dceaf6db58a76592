//! Which kinds there are now: a function of the definitions in the cache, made again when one of
//! them has changed. No memory of this process's own, so that all servers of a database agree.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use api::{Revision, custom};

use crate::watch::{Filter, Hub, Item};

use super::kinds::{Defined, Served};

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Kinds {
    hub: Hub,
    known: Arc<RwLock<Known>>,
}

struct Known {
    /// When a definition changed last.
    at: Option<Revision>,
    served: Arc<Served>,
    /// What was read, by name, and at which revision: most definitions stay as they are.
    read: BTreeMap<String, (Revision, Option<Arc<Defined>>)>,
}

impl Kinds {
    pub fn new(hub: Hub) -> Self {
        let known = Known {
            at: None,
            served: Served::built_in().clone(),
            read: BTreeMap::new(),
        };
        Self {
            hub,
            known: Arc::new(RwLock::new(known)),
        }
    }

    /// As new as the cache is.
    pub fn now(&self) -> Arc<Served> {
        let at = self.hub.changed(&custom::definitions());
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.at == at {
                return known.served.clone();
            }
        }
        let items = self
            .hub
            .list(&custom::definitions(), &Filter::default())
            .items;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.read = items.iter().map(|item| known.again(item)).collect();
        let defined = known.read.iter();
        let defined = defined.filter_map(|(name, (_, it))| Some((name.clone(), it.clone()?)));
        known.served = Arc::new(Served::built_in().with(defined.collect()));
        known.at = at;
        known.served.clone()
    }
}

impl Known {
    fn again(&self, item: &Item) -> (String, (Revision, Option<Arc<Defined>>)) {
        let name = item.key.name.clone();
        let read = match self.read.get(&name) {
            Some((revision, read)) if *revision == item.revision => read.clone(),
            _ => Defined::read(&item.object()).map(Arc::new),
        };
        (name, (item.revision, read))
    }
}

#[cfg(test)]
mod tests;
