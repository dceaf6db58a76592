//! Finds the Application that a changed object concerns, and has it looked at.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use api::{GroupVersionKind, ObjectKey, kinds};
use client::Cache;

use super::core::Core;

/// How far up an object's owners are followed: pod, job, cron job, and some more.
const DEPTH: usize = 6;

/// Follows every kind from the moment it is read for the first time.
pub(crate) async fn objects(core: Arc<Core>, mut new: mpsc::UnboundedReceiver<Cache>) {
    while let Some(cache) = new.recv().await {
        // Kedge's own kinds are followed for themselves.
        if cache.collection().group != kinds::GROUP {
            core.tasks
                .spawn_until_cancelled(follow(core.clone(), cache));
        }
    }
}

async fn follow(core: Arc<Core>, cache: Cache) {
    let changes = cache.subscribe();
    loop {
        for key in changes.changed().await {
            if let Some(application) = owner(&core, key) {
                core.wake(&application);
            }
        }
    }
}

/// The Application that an object, or what made it, comes from.
fn owner(core: &Core, mut key: ObjectKey) -> Option<String> {
    for _ in 0..DEPTH {
        if let Some(application) = core.inventory.owner(&key) {
            return Some(application);
        }
        let object = core.cluster.cache(&key.collection).get(&key)?;
        let owner = object.controller()?;
        let gvk = GroupVersionKind::from_type_meta(&owner.api_version, &owner.kind);
        let kind = core.cluster.kinds().find(&gvk)?;
        key = kind.collection.key(object.namespace(), owner.name);
    }
    None
}

/// Repositories that single Applications name were fetched: who reads them looks.
pub(crate) async fn sources(core: Arc<Core>, mut news: watch::Receiver<u64>) {
    while news.changed().await.is_ok() {
        for path in core.sources.take_news() {
            core.wake_readers(&path);
            core.branches.fetched(&path);
            let followed = core.sources.followed().into_iter();
            for source in followed.filter(|it| it.location.path == path) {
                let url = source.url().unwrap_or_default();
                if !source.is_hosted() && core.sources.trouble(url).is_none() {
                    core.fetched(&source).await;
                }
            }
        }
    }
}
