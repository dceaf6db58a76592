//! Preconditions, batches, transactions, names.

use api::{Collection, Revision};

use super::fixture::{
    body, commit, committed, create, delete, notes, pod, pods, replace, with_name,
};
use crate::store::{ChangeKind, Error, Store};

pub(in crate::store) async fn creates_and_reads_back_the_exact_bytes(store: &dyn Store) {
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

pub(in crate::store) async fn refuses_what_its_precondition_forbids(store: &dyn Store) {
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

pub(in crate::store) async fn answers_each_write_of_a_batch_alone(store: &dyn Store) {
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

pub(in crate::store) async fn commits_all_of_a_transaction_or_none(store: &dyn Store) {
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

pub(in crate::store) async fn sees_earlier_steps_of_the_same_transaction(store: &dyn Store) {
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

pub(in crate::store) async fn gives_a_name_to_one_object_only(store: &dyn Store) {
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

pub(in crate::store) async fn frees_and_takes_a_name_in_one_transaction(store: &dyn Store) {
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
