//! The contract against a real database, and what only a database can do.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::Connection;

use api::{Collection, Revision};
use client::{Env, Tasks};

use super::*;
use crate::store::contract::contract;
use crate::store::contract::fixture::{commit, committed, create, delete, pod, replace};
use crate::store::{Commit, EPOCH_SHIFT, Error, Router, Store, epoch};
use crate::watch;

/// A store on a database of its own.
struct Opened {
    store: PostgresStore,
    options: Options,
    tasks: Tasks,
}

impl Opened {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Another API server on the same database.
    async fn again(&self) -> Self {
        Self::with(self.options.clone()).await
    }

    async fn with(options: Options) -> Self {
        let tasks = Tasks::default();
        let store = connect(options.clone(), &Env::system(), &tasks)
            .await
            .unwrap();
        Self {
            store,
            options,
            tasks,
        }
    }

    async fn sql(&self, statement: &'static str) -> u64 {
        let mut connection = self.options.connect().await.unwrap();
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap()
            .rows_affected()
    }

    async fn texts(&self, query: &'static str) -> Vec<String> {
        let mut connection = self.options.connect().await.unwrap();
        sqlx::query_scalar(query)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }
}

async fn options(lane: Lane) -> Options {
    let keys = || Arc::new(Keys::new("test", &[7; 32]));
    let url = embedded_postgres::testing::database("orchestrator", |url| async move {
        for lane in [Lane::Objects, Lane::Events] {
            let tasks = Tasks::default();
            let options = Options::new(&url, lane, keys());
            let store = connect(options, &Env::system(), &tasks).await?;
            tasks.drain().await;
            store.close().await;
        }
        Ok::<_, Error>(())
    })
    .await;
    // Small partitions, so that the contract crosses many.
    Options {
        partition: 3,
        ..Options::new(&url, lane, keys())
    }
}

async fn open() -> Opened {
    Opened::with(options(Lane::Objects).await).await
}

contract!(open);

#[test]
fn both_schemas_have_the_same_tables() {
    let objects = include_str!("../../../../migrations/orchestrator/0001_store.sql");
    let events = include_str!("../../../../migrations/orchestrator_events/0001_store.sql");
    assert_eq!(objects, events);
}

