//! The hub over stores in memory, with a clock that moves when a test says so.

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

#[tokio::test]
async fn reads_come_from_the_cache_in_order() {
    let cluster = Cluster::new().await;
    let other = pods().key("other", "z");
    cluster.create(&pod("b"), "web").await;
    cluster.create(&other, "web").await;
    let last = cluster.create(&pod("a"), "db").await;
    let list = |filter: Filter| names(&cluster.hub.list(&pods(), &filter));
    assert_eq!(list(Filter::default()), ["a", "b", "z"]);
    assert_eq!(list(in_namespace("default")), ["a", "b"]);
    assert_eq!(list(in_namespace("nowhere")), Vec::<String>::new());
    assert_eq!(list(labelled("app=web")), ["b", "z"]);
    assert_eq!(list(with_field("metadata.name=a")), ["a"]);
    assert_eq!(list(with_field("spec.nodeName!=web")), ["a"]);
    assert_eq!(
        list(with_field("spec.nodeName=web,metadata.namespace=other")),
        ["z"]
    );
    assert_eq!(cluster.hub.list(&pods(), &Filter::default()).revision, last);
    let item = cluster.hub.get(&pod("a")).unwrap();
    assert_eq!((item.revision, item.label("app")), (last, Some("db")));
    assert_eq!(item.object().resource_version(), last.into());
    assert_eq!(cluster.hub.newest(&pods()).await.unwrap(), last);
}

