//! The caches of custom kinds, which come and go with their definitions.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use api::{Collection, Object, OwnerReference, Scope, custom};
use client::{Cache, Env, Informers, Listening, WeakQueue};

use super::{Key, wake};

/// How long a first list may hold everything else up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(super) struct Followed {
    informers: Informers,
    queue: Arc<OnceLock<WeakQueue<Key>>>,
    kinds: Arc<RwLock<BTreeMap<String, Kind>>>,
}

/// What one definition defines.
#[derive(Clone)]
struct Kind {
    /// Of the definition: one of the same name is another one.
    uid: api::Uid,
    name: String,
    scope: Scope,
    cache: Cache,
}

impl Followed {
    pub(super) fn new(informers: &Informers) -> Self {
        Self {
            informers: informers.clone(),
            queue: Arc::default(),
            kinds: Arc::default(),
        }
    }

    /// Where keys go that changes of these kinds concern.
    pub(super) fn begin(&self, queue: WeakQueue<Key>) {
        // A controller has one driver.
        let _ = self.queue.set(queue);
    }

    /// Follows the kinds of exactly these definitions, and waits for their first lists.
    pub(super) async fn keep(&self, definitions: &[Arc<Object>], env: &Env) {
        let wanted = definitions.iter().filter(|it| {
            let established = it.condition("Established");
            established.is_some_and(|it| it.status == "True")
        });
        let wanted: BTreeMap<&str, &Arc<Object>> = wanted.map(|it| (it.name(), it)).collect();
        let mut fresh = Vec::new();
        {
            let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
            kinds.retain(|name, kind| {
                let keep = wanted
                    .get(name.as_str())
                    .is_some_and(|it| it.uid() == kind.uid);
                if !keep {
                    self.informers.forget(kind.cache.collection());
                }
                keep
            });
            for (name, definition) in wanted {
                if !kinds.contains_key(name) {
                    let kind = self.follow(definition);
                    fresh.push(kind.cache.clone());
                    kinds.insert(name.to_owned(), kind);
                }
            }
        }
        for cache in fresh {
            tokio::select! {
                biased;
                () = cache.synced() => {}
                () = env.clock.sleep(PATIENCE) => {}
            }
        }
    }

    fn follow(&self, definition: &Object) -> Kind {
        let text = |pointer| definition.text(pointer).to_owned();
        let collection = Collection::new(text("/spec/group"), text("/spec/names/plural"));
        let cache = self.informers.cache(&collection);
        let (queue, kinds) = (self.queue.get().cloned(), self.clone());
        cache.observe(Box::new(move |change| {
            let Some(queue) = queue.as_ref().and_then(WeakQueue::upgrade) else {
                return Listening::Over;
            };
            for key in wake(&|group, owner| kinds.find(group, owner), change) {
                queue.add(key);
            }
            Listening::On
        }));
        Kind {
            uid: definition.uid(),
            name: text("/spec/names/kind"),
            scope: match definition.text("/spec/scope") {
                "Namespaced" => Scope::Namespaced,
                _ => Scope::Cluster,
            },
            cache,
        }
    }

    pub(super) fn caches(&self) -> Vec<Cache> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        kinds.values().map(|kind| kind.cache.clone()).collect()
    }

    /// Where owners of a custom kind are.
    pub(super) fn find(&self, group: &str, owner: &OwnerReference) -> Option<(Collection, Scope)> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |kind: &&Kind| kind.cache.collection().group == group && kind.name == owner.kind;
        let kind = kinds.values().find(is_it)?;
        Some((kind.cache.collection().clone(), kind.scope))
    }
}

/// The collection whose changes these kinds follow.
pub(super) fn definitions(informers: &Informers) -> Cache {
    informers.cache(&custom::definitions())
}
