//! Events go an hour after they were last seen, as in Kubernetes: they tell people what happens
//! now; the log of changes remembers longer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use api::{Object, Revision};

use super::Registry;
use crate::store::{self, Body, Operation, Write, is_event};
use crate::watch::{Filter, Item};

const AGE: Duration = Duration::from_hours(1);
/// Between two looks.
const EVERY: Duration = Duration::from_mins(1);
/// Events deleted by one call of the store.
const BATCH: usize = 128;
/// Who deletes them, in the log.
const ACTOR: &str = "system:event-expiry";

impl Registry {
    /// Deletes old events now and then, without end. One server of a cluster is enough; two do
    /// no harm.
    pub(crate) async fn forget_events(self: Arc<Self>) {
        loop {
            self.env.clock.sleep(EVERY).await;
            if let Err(error) = self.forget_old_events(self.env.now()).await {
                tracing::warn!(error = %error, "old events were not deleted");
            }
        }
    }

    async fn forget_old_events(&self, now: Timestamp) -> Result<(), store::Error> {
        let mut old = Vec::new();
        for resource in api::resource::served() {
            let collection = resource.collection();
            if is_event(&collection) {
                let events = self.hub.list(&collection, &Filter::default()).items;
                old.extend(events.into_iter().filter(|item| is_old(item, now)));
            }
        }
        for batch in old.chunks(BATCH) {
            let writes = batch.iter().map(|item| deletion(item)).collect();
            for answer in self.stores.events.write(writes).await {
                match answer {
                    // It was seen again meanwhile, or somebody else deleted it.
                    Ok(_) | Err(store::Error::Conflict { .. } | store::Error::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

fn is_old(item: &Item, now: Timestamp) -> bool {
    last_seen(&item.object()).is_none_or(|seen| seen + AGE <= now)
}

/// The latest of the times an event carries; `None` where it has none that can be read.
fn last_seen(event: &Object) -> Option<Timestamp> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]
    .iter()
    .filter_map(|pointer| event.text(pointer).parse().ok())
    .max()
}

fn deletion(item: &Item) -> Write {
    Write {
        key: item.key.clone(),
        uid: item.uid.clone(),
        operation: delete(&item.object(), item.revision),
        actor: ACTOR.into(),
        commit: "".into(),
        allocations: Vec::new(),
    }
}

fn delete(last: &Object, expected: Revision) -> Operation {
    Operation::Delete {
        last: Body::encode(last),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::Cluster;

    fn event(name: &str, times: &Value) -> Value {
        let mut body = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"namespace": "default", "name": name},
            "involvedObject": {"kind": "Pod", "namespace": "default", "name": "p"},
        });
        for (field, time) in times.as_object().unwrap() {
            body[field] = time.clone();
        }
        body
    }

    #[test]
    fn the_latest_time_counts() {
        let check = |times: Value, expected: Option<&str>| {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(last_seen(&times.clone().into()), expected, "{times}");
        };
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00.5Z");
        check(json!({}), None);
        check(
            json!({"eventTime": null, "lastTimestamp": early}),
            Some(early),
        );
        check(
            json!({"lastTimestamp": early, "eventTime": late}),
            Some(late),
        );
        check(
            json!({"metadata": {"creationTimestamp": early}, "series": {"lastObservedTime": late}}),
            Some(late),
        );
    }

    #[tokio::test]
    async fn events_go_an_hour_after_they_were_last_seen() {
        let cluster = Cluster::new().await;
        for index in 0..300 {
            let name = format!("old-{index}");
            cluster.create(event(&name, &json!({}))).await;
        }
        let repeated = json!({"lastTimestamp": "2026-01-01T00:40:00Z"});
        cluster.create(event("repeated", &repeated)).await;
        let names = async || -> Vec<String> {
            let events = cluster.all("", "events").await;
            events.iter().map(|event| event.name().to_owned()).collect()
        };
        cluster.clock.advance(Duration::from_mins(59));
        cluster
            .registry
            .forget_old_events(cluster.env.now())
            .await
            .unwrap();
        assert_eq!(names().await.len(), 301);
        cluster.clock.advance(Duration::from_mins(1));
        cluster
            .registry
            .forget_old_events(cluster.env.now())
            .await
            .unwrap();
        assert_eq!(names().await, ["repeated"]);
        cluster.clock.advance(Duration::from_mins(40));
        cluster
            .registry
            .forget_old_events(cluster.env.now())
            .await
            .unwrap();
        assert_eq!(names().await, [""; 0]);
    }
}