#[tokio::test]
async fn a_revision_that_does_not_come_is_not_waited_for_forever() {
    let cluster = Cluster::new().await;
    let pods = pods();
    let waiting = cluster.hub.at_least(&pods, Revision(9));
    let time_passes = async { cluster.clock.advance(3) };
    let (outcome, ()) = tokio::join!(waiting, time_passes);
    let error = outcome.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotYet {
                requested: Revision(9),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn objects_enter_and_leave_a_selector() {
    let cluster = Cluster::new().await;
    let start = Start::After(cluster.hub.revision(&pods()));
    let mut all = cluster.watch(Filter::default(), start);
    let mut web = cluster.watch(labelled("app=web"), start);
    let mut node = cluster.watch(with_field("spec.nodeName=web"), start);
    let mut elsewhere = cluster.watch(in_namespace("other"), start);
    let key = pod("a");
    cluster.create(&key, "db").await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "db").await;
    cluster.replace(&key, "web").await;
    cluster.delete(&key, "gone").await;
    cluster.create(&pods().key("other", "b"), "web").await;
    assert_eq!(
        next(&mut all, 7).await,
        [
            "ADDED a=db@1",
            "MODIFIED a=web@2",
            "MODIFIED a=web@3",
            "MODIFIED a=db@4",
            "MODIFIED a=web@5",
            "DELETED a=gone@6",
            "ADDED b=web@7"
        ]
    );
    // Who leaves is shown as it was last seen.
    let expected = [
        "ADDED a=web@2",
        "MODIFIED a=web@3",
        "DELETED a=web@4",
        "ADDED a=web@5",
        "DELETED a=gone@6",
        "ADDED b=web@7",
    ];
    assert_eq!(next(&mut web, 6).await, expected);
    assert_eq!(next(&mut node, 6).await, expected);
    assert_eq!(next(&mut elsewhere, 1).await, ["ADDED b=web@7"]);
    for watch in [&mut all, &mut web, &mut node, &mut elsewhere] {
        assert_eq!(watch.try_next().unwrap(), None);
    }
}

#[tokio::test]
async fn watchers_share_the_bytes() {
    let cluster = Cluster::new().await;
    let start = Start::After(cluster.hub.revision(&pods()));
    let mut watches = [0; 2].map(|_| cluster.watch(labelled("app=web"), start));
    cluster.create(&pod("a"), "web").await;
    cluster.replace(&pod("a"), "db").await;
    for _ in 0..2 {
        let mut pointers = Vec::new();
        for watch in &mut watches {
            let Delivery::Event { json, .. } = watch.next().await.unwrap() else {
                panic!()
            };
            pointers.push(json.as_ptr());
        }
        assert_eq!(pointers[0], pointers[1]);
    }
}

#[tokio::test]
async fn initial_events_come_first() {
    let cluster = Cluster::new().await;
    cluster.create(&pod("b"), "x").await;
    cluster.create(&pod("a"), "x").await;
    let mut streamed = cluster.watch(Filter::default(), Start::Streamed);
    let mut existing = cluster.watch(with_field("metadata.name=a"), Start::Existing);
    cluster.replace(&pod("a"), "y").await;
    let expected = ["ADDED a=x@2", "ADDED b=x@1", "END @2", "MODIFIED a=y@3"];
    assert_eq!(next(&mut streamed, 4).await, expected);
    assert_eq!(
        next(&mut existing, 2).await,
        ["ADDED a=x@2", "MODIFIED a=y@3"]
    );
}

#[tokio::test]
async fn bookmarks_follow_what_happens_elsewhere() {
    let cluster = Cluster::new().await;
    let mut watch = cluster.watch(Filter::default(), Start::After(Revision(0)));
    cluster
        .create(&Collection::new("", "nodes").key("", "n"), "x")
        .await;
    assert_eq!(a_minute_later(&cluster, &mut watch).await, "BOOKMARK @1");
    cluster.create(&pod("a"), "x").await;
    assert_eq!(next(&mut watch, 1).await, ["ADDED a=x@2"]);
    assert_eq!(a_minute_later(&cluster, &mut watch).await, "BOOKMARK @2");
    assert_eq!(describe(&watch.bookmark()), "BOOKMARK @2");
}

async fn a_minute_later(cluster: &Cluster, watch: &mut Subscription) -> String {
    let (delivery, ()) = tokio::join!(watch.next(), async { cluster.clock.advance(60) });
    describe(&delivery.unwrap())
}

/// A server that has just started has an empty ring: the log answers.
#[tokio::test]
async fn a_watch_older_than_the_ring_resumes_from_the_log() {
    let cluster = Cluster::new().await;
    let key = pod("a");
    let first = cluster.create(&key, "web").await;
    cluster
        .create(&Collection::new("", "nodes").key("", "n"), "x")
        .await;
    cluster.replace(&key, "web").await;
    cluster.replace(&key, "db").await;
    cluster.delete(&key, "db").await;
    let fresh = cluster.fresh_hub().await;
    let mut web = fresh
        .subscribe(&pods(), labelled("app=web"), Start::After(first))
        .unwrap();
    assert_eq!(
        next(&mut web, 2).await,
        ["MODIFIED a=web@3", "DELETED a=web@4"]
    );
    let mut all = fresh
        .subscribe(&pods(), Filter::default(), Start::After(first))
        .unwrap();
    let expected = ["MODIFIED a=web@3", "MODIFIED a=db@4", "DELETED a=db@5"];
    assert_eq!(next(&mut all, 3).await, expected);
    // And goes on from the ring.
    cluster.create(&key, "web").await;
    assert_eq!(next(&mut all, 1).await, ["ADDED a=web@6"]);
    assert_eq!(next(&mut web, 1).await, ["ADDED a=web@6"]);
}

#[tokio::test]
async fn a_watch_older_than_the_log_expires() {
    let cluster = Cluster::new().await;
    let first = cluster.create(&pod("a"), "x").await;
    let boundary = cluster.replace(&pod("a"), "y").await;
    let last = cluster.replace(&pod("a"), "z").await;
    cluster.store.compact(last).await.unwrap();
    let fresh = cluster.fresh_hub().await;
    let watch = |start| {
        fresh
            .subscribe(&pods(), Filter::default(), Start::After(start))
            .unwrap()
    };
    let error = watch(first).next().await.unwrap_err();
    let Error::Expired { requested, oldest } = error else {
        panic!("{error}")
    };
    assert_eq!((requested, oldest), (first, last));
    assert_eq!(next(&mut watch(boundary), 1).await, ["MODIFIED a=z@3"]);
}

#[tokio::test]
async fn a_slow_watcher_expires_and_holds_nobody_up() {
    let cluster = Cluster::new().await;
    let start = cluster.create(&pod("a"), "0").await;
    let mut slow = cluster.watch(Filter::default(), Start::After(start));
    let mut quick = cluster.watch(Filter::default(), Start::After(start));
    for round in 0..9_000 {
        cluster.replace(&pod("a"), &round.to_string()).await;
        assert!(quick.try_next().unwrap().is_some());
    }
    let error = slow.next().await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
}

#[tokio::test]
async fn a_new_epoch_ends_every_watch() {
    let cluster = Cluster::new().await;
    let old = cluster.create(&pod("a"), "x").await;
    let mut watch = cluster.watch(Filter::default(), Start::After(old));
    cluster.store.begin_epoch();
    let new = cluster.create(&pod("b"), "x").await;
    let error = watch.next().await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    let error = cluster
        .hub
        .subscribe(&pods(), Filter::default(), Start::After(old))
        .err()
        .unwrap();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    assert_eq!(
        names(&cluster.hub.list(&pods(), &Filter::default())),
        ["a", "b"]
    );
    let mut watch = cluster.watch(Filter::default(), Start::After(new));
    cluster.replace(&pod("a"), "y").await;
    assert_eq!(
        next(&mut watch, 1).await,
        [format!("MODIFIED a=y@{}", new.0 + 1)]
    );
}

#[tokio::test]
async fn events_are_counted_apart() {
    let cluster = Cluster::new().await;
    let events = Collection::new("", "events");
    cluster.create(&pod("a"), "x").await;
    let revision = cluster.create(&events.key("default", "e"), "x").await;
    assert_eq!(revision, Revision(1));
    assert_eq!(cluster.hub.revision(&pods()), Revision(1));
    cluster.create(&events.key("default", "f"), "x").await;
    assert_eq!(cluster.hub.revision(&events), Revision(2));
    assert_eq!(cluster.hub.revision(&pods()), Revision(1));
    assert_eq!(
        names(&cluster.hub.list(&events, &Filter::default())),
        ["e", "f"]
    );
}
