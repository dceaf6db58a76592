//! How long the log remembers: far longer than Kubernetes', because time travel, blame and
//! undelete read it. What is older, or too much, is compacted now and then.

use std::sync::Arc;
use std::time::Duration;

use api::Revision;
use client::{Env, Tasks};

use super::{Error, Router, Store, epoch};

/// Between two looks.
const EVERY: Duration = Duration::from_mins(10);

/// What the log keeps at most: whichever limit is reached first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub age: Duration,
    /// A change takes some 500 bytes of disk.
    pub changes: i64,
}

impl Retention {
    /// A week, and some gigabytes.
    pub const OBJECTS: Self = Self {
        age: Duration::from_hours(7 * 24),
        changes: 8_000_000,
    };

    /// A day.
    pub const EVENTS: Self = Self {
        age: Duration::from_hours(24),
        changes: 1_000_000,
    };
}

impl Router {
    /// Compacts both logs now and then, until `tasks` ends.
    pub fn retain(&self, objects: Retention, events: Retention, env: &Env, tasks: &Tasks) {
        for (store, retention) in [(&self.objects, objects), (&self.events, events)] {
            tasks.spawn_until_cancelled(keep(Arc::clone(store), retention, env.clone()));
        }
    }
}

async fn keep(store: Arc<dyn Store>, retention: Retention, env: Env) {
    loop {
        env.clock.sleep(EVERY).await;
        if let Err(error) = compact(&*store, retention, &env).await {
            tracing::warn!(error = %error, "the change log was not compacted");
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
    use super::*;
    use crate::store::EPOCH_SHIFT;

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
}
