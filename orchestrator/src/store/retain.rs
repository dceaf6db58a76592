//! How long the log remembers: far longer than Kubernetes', because time travel, blame and
//! undelete read it. What is older, or too much, is compacted now and then.

use std::sync::Arc;
use std::time::Duration;

use api::Revision;
use client::{Env, Tasks};

use super::{Error, Router, Store, epoch};

/// After a server came to lead, which is when it has most to do.
const FIRST: Duration = Duration::from_mins(1);
/// Between two looks.
const EVERY: Duration = Duration::from_mins(10);

/// The newest requests that are kept, some 300 bytes each.
const REQUESTS: i64 = 4_000_000;

/// What the log keeps at most: whichever limit is reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub age: Duration,
    /// A change takes some 500 bytes of disk.
    pub changes: i64,
}

impl Retention {
    /// Objects, unless the operator says otherwise: a week, and some gigabytes.
    pub const OBJECTS: Self = Self {
        age: Duration::from_hours(7 * 24),
        changes: 8_000_000,
    };

    /// Events: a day.
    pub const EVENTS: Self = Self {
        age: Duration::from_hours(24),
        changes: 1_000_000,
    };
}

impl Router {
    /// Compacts both logs now and then, until `tasks` ends. One server of a cluster is enough;
    /// two do no harm.
    pub fn retain(&self, objects: Retention, env: &Env, tasks: &Tasks) {
        let requests = forget(Arc::clone(&self.objects), objects.age, env.clone());
        tasks.spawn_until_cancelled(requests);
        let logs = [(&self.objects, objects), (&self.events, Retention::EVENTS)];
        for (store, retention) in logs {
            tasks.spawn_until_cancelled(keep(Arc::clone(store), retention, env.clone()));
        }
    }
}

async fn keep(store: Arc<dyn Store>, retention: Retention, env: Env) {
    let mut pause = FIRST;
    loop {
        env.clock.sleep(pause).await;
        pause = EVERY;
        if let Err(error) = compact(&*store, retention, &env).await {
            tracing::warn!(error = %error, "the change log was not compacted");
        }
    }
}

/// What was asked for is kept as long as the changes that came of it.
async fn forget(store: Arc<dyn Store>, age: Duration, env: Env) {
    loop {
        env.clock.sleep(EVERY).await;
        if let Err(error) = store.forget(env.now() - age, REQUESTS).await {
            tracing::warn!(%error, "the audit was not shortened");
        }
    }
}

async fn compact(store: &dyn Store, retention: Retention, env: &Env) -> Result<(), Error> {
    let newest = store.revision().await?;
    let too_old = store.revision_at(env.now() - retention.age).await?;
    match boundary(newest, too_old, retention.changes) {
        Some(before) => store.compact(before).await,
        None => Ok(()),
    }
}

/// The first revision to keep, where there is something to forget.
fn boundary(newest: Revision, too_old: Option<Revision>, changes: i64) -> Option<Revision> {
    let by_age = too_old.map(|revision| Revision(revision.0 + 1));
    // Revisions of an epoch are dense; across epochs they say nothing of how many there are.
    let by_size = Revision(newest.0.saturating_sub(changes) + 1);
    let by_size = (by_size.0 > 1 && epoch(by_size) == epoch(newest)).then_some(by_size);
    by_age.max(by_size)
}

#[cfg(test)]
mod tests {
    use api::{Collection, Object, ResourceVersion};
    use client::{Client, WatchOptions};
    use futures::StreamExt;
    use serde_json::json;

    use super::*;
    use crate::registry::{LocalClient, Pools, Registry, field_getter};
    use crate::store::EPOCH_SHIFT;
    use crate::testing::Cluster;
    use crate::watch::Hub;

    #[test]
    fn the_tighter_limit_counts() {
        let check = |newest: i64, too_old: Option<i64>, expected: Option<i64>| {
            let actual = boundary(Revision(newest), too_old.map(Revision), 100);
            assert_eq!(actual, expected.map(Revision), "{newest} {too_old:?}");
        };
        check(50, None, None);
        check(50, Some(20), Some(21));
        check(500, Some(20), Some(401));
        check(500, Some(450), Some(451));
        check(500, None, Some(401));
        let epoch = 1 << EPOCH_SHIFT;
        check(epoch + 50, None, None);
        check(epoch + 50, Some(20), Some(21));
        check(epoch + 500, Some(20), Some(epoch + 401));
    }

    /// The leader's clock decides; who watches from before the horizon must list again.
    #[tokio::test]
    async fn what_is_older_than_the_age_is_forgotten() {
        let cluster = Cluster::new().await;
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"namespace": "default", "name": "m"},
        });
        let old = cluster.create(map).await;
        let store = Arc::clone(&cluster.stores.objects);
        cluster
            .stores
            .retain(Retention::OBJECTS, &cluster.env, &cluster.tasks);
        let day = Duration::from_hours(24);
        for _ in 0..6 {
            cluster.clock.advance(day);
            settle().await;
        }
        assert!(
            store.changes(Revision(0), 9).await.is_ok(),
            "six days are kept"
        );
        let recent = cluster.merge(&old, &json!({"data": {"a": "b"}})).await;
        cluster.clock.advance(day);
        while store.changes(Revision(0), 9).await.is_ok() {
            settle().await;
        }
        let kept = store.changes(revision(&old), 9).await.unwrap();
        assert_eq!(kept.len(), 1, "the younger change is kept");
        assert_eq!(kept[0].revision, revision(&recent));

        // An API server that starts now has nothing older in its memory either.
        let hub = Hub::start(
            &cluster.stores,
            field_getter(),
            &cluster.env,
            &cluster.tasks,
        )
        .await
        .unwrap();
        let fresh = Registry::new(
            cluster.stores.clone(),
            hub,
            Arc::default(),
            cluster.env.clone(),
            Pools::default(),
        );
        let client = LocalClient::new(Arc::new(fresh), "test");
        let watch = async |from: &str| {
            let from = ResourceVersion(from.into());
            let maps = Collection::new("", "configmaps");
            let mut watch = client
                .watch(&maps, &from, &WatchOptions::default())
                .await
                .unwrap();
            watch.next().await.unwrap()
        };
        assert!(watch("1").await.unwrap_err().is_expired());
        assert!(watch(&old.resource_version().0).await.is_ok());
    }

    /// Lets the other tasks do what they can.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    fn revision(object: &Object) -> Revision {
        Revision(object.resource_version().0.parse().unwrap())
    }
}
