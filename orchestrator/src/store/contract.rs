//! What every store must do. Each function is one test, run against a fresh store.

use std::sync::Arc;

use serde_json::json;

use api::{Collection, Object, ObjectKey, Revision, Uid};

use super::{Allocation, Body, Change, ChangeKind, Commit, Error, Operation, Store, Write};

/// Makes one test of every function of the contract, against what `$open` opens.
macro_rules! contract {
    ($open:path) => {
        crate::store::contract::contract!($open;
            creates_and_reads_back_the_exact_bytes
            refuses_what_its_precondition_forbids
            answers_each_write_of_a_batch_alone
            commits_all_of_a_transaction_or_none
            sees_earlier_steps_of_the_same_transaction
            gives_a_name_to_one_object_only
            frees_and_takes_a_name_in_one_transaction
            numbers_changes_in_commit_order
            tells_what_was_before
            travels_in_time
            compacts_and_keeps_the_boundary
            announces_commits_in_order
            lets_sixteen_writers_lose_nothing
            lets_one_of_many_writers_win
        );
    };
    ($open:path; $($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let opened = $open().await;
            crate::store::contract::$name(opened.store()).await;
        }
    )* };
}
pub(super) use contract;

pub(super) fn pods() -> Collection {
    Collection::new("", "pods")
}

pub(super) fn pod(name: &str) -> ObjectKey {
    pods().key("default", name)
}

/// The body of a pod whose content is `note`.
pub(super) fn body(key: &ObjectKey, note: &str) -> Body {
    Body::encode(&Object::from(json!({
        "kind": "Pod", "apiVersion": "v1", "z": 1, "a": note,
        "metadata": {"name": key.name, "namespace": key.namespace},
    })))
}

pub(super) fn write(key: &ObjectKey, operation: Operation) -> Write {
    Write {
        uid: Uid(format!("uid-{}", key.name)),
        key: key.clone(),
        operation,
        actor: "tester/contract".into(),
        allocations: Vec::new(),
    }
}

pub(super) fn create(key: &ObjectKey, note: &str) -> Write {
    write(key, Operation::Create(body(key, note)))
}

pub(super) fn replace(key: &ObjectKey, note: &str, expected: Revision) -> Write {
    write(
        key,
        Operation::Replace {
            body: body(key, note),
            expected,
        },
    )
}

pub(super) fn delete(key: &ObjectKey, note: &str, expected: Revision) -> Write {
    write(
        key,
        Operation::Delete {
            last: body(key, note),
            expected,
        },
    )
}

fn with_name(mut write: Write, value: &str) -> Write {
    write.allocations = vec![Allocation {
        pool: "clusterip",
        value: value.to_owned(),
    }];
    write
}

pub(super) async fn commit(store: &dyn Store, write: Write) -> Result<Arc<Change>, Error> {
    store
        .write(vec![write])
        .await
        .pop()
        .expect("one answer for one write")
}

pub(super) async fn committed(store: &dyn Store, write: Write) -> Revision {
    commit(store, write).await.unwrap().revision
}

/// `name=note@revision` of everything listed.
fn notes(listing: &super::Listing) -> Vec<String> {
    listing
        .items
        .iter()
        .map(|item| format!("{}={}", item.key.name, note(&item.body)))
        .collect()
}

fn note(body: &Body) -> String {
    body.decode(Revision(1)).unwrap().text("/a").to_owned()
}

pub(super) async fn creates_and_reads_back_the_exact_bytes(store: &dyn Store) {
    for (name, note) in [("a", "plain"), ("b", "nul \0 \u{1f680} \\u0000"), ("c", "")] {
        let key = pod(name);
        let change = commit(store, create(&key, note)).await.unwrap();
        assert_eq!(
            (change.kind, &*change.actor),
            (ChangeKind::Created, "tester/contract")
        );
        let stored = store.get(&key).await.unwrap().unwrap();
        assert_eq!(stored.body, body(&key, note));
        assert_eq!(
            (stored.revision, stored.uid),
            (change.revision, change.uid.clone())
        );
    }
    let secret = Collection::new("", "secrets").key("default", "s");
    committed(store, create(&secret, "hush")).await;
    assert_eq!(
        store.get(&secret).await.unwrap().unwrap().body,
        body(&secret, "hush")
    );
    assert_eq!(store.get(&pod("missing")).await.unwrap(), None);
    assert_eq!(store.list(Some(&pods())).await.unwrap().items.len(), 3);
    let everything = store.list(None).await.unwrap();
    assert_eq!(everything.items.len(), 4);
    assert_eq!(everything.revision, store.revision().await.unwrap());
    assert!(everything.items.is_sorted_by_key(|item| item.key.clone()));
}