#[tokio::test]
async fn secrets_are_nowhere_in_the_database() {
    const NOTE: &str = "correct horse battery staple";
    let opened = open().await;
    let secret = Collection::new("", "secrets").key("default", "s");
    let first = committed(opened.store(), create(&secret, NOTE)).await;
    let second = committed(opened.store(), replace(&secret, NOTE, first)).await;
    committed(opened.store(), create(&pod("p"), NOTE)).await;
    assert_eq!(
        opened
            .texts("select name from objects where body is not null")
            .await,
        ["p"]
    );

    let another_key = Arc::new(Keys::new("other", &[8; 32]));
    let stranger = Opened::with(Options {
        keys: another_key,
        ..opened.options.clone()
    })
    .await;
    let error = stranger.store.get(&secret).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(stranger.store.get(&pod("p")).await.unwrap().is_some());

    // Not in the tables, nor after compaction and deletion.
    opened.store.compact(second).await.unwrap();
    committed(opened.store(), delete(&secret, NOTE, second)).await;
    let rows = "select o::text from objects o union all
                select c::text || encode(body, 'escape') from changes c";
    let rows = opened.texts(rows).await;
    assert!(rows.iter().any(|row| row.contains("secrets")));
    for row in rows.iter().filter(|row| row.contains("secrets")) {
        assert!(!row.contains("horse"), "{row}");
    }
    // The same words do show where nothing is encrypted: the test could see them.
    assert!(
        rows.iter()
            .any(|row| row.contains("pods") && row.contains("horse"))
    );
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    let before = opened.store.list(None).await.unwrap();
    opened.tasks.drain().await;
    let error = commit(opened.store(), create(&pod("b"), ""))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");

    let again = opened.again().await;
    assert_eq!(again.store.list(None).await.unwrap(), before);
    assert_eq!(
        again
            .store
            .changes(Revision(first.0 - 1), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let next = committed(again.store(), replace(&pod("a"), "2", first)).await;
    assert_eq!((next.0, epoch(next)), (first.0 + 1, epoch(first)));
}

/// Connections break under the writers' feet; what was acknowledged is there, what is there was
/// numbered in order, and nothing was written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_loses_nothing_that_was_acknowledged() {
    const WRITERS: usize = 8;
    const EACH: usize = 15;
    let opened = open().await;
    let store = opened.store();
    let writers = futures::future::join_all((0..WRITERS).map(|writer| async move {
        let mut acknowledged = Vec::new();
        for number in 0..EACH {
            match commit(store, create(&pod(&format!("{writer}-{number}")), "")).await {
                Ok(change) => acknowledged.push(change),
                Err(Error::Unavailable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        acknowledged
    }));
    let saboteur = async {
        for _ in 0..5 {
            opened
                .sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()",
                )
                .await;
            tokio::task::yield_now().await;
        }
    };
    let (acknowledged, ()) = tokio::join!(writers, saboteur);
    let again = opened.again().await;
    let log = again.store.changes(Revision(0), usize::MAX).await.unwrap();
    for change in acknowledged.iter().flatten() {
        assert!(log.contains(change), "{}", change.key);
    }
    let keys: BTreeSet<_> = log.iter().map(|change| &change.key).collect();
    assert_eq!(keys.len(), log.len());
    assert!(log.is_sorted_by(|a, b| a.revision < b.revision));
    assert_eq!(again.store.list(None).await.unwrap().items.len(), log.len());
}

#[tokio::test]
async fn a_batch_that_was_not_committed_leaves_no_trace() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    // A writer of another server dies with the counter locked and rows written.
    let mut dying = opened.options.connect().await.unwrap();
    for statement in [
        "begin",
        "update cluster_revision set value = value + 1",
        "update objects set revision = revision + 1",
    ] {
        sqlx::query(statement).execute(&mut dying).await.unwrap();
    }
    let writing = commit(opened.store(), replace(&pod("a"), "2", first));
    let (written, closed) = tokio::join!(writing, dying.close_hard());
    closed.unwrap();
    assert_eq!(written.unwrap().revision.0, first.0 + 1);
}

#[tokio::test]
async fn another_server_begins_another_epoch() {
    let opened = open().await;
    let first = committed(opened.store(), create(&pod("a"), "1")).await;
    // The writer finds out at its next batch …
    opened
        .sql("update cluster_revision set identity = 'of a server that is gone'")
        .await;
    let second = committed(opened.store(), replace(&pod("a"), "2", first)).await;
    assert_eq!(second.0, ((epoch(first) + 1) << EPOCH_SHIFT) + 1);
    // … and a start at once.
    opened
        .sql("update cluster_revision set identity = 'of a server that is gone'")
        .await;
    let again = opened.again().await;
    assert_eq!(
        epoch(again.store.revision().await.unwrap()),
        epoch(second) + 1
    );
    let third = committed(again.store(), replace(&pod("a"), "3", second)).await;
    let log = again.store.changes(Revision(0), 9).await.unwrap();
    let log: Vec<_> = log.iter().map(|change| change.revision).collect();
    assert_eq!(log, [first, second, third]);
}

#[tokio::test]
async fn events_skip_ahead_when_their_connection_breaks() {
    let opened = Opened::with(options(Lane::Events).await).await;
    let key = Collection::new("", "events").key("default", "e");
    let first = committed(opened.store(), create(&key, "1")).await;
    opened
        .sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        .await;
    let second = loop {
        match commit(opened.store(), replace(&key, "2", first)).await {
            Ok(change) => break change.revision,
            Err(Error::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(epoch(second), epoch(first) + 1);
    assert_eq!(
        opened
            .texts("select current_setting('synchronous_commit')")
            .await,
        ["off"]
    );
}

#[tokio::test]
async fn compaction_drops_partitions_and_deletes_nothing() {
    let opened = open().await;
    let mut revision = committed(opened.store(), create(&pod("busy"), "0")).await;
    committed(opened.store(), create(&pod("idle"), "0")).await;
    for note in 0..50 {
        revision = committed(
            opened.store(),
            replace(&pod("busy"), &note.to_string(), revision),
        )
        .await;
    }
    let count = "select count(*)::text from changes";
    // More partitions than one transaction forgets.
    let partitions = "select count(*)::text from pg_inherits where inhparent = 'changes'::regclass";
    assert_eq!(opened.texts(count).await, ["52"]);
    let before: usize = opened.texts(partitions).await[0].parse().unwrap();
    opened.store.compact(revision).await.unwrap();
    let after: usize = opened.texts(partitions).await[0].parse().unwrap();
    assert!(
        after <= 3 && before > 10,
        "{before} partitions became {after}"
    );
    let kept: usize = opened.texts(count).await[0].parse().unwrap();
    assert!(kept < 8, "{kept}");
    assert_eq!(opened.store.list(None).await.unwrap().items.len(), 2);
    // Registered partitions are the real ones, and writing goes on.
    let missing = "select name from change_partitions where to_regclass(name) is null";
    assert_eq!(opened.texts(missing).await, Vec::<String>::new());
    committed(opened.store(), replace(&pod("busy"), "x", revision)).await;
}

/// What is carried forward is younger than the snapshot of a list that is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_during_compaction_is_whole() {
    const ROUNDS: usize = 30;
    let opened = open().await;
    committed(opened.store(), create(&pod("idle"), "")).await;
    let first = committed(opened.store(), create(&pod("busy"), "")).await;
    let compacting = async {
        let mut revision = first;
        for round in 0..ROUNDS {
            revision = committed(
                opened.store(),
                replace(&pod("busy"), &round.to_string(), revision),
            )
            .await;
            opened.store.compact(revision).await.unwrap();
        }
    };
    let listing = async {
        for _ in 0..ROUNDS {
            let listing = opened.store.list(None).await.unwrap();
            assert_eq!(listing.items.len(), 2);
            assert!(opened.store.get(&pod("idle")).await.unwrap().is_some());
            let past = opened.store.at(None, listing.revision).await;
            assert!(past.is_err() || past.is_ok_and(|past| past.items.len() == 2));
        }
    };
    tokio::join!(compacting, listing);
}

#[tokio::test]
async fn other_servers_are_told() {
    let opened = open().await;
    let other = opened.again().await;
    let mut commits = other.store.commits();
    // The other server may still be connecting its listener: whoever hears nothing polls.
    let heard = loop {
        let name = format!("p{}", uuid::Uuid::from_u128(rand::random()));
        let revision = committed(opened.store(), create(&pod(&name), "")).await;
        if let Ok(Commit::Hint(hint)) = commits.try_recv() {
            break (hint, revision);
        }
        tokio::task::yield_now().await;
    };
    assert!(heard.0 <= heard.1);
}

/// Two API servers write in turn; a watch on one of them sees every change, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_follows_every_server() {
    let (opened, events) = (open().await, options(Lane::Events).await);
    let other = opened.again().await;
    let tasks = Tasks::default();
    let store = Opened::with(opened.options.clone()).await.store;
    let events = connect(events, &Env::system(), &tasks).await.unwrap();
    let stores = Router {
        objects: Arc::new(store),
        events: Arc::new(events),
    };
    let fields: watch::FieldGetter = Arc::new(|_, _| String::new());
    let hub = watch::Hub::start(&stores, fields, &Env::system(), &tasks)
        .await
        .unwrap();
    let pods = pod("").collection;
    let start = watch::Start::After(hub.revision(&pods));
    let mut watching = hub
        .subscribe(&pods, watch::Filter::default(), start)
        .unwrap();
    let mut expected = Vec::new();
    for number in 0..40 {
        let write = create(&pod(&number.to_string()), "");
        let revision = match number % 3 {
            0 => committed(opened.store(), write).await,
            1 => committed(other.store(), write).await,
            _ => committed(&*stores.objects, write).await,
        };
        expected.push(revision);
        if number % 10 == 0 {
            assert_eq!(hub.newest(&pods).await.unwrap(), revision);
            assert_eq!(
                hub.list(&pods, &watch::Filter::default()).items.len(),
                number + 1
            );
        }
    }
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        if let watch::Delivery::Event { revision, .. } = watching.next().await.unwrap() {
            seen.push(revision);
        }
    }
    assert_eq!(seen, expected);
    tasks.drain().await;
}

#[tokio::test]
async fn the_views_show_what_jsonb_can() {
    let opened = open().await;
    committed(opened.store(), create(&pod("a"), "plain")).await;
    committed(opened.store(), create(&pod("b"), "nul \0")).await;
    let plain = opened
        .texts("select name from pods where body ->> 'a' = 'plain'")
        .await;
    assert_eq!(plain, ["a"]);
    assert_eq!(
        opened.texts("select name from pods order by name").await,
        ["a", "b"]
    );
    assert_eq!(
        opened.texts("select operation from history").await,
        ["created", "created"]
    );
}
