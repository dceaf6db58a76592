//! The log: order, time travel, compaction, news.

use api::{Collection, Revision};

use super::fixture::{commit, committed, create, delete, note, notes, pod, pods, replace};
use crate::store::{Commit, Error, Store};

pub(in crate::store) async fn numbers_changes_in_commit_order(store: &dyn Store) {
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

pub(in crate::store) async fn tells_what_was_before(store: &dyn Store) {
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

pub(in crate::store) async fn travels_in_time(store: &dyn Store) {
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

pub(in crate::store) async fn compacts_and_keeps_the_boundary(store: &dyn Store) {
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

pub(in crate::store) async fn tells_the_history_of_one_object(store: &dyn Store) {
    let key = pod("a");
    let first = committed(store, create(&key, "1")).await;
    committed(store, create(&pod("b"), "1")).await;
    let second = committed(store, replace(&key, "2", first)).await;
    let gone = committed(store, delete(&key, "2", second)).await;
    let again = committed(store, create(&key, "4")).await;
    let last = committed(store, replace(&key, "5", again)).await;
    let history = async |until: Revision, limit: usize| -> Vec<String> {
        let changes = store.history(&key, until, limit).await.unwrap();
        assert!(changes.iter().all(|change| &*change.commit == "c0ffee"));
        changes
            .iter()
            .map(|change| format!("{:?} {}", change.kind, note(&change.body)))
            .collect()
    };
    let all = [
        "Replaced 5",
        "Created 4",
        "Deleted 2",
        "Replaced 2",
        "Created 1",
    ];
    assert_eq!(history(last, 9).await, all);
    assert_eq!(history(last, 2).await, all[..2]);
    assert_eq!(history(gone, 9).await, all[2..]);
    assert_eq!(store.history(&pod("none"), last, 9).await.unwrap(), []);

    let applied = async |prefix: &str| -> Vec<(String, Revision)> {
        let found = store.applied(prefix).await.unwrap();
        let found = found.into_iter();
        found.map(|it| (it.commit, it.revision)).collect()
    };
    assert_eq!(applied("c0ff").await, [("c0ffee".to_owned(), last)]);
    assert_eq!(applied("c0ffee0").await, []);
    let mut other = create(&pod("c"), "1");
    other.commit = "c0ff0".into();
    let other = committed(store, other).await;
    let both = [("c0ff0".to_owned(), other), ("c0ffee".to_owned(), last)];
    assert_eq!(applied("c0ff").await, both);
    let mut none = create(&pod("d"), "1");
    none.commit = "".into();
    committed(store, none).await;
    assert_eq!(applied("").await, both);

    store.compact(last).await.unwrap();
    assert_eq!(store.oldest().await.unwrap(), last);
    // What was valid at the boundary is known, how it came to be is not.
    assert_eq!(history(last, 9).await, all[..2]);
    assert_eq!(history(again, 9).await, all[1..2]);
    assert!(matches!(
        store.history(&key, gone, 9).await,
        Err(Error::Compacted { .. })
    ));
}

pub(in crate::store) async fn announces_commits_in_order(store: &dyn Store) {
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
