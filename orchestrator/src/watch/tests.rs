//! The hub over stores in memory, with a clock that moves when a test says so.

mod following;
mod reads;
mod resuming;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use serde_json::json;

use api::selector::{FieldSelector, LabelSelector};
use api::{Collection, Object, ObjectKey, Revision, Uid};
use client::{Clock, Env, SystemIds, Tasks};
use tokio::sync::watch;

use super::*;
use crate::store::{Body, MemoryStore, Operation, Router, Store, Write};

struct ManualClock(watch::Sender<Timestamp>);

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now() + duration;
        let _ = self.0.subscribe().wait_for(|now| *now >= end).await;
    }
}

impl ManualClock {
    fn advance(&self, seconds: u64) {
        self.0
            .send_modify(|now| *now += Duration::from_secs(seconds));
    }
}

struct Cluster {
    clock: Arc<ManualClock>,
    env: Env,
    store: Arc<MemoryStore>,
    stores: Router,
    hub: Hub,
}

impl Cluster {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock(watch::Sender::new(Timestamp::UNIX_EPOCH)));
        let env = Env {
            clock: Arc::clone(&clock) as _,
            ids: Arc::new(SystemIds),
        };
        let store = Arc::new(MemoryStore::new(env.clone()));
        let stores = Router {
            objects: Arc::clone(&store) as _,
            ..Router::memory(&env)
        };
        let hub = start(&stores, &env).await;
        Self {
            clock,
            env,
            store,
            stores,
            hub,
        }
    }

    /// Another API server on the same stores.
    async fn fresh_hub(&self) -> Hub {
        start(&self.stores, &self.env).await
    }

    /// Writes, and waits until the hub has it.
    async fn write(&self, key: &ObjectKey, operation: Operation) -> Revision {
        let write = Write {
            key: key.clone(),
            uid: Uid(key.name.clone()),
            operation,
            actor: "tester".into(),
            commit: "".into(),
            allocations: Vec::new(),
        };
        let revision = self
            .stores
            .write(vec![write])
            .await
            .remove(0)
            .unwrap()
            .revision;
        self.hub.at_least(&key.collection, revision).await.unwrap();
        revision
    }

    async fn create(&self, key: &ObjectKey, label: &str) -> Revision {
        self.write(key, Operation::Create(body(key, label))).await
    }

    async fn replace(&self, key: &ObjectKey, label: &str) -> Revision {
        let expected = self.hub.get(key).unwrap().revision;
        self.write(
            key,
            Operation::Replace {
                body: body(key, label),
                expected,
            },
        )
        .await
    }

    async fn delete(&self, key: &ObjectKey, label: &str) -> Revision {
        let expected = self.hub.get(key).unwrap().revision;
        self.write(
            key,
            Operation::Delete {
                last: body(key, label),
                expected,
            },
        )
        .await
    }

    fn watch(&self, filter: Filter, start: Start) -> Subscription {
        self.hub.subscribe(&pods(), filter, start).unwrap()
    }
}

async fn start(stores: &Router, env: &Env) -> Hub {
    let fields: FieldGetter = Arc::new(|object, field| {
        object
            .text(&format!("/{}", field.replace('.', "/")))
            .to_owned()
    });
    Hub::start(stores, fields, env, &Tasks::default())
        .await
        .unwrap()
}

fn pods() -> Collection {
    Collection::new("", "pods")
}

fn pod(name: &str) -> ObjectKey {
    pods().key("default", name)
}

/// A pod with the label `app` and, for the field selector, the node of that name.
fn body(key: &ObjectKey, label: &str) -> Body {
    Body::encode(&Object::from(json!({
        "kind": "Pod", "metadata": {"name": key.name, "labels": {"app": label}},
        "spec": {"nodeName": label},
    })))
}

fn labelled(selector: &str) -> Filter {
    Filter {
        labels: LabelSelector::parse(selector).unwrap(),
        ..Filter::default()
    }
}

fn with_field(selector: &str) -> Filter {
    Filter {
        fields: FieldSelector::parse(selector).unwrap(),
        ..Filter::default()
    }
}

fn in_namespace(namespace: &str) -> Filter {
    Filter {
        namespace: Some(namespace.into()),
        ..Filter::default()
    }
}

/// `ADDED a=label@7`, `BOOKMARK @7`.
fn describe(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Event {
            kind,
            revision,
            json,
        } => {
            let object: Object = serde_json::from_slice(json).unwrap();
            assert_eq!(object.resource_version().revision(), Some(*revision));
            let label = object.label("app").unwrap_or_default();
            format!("{} {}={label}@{revision}", kind.as_str(), object.name())
        }
        Delivery::Bookmark {
            revision,
            initial_end: false,
        } => format!("BOOKMARK @{revision}"),
        Delivery::Bookmark {
            revision,
            initial_end: true,
        } => format!("END @{revision}"),
    }
}

async fn next(subscription: &mut Subscription, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(describe(&subscription.next().await.unwrap()));
    }
    seen
}

fn names(listing: &Listing) -> Vec<String> {
    listing
        .items
        .iter()
        .map(|item| item.key.name.clone())
        .collect()
}