pub(super) async fn refuses_what_its_precondition_forbids(store: &dyn Store) {
    let key = pod("a");
    let first = committed(store, create(&key, "1")).await;
    let error = commit(store, create(&key, "2")).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists(_)), "{error}");
    let error = commit(store, replace(&pod("b"), "2", first))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");

    let second = committed(store, replace(&key, "2", first)).await;
    for stale in [replace(&key, "3", first), delete(&key, "3", first)] {
        let error = commit(store, stale).await.unwrap_err();
        let Error::Conflict {
            expected, actual, ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!((expected, actual), (first, second));
    }
    let deleted = commit(store, delete(&key, "last", second)).await.unwrap();
    assert_eq!(deleted.kind, ChangeKind::Deleted);
    assert_eq!(store.get(&key).await.unwrap(), None);
    committed(store, create(&key, "again")).await;
}

pub(super) async fn answers_each_write_of_a_batch_alone(store: &dyn Store) {
    let taken = committed(store, create(&pod("taken"), "")).await;
    let answers = store
        .write(vec![
            create(&pod("a"), ""),
            create(&pod("taken"), ""),
            replace(&pod("taken"), "new", taken),
            replace(&pod("taken"), "stale", taken),
            create(&pod("b"), ""),
        ])
        .await;
    let outcomes: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(outcomes, [true, false, true, false, true]);
    assert_eq!(
        notes(&store.list(None).await.unwrap()),
        ["a=", "b=", "taken=new"]
    );
}

pub(super) async fn commits_all_of_a_transaction_or_none(store: &dyn Store) {
    let revision = store.revision().await.unwrap();
    let writes = vec![
        create(&pod("a"), ""),
        create(&pod("b"), ""),
        create(&pod("a"), ""),
    ];
    let (index, error) = store.transaction(writes).await.unwrap_err();
    assert_eq!(index, 2);
    assert!(matches!(error, Error::AlreadyExists(_)), "{error}");
    assert_eq!(store.list(None).await.unwrap().items, []);
    assert_eq!(store.revision().await.unwrap(), revision);

    let writes = vec![create(&pod("a"), ""), create(&pod("b"), "")];
    let changes = store.transaction(writes).await.unwrap();
    assert_eq!(changes[1].revision.0, changes[0].revision.0 + 1);
    assert_eq!(store.list(None).await.unwrap().items.len(), 2);
    assert_eq!(store.transaction(Vec::new()).await.unwrap(), []);
}

pub(super) async fn sees_earlier_steps_of_the_same_transaction(store: &dyn Store) {
    let (a, b) = (pod("a"), pod("b"));
    let first = committed(store, create(&a, "1")).await;
    let changes = store
        .transaction(vec![
            delete(&a, "1", first),
            create(&a, "2"),
            create(&b, "1"),
        ])
        .await
        .unwrap();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(
        kinds,
        [
            ChangeKind::Deleted,
            ChangeKind::Created,
            ChangeKind::Created
        ]
    );
    assert_eq!(
        store.get(&a).await.unwrap().unwrap().revision,
        changes[1].revision
    );
    let passing = store
        .transaction(vec![
            create(&pod("c"), ""),
            delete(&pod("c"), "", Revision(changes[2].revision.0 + 1)),
        ])
        .await
        .unwrap();
    assert_eq!(store.get(&pod("c")).await.unwrap(), None);
    assert_eq!(
        store.changes(changes[2].revision, 9).await.unwrap(),
        passing
    );
}

pub(super) async fn gives_a_name_to_one_object_only(store: &dyn Store) {
    let first = committed(store, with_name(create(&pod("a"), ""), "10.0.0.1")).await;
    let error = commit(store, with_name(create(&pod("b"), ""), "10.0.0.1"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Taken(name) if name.value == "10.0.0.1"),
        "{error}"
    );
    assert_eq!(store.get(&pod("b")).await.unwrap(), None);
    // Its holder may keep it, trade it, and give it up.
    let second = committed(store, with_name(replace(&pod("a"), "", first), "10.0.0.1")).await;
    let third = committed(store, with_name(replace(&pod("a"), "", second), "10.0.0.2")).await;
    let b = committed(store, with_name(create(&pod("b"), ""), "10.0.0.1")).await;
    committed(store, delete(&pod("a"), "", third)).await;
    committed(store, with_name(replace(&pod("b"), "", b), "10.0.0.2")).await;
    // One clash fails one write, not its batch.
    let answers = store
        .write(vec![
            with_name(create(&pod("c"), ""), "10.0.0.3"),
            with_name(create(&pod("d"), ""), "10.0.0.3"),
            with_name(create(&pod("e"), ""), "10.0.0.4"),
        ])
        .await;
    let outcomes: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(outcomes, [true, false, true]);
}

pub(super) async fn frees_and_takes_a_name_in_one_transaction(store: &dyn Store) {
    let a = committed(store, with_name(create(&pod("a"), ""), "30080")).await;
    let steps = vec![
        delete(&pod("a"), "", a),
        with_name(create(&pod("b"), ""), "30080"),
    ];
    store.transaction(steps).await.unwrap();
    let error = commit(store, with_name(create(&pod("c"), ""), "30080"))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Taken(_)), "{error}");
}

pub(super) async fn numbers_changes_in_commit_order(store: &dyn Store) {
    let start = store.revision().await.unwrap();
    let mut expected = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        expected.push(commit(store, create(&pod(name), "x")).await.unwrap());
    }
    assert!(expected.is_sorted_by_key(|change| change.revision));
    assert_eq!(store.changes(start, 100).await.unwrap(), expected);
    assert_eq!(store.changes(start, 2).await.unwrap(), expected[..2]);
    assert_eq!(
        store.changes(expected[2].revision, 2).await.unwrap(),
        expected[3..]
    );
    assert_eq!(store.changes(expected[4].revision, 2).await.unwrap(), []);
    assert_eq!(store.revision().await.unwrap(), expected[4].revision);
}

pub(super) async fn tells_what_was_before(store: &dyn Store) {
    let key = pod("a");
    let first = committed(store, create(&key, "1")).await;
    let second = committed(store, replace(&key, "2", first)).await;
    let third = committed(store, delete(&key, "2", second)).await;
    let fourth = committed(store, create(&key, "4")).await;
    let after = Revision(fourth.0 + 1);
    let points = [second, third, fourth, after, first].map(|at| (key.clone(), at));
    let before = store.before(&points).await.unwrap();
    let seen: Vec<_> = before
        .iter()
        .map(|b| b.as_ref().map(|b| note(&b.body)))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [text("1"), text("2"), None, text("4"), None]);
}

pub(super) async fn travels_in_time(store: &dyn Store) {
    let first = commit(store, create(&pod("a"), "1")).await.unwrap();
    let second = committed(store, create(&pod("b"), "1")).await;
    let third = committed(store, replace(&pod("a"), "2", first.revision)).await;
    let fourth = commit(store, delete(&pod("b"), "1", second)).await.unwrap();
    for (revision, expected) in [
        (first.revision, vec!["a=1"]),
        (second, vec!["a=1", "b=1"]),
        (third, vec!["a=2", "b=1"]),
        (fourth.revision, vec!["a=2"]),
    ] {
        for collection in [None, Some(&pods())] {
            let listing = store.at(collection, revision).await.unwrap();
            assert_eq!(
                (notes(&listing), listing.revision),
                (to_strings(&expected), revision)
            );
        }
        let none = Collection::new("", "services");
        assert_eq!(store.at(Some(&none), revision).await.unwrap().items, []);
    }
    let long_ago = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(store.revision_at(long_ago).await.unwrap(), None);
    assert_eq!(
        store.revision_at(fourth.at).await.unwrap(),
        Some(fourth.revision)
    );
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

pub(super) async fn compacts_and_keeps_the_boundary(store: &dyn Store) {
    let old = committed(store, create(&pod("old"), "1")).await;
    let gone = committed(store, create(&pod("gone"), "1")).await;
    committed(store, delete(&pod("gone"), "1", gone)).await;
    let busy = committed(store, create(&pod("busy"), "1")).await;
    let busy = committed(store, replace(&pod("busy"), "2", busy)).await;
    let boundary = committed(store, replace(&pod("busy"), "3", busy)).await;
    let last = committed(store, create(&pod("new"), "1")).await;

    store.compact(boundary).await.unwrap();
    let error = store.changes(old, 9).await.unwrap_err();
    let Error::Compacted { requested, oldest } = error else {
        panic!("{error}")
    };
    assert_eq!((requested, oldest), (old, boundary));
    assert!(matches!(
        store.at(None, gone).await,
        Err(Error::Compacted { .. })
    ));
    assert_eq!(store.changes(busy, 9).await.unwrap().len(), 2);
    assert_eq!(
        notes(&store.at(None, busy).await.unwrap()),
        ["busy=2", "old=1"]
    );
    assert_eq!(
        notes(&store.at(None, last).await.unwrap()),
        ["busy=3", "new=1", "old=1"]
    );
    assert_eq!(
        notes(&store.list(None).await.unwrap()),
        ["busy=3", "new=1", "old=1"]
    );
    assert_eq!(
        note(&store.get(&pod("old")).await.unwrap().unwrap().body),
        "1"
    );
    let before = store.before(&[(pod("busy"), boundary)]).await.unwrap();
    assert_eq!(note(&before[0].as_ref().unwrap().body), "2");

    // Once more, over what was carried forward; and never backwards.
    let edited = committed(store, replace(&pod("old"), "2", old)).await;
    store.compact(edited).await.unwrap();
    store.compact(boundary).await.unwrap();
    assert!(matches!(
        store.changes(busy, 9).await,
        Err(Error::Compacted { .. })
    ));
    assert_eq!(
        notes(&store.at(None, last).await.unwrap()),
        ["busy=3", "new=1", "old=1"]
    );
    assert_eq!(
        notes(&store.at(None, edited).await.unwrap()),
        ["busy=3", "new=1", "old=2"]
    );
    // Everything there is can be compacted, and nothing is lost by it.
    store.compact(Revision(i64::MAX)).await.unwrap();
    assert_eq!(
        notes(&store.list(None).await.unwrap()),
        ["busy=3", "new=1", "old=2"]
    );
    assert_eq!(store.changes(edited, 9).await.unwrap(), []);
    let more = committed(store, replace(&pod("old"), "3", edited)).await;
    assert_eq!(store.changes(edited, 9).await.unwrap()[0].revision, more);
}

pub(super) async fn announces_commits_in_order(store: &dyn Store) {
    let mut commits = store.commits();
    let start = store.revision().await.unwrap();
    for name in ["a", "b"] {
        committed(store, create(&pod(name), "")).await;
    }
    store
        .transaction(vec![create(&pod("c"), ""), create(&pod("d"), "")])
        .await
        .unwrap();
    let mut position = start;
    let mut names = Vec::new();
    while names.len() < 4 {
        // A hint about an own commit is allowed, and useless.
        let Commit::Own { after, changes } = commits.recv().await.unwrap() else {
            continue;
        };
        assert_eq!(after, position);
        position = changes.last().unwrap().revision;
        names.extend(changes.iter().map(|change| change.key.name.clone()));
    }
    assert_eq!(names, ["a", "b", "c", "d"]);
}

const WRITERS: usize = 16;

/// No change may appear below one already seen.
pub(super) async fn lets_sixteen_writers_lose_nothing(store: &dyn Store) {
    const EACH: usize = 12;
    let start = store.revision().await.unwrap();
    let writers = futures::future::join_all((0..WRITERS).map(|writer| async move {
        for number in 0..EACH {
            committed(store, create(&pod(&format!("{writer}-{number}")), "")).await;
        }
    }));
    let watcher = async {
        let (mut seen, mut position) = (Vec::new(), start);
        while seen.len() < WRITERS * EACH {
            for change in store.changes(position, 7).await.unwrap() {
                position = change.revision;
                seen.push(change.revision);
            }
            tokio::task::yield_now().await;
        }
        seen
    };
    let (_, seen) = tokio::join!(writers, watcher);
    assert!(seen.is_sorted_by(|a, b| a < b));
    let log = store.changes(start, usize::MAX).await.unwrap();
    let log: Vec<_> = log.iter().map(|change| change.revision).collect();
    assert_eq!(seen, log);
}

pub(super) async fn lets_one_of_many_writers_win(store: &dyn Store) {
    let key = pod("a");
    let mut current = committed(store, create(&key, "0")).await;
    for round in 0..5 {
        let answers = futures::future::join_all(
            (0..WRITERS)
                .map(|writer| commit(store, replace(&key, &format!("{round}-{writer}"), current))),
        )
        .await;
        let winners: Vec<_> = answers.iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        current = winners[0].revision;
        assert_eq!(
            store.get(&key).await.unwrap().unwrap().body,
            winners[0].body
        );
    }
}
